//! The carriers of links, which move their packets both ways.

use async_channel::Sender;
use bytes::Bytes;
use futures_lite::future::or;
use lxst_core::{Class, Destination, LinkEvent, LinkFailed, LinkId};

use crate::destinations::{DestinationError, Destinations, Link, LinkMessage};
use crate::mailbox::Reader;

/// What a carrier reports.
#[derive(Debug)]
pub(crate) enum Report {
    Packet {
        link: LinkId,
        data: Vec<u8>,
    },
    Event {
        link: LinkId,
        event: LinkEvent,
    },
    /// The phone has shut down.
    NoPhone,
}

/// What waits to be done on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    Packet(Class, Bytes),
    Identify,
}

/// Opens a link, unless it is closed before, and carries its packets.
pub(crate) async fn open(
    id: LinkId,
    destinations: &Destinations,
    to: Destination,
    queue: &Reader<Departure>,
    reporter: &Sender<Report>,
) {
    let opened = async { Some(destinations.open(to).await) };
    let closed = async {
        // Nothing is left for a link that is not up.
        while queue.next().await.is_some() {}
        None
    };
    let Some(opened) = or(opened, closed).await else { return };
    let event = match &opened {
        Ok(link) => LinkEvent::Up { rtt: Some(link.rtt()), mdu: Some(link.mdu()) },
        Err(DestinationError::ShutDown) => return report(reporter, Report::NoPhone).await,
        Err(DestinationError::Failed(why)) => LinkEvent::Failed(*why),
        Err(error) => {
            tracing::warn!(%error, "a link is not opened");
            LinkEvent::Failed(LinkFailed::Refused)
        }
    };
    report(reporter, Report::Event { link: id, event }).await;
    if let Ok(link) = opened {
        carry(id, &link, queue, reporter).await;
    }
}

/// Carries packets both ways until the link is closed on either side.
pub(crate) async fn carry(
    id: LinkId,
    link: &Link,
    queue: &Reader<Departure>,
    reporter: &Sender<Report>,
) {
    or(bring(id, link, reporter), send(link, queue)).await;
}

async fn bring(id: LinkId, link: &Link, reporter: &Sender<Report>) {
    while let Some(message) = link.next().await {
        let brought = match message {
            LinkMessage::Packet(data) => Report::Packet { link: id, data },
            LinkMessage::Identified(peer) => {
                Report::Event { link: id, event: LinkEvent::Identified(peer) }
            }
        };
        report(reporter, brought).await;
    }
    let ended = match link.closed() {
        Some(why) => Report::Event { link: id, event: LinkEvent::Closed(why) },
        None => Report::NoPhone,
    };
    report(reporter, ended).await;
}

async fn send(link: &Link, queue: &Reader<Departure>) {
    while let Some(departure) = queue.next().await {
        // A link that refuses is closed, or its network is stalled: its end is reported, and a
        // question that was lost is asked again.
        let _ = match departure {
            Departure::Packet(class, data) => link.send(class, data).await,
            Departure::Identify => link.identify().await,
        };
    }
}

async fn report(reporter: &Sender<Report>, report: Report) {
    // The owner may have ended.
    let _ = reporter.send(report).await;
}
