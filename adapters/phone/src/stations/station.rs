//! The handle to a station, and how it starts.

use async_channel::Sender;
use async_executor::Executor;
use lxst_core::wire::SEQUENCE_OVERHEAD;
use lxst_core::{Destination, IdentityHash};
use lxst_reticulum::{DestinationConfig, limits};
use lxst_rooms::limits::{STATION_PACKET, VISITORS};
use lxst_rooms::{StationConfig, StationProfile};

use super::announcer::{Announcer, app_data};
use super::events::StationEvents;
use super::request::{StationError, StationRequest as Request, StationStatus, ask};
use super::station_task::{Parts, StationTask};
use super::{REQUESTS, station_of};
use crate::carried_links::{Links, PACKETS};
use crate::clock::Clock;
use crate::destinations::{DestinationError, Destinations};
use crate::radio::Radio;
use crate::runtime::Runtime;

/// A station that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct StationBuilder<R> {
    runtime: R,
    config: StationConfig,
}

impl<R: Runtime> StationBuilder<R> {
    /// Begins a station with these settings.
    #[must_use]
    pub fn new(config: StationConfig) -> Self {
        Self { runtime: R::default(), config }
    }

    /// Starts the station at `lxst.station` of the phone's identity, and announces it. It sends
    /// nothing until it [plays](Station::play) a radio or [relays](Station::relay).
    ///
    /// # Errors
    /// [`StationError::Destination`]: the phone serves a station already, has shut down, or the
    /// settings have more listeners than a phone has links.
    /// [`StationError::OtherIdentity`]: the settings are not those of the phone's identity.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled start leaves nothing running.
    pub async fn start(
        self,
        destinations: &Destinations,
    ) -> Result<(Station, StationEvents), StationError> {
        let Self { runtime, config } = self;
        let (identity, profile) = (config.identity(), config.profile());
        // Links that are refused are told why, so they need room too.
        let links = config.max_listeners() + VISITORS;
        let links = links.min(limits::MAX_INCOMING_LINKS).max(config.max_listeners());
        let clock = Clock::new(runtime.clone());
        let station = lxst_rooms::Station::new(config, clock.now());
        let destination = DestinationConfig::new(station_of(identity).name)
            .app_data(&app_data(&station.announced()))
            .and_then(|destination| destination.incoming_links(links))
            .map_err(DestinationError::from)?;
        let served = destinations.serve(destination).await?;
        if served.destination().identity != identity {
            return Err(StationError::OtherIdentity);
        }
        let (requests, requested) = async_channel::bounded(REQUESTS);
        let (events, reader) = StationEvents::new();
        let on = served.destination();
        let announcer = Announcer::new(station.announced(), clock.now());
        let parts = Parts { clock, station, served, announcer, events, requests: requested };
        let destinations = destinations.clone();
        runtime.spawn(async move {
            let carriers = Executor::new();
            let links = Links::new(&carriers, destinations, PACKETS);
            carriers.run(StationTask::new(parts, links).run()).await;
        });
        Ok((Station { requests, on, profile }, reader))
    }
}

