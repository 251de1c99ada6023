//! What a phone needs of an async runtime.

use std::fmt;
use std::future::Future;
#[cfg(feature = "endpoint")]
use std::io::{Error, ErrorKind, Result};
#[cfg(feature = "endpoint")]
use std::time::Duration;
use std::time::Instant;

/// An async runtime, as far as a phone needs one: a clock, a timer and tasks.
///
/// `lxst-tokio` and `lxst-smol` implement it. An app on another runtime implements it too, and
/// begins with `PhoneBuilder<ItsRuntime>`: on interfaces of its own transports, or on links of its
/// own stack. The trait `Sockets` adds the interfaces over TCP, UDP and Unix sockets.
///
/// # Examples
/// A runtime of threads:
///
#[cfg_attr(feature = "endpoint", doc = "```")]
#[cfg_attr(not(feature = "endpoint"), doc = "```ignore")]
/// use std::future::Future;
/// use std::thread;
/// use std::time::Instant;
///
/// use futures_lite::future::block_on;
/// use lxst_phone::{Identity, Interface, OsRng, PhoneBuilder, Profile, Runtime};
///
/// #[derive(Clone, Debug, Default)]
/// struct Threads;
///
/// impl Runtime for Threads {
///     fn now(&self) -> Instant {
///         Instant::now()
///     }
///
///     async fn sleep_until(&self, moment: Instant) {
///         let (ends, ended) = async_channel::bounded::<()>(1);
///         thread::spawn(move || {
///             thread::sleep(moment.saturating_duration_since(Instant::now()));
///             drop(ends);
///         });
///         let _ = ended.recv().await;
///     }
///
///     fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
///         thread::spawn(|| block_on(task));
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// block_on(async {
///     let [left, right] = Interface::pair("a line");
///     let phone = || PhoneBuilder::<Threads>::new(Identity::generate(&mut OsRng));
///     let (alice, _) = phone().interface(left).start().await?;
///     let (bob, _) = phone().interface(right).start().await?;
///     let call = alice.dial(bob.identity(), Profile::MediumQuality).await?;
///     alice.shutdown().await;
///     println!("{}", call.ended().await?);
///     bob.shutdown().await;
///     Ok(())
/// })
/// # }
/// ```
pub trait Runtime: Clone + Default + fmt::Debug + Send + Sync + 'static {
    /// Returns the present moment, on the clock of [`sleep_until`](Self::sleep_until).
    fn now(&self) -> Instant;

    /// Waits until a moment, which may be past.
    ///
    /// # Cancel safety
    /// Must be cancel safe: the phone drops it whenever something else happens.
    fn sleep_until(&self, moment: Instant) -> impl Future<Output = ()> + Send;

    /// Runs a task to its end, in the background.
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
