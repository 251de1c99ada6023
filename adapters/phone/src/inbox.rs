//! What the phone's task waits for.

use std::future::{Future, pending};
use std::time::Instant as Moment;

use async_channel::Receiver;
use event_listener::EventListener;
use futures_lite::future::or;
use lxst_engine::Done;

use crate::network::Network;
use crate::request::{Request, Requests};
use crate::runtime::Runtime;

#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) requests: Requests,
    pub(crate) done: Receiver<Done>,
}

/// What the phone's task wakes for.
pub(crate) enum Turn<A> {
    /// A handle asks; `None` when the last one was dropped.
    Asked(Option<Request>),
    World(World<A>),
}

/// What happens besides requests.
pub(crate) enum World<A> {
    /// A deadline has come.
    Due,
    /// The owner of a port did something to it.
    Port,
    Done(Done),
    /// The network brings something.
    Arrived(A),
}

/// What the owners of the ports do.
#[derive(Debug, Default)]
pub(crate) struct PortListeners {
    pub(crate) source: Option<EventListener>,
    pub(crate) sink: Option<EventListener>,
}

impl Inbox {
    /// Waits for the next thing to do. Turns go from one end and from the other, so that a flood at
    /// one does not keep the others waiting.
    pub(crate) async fn turn<R: Runtime, N: Network>(
        &self,
        (runtime, network): (&R, &N),
        due: Option<Moment>,
        ports: PortListeners,
        number: u64,
    ) -> Turn<N::Arrival> {
        let is_turned = number.is_multiple_of(2);
        let asked = async { Turn::Asked(self.requests.next().await) };
        let world =
            async { Turn::World(self.world((runtime, network), due, ports, is_turned).await) };
        either_first(is_turned, world, asked).await
    }

    /// Waits for anything but a request. The clock comes first, since a flood must not stop it.
    pub(crate) async fn world<R: Runtime, N: Network>(
        &self,
        (runtime, network): (&R, &N),
        due: Option<Moment>,
        ports: PortListeners,
        is_turned: bool,
    ) -> World<N::Arrival> {
        let due = async {
            match due {
                Some(due) => runtime.sleep_until(due).await,
                None => pending().await,
            }
            World::Due
        };
        let port = async {
            or(fired(ports.source), fired(ports.sink)).await;
            World::Port
        };
        let done = async { World::Done(next(&self.done).await) };
        let arrived = async { World::Arrived(network.next().await) };
        or(due, or(done, either_first(is_turned, port, arrived))).await
    }
}

/// The one of two that ends first; when both have, `first` or the other.
pub(crate) async fn either_first<T>(
    is_turned: bool,
    first: impl Future<Output = T>,
    second: impl Future<Output = T>,
) -> T {
    if is_turned { or(second, first).await } else { or(first, second).await }
}

async fn fired(listener: Option<EventListener>) {
    match listener {
        Some(listener) => listener.await,
        None => pending().await,
    }
}

/// The next message. A channel whose other side is gone brings none, for ever.
async fn next<T>(channel: &Receiver<T>) -> T {
    match channel.recv().await {
        Ok(message) => message,
        Err(_) => pending().await,
    }
}
