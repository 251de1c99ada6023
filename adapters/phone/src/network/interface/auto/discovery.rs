//! Who is there: the peers of an AutoInterface on each network interface, as a machine without
//! sockets and clock.
//!
//! 1. On each network interface it sends its token to the group, every [`ANNOUNCE_INTERVAL`].
//! 2. A token of another address makes that address a peer, with which packets are exchanged.
//! 3. Every [`JOB_INTERVAL`], peers that were silent for [`PEERING_TIMEOUT`] are given up, and
//!    peers that were sent nothing for [`REVERSE_INTERVAL`] get the token in a datagram of their
//!    own: where multicasts are lost one way, they hear of us so.
//! 4. Our own token comes back from the group: where it does not for [`ECHO_TIMEOUT`], something
//!    blocks multicasts.
//!
//! Anybody on a network segment can make up addresses. So each network interface has a table of
//! its own, [`MAX_PEERS`] long, in which a new peer takes the place of one that never sent a packet
//! before one that did.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant as Moment};

use bytes::Bytes;

use super::duplicates::Duplicates;
use super::group::{Group, Token};

/// The peers on all network interfaces.
#[derive(Debug)]
pub(super) struct Discovery {
    group: Group,
    links: BTreeMap<LinkIndex, Link>,
    duplicates: Duplicates,
    outputs: VecDeque<Output>,
    next_job: Moment,
    next_peer: u64,
}

/// A network interface, by the operating system's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LinkIndex(pub(super) u32);

/// A peer from its first token until it is given up; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PeerId(pub(super) u64);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Send the token to the group.
    Announce { link: LinkIndex, token: Token },
    /// Send the token to one peer.
    AnnounceTo { link: LinkIndex, peer: Ipv6Addr, token: Token },
    /// Exchange packets with a new peer.
    PeerUp { peer: PeerId, link: LinkIndex, address: Ipv6Addr },
    /// A peer is gone, or its network interface is.
    PeerDown { peer: PeerId },
    /// Nothing of what is sent to the group comes back on a network interface, or does again.
    Echo { link: LinkIndex, is_heard: bool },
}

/// Why a datagram was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    /// It is not the token of its sender: another group, or no node at all.
    NoToken,
    /// The table of peers is full, and made room within [`CHANGE_OF_PEERS`] already.
    PeersFull,
    /// Its sender is no peer.
    NoPeer,
    /// It came over another network interface already.
    Duplicate,
}

#[derive(Debug)]
struct Link {
    address: Ipv6Addr,
    announce_at: Moment,
    /// When the own token came back last, or the interface was opened.
    echoed: Moment,
    is_deaf: bool,
    peers: BTreeMap<Ipv6Addr, Peer>,
    /// When a peer made room for another.
    made_room: Option<Moment>,
}

#[derive(Debug)]
struct Peer {
    id: PeerId,
    /// When it was heard last, be it a token or a packet.
    heard: Moment,
    /// When it sent a packet last.
    spoke: Option<Moment>,
    /// When it was sent a token of its own last, or became a peer.
    greeted: Moment,
}

impl Discovery {
    pub(super) fn new(group: Group, now: Moment) -> Self {
        Self {
            group,
            links: BTreeMap::new(),
            duplicates: Duplicates::default(),
            outputs: VecDeque::new(),
            next_job: now + JOB_INTERVAL,
            next_peer: 0,
        }
    }

    /// Begins on a network interface with this link-local address.
    pub(super) fn open(&mut self, now: Moment, link: LinkIndex, address: Ipv6Addr) {
        self.close(link);
        // It was a peer where two network interfaces are on one segment.
        let forget: Vec<_> =
            self.links.values_mut().filter_map(|link| link.remove(address)).collect();
        self.outputs.extend(forget);
        let opened = Link {
            address,
            announce_at: now,
            echoed: now,
            is_deaf: false,
            peers: BTreeMap::new(),
            made_room: None,
        };
        self.links.insert(link, opened);
    }

    /// Ends on a network interface, and with its peers.
    pub(super) fn close(&mut self, link: LinkIndex) {
        let peers = self.links.remove(&link).map(|link| link.peers).unwrap_or_default();
        self.outputs.extend(peers.into_values().map(|peer| Output::PeerDown { peer: peer.id }));
    }

    /// Takes what came to the group or as a token of our own.
    pub(super) fn handle_token(
        &mut self,
        now: Moment,
        link: LinkIndex,
        from: Ipv6Addr,
        datagram: &[u8],
    ) -> Result<(), Dropped> {
        if !self.group.admits(from, datagram) {
            return Err(Dropped::NoToken);
        }
        if let Some((own, link)) = self.links.iter_mut().find(|(_, link)| link.address == from) {
            link.echoed = now;
            if std::mem::take(&mut link.is_deaf) {
                self.outputs.push_back(Output::Echo { link: *own, is_heard: true });
            }
            return Ok(());
        }
        let Some(of) = self.links.get_mut(&link) else { return Ok(()) };
        if let Some(peer) = of.peers.get_mut(&from) {
            peer.heard = now;
            return Ok(());
        }
        self.outputs.extend(of.make_room(now)?);
        let id = PeerId(self.next_peer);
        self.next_peer += 1;
        of.peers.insert(from, Peer { id, heard: now, spoke: None, greeted: now });
        self.outputs.push_back(Output::PeerUp { peer: id, link, address: from });
        Ok(())
    }

