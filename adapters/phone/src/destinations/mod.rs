//! Other destinations and broadcast channels of the phone's endpoint, beside the telephone.

mod apps;
mod link;
mod streams;

use async_channel::{Receiver, Sender};
use lxst_core::{Class, Destination, LinkFailed, NameHash};
use lxst_reticulum::{
    BoundError, BroadcastError, Channel, DestinationConfig, DestinationHash, LinkError, LinkHandle,
};

use crate::request::{Awaited, Reply};
pub(crate) use apps::Apps;
pub use link::{Link, LinkMessage};
pub use streams::{Announce, Announces, Broadcasts, Served};

/// Serves named destinations beside the telephone, receives their announces, opens links and joins
/// broadcast channels, all on the phone's endpoint. Cheap to clone.
///
/// [`PhoneBuilder::destinations`](crate::PhoneBuilder::destinations) makes it. Requests wait until
/// the phone has started. This handle does not keep the phone running. Once the phone has shut
/// down, each request fails as [`DestinationError::ShutDown`].
///
/// The telephone is not affected: it has its own share for the requests of strangers, and its own
/// links.
///
/// *Bounds*: [`APPS`](lxst_reticulum::limits::APPS) names, served or heard, and
/// [`CHANNELS`](lxst_reticulum::limits::CHANNELS) channels. Each link, channel and name has a queue
/// of its own, so a peer that floods one of them displaces nothing in the others.
#[derive(Clone, Debug)]
pub struct Destinations {
    requests: Sender<Request>,
    drops: Sender<Dropped>,
}

/// Why a request about a destination, a link or a channel failed. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// The name is `lxst.telephony`, which the phone serves and hears itself.
    #[error("lxst.telephony belongs to the phone: dial, and read the phone's events")]
    Telephony,
    /// Another handle serves or hears the name, or has joined the channel.
    #[error("served, heard or joined by another handle: drop that handle first")]
    Taken,
    /// A bound of the endpoint is exceeded.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// This many links are open or being opened. The rest is reserved for the telephone.
    #[error("{0} links are open and the rest are kept for the telephone: close one first")]
    LinksFull(usize),
    /// The link did not come up.
    #[error("the link did not come up: {}", reason(*.0))]
    Failed(LinkFailed),
    /// The link refused the packet or the identification.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The channel refused the packet.
    #[error(transparent)]
    Broadcast(#[from] BroadcastError),
    /// The phone has shut down.
    #[error("the phone has shut down")]
    ShutDown,
}

impl Destinations {
    /// Creates a handle, and the phone's side of it.
    pub(crate) fn channel() -> (Self, Requests) {
        let (requests, requested) = async_channel::bounded(REQUESTS);
        let (drops, dropped) = async_channel::unbounded();
        (Self { requests, drops }, Requests { requested, dropped })
    }

    /// Serves a destination of the phone's identity until the returned handle is dropped. Peers
    /// find it after [`Served::announce`].
    ///
    /// # Errors
    /// [`DestinationError::Telephony`], [`Taken`](DestinationError::Taken) or
    /// [`Bound`](DestinationError::Bound).
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request serves nothing.
    pub async fn serve(&self, config: DestinationConfig) -> Result<Served, DestinationError> {
        self.request(|reply| Request::Serve(config, reply)).await
    }

    /// Receives the announces of a name until the returned handle is dropped. Those of phones are
    /// [`Event::Announced`](crate::Event::Announced).
    ///
    /// # Errors
    /// [`DestinationError::Telephony`], [`Taken`](DestinationError::Taken) or
    /// [`Bound`](DestinationError::Bound).
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request has no effect.
    pub async fn hear(&self, name: NameHash) -> Result<Announces, DestinationError> {
        self.request(|reply| Request::Hear(name, reply)).await
    }

