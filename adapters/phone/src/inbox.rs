//! Why the phone's task wakes: requests of handles, its deadline, audio ports, codec jobs and the
//! network.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant as Moment;

use async_channel::Receiver;
use event_listener::EventListener;
use futures_lite::future::or;

use crate::host::CoderOutput;
use crate::network::Network;
use crate::request::{Request, Requests};
use crate::runtime::Runtime;

#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) requests: Requests,
    pub(crate) coder: Receiver<CoderOutput>,
}

/// Why the phone's task wakes.
pub(crate) enum Wakeup<A> {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    /// The deadline has passed.
    Timeout,
    /// The app wrote to a port, read from it or dropped it.
    Port,
    /// The codec thread has finished a job, or takes less time from here on.
    Coder(CoderOutput),
    /// Something arrived from the network.
    Arrival(A),
}

impl Inbox {
    /// Waits for the next wakeup. `number` counts them: even and odd ones look at the sources in
    /// opposite order, so that a flood at one source does not starve the others.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost.
    pub(crate) async fn next<R: Runtime, N: Network>(
        &self,
        (runtime, network): (&R, &N),
        deadline: Option<Moment>,
        ports: Vec<EventListener>,
        number: u64,
    ) -> Wakeup<N::Arrival> {
        let is_turned = number.is_multiple_of(2);
        let request = async { Wakeup::Request(self.requests.next().await) };
        let other = self.next_but_request((runtime, network), deadline, ports, is_turned);
        either_first(is_turned, other, request).await
    }

    /// Waits for the next wakeup that is no request. The deadline comes first, since a flood must
    /// not delay it.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost.
    pub(crate) async fn next_but_request<R: Runtime, N: Network>(
        &self,
        (runtime, network): (&R, &N),
        deadline: Option<Moment>,
        ports: Vec<EventListener>,
        is_turned: bool,
    ) -> Wakeup<N::Arrival> {
        let timeout = async {
            match deadline {
                Some(deadline) => runtime.sleep_until(deadline).await,
                None => pending().await,
            }
            Wakeup::Timeout
        };
        let port = async {
            any_fired(ports).await;
            Wakeup::Port
        };
        let coder = async { Wakeup::Coder(next(&self.coder).await) };
        let arrival = async { Wakeup::Arrival(network.next().await) };
        or(timeout, or(coder, either_first(is_turned, port, arrival))).await
    }
}

/// Returns the output of whichever future ends first. When both have ended, `first` wins, or
/// `second` if `is_turned`.
pub(crate) async fn either_first<T>(
    is_turned: bool,
    first: impl Future<Output = T>,
    second: impl Future<Output = T>,
) -> T {
    if is_turned { or(second, first).await } else { or(first, second).await }
}

/// Waits for the first of some events.
pub(crate) async fn any_fired(mut listeners: Vec<EventListener>) {
    poll_fn(|cx| {
        let is_fired = listeners.iter_mut().any(|listener| Pin::new(listener).poll(cx).is_ready());
        if is_fired { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Waits for the next message; for ever once the sender is gone.
async fn next<T>(channel: &Receiver<T>) -> T {
    match channel.recv().await {
        Ok(message) => message,
        Err(_) => pending().await,
    }
}
