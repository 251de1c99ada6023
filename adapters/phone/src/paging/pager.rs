//! The handle to a pager, and how it starts.

use async_channel::Sender;
use lxst_reticulum::{Channel, name_hash};
use lxst_rooms::{GroupId, PagerConfig, PagerCounters};

use super::events::PagerEvents;
use super::request::{PagingError, Request};
use super::task::{PagerTask, Parts};
use crate::clock::Clock;
use crate::destinations::Destinations;
use crate::radio::Radio;
use crate::request::Reply;
use crate::runtime::Runtime;

/// A pager that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct PagerBuilder<R> {
    runtime: R,
    config: PagerConfig,
}

impl<R: Runtime> PagerBuilder<R> {
    /// Begins a pager with these settings.
    #[must_use]
    pub fn new(config: PagerConfig) -> Self {
        Self { runtime: R::default(), config }
    }

    /// Starts the pager, which plays what it hears on a radio, and pages with what the radio says.
    ///
    /// # Errors
    /// [`PagingError::Destination`]: the phone has a pager already, or has shut down.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled start leaves nothing running.
    pub async fn start(
        self,
        destinations: &Destinations,
        radio: &Radio,
    ) -> Result<(Pager, PagerEvents), PagingError> {
        let Self { runtime, config } = self;
        let channel = destinations.join(Channel::Plain(name_hash("lxst.page"))).await?;
        let (requests, requested) = async_channel::bounded(REQUESTS);
        let (events, reader) = PagerEvents::new();
        let clock = Clock::new(runtime.clone());
        let pager = lxst_rooms::Pager::new(config, clock.now());
        let radio = radio.clone();
        let parts = Parts { clock, pager, channel, radio, events, requests: requested };
        runtime.spawn(PagerTask::new(parts).run());
        Ok((Pager { requests }, reader))
    }
}

/// A handle to a pager: press, and all neighbours who have the key of the group hear it. Cheap to
/// clone.
///
/// A [`Radio`] is its microphone and its speaker: what the radio says while the pager is pressed is
/// the page, and the radio plays the pages of others. The pager keeps the radio running. Nothing
/// that is heard opens a microphone. It is one task of the runtime. It ends when its last handle is
/// dropped, or the radio or the phone shuts down.
///
/// *Wire*: PLAIN packets to `lxst.page`, as the README of [`lxst_rooms`] lays them out. They reach
/// neighbours of one hop, also through the shared instance of an `rnsd`. The clocks of both sides
/// agree to two minutes.
///
/// Two phones of one process, of which one pages the other:
///
#[cfg_attr(feature = "opus", doc = "```")]
#[cfg_attr(not(feature = "opus"), doc = "```ignore")]
/// use lxst_phone::rooms::{GroupId, PageKey, PageRule, PagerConfig};
/// use lxst_phone::{
///     AudioFormat, Identity, Interface, OsRng, PagerBuilder, PhoneBuilder, RadioBuilder,
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
///     let key = PageKey([7; 32]); // by chance, and known to the group alone
///     let config = |name| PagerConfig::new(name)?.group(key, PageRule::Play);
///     let (microphone, _) = RadioBuilder::<Smol>::new().start()?;
///     let (pager, _) =
///         PagerBuilder::<Smol>::new(config("Alice")?).start(&ours, &microphone).await?;
///     let (speaker, _) = RadioBuilder::<Smol>::new().start()?;
///     let (_other, events) =
///         PagerBuilder::<Smol>::new(config("Bob")?).start(&theirs, &speaker).await?;
///
///     let mut voice = microphone.audio_source(AudioFormat::PHONE).await?;
///     pager.press(GroupId(0), false).await?;
///     voice.write(&[0.1_f32; 9_600]).await?;
///     println!("{:?}", events.next().await); // who pages
///     let mut heard = speaker.audio_sink(AudioFormat::PHONE).await?;
///     let mut pcm = [0_i16; 960];
///     heard.read(&mut pcm).await?; // 20 ms, at real-time pace, while the page lasts
///     pager.release().await?;
///     # for radio in [microphone, speaker] { radio.shutdown().await; }
///     # for phone in [alice, bob] { phone.shutdown().await; }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Pager {
    requests: Sender<Request>,
}

impl Pager {
    /// Begins a page, and presses the radio's talk button. A page that is heard ends.
    ///
    /// *Bounds*: a page lasts at most [`MAX_PAGE`](lxst_rooms::limits::MAX_PAGE). Then it ends, and
    /// [`TimeUp`](lxst_rooms::PagerEvent::TimeUp) is told.
    ///
    /// # Errors
    /// [`PagingError::Refused`]: a page goes on, or there is no such group.
    /// [`PagingError::Radio`] or [`Ended`](PagingError::Ended).
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn press(&self, group: GroupId, is_urgent: bool) -> Result<(), PagingError> {
        self.ask(|reply| Request::Press { group, is_urgent, reply }).await?
    }

    /// Ends the page, and returns when its last packet is sent.
    ///
    /// *Bounds*: 1 s.
    ///
    /// # Errors
    /// [`PagingError::Refused`]: no page goes on. [`PagingError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn release(&self) -> Result<(), PagingError> {
        self.ask(Request::Release).await?
    }

    /// Returns what was dropped of what came, since the start.
    ///
    /// # Errors
    /// [`PagingError::Ended`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn counters(&self) -> Result<PagerCounters, PagingError> {
        self.ask(Request::Counters).await
    }

    /// Ends the page and the pager.
    ///
    /// *Bounds*: 1 s.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A pager that is shutting down refuses requests at its end.
        let _ = self.ask(Request::ShutDown).await;
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, PagingError> {
        let (reply, answer) = Reply::channel();
        self.requests.send(request(reply)).await.map_err(|_| PagingError::Ended)?;
        answer.recv().await.map_err(|_| PagingError::Ended)
    }
}

/// Upper bound of the requests that wait for the pager's task. Beyond it a handle waits for room.
const REQUESTS: usize = 32;
