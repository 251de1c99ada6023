//! The handle to a conference, and how it starts.

use async_channel::Sender;
use lxst_core::{CallId, IdentityHash, Mute};
use lxst_rooms::{ConferenceCommand, ConferenceConfig};

use super::events::ConferenceEvents;
use super::request::{ConferenceError, REQUESTS, Request, ask};
use super::task::ConferenceTask;
use super::tones::Tones;
use crate::audio::AudioFormat;
use crate::events::Events;
use crate::phone::Phone;
use crate::runtime::Runtime;

/// A conference that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct ConferenceBuilder<R> {
    runtime: R,
    config: ConferenceConfig,
    has_tones: bool,
}

impl<R: Runtime> ConferenceBuilder<R> {
    /// Begins a conference with these settings.
    #[must_use]
    pub fn new(config: ConferenceConfig) -> Self {
        Self { runtime: R::default(), config, has_tones: true }
    }

    /// Sets whether the members hear a tone when one joins, and another when one leaves. *Default*:
    /// `true`.
    #[must_use]
    pub const fn tones(mut self, has_tones: bool) -> Self {
        self.has_tones = has_tones;
        self
    }

    /// Starts the conference on a phone, with the events that its builder returned; an app that
    /// reads them too [subscribes](Phone::subscribe). All calls that ring are the conference's. It
    /// attaches the phone's source and sink: no other may be attached.
    ///
    /// The phone needs a line for each member: [`start_with_lines`] takes the bound of the
    /// settings.
    ///
    /// [`start_with_lines`]: crate::PhoneBuilder::start_with_lines
    ///
    /// # Errors
    /// [`ConferenceError::Audio`]: the phone has shut down.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled start leaves nothing running.
    pub async fn start(
        self,
        phone: &Phone,
        phone_events: Events,
    ) -> Result<(Conference, ConferenceEvents), ConferenceError> {
        let Self { runtime, config, has_tones } = self;
        let source = phone.audio_source(AudioFormat::PHONE).await?;
        let sink = phone.audio_sink(AudioFormat::PHONE).await?;
        let (requests, requested) = async_channel::bounded(REQUESTS);
        let (events, reader) = ConferenceEvents::new();
        let task = ConferenceTask {
            conference: lxst_rooms::Conference::new(config),
            phone: phone.clone(),
            phone_events,
            events,
            requests: requested,
            tones: Tones::new(source, has_tones),
            sink,
            turns: 0,
        };
        runtime.spawn(task.run());
        Ok((Conference { requests }, reader))
    }
}

/// A handle to a conference: any LXST phone calls it, and hears all others but itself. Cheap to
/// clone.
///
/// It is one task of the runtime beside the phone's, without a thread of its own. The phone mixes
/// blocks of 20 ms by its [`Bridge`](crate::Bridge), and encodes each member's own in that member's
/// profile. A member whose network stalls is silent for the others, and delays nobody. The
/// conference ends when the last handle is dropped or the phone shuts down, and hangs up on its
/// members.
///
/// A member that calls again while its older call stands, such as after the loss of its network,
/// finds the line busy once. The conference hangs up the older call, and answers the next.
///
/// *Bounds*: those of its [`ConferenceConfig`]. Each member takes a decoder and an encoder, on the
/// phone's one codec thread: 1 to 3 % of a core of a virtual machine, as `cargo bench -p rnphone-rs
/// --bench room` measures it.
///
/// Two phones of one process, of which one is a room that the other calls:
///
#[cfg_attr(all(feature = "endpoint", feature = "opus"), doc = "```")]
#[cfg_attr(not(all(feature = "endpoint", feature = "opus")), doc = "```ignore")]
/// use lxst_phone::rooms::ConferenceConfig;
/// use lxst_phone::{ConferenceBuilder, Identity, Interface, OsRng, PhoneBuilder, Profile};
/// use lxst_smol::Smol;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// smol::block_on(async {
///     let [left, right] = Interface::pair("a line");
///     let phone = || PhoneBuilder::<Smol>::new(Identity::generate(&mut OsRng));
///     let (room, room_events) = phone().interface(left).start_with_lines::<4>().await?;
///     let (alice, _) = phone().interface(right).start().await?;
///
///     let config = ConferenceConfig::default().members(4, 3)?;
///     let builder = ConferenceBuilder::<Smol>::new(config);
///     let (conference, events) = builder.start(&room, room_events).await?;
///     let call = alice.dial(room.identity(), Profile::MediumQuality).await?;
///     call.established().await?;
///     println!("{:?}", events.next().await); // who joined
///
///     conference.shutdown().await;
///     # for phone in [alice, room] { phone.shutdown().await; }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Conference {
    requests: Sender<Request>,
}

impl Conference {
    /// Returns the calls of the members, and who they are.
    ///
    /// # Errors
    /// [`ConferenceError::Ended`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn members(&self) -> Result<Vec<(CallId, IdentityHash)>, ConferenceError> {
        ask(&self.requests, Request::Members).await
    }

    /// Lets the others hear a member no more. It goes on hearing them. The mute ends with the call: a
    /// member that calls again is heard.
    ///
    /// # Errors
    /// [`ConferenceError::Unknown`], [`ConferenceError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn mute(&self, member: CallId) -> Result<(), ConferenceError> {
        self.command(ConferenceCommand::Mute(member, Mute::Muted)).await
    }

    /// Lets the others hear a member again.
    ///
    /// # Errors
    /// As [`mute`](Self::mute).
    ///
    /// # Cancel safety
    /// As [`mute`](Self::mute).
    pub async fn unmute(&self, member: CallId) -> Result<(), ConferenceError> {
        self.command(ConferenceCommand::Mute(member, Mute::Unmuted)).await
    }

    /// Hangs up on a member.
    ///
    /// # Errors
    /// As [`mute`](Self::mute).
    ///
    /// # Cancel safety
    /// As [`mute`](Self::mute).
    pub async fn remove(&self, member: CallId) -> Result<(), ConferenceError> {
        self.command(ConferenceCommand::Remove(member)).await
    }

    /// Turns all callers away from here on. Members stay.
    ///
    /// # Errors
    /// [`ConferenceError::Ended`].
    ///
    /// # Cancel safety
    /// As [`mute`](Self::mute).
    pub async fn lock(&self) -> Result<(), ConferenceError> {
        self.command(ConferenceCommand::Lock(true)).await
    }

    /// Answers callers again.
    ///
    /// # Errors
    /// [`ConferenceError::Ended`].
    ///
    /// # Cancel safety
    /// As [`mute`](Self::mute).
    pub async fn unlock(&self) -> Result<(), ConferenceError> {
        self.command(ConferenceCommand::Lock(false)).await
    }

    /// Ends the conference, and hangs up on its members. The phone goes on.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A conference that has ended refuses requests.
        let _ = ask(&self.requests, Request::ShutDown).await;
    }

    async fn command(&self, command: ConferenceCommand) -> Result<(), ConferenceError> {
        Ok(ask(&self.requests, |reply| Request::Command(command, reply)).await??)
    }
}