/// A handle to a station: what one source says goes to many listeners, each a
/// [`Tuner`](super::Tuner). Cheap to clone.
///
/// The source is a [`Radio`], whose frames are encoded once for all, or another station. It is one
/// task of the runtime. It ends when the last handle is dropped or the phone shuts down, and closes
/// the links of its listeners.
///
/// *Wire*: `lxst.station`, as the README of [`lxst_rooms`] lays it out.
///
/// *Bounds*: those of its [`StationConfig`], and 32 packets that wait for a listener. Beyond it the
/// oldest media is dropped and counted in [`StationStatus::late`]: no listener waits for another.
///
/// Two phones of one process, of which one listens to the station of the other:
///
#[cfg_attr(feature = "opus", doc = "```")]
#[cfg_attr(not(feature = "opus"), doc = "```ignore")]
/// use lxst_phone::rooms::{StationConfig, StationProfile};
/// use lxst_phone::{
///     AudioFormat, Identity, Interface, OsRng, PhoneBuilder, RadioBuilder, StationBuilder,
///     TunerBuilder,
/// };
/// use lxst_smol::Smol;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// smol::block_on(async {
///     let [left, right] = Interface::pair("a line");
///     let phone = || PhoneBuilder::<Smol>::new(Identity::generate(&mut OsRng));
///     let (here, there) = (phone().interface(left), phone().interface(right));
///     let (ours, theirs) = (here.destinations(), there.destinations());
///     let ((alice, _), (bob, _)) = (here.start().await?, there.start().await?);
///
///     let config = StationConfig::new(alice.identity(), "Radio", StationProfile::MusicHigh)?;
///     let (station, _) = StationBuilder::<Smol>::new(config).start(&ours).await?;
///     let (transmitter, _) = RadioBuilder::<Smol>::new().start()?;
///     station.play(&transmitter).await?;
///     let mut music = transmitter.audio_source(AudioFormat::PHONE).await?;
///     transmitter.press_to_talk().await?;
///
///     let (receiver, _) = RadioBuilder::<Smol>::new().start()?;
///     let mut speaker = receiver.audio_sink(AudioFormat::PHONE).await?;
///     let (tuner, events) = TunerBuilder::<Smol>::new().start(&theirs, &receiver);
///     tuner.tune(alice.identity()).await?;
///     println!("{:?}", events.next().await); // what the station sends
///
///     music.write(&[0.1_f32; 9_600]).await?;
///     let mut pcm = [0_i16; 960];
///     speaker.read(&mut pcm).await?; // 20 ms, at real-time pace, while the station speaks
///
///     tuner.shutdown().await;
///     station.shutdown().await;
///     # for radio in [transmitter, receiver] { radio.shutdown().await; }
///     # for phone in [alice, bob] { phone.shutdown().await; }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Station {
    requests: Sender<Request>,
    on: Destination,
    profile: StationProfile,
}

impl Station {
    /// Returns the destination at which listeners tune in.
    #[must_use]
    pub const fn destination(&self) -> Destination {
        self.on
    }

    /// Takes what a radio sends as the source, in place of an earlier radio. The radio gets the
    /// format of the station's profile, and is heard while its talk button is pressed and the
    /// station does not relay.
    ///
    /// The station does not keep the radio running. Signals of the radio, and frames of another
    /// format, are not sent, and are counted in [`StationStatus::unsent`].
    ///
    /// # Errors
    /// [`StationError::Radio`]: the codecs cannot send the profile, or the radio has shut down.
    /// [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request may have changed the radio's format. An earlier source stays.
    pub async fn play(&self, radio: &Radio) -> Result<(), StationError> {
        radio.set_format(self.profile).await?;
        // A packet without a number gets one.
        let port = radio.port(STATION_PACKET - SEQUENCE_OVERHEAD);
        self.requests.send(Request::Play(port)).await.map_err(|_| StationError::Ended)
    }

    /// Relays the station of another identity, and tunes in again whenever it is lost and that may
    /// help. We prove our identity to it: a place may be reserved for us.
    ///
    /// [`StationEvent::Program`](lxst_rooms::StationEvent::Program) tells when it is heard,
    /// [`SourceClosed`](lxst_rooms::StationEvent::SourceClosed) that it is lost, and whether it is
    /// tried again.
    ///
    /// # Errors
    /// [`StationError::Refused`]: the station relays another one, or would relay itself.
    /// [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn relay(&self, station: IdentityHash) -> Result<(), StationError> {
        Ok(ask(&self.requests, |reply| Request::Relay(station, reply)).await??)
    }

    /// Stops relaying. The source is the radio again.
    ///
    /// # Errors
    /// [`StationError::Refused`]: the station relays no other. [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn stop_relay(&self) -> Result<(), StationError> {
        Ok(ask(&self.requests, Request::StopRelay).await??)
    }

    /// Announces the station now, on every interface that is up. It is announced when it starts,
    /// when what it announces changes, at most once a minute, and every 30 minutes. An app calls this
    /// when its phone has come to be connected.
    ///
    /// # Errors
    /// [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn announce(&self) -> Result<(), StationError> {
        ask(&self.requests, Request::Announce).await
    }

    /// Returns what the station does at this moment.
    ///
    /// # Errors
    /// [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn status(&self) -> Result<StationStatus, StationError> {
        ask(&self.requests, Request::Status).await
    }

    /// Ends the station, and waits until its links are closed.
    ///
    /// *Bounds*: 1 s.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A station that is shutting down refuses requests at its end.
        let _ = ask(&self.requests, Request::ShutDown).await;
    }
}
