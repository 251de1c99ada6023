//! The time of a task.

use std::future::pending;
use std::time::Instant as Moment;

use lxst_core::Instant;

use crate::runtime::Runtime;

/// A runtime whose time counts from an origin.
#[derive(Debug)]
pub(crate) struct Clock<R> {
    runtime: R,
    /// The moment of time 0.
    origin: Moment,
}

impl<R: Runtime> Clock<R> {
    pub(crate) fn new(runtime: R) -> Self {
        Self { origin: runtime.now(), runtime }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ORIGIN + self.runtime.now().saturating_duration_since(self.origin)
    }

    /// Waits until then; for ever without a deadline.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(crate) async fn wait_until(&self, deadline: Option<Instant>) {
        match deadline {
            Some(at) => self.runtime.sleep_until(self.origin + at.since(Instant::ORIGIN)).await,
            None => pending().await,
        }
    }
}
