//! What a phone needs of an async runtime.

use std::fmt;
use std::future::Future;
#[cfg(feature = "endpoint")]
use std::io::{Error, ErrorKind, Result};
#[cfg(feature = "endpoint")]
use std::time::Duration;
use std::time::Instant;

/// An async runtime: what [`PhoneBuilder::start`](crate::PhoneBuilder::start) takes from it.
///
/// `lxst-tokio` and `lxst-smol` implement it, and `Sockets` for our own endpoint's, in about a hundred
/// lines each; an app on another runtime does the same and uses `PhoneBuilder<ItsRuntime>`.
pub trait Runtime: Clone + Default + fmt::Debug + Send + Sync + 'static {
    /// The present moment, of the clock that [`sleep_until`](Self::sleep_until) keeps.
    fn now(&self) -> Instant;

    /// Ends when the moment has come.
    ///
    /// # Cancel safety
    /// Must be cancel safe: the phone drops it whenever something else happens.
    fn sleep_until(&self, moment: Instant) -> impl Future<Output = ()> + Send;

    /// Runs a task until it ends; nothing waits for it.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}

/// Ends after `limit` with an error of kind `TimedOut`, unless `work` ends first.
#[cfg(feature = "endpoint")]
pub(crate) async fn within<T>(
    runtime: &impl Runtime,
    limit: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let late = async {
        runtime.sleep_until(runtime.now() + limit).await;
        Err(Error::from(ErrorKind::TimedOut))
    };
    futures_lite::future::or(work, late).await
}
