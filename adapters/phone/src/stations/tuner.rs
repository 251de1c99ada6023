//! The handle to a tuner, and how it starts.

use async_channel::Sender;
use async_executor::Executor;
use lxst_core::IdentityHash;

use super::REQUESTS;
use super::events::TunerEvents;
use super::request::{StationError, TunerRequest as Request, TunerStatus, ask};
use super::tuner_task::{Parts, TunerTask};
use crate::carried_links::{Links, PACKETS};
use crate::clock::Clock;
use crate::destinations::Destinations;
use crate::radio::Radio;
use crate::runtime::Runtime;

/// A tuner that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct TunerBuilder<R> {
    runtime: R,
    identify: bool,
}

impl<R: Runtime> Default for TunerBuilder<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Runtime> TunerBuilder<R> {
    /// Begins a tuner that does not tell stations who listens.
    #[must_use]
    pub fn new() -> Self {
        Self { runtime: R::default(), identify: false }
    }

    /// Sets whether the phone's identity is proved to stations. One may have reserved a place for
    /// it. *Default*: it is not.
    #[must_use]
    pub const fn identify(mut self, identify: bool) -> Self {
        self.identify = identify;
        self
    }

    /// Starts the tuner, which plays what it hears on a radio, and is tuned to nothing.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    #[must_use = "a tuner without a handle ends"]
    pub fn start(self, destinations: &Destinations, radio: &Radio) -> (Tuner, TunerEvents) {
        let Self { runtime, identify } = self;
        let (requests, requested) = async_channel::bounded(REQUESTS);
        let (events, reader) = TunerEvents::new();
        let clock = Clock::new(runtime.clone());
        let parts = Parts { clock, radio: radio.clone(), identify, events, requests: requested };
        let destinations = destinations.clone();
        runtime.spawn(async move {
            let carriers = Executor::new();
            let links = Links::new(&carriers, destinations, PACKETS);
            carriers.run(TunerTask::new(parts, links).run()).await;
        });
        (Tuner { requests }, reader)
    }
}

/// A handle to a tuner: the listener of one [`Station`](super::Station) at a time. Cheap to clone.
///
/// A [`Radio`] plays what the station sends: its audio sink and its events tell of the voice. Others
/// that the radio hears are mixed in. The tuner keeps the radio running. It is one task of the
/// runtime. It ends when its last handle is dropped, or the radio or the phone shuts down, and
/// closes its link.
#[derive(Clone, Debug)]
pub struct Tuner {
    requests: Sender<Request>,
}

impl Tuner {
    /// Tunes in to the station of an identity, and leaves the one before. It tunes in again whenever
    /// the station is lost and that may help, until it [leaves](Self::leave).
    ///
    /// [`TunerEvent::Program`](lxst_rooms::TunerEvent::Program) tells that the station is heard,
    /// [`Closed`](lxst_rooms::TunerEvent::Closed) that it is not, and whether it is tried again.
    ///
    /// # Errors
    /// [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn tune(&self, station: IdentityHash) -> Result<(), StationError> {
        Ok(ask(&self.requests, |reply| Request::Tune(station, reply)).await??)
    }

    /// Leaves the station.
    ///
    /// # Errors
    /// [`StationError::Refused`]: the tuner is tuned to nothing. [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn leave(&self) -> Result<(), StationError> {
        Ok(ask(&self.requests, Request::Leave).await??)
    }

    /// Returns what the tuner does at this moment.
    ///
    /// # Errors
    /// [`StationError::Ended`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn status(&self) -> Result<TunerStatus, StationError> {
        ask(&self.requests, Request::Status).await
    }

    /// Ends the tuner, and waits until its link is closed.
    ///
    /// *Bounds*: 1 s.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A tuner that is shutting down refuses requests at its end.
        let _ = ask(&self.requests, Request::ShutDown).await;
    }
}
