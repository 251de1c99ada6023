//! A radio on the links and channels of a phone's endpoint.

use lxst_core::LinkId;
use lxst_engine::RadioPacket;

use super::handle::Radio;
use super::lanes::RadioPort;
use crate::destinations::{Broadcasts, Link, LinkMessage};
use crate::inbox::either_first;

/// What happens on a way of packets.
enum Turn {
    Arrived(Vec<u8>),
    Leaves(RadioPacket),
    /// Something that a radio has no use for.
    Other,
    Over,
}

impl Radio {
    /// Puts the radio on a link, which it closes when it ends. Returns the number by which its
    /// events name the link.
    pub fn on_link(&self, link: Link) -> LinkId {
        let port = self.port(link.mdu());
        let id = port.id();
        self.spawn(carry(link, port));
        id
    }

    /// Puts the radio on a broadcast channel, which it leaves when it ends. Returns the number by
    /// which its events name the channel: all who talk on it share one place, because packets do
    /// not tell who sent them.
    pub fn on_channel(&self, channel: Broadcasts) -> LinkId {
        let port = self.port(channel.mdu());
        let id = port.id();
        self.spawn(broadcast(channel, port));
        id
    }

    /// Runs a task until the radio has ended. After that it is dropped, and its link with it.
    fn spawn(&self, carrier: impl Future<Output = ()> + Send + 'static) {
        if let Some(carriers) = self.carriers.upgrade() {
            carriers.spawn(carrier).detach();
        }
    }
}

// Arrivals and departures come first in turns, so that a flood of one does not starve the other.
async fn carry(link: Link, port: RadioPort) {
    for turn in 0_u64.. {
        let arrival = async {
            match link.next().await {
                Some(LinkMessage::Packet(data)) => Turn::Arrived(data),
                Some(LinkMessage::Identified(_)) => Turn::Other,
                None => Turn::Over,
            }
        };
        match either_first(turn.is_multiple_of(2), arrival, leaving(&port)).await {
            Turn::Arrived(data) => port.give(data),
            // A packet that a closed link refuses is followed by its end.
            Turn::Leaves(packet) => _ = link.send(packet.class, packet.data).await,
            Turn::Other => {}
            Turn::Over => return,
        }
    }
}

async fn broadcast(channel: Broadcasts, port: RadioPort) {
    for turn in 0_u64.. {
        let arrival = async { channel.next().await.map_or(Turn::Over, Turn::Arrived) };
        match either_first(turn.is_multiple_of(2), arrival, leaving(&port)).await {
            Turn::Arrived(data) => port.give(data),
            // A channel that the phone no longer has ends.
            Turn::Leaves(packet) => _ = channel.send(packet.class, packet.data).await,
            Turn::Other => {}
            Turn::Over => return,
        }
    }
}

async fn leaving(port: &RadioPort) -> Turn {
    port.next().await.map_or(Turn::Over, Turn::Leaves)
}
