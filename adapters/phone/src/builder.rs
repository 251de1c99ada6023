//! How a phone starts.

use std::path::PathBuf;

#[cfg(feature = "voice-processing")]
use lxst_engine::VoiceProcessing;
use lxst_engine::core::InsteadOfVoice;
use lxst_engine::core::limits::FRAMES_PER_PACKET;
use lxst_engine::{Access, Config, Engine, Ids, Tap, core};

use crate::error::StartError;
use crate::events::Events;
use crate::host::CoderThread;
#[cfg(feature = "trace")]
use crate::host::record;
use crate::inbox::Inbox;
use crate::network::{Opened, StackSettings};
use crate::outlets::Outlets;
use crate::phone::Phone;
use crate::request::Requests;
use crate::runner::{Parts, Runner};
use crate::runtime::Runtime;
use crate::state::{Publisher, State};
use crate::store::Store;

/// Settings of a phone that is not started, on the runtime `R` and a stack: our own endpoint, or the
/// app's ([`AppStack`](crate::AppStack)).
#[derive(Debug)]
pub struct PhoneBuilder<R, S = DefaultStack> {
    runtime: R,
    pub(crate) stack: S,
    config: Config,
    when_no_microphone: InsteadOfVoice,
    dtx: bool,
    people: Option<PathBuf>,
    #[cfg(feature = "trace")]
    trace: Option<(PathBuf, lxst_trace::Payloads)>,
}

impl<R: Runtime, S> PhoneBuilder<R, S> {
    pub(crate) fn on(stack: S) -> Self {
        Self {
            runtime: R::default(),
            stack,
            config: Config::default(),
            when_no_microphone: InsteadOfVoice::Nothing,
            dtx: false,
            people: None,
            #[cfg(feature = "trace")]
            trace: None,
        }
    }

    /// Begins on a stack that names links with the engine's ids, and returns what else was made of
    /// them.
    pub(crate) fn with_ids<T>(make: impl FnOnce(Ids) -> (S, T)) -> (Self, T) {
        let ids = Ids::default();
        let (stack, made) = make(ids.clone());
        let mut builder = Self::on(stack);
        builder.config.ids = ids;
        (builder, made)
    }

    /// Keeps in a file whom we dialled or talked with, so that they are no strangers after a restart:
    /// [`CallerLimits`](core::CallerLimits) are for strangers. Read, replaced and told of as
    /// [`known_destinations`](Self::known_destinations) are.
    ///
    /// *Bounds*: the [`CALLERS_REMEMBERED`](core::limits::CALLERS_REMEMBERED) latest.
    #[must_use]
    pub fn people(mut self, path: impl Into<PathBuf>) -> Self {
        self.people = Some(path.into());
        self
    }

    /// Sets the telephone's settings.
    #[must_use]
    pub fn telephone(mut self, config: core::Config) -> Self {
        self.config.telephone = config;
        self
    }

    /// Sets the lists of callers for whom the telephone's policy does not count.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.config.access = access;
        self
    }

    /// Sets what a call sends while no audio source is attached.
    #[must_use]
    pub fn when_no_microphone(mut self, missing: InsteadOfVoice) -> Self {
        self.when_no_microphone = missing;
        self
    }

    /// Sends nothing while nobody speaks (DTX): a call's airtime is that of its words. *Default*: off, as
    /// the reference.
    #[must_use]
    pub const fn dtx(mut self, dtx: bool) -> Self {
        self.dtx = dtx;
        self
    }

    /// Lets the profile follow what the path carries: it steps down where more than 8 % of the voice is
    /// lost for 5 s, and up again after 20 s with less than 2 %. *Default*: off; only people switch, as
    /// in the reference.
    #[must_use]
    pub const fn adaptive_profile(mut self, adaptive: bool) -> Self {
        self.config.adaptive_profile = adaptive;
        self
    }

    /// Sets what is done to the microphone's sound.
    #[cfg(feature = "voice-processing")]
    #[must_use]
    pub fn voice_processing(mut self, processing: VoiceProcessing) -> Self {
        self.config.voice_processing = processing;
        self
    }

    /// Sees all that passes the telephone's doors.
    #[must_use]
    pub fn tap(mut self, tap: Tap) -> Self {
        self.config.tap = Some(tap);
        self
    }

    /// Records all that passes the telephone's doors into a new file, readable by its owner only.
    /// It holds the conversation, voices included unless stripped. Recording never makes the phone
    /// wait; [`shutdown`](Phone::shutdown) returns when all is written.
    #[cfg(feature = "trace")]
    #[must_use]
    pub fn trace(mut self, path: impl Into<PathBuf>, payloads: lxst_trace::Payloads) -> Self {
        self.trace = Some((path.into(), payloads));
        self
    }
}