    /// Takes a packet, and tells which peer sent it.
    pub(super) fn handle_packet(
        &mut self,
        now: Moment,
        link: LinkIndex,
        from: Ipv6Addr,
        packet: &Bytes,
    ) -> Result<PeerId, Dropped> {
        let peer = self.links.get_mut(&link).and_then(|link| link.peers.get_mut(&from));
        let peer = peer.ok_or(Dropped::NoPeer)?;
        if self.duplicates.is_duplicate(now, packet) {
            return Err(Dropped::Duplicate);
        }
        (peer.heard, peer.spoke) = (now, Some(now));
        Ok(peer.id)
    }

    /// Handles what is due.
    pub(super) fn handle_timeout(&mut self, now: Moment) {
        for (index, link) in &mut self.links {
            if link.announce_at <= now {
                link.announce_at = now + ANNOUNCE_INTERVAL;
                let token = self.group.token(link.address);
                self.outputs.push_back(Output::Announce { link: *index, token });
            }
        }
        if self.next_job <= now {
            self.next_job = now + JOB_INTERVAL;
            for (index, link) in &mut self.links {
                link.keep_peers(now, *index, &self.group, &mut self.outputs);
            }
        }
    }

    /// Returns when something is due.
    pub(super) fn poll_timeout(&self) -> Moment {
        let announces = self.links.values().map(|link| link.announce_at);
        announces.fold(self.next_job, Moment::min)
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Tells whether there is a peer.
    pub(super) fn has_peers(&self) -> bool {
        self.links.values().any(|link| !link.peers.is_empty())
    }

    /// Tells whether what is sent to the group comes back on no network interface.
    pub(super) fn is_deaf(&self) -> bool {
        self.links.values().all(|link| link.is_deaf)
    }
}

impl Link {
    /// Makes room for a new peer, where there is none.
    fn make_room(&mut self, now: Moment) -> Result<Option<Output>, Dropped> {
        if self.peers.len() < MAX_PEERS {
            return Ok(None);
        }
        if self.made_room.is_some_and(|at| now < at + CHANGE_OF_PEERS) {
            return Err(Dropped::PeersFull);
        }
        self.made_room = Some(now);
        let least = self.peers.iter().min_by_key(|(_, peer)| (peer.spoke, peer.heard));
        let address = least.map(|(address, _)| *address);
        Ok(address.and_then(|address| self.remove(address)))
    }

    fn remove(&mut self, address: Ipv6Addr) -> Option<Output> {
        self.peers.remove(&address).map(|peer| Output::PeerDown { peer: peer.id })
    }

    fn keep_peers(
        &mut self,
        now: Moment,
        link: LinkIndex,
        group: &Group,
        outputs: &mut VecDeque<Output>,
    ) {
        self.peers.retain(|_, peer| {
            let is_there = now <= peer.heard + PEERING_TIMEOUT;
            if !is_there {
                outputs.push_back(Output::PeerDown { peer: peer.id });
            }
            is_there
        });
        let token = group.token(self.address);
        for (address, peer) in &mut self.peers {
            if peer.greeted + REVERSE_INTERVAL < now {
                peer.greeted = now;
                outputs.push_back(Output::AnnounceTo { link, peer: *address, token });
            }
        }
        if !self.is_deaf && self.echoed + ECHO_TIMEOUT < now {
            self.is_deaf = true;
            outputs.push_back(Output::Echo { link, is_heard: false });
        }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoToken => "it is not of our group",
            Self::PeersFull => "there are too many peers",
            Self::NoPeer => "its sender is no peer",
            Self::Duplicate => "it came already",
        })
    }
}

/// *Source*: RNS/Interfaces/AutoInterface.py `ANNOUNCE_INTERVAL`.
const ANNOUNCE_INTERVAL: Duration = Duration::from_millis(1_600);
/// *Source*: likewise `PEER_JOB_INTERVAL`.
pub(super) const JOB_INTERVAL: Duration = Duration::from_secs(4);
/// *Source*: likewise `PEERING_TIMEOUT`.
const PEERING_TIMEOUT: Duration = Duration::from_secs(22);
/// *Source*: likewise `reverse_peering_interval`, 3.25 announce intervals.
const REVERSE_INTERVAL: Duration = Duration::from_millis(5_200);
/// *Source*: likewise `MCAST_ECHO_TIMEOUT`.
const ECHO_TIMEOUT: Duration = Duration::from_millis(6_500);
/// The most peers of one network interface. The reference has no bound.
pub(super) const MAX_PEERS: usize = 64;
/// The least time between two peers that make room: all of them but the newest can be made to in
/// 6.4 s, so that one which speaks every 5 s, as a call does at least, never is.
const CHANGE_OF_PEERS: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
