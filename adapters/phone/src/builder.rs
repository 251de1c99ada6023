//! How a phone starts.

use std::path::PathBuf;
use std::sync::Arc;

use lxst_engine::codecs::{BuiltInCodecs, Codecs};
use lxst_engine::{Coder, Config, Engine, Ids, Tap};

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
use crate::settings::{Parsed, Settings};
use crate::state::{Publisher, State};
use crate::store::Store;

/// A phone that is not started, on the runtime `R` and a stack: our own endpoint, or the
/// app's ([`AppStack`](crate::AppStack)).
#[derive(Debug)]
pub struct PhoneBuilder<R, S = DefaultStack> {
    pub(crate) runtime: R,
    pub(crate) stack: S,
    settings: Settings,
    codecs: Arc<dyn Codecs>,
    ids: Ids,
    tap: Option<Tap>,
    people: Option<PathBuf>,
    #[cfg(feature = "trace")]
    trace: Option<(PathBuf, lxst_trace::Payloads)>,
}

impl<R: Runtime, S> PhoneBuilder<R, S> {
    pub(crate) fn on(stack: S) -> Self {
        Self {
            runtime: R::default(),
            stack,
            settings: Settings::default(),
            codecs: Arc::new(BuiltInCodecs),
            ids: Ids::default(),
            tap: None,
            people: None,
            #[cfg(feature = "trace")]
            trace: None,
        }
    }

    /// Creates a builder and its stack, which takes link ids from the engine's allocator. Returns
    /// what `make` returns beside the stack, too.
    pub(crate) fn with_ids<T>(make: impl FnOnce(Ids) -> (S, T)) -> (Self, T) {
        let ids = Ids::default();
        let (stack, made) = make(ids.clone());
        let mut builder = Self::on(stack);
        builder.ids = ids;
        (builder, made)
    }

    /// Keeps the identities that we dialled or talked with in a file. After a restart they are
    /// still no strangers, to whom [`CallerLimits`](crate::CallerLimits) apply.
    ///
    /// The file is read at the start, and replaced some seconds after a change and at the end. A
    /// damaged file is logged, and kept as `.bad`.
    ///
    /// *Bounds*: the latest [`CALLERS_REMEMBERED`](lxst_core::limits::CALLERS_REMEMBERED).
    #[must_use]
    pub fn people(mut self, path: impl Into<PathBuf>) -> Self {
        self.people = Some(path.into());
        self
    }

    /// Sets the settings. *Default*: [`Settings::default`].
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets the codecs that the phone encodes and decodes with; it offers the profiles that they
    /// can send. *Default*: [`BuiltInCodecs`]; [`CodecSettings`](crate::CodecSettings) are these
    /// with settings.
    #[must_use]
    pub fn codecs(mut self, codecs: impl Codecs + 'static) -> Self {
        self.codecs = Arc::new(codecs);
        self
    }

    /// Sets a tap, which is called with each input and output of the telephone.
    #[must_use]
    pub fn tap(mut self, tap: Tap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// Records the inputs and outputs of the telephone into a new file, which only its owner may
    /// read.
    ///
    /// The file holds the conversation, with the voices unless `payloads` strips them. The phone
    /// never waits for the file. [`shutdown`](Phone::shutdown) returns when all is written.
    ///
    /// # Errors
    /// The phone does not start when the file exists or cannot be created ([`StartError::Trace`]).
    #[cfg(feature = "trace")]
    #[must_use]
    pub fn trace(mut self, path: impl Into<PathBuf>, payloads: lxst_trace::Payloads) -> Self {
        self.trace = Some((path.into(), payloads));
        self
    }
}

impl<R: Runtime, S: StackSettings> PhoneBuilder<R, S> {
    /// Starts the phone on the runtime, with one line.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running. A server that does not answer is no error: the
    /// phone connects again and again.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    ///
    /// # Cancel safety
    /// It never waits, so that it cannot be cancelled halfway.
    pub async fn start(self) -> Result<(Phone, Events), StartError> {
        self.start_with_lines::<1>().await
    }

    /// Starts a phone that holds several calls at once: `start_with_lines::<2>()`. Whoever calls
    /// while a line is free rings; with one person there is one call at most. Each call has codecs
    /// of its own, and takes about as much time of the codec thread as the call of a phone of one
    /// line.
    ///
    /// The audio ports of the phone serve all calls: what the microphone hears is sent in each, and
    /// the speaker plays the sum of what is received. A call can have ports of its own instead, see
    /// [`Call::audio_source`](crate::Call::audio_source), and each direction of it can be
    /// [muted](crate::Call::mute).
    ///
    /// *Bounds*: at least one line. A line takes 21 KiB.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    ///
    /// # Panics
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    /// As [`start`](Self::start).
    pub async fn start_with_lines<const LINES: usize>(self) -> Result<(Phone, Events), StartError> {
        let Self { runtime, stack, settings, codecs, ids, tap, people, .. } = self;
        let Parsed { engine, when_no_microphone, dtx } = settings.parse(codecs.profiles())?;
        let opened = stack.open::<R, LINES>(&runtime)?;
        #[cfg(feature = "endpoint")]
        let lock = opened.lock;
        let Opened { network, stack, mut stores, interfaces, listening, tasks, .. } = opened;
        let (coder_sender, of_coder_thread) = async_channel::unbounded();
        let of_coder = codecs.clone();
        let make_coder = move || Coder::new(of_coder.clone()).dtx(dtx);
        let coder = CoderThread::spawn(make_coder, move |output| {
            // The phone may have ended.
            let _ = coder_sender.try_send(output);
        })
        .map_err(StartError::Thread)?;
        #[cfg(feature = "trace")]
        let tap = recorded(tap, self.trace)?;
        let mut engine = Engine::with_lines(Config { codecs, ids, tap, ..engine }, stack);
        stores.extend(people.and_then(|path| Store::open_people(path, &mut engine)));

        let (request_sender, requests) = Requests::channel();
        let (events, queue) = Events::new(0);
        let state = State { interfaces, is_available: true, ..State::default() };
        let (publisher, watch) = Publisher::new(state.clone());
        let phone = Phone::new(request_sender, watch, engine.identity(), listening);
        let runner = Runner::new(Parts {
            origin: runtime.now(),
            runtime: runtime.clone(),
            engine,
            network,
            coder,
            inbox: Inbox { requests, coder: of_coder_thread },
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
