//! The ways of a radio's packets: one lane for each link or channel.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use event_listener::{Event, EventListener};
#[cfg(any(feature = "paging", feature = "stations"))]
use lxst_core::wire::{TalkEnd, encode_talk_end};
use lxst_core::{Class, LinkId};
use lxst_engine::RadioPacket;

use crate::mailbox::put_to_send;

/// A way for a radio's packets in both directions, by [`Radio::port`](super::Radio::port). Dropping
/// it takes the radio off the link.
///
/// *Bounds*: the latest [`PACKETS`](Self::PACKETS) wait in each direction. Beyond it the oldest
/// packet of media is dropped and counted in [`lost`](Self::lost), so a slow link neither delays
/// others nor falls behind.
#[derive(Debug)]
pub struct RadioPort {
    lanes: Arc<Lanes>,
    link: LinkId,
}

/// What the ports and the radio's task share.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    shared: Mutex<Shared>,
    /// Notified when a port has brought a packet, was opened or was dropped.
    arrived: Event,
    /// Notified when a port can take a packet, or when the radio has ended.
    ready: Event,
}

#[derive(Debug, Default)]
struct Shared {
    lanes: BTreeMap<LinkId, Lane>,
    next: u64,
    closed: Vec<LinkId>,
    /// The radio takes and gives nothing from here on.
    is_over: bool,
}

#[derive(Debug)]
struct Lane {
    mdu: usize,
    arrived: VecDeque<Bytes>,
    leaving: VecDeque<RadioPacket>,
    lost: u64,
}

impl RadioPort {
    /// Upper bound of the packets that wait in one direction.
    pub const PACKETS: usize = 32;

    /// Returns the number by which the radio's events name this link.
    #[must_use]
    pub const fn id(&self) -> LinkId {
        self.link
    }

    /// Gives the radio a packet that arrived: its plaintext.
    pub fn give(&self, data: impl Into<Bytes>) {
        let mut shared = self.lanes.lock();
        let Some(lane) = shared.lanes.get_mut(&self.link) else { return };
        lane.arrived.push_back(data.into());
        if lane.arrived.len() > Self::PACKETS {
            lane.arrived.pop_front();
            lane.lost += 1;
        }
        drop(shared);
        self.lanes.arrived.notify(usize::MAX);
    }

    /// Waits for the next packet to send. `None` when the radio has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no packet is lost.
    pub async fn next(&self) -> Option<RadioPacket> {
        loop {
            // Listens before it looks, so that no packet is missed.
            let ready = self.lanes.ready.listen();
            {
                let mut shared = self.lanes.lock();
                let lane = shared.lanes.get_mut(&self.link)?;
                if let Some(packet) = lane.leaving.pop_front() {
                    return Some(packet);
                }
                if shared.is_over {
                    return None;
                }
            }
            ready.await;
        }
    }

    /// Returns how many packets were dropped in both directions because too many waited.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lanes.lock().lanes.get(&self.link).map_or(0, |lane| lane.lost)
    }
}

impl Drop for RadioPort {
    fn drop(&mut self) {
        let mut shared = self.lanes.lock();
        shared.lanes.remove(&self.link);
        shared.closed.push(self.link);
        drop(shared);
        self.lanes.arrived.notify(usize::MAX);
    }
}

impl Lanes {
    pub(super) fn open(self: &Arc<Self>, mdu: usize) -> RadioPort {
        let mut shared = self.lock();
        shared.next += 1;
        let link = LinkId(shared.next);
        let (arrived, leaving) = (VecDeque::new(), VecDeque::new());
        shared.lanes.insert(link, Lane { mdu, arrived, leaving, lost: 0 });
        drop(shared);
        self.arrived.notify(usize::MAX);
        RadioPort { lanes: self.clone(), link }
    }

    /// Returns a listener for what ports bring.
    pub(super) fn arrived(&self) -> EventListener {
        self.arrived.listen()
    }

    /// Takes the packets that have arrived, in turns, and the links that are gone.
    pub(super) fn take(&self) -> (Vec<(LinkId, Bytes)>, Vec<LinkId>) {
        let mut shared = self.lock();
        let mut packets = Vec::new();
        loop {
            let before = packets.len();
            for (link, lane) in &mut shared.lanes {
                packets.extend(lane.arrived.pop_front().map(|data| (*link, data)));
            }
            if packets.len() == before {
                break;
            }
        }
        (packets, std::mem::take(&mut shared.closed))
    }

    /// Gives each port a packet to send.
    pub(super) fn send(&self, packet: &RadioPacket) {
        for lane in self.lock().lanes.values_mut() {
            lane.leave(packet.clone());
        }
        self.ready.notify(usize::MAX);
    }

    /// Returns the smallest mdu of the ports; `None` without any.
    pub(super) fn mdu(&self) -> Option<usize> {
        self.lock().lanes.values().map(|lane| lane.mdu).min()
    }

    pub(super) fn ids(&self) -> Vec<LinkId> {
        self.lock().lanes.keys().copied().collect()
    }

    /// The radio has ended: each port gets what waits, then `None`.
    pub(super) fn end(&self) {
        self.lock().is_over = true;
        self.ready.notify(usize::MAX);
        self.arrived.notify(usize::MAX);
    }

    /// Waits until the radio has ended and all ports are dropped.
    pub(super) async fn ended(&self) {
        loop {
            let arrived = self.arrived.listen();
            {
                let shared = self.lock();
                if shared.is_over && shared.lanes.is_empty() {
                    return;
                }
            }
            arrived.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// Adds a packet within the bound.
    fn leave(&mut self, packet: RadioPacket) {
        let is_media = |waiting: &RadioPacket| waiting.class == Class::Media;
        self.lost += put_to_send(&mut self.leaving, packet, RadioPort::PACKETS, is_media);
    }
}

/// Returns the packet that ends a talk spurt.
#[cfg(any(feature = "paging", feature = "stations"))]
pub(crate) fn talk_end() -> Bytes {
    let mut buffer = [0; 8];
    let length = encode_talk_end(TalkEnd { speaker: None }, &mut buffer);
    debug_assert!(length.is_ok(), "the end of a talk has three bytes");
    Bytes::copy_from_slice(&buffer[..length.unwrap_or(0)])
}