    /// Joins a broadcast channel until the returned handle is dropped.
    ///
    /// # Errors
    /// [`DestinationError::Taken`] or [`Bound`](DestinationError::Bound).
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request joins nothing.
    pub async fn join(&self, channel: Channel) -> Result<Broadcasts, DestinationError> {
        self.request(|reply| Request::Join(channel, reply)).await
    }

    /// Opens a link to a destination and waits until it is up. The endpoint's settings bound the
    /// path search: [`Config::path_search`](lxst_reticulum::Config::path_search).
    ///
    /// # Errors
    /// [`DestinationError::Failed`], or [`LinksFull`](DestinationError::LinksFull): two of the
    /// endpoint's outgoing links are reserved for each line of the telephone.
    ///
    /// # Cancel safety
    /// Cancel safe: the link of a cancelled request is closed.
    pub async fn open(&self, to: Destination) -> Result<Link, DestinationError> {
        let opening = self.request(|reply| Request::Open(to, reply)).await?;
        let up = opening.outcome.recv().await.map_err(|_| DestinationError::ShutDown)??;
        Ok(Link::new(self.clone(), opening.link, to, up, opening.guard))
    }

    /// Waits until the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    #[cfg(any(feature = "rooms", feature = "stations"))]
    pub(crate) async fn ended(&self) {
        self.requests.closed().await;
    }

    async fn request<T>(
        &self,
        request: impl FnOnce(Answer<T>) -> Request,
    ) -> Result<T, DestinationError> {
        let (reply, answer) = Reply::channel();
        self.requests.send(request(reply)).await.map_err(|_| DestinationError::ShutDown)?;
        answer.recv().await.map_err(|_| DestinationError::ShutDown)?
    }

    fn guard(&self, of: Dropped) -> Guard {
        Guard { drops: self.drops.clone(), of }
    }
}

/// A request of a handle, for the phone's task.
#[derive(Debug)]
pub(crate) enum Request {
    Serve(DestinationConfig, Answer<Served>),
    AppData(NameHash, Vec<u8>, Answer<()>),
    Announce(NameHash, Answer<()>),
    Hear(NameHash, Answer<Announces>),
    Join(Channel, Answer<Broadcasts>),
    Broadcast { channel: DestinationHash, class: Class, data: Vec<u8>, reply: Answer<usize> },
    Open(Destination, Answer<Opening>),
    Identify(LinkHandle, Answer<()>),
    Send { link: LinkHandle, class: Class, data: Vec<u8>, reply: Answer<()> },
}

type Answer<T> = Reply<Result<T, DestinationError>>;

/// A link that is not up yet.
#[derive(Debug)]
pub(crate) struct Opening {
    link: LinkHandle,
    outcome: Awaited<Result<link::Up, DestinationError>>,
    guard: Guard,
}

/// The phone's end of the handles' channels.
#[derive(Debug)]
pub(crate) struct Requests {
    requested: Receiver<Request>,
    dropped: Receiver<Dropped>,
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.requested.close();
        // The channel keeps its content while a sender lives, and the callers would wait without
        // end.
        while self.requested.try_recv().is_ok() {}
    }
}

/// An action of a handle.
#[derive(Debug)]
pub(crate) enum HandleEvent {
    Request(Request),
    Dropped(Dropped),
}

/// What a dropped handle held.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped {
    Served(NameHash),
    Heard(NameHash),
    Channel(DestinationHash),
    Link(LinkHandle),
}

/// Tells the phone when a handle is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    drops: Sender<Dropped>,
    of: Dropped,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The phone may have shut down.
        let _ = self.drops.try_send(self.of);
    }
}

const fn reason(failed: LinkFailed) -> &'static str {
    match failed {
        LinkFailed::NoPath => "no path to the destination is known",
        LinkFailed::NoNetwork => "no interface is connected",
        LinkFailed::Timeout => "the destination did not answer",
        LinkFailed::Refused => "the destination is our own, or its answer was not valid",
    }
}

/// Upper bound of the requests that wait for the phone's task. Beyond it a handle waits for room.
const REQUESTS: usize = 32;