impl<R: Runtime, S: StackSettings> PhoneBuilder<R, S> {
    /// Starts the phone on the runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running. A server that does not answer is no error: the
    /// phone goes on trying.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    ///
    /// # Cancel safety
    /// It never waits, so that it cannot be cancelled halfway.
    pub async fn start(self) -> Result<(Phone, Events), StartError> {
        let Self { runtime, stack, config, when_no_microphone, dtx, people, .. } = self;
        let given = config.telephone.frames_per_packet;
        if !(1..=FRAMES_PER_PACKET).contains(&given.into()) {
            return Err(StartError::FramesPerPacket { given, most: FRAMES_PER_PACKET });
        }
        let opened = stack.open(&runtime)?;
        #[cfg(feature = "endpoint")]
        let lock = opened.lock;
        let Opened { network, stack, mut stores, interfaces, listening, tasks, .. } = opened;
        let (done_sender, done) = async_channel::unbounded();
        let coder = CoderThread::spawn(dtx, move |done| {
            // The phone may have ended meanwhile.
            let _ = done_sender.try_send(done);
        })
        .map_err(StartError::Thread)?;
        #[cfg(feature = "trace")]
        let config = Config { tap: recorded(config.tap, self.trace)?, ..config };
        let mut engine = Engine::new(config, stack);
        stores.extend(people.and_then(|path| Store::open_people(path, &mut engine)));

        let (request_sender, requests) = Requests::channel();
        let (events, queue) = Events::new(0);
        let state = State { interfaces, ..State::default() };
        let (publisher, watch) = Publisher::new(state.clone());
        let phone = Phone::new(request_sender, watch, engine.identity(), listening);
        let runner = Runner::new(Parts {
            origin: runtime.now(),
            runtime: runtime.clone(),
            engine,
            network,
            coder,
            inbox: Inbox { requests, done },
            stores,
            outlets: Outlets::new(queue, publisher, state),
            when_no_microphone,
        });
        runtime.spawn(async move {
            let ended = tasks.run(runner.run()).await;
            // The sockets are closed with their tasks.
            drop(tasks);
            #[cfg(feature = "endpoint")]
            drop(lock);
            ended.tell();
        });
        Ok((phone, events))
    }
}

/// Adds the recorder of a trace to the app's tap.
#[cfg(feature = "trace")]
fn recorded(
    tap: Option<Tap>,
    trace: Option<(PathBuf, lxst_trace::Payloads)>,
) -> Result<Option<Tap>, StartError> {
    let Some((path, payloads)) = trace else { return Ok(tap) };
    let name = path.display().to_string();
    let on_end = move |why| tracing::warn!("recording to {name} ends, the call goes on: {why}");
    match record(&path, payloads, on_end) {
        Ok(recorder) => Ok(Some(match tap {
            Some(tap) => tap.and(recorder),
            None => recorder,
        })),
        Err(error) => Err(StartError::Trace { path, error }),
    }
}

#[cfg(feature = "endpoint")]
type DefaultStack = crate::network::own_stack::OwnStack;
#[cfg(not(feature = "endpoint"))]
type DefaultStack = crate::network::port::AppStack;
