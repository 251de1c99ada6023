//! Streams of served destinations, heard names and joined channels.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_core::{Class, Destination};
use lxst_reticulum::DestinationHash;

use super::{DestinationError, Destinations, Guard, Link, Request};
use crate::mailbox::Reader;

/// A served destination: a [`Stream`] of the links that peers open to it. Dropping it ends the
/// service; links that were taken from it stay up.
///
/// *Bounds*: as many links at once, taken or waiting, as its settings allow:
/// [`incoming_links`](lxst_reticulum::DestinationConfig::incoming_links).
#[derive(Debug)]
pub struct Served {
    pub(super) destinations: Destinations,
    pub(super) on: Destination,
    pub(super) links: Reader<Link>,
    pub(super) _guard: Guard,
}

/// The announces of a name: a [`Stream`].
///
/// *Bounds*: the latest announce of each destination waits to be read, for
/// [`ANNOUNCES`](Self::ANNOUNCES) destinations. Beyond it, the oldest is dropped and counted in
/// [`lost`](Self::lost).
#[derive(Debug)]
pub struct Announces {
    pub(super) announces: Reader<Announce>,
    pub(super) _guard: Guard,
}

/// An announce of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announce {
    /// The destination.
    pub destination: Destination,
    /// Distance in hops; 1 is a neighbour.
    pub hops: u8,
    /// The app data. The announce is signed by the destination's owner; nothing else is proved.
    pub app_data: Option<Vec<u8>>,
}

/// A joined broadcast channel: a [`Stream`] of the packets of others. Some networks also echo ours.
/// Dropping it leaves the channel.
///
/// *Bounds*: the latest [`PACKETS`](Self::PACKETS) wait to be read. Beyond it, the oldest is
/// dropped and counted in [`lost`](Self::lost). A packet does not tell its sender. The endpoint
/// limits what each interface, and each address on an interface over UDP, may bring.
#[derive(Debug)]
pub struct Broadcasts {
    pub(super) destinations: Destinations,
    pub(super) channel: DestinationHash,
    pub(super) mdu: usize,
    pub(super) packets: Reader<Vec<u8>>,
    pub(super) _guard: Guard,
}

impl Served {
    /// Returns the destination.
    #[must_use]
    pub const fn destination(&self) -> Destination {
        self.on
    }

    /// Waits for the next link of a peer. `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no link is lost.
    pub async fn next(&self) -> Option<Link> {
        self.links.next().await
    }

    /// Announces the destination once, on every interface that is up, or on none. A second announce
    /// within a second is postponed to its end. Behind an `rnsd`, announce again after each
    /// connection.
    ///
    /// # Errors
    /// [`DestinationError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request is done whole or not at all.
    pub async fn announce(&self) -> Result<(), DestinationError> {
        self.destinations.request(|reply| Request::Announce(self.on.name, reply)).await
    }

    /// Sets the app data of later announces, and sends nothing.
    ///
    /// # Errors
    /// [`DestinationError::Bound`] beyond [`APP_DATA`](lxst_reticulum::limits::APP_DATA) bytes.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request is done whole or not at all.
    pub async fn set_app_data(&self, app_data: impl Into<Vec<u8>>) -> Result<(), DestinationError> {
        let app_data = app_data.into();
        self.destinations.request(|reply| Request::AppData(self.on.name, app_data, reply)).await
    }
}

impl Announces {
    /// Upper bound of the announces that wait to be read, one for each destination.
    pub const ANNOUNCES: usize = 128;

    /// Waits for the next announce. `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no announce is lost.
    pub async fn next(&self) -> Option<Announce> {
        self.announces.next().await
    }

    /// Returns how many announces were dropped because the app read slowly, or because a later one
    /// of the same destination arrived.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.announces.lost()
    }
}

impl Broadcasts {
    /// Upper bound of the packets that wait to be read.
    pub const PACKETS: usize = 64;

    /// Returns the destination hash of the channel's packets.
    #[must_use]
    pub const fn channel(&self) -> DestinationHash {
        self.channel
    }

    /// Returns the maximum size of a packet, in bytes.
    #[must_use]
    pub const fn mdu(&self) -> usize {
        self.mdu
    }

    /// Waits for the next packet. `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no packet is lost.
    pub async fn next(&self) -> Option<Vec<u8>> {
        self.packets.next().await
    }

    /// Sends a packet on every interface that is up and has room. Returns the number of these.
    ///
    /// # Errors
    /// [`DestinationError::Broadcast`]: the packet is empty or longer than the channel's bound.
    ///
    /// # Cancel safety
    /// Not cancel safe: a cancelled packet may have been sent.
    pub async fn send(
        &self,
        class: Class,
        data: impl Into<Vec<u8>>,
    ) -> Result<usize, DestinationError> {
        let (channel, data) = (self.channel, data.into());
        self.destinations.request(|reply| Request::Broadcast { channel, class, data, reply }).await
    }

    /// Returns how many packets were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.packets.lost()
    }
}

impl Stream for Served {
    type Item = Link;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Link>> {
        self.links.poll_next(cx)
    }
}

impl Stream for Announces {
    type Item = Announce;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Announce>> {
        self.announces.poll_next(cx)
    }
}

impl Stream for Broadcasts {
    type Item = Vec<u8>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.packets.poll_next(cx)
    }
}
