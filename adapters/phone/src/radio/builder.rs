//! How a radio starts.

use std::sync::Arc;

use async_executor::Executor;
use lxst_core::talk::{Config, Format};
use lxst_engine::codecs::{BuiltInCodecs, Codecs};
use lxst_engine::{Coder, RadioEngine};

use super::events::RadioEvents;
use super::handle::Radio;
use super::lanes::Lanes;
use super::request::RadioError;
use super::task::{Parts, RadioTask};
use crate::host::{CoderOutput, CoderThread};
use crate::runtime::Runtime;

/// A radio that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct RadioBuilder<R> {
    runtime: R,
    config: Config,
    codecs: Arc<dyn Codecs>,
    dtx: bool,
}

impl<R: Runtime> Default for RadioBuilder<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Runtime> RadioBuilder<R> {
    /// Begins a radio that sends Medium Quality, a frame a packet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            runtime: R::default(),
            config: Config::default(),
            codecs: Arc::new(BuiltInCodecs),
            dtx: false,
        }
    }

    /// Sets the settings. Its `mdu` is replaced by the smallest of the links.
    #[must_use]
    pub const fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets what is sent. *Default*: Medium Quality.
    #[must_use]
    pub fn format(mut self, format: impl Into<Format>) -> Self {
        self.config.format = format.into();
        self
    }

    /// Sets the codecs. *Default*: [`BuiltInCodecs`].
    #[must_use]
    pub fn codecs(mut self, codecs: impl Codecs + 'static) -> Self {
        self.codecs = Arc::new(codecs);
        self
    }

    /// Sets whether no frame is sent while nobody speaks: discontinuous transmission (DTX).
    /// *Default*: every frame is sent.
    #[must_use]
    pub const fn dtx(mut self, dtx: bool) -> Self {
        self.dtx = dtx;
        self
    }

    /// Starts the radio, with its talk button released.
    ///
    /// # Errors
    /// [`RadioError::Codec`] or [`Thread`](RadioError::Thread); nothing is left running.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    pub fn start(self) -> Result<(Radio, RadioEvents), RadioError> {
        let Self { runtime, mut config, codecs, dtx } = self;
        codecs.check(config.format.send())?;
        config.codecs = codecs.known();
        let (done_sender, done) = async_channel::unbounded();
        let of_coder = codecs.clone();
        let make_coder = move || Coder::new(of_coder.clone()).dtx(dtx);
        let coder = CoderThread::spawn(make_coder, move |output| {
            // The log tells of a relief.
            if let CoderOutput::Done(done) = output {
                // The radio may have ended.
                let _ = done_sender.try_send(done);
            }
        })
        .map_err(RadioError::Thread)?;
        let (request_sender, requests) = async_channel::bounded(REQUESTS);
        let (lanes, carriers) = (Arc::<Lanes>::default(), Arc::<Executor<'static>>::default());
        let (queue, events) = RadioEvents::new();
        let parts = Parts {
            runtime: runtime.clone(),
            origin: runtime.now(),
            engine: RadioEngine::new(config),
            codecs,
            coder,
            requests,
            done,
            lanes: lanes.clone(),
            events: queue,
        };
        let task = RadioTask::new(parts, config.mdu);
        let radio = Radio {
            requests: request_sender,
            lanes,
            #[cfg(feature = "endpoint")]
            carriers: Arc::downgrade(&carriers),
        };
        runtime.spawn(async move { carriers.run(task.run()).await });
        Ok((radio, events))
    }
}

/// Upper bound of the requests that wait for the radio's task. Beyond it a handle waits for room.
const REQUESTS: usize = 32;
