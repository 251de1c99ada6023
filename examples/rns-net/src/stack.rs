//! The binding of a phone to an rns-net node: what an app with its own Reticulum stack writes.
//!
//! One thread does the phone's commands. The node's callbacks report from the node's thread, where
//! a request to the node would deadlock.

use std::mem::take;
use std::time::{Duration, Instant};

use lxst_tokio::{
    Class, Destination, DisplayName, IdentityHash, LinkClosed, LinkEvent, LinkFailed, LinkId,
};
use lxst_tokio::{LinkCommand, LinkPort, LinkRequest, StackLinks};
use rns_crypto::identity::Identity;
use rns_net::{AnnouncedIdentity, Callbacks, DestHash, InterfaceId, PacketHash, RnsNode};
use rns_net::{LinkId as Address, TeardownReason};

use crate::node::{signing_half, telephony_of};

pub(crate) struct Stack {
    pub(crate) node: RnsNode,
    pub(crate) identity: Identity,
    pub(crate) telephony: rns_net::Destination,
    pub(crate) links: StackLinks<[u8; 16]>,
    /// Links that wait for a path, and until when.
    pub(crate) searches: Vec<(LinkId, DestHash, Instant)>,
}

impl Stack {
    /// Serves the phone until it shuts down.
    pub(crate) fn serve(mut self, port: &LinkPort) {
        while !port.is_over() {
            let wait = if self.searches.is_empty() { Duration::MAX } else { LOOK };
            if let Some(command) = port.next_timeout(wait) {
                self.on_command(command);
            }
            self.follow_searches();
        }
        self.node.shutdown();
    }

    /// Does a command of the phone. If something fails on a link, the node reports its end.
    fn on_command(&mut self, command: LinkCommand) {
        match command {
            LinkCommand::Announce { name } => {
                let mut app_data = [0; DisplayName::MAX_APP_DATA];
                let length = name.and_then(|name| name.encode(&mut app_data).ok());
                let app_data = length.and_then(|length| app_data.get(..length));
                let _ = self.node.announce_queued(&self.telephony, &self.identity, app_data);
            }
            LinkCommand::Link { link, request: LinkRequest::Open(to) } => {
                let destination = telephony_of(to.identity).hash;
                if self.reachable(&destination).is_none() {
                    let _ = self.node.request_path(&destination);
                }
                self.searches.push((link, destination, Instant::now() + SEARCH));
            }
            LinkCommand::Link { link, request: LinkRequest::Identify } => {
                if let Some(address) = self.links.key(link)
                    && let Some(keys) = self.identity.get_private_key()
                {
                    let _ = self.node.identify_on_link(address, keys);
                }
            }
            LinkCommand::Link { link, request: LinkRequest::Close } => {
                self.searches.retain(|(of, _, _)| *of != link);
                if let Some(address) = self.links.remove(link) {
                    let _ = self.node.teardown_link(address);
                }
            }
            LinkCommand::Send { link, class, data } => {
                let Some(address) = self.links.key(link) else { return };
                let sent = self.node.try_send_on_link(address, data.into(), CONTEXT_NONE);
                // Media may be lost. A link that lost a signal is useless.
                if sent.is_err() && class == Class::Signal {
                    self.links.event_blocking(&address, LinkEvent::Closed(LinkClosed::Interface));
                    let _ = self.node.teardown_link(address);
                }
            }
            _ => {}
        }
    }

    /// Opens the links that have a path, and gives up those whose time is over.
    fn follow_searches(&mut self) {
        for (link, destination, until) in take(&mut self.searches) {
            let peer = self.reachable(&destination).map(|peer| signing_half(&peer.public_key));
            match peer.map(|key| self.node.create_link(destination.0, key)) {
                Some(Ok(address)) => self.links.opened_blocking(link, address),
                Some(Err(_)) => self.links.failed_blocking(link, LinkFailed::Refused),
                None if until <= Instant::now() => {
                    self.links.failed_blocking(link, LinkFailed::NoPath);
                }
                None => self.searches.push((link, destination, until)),
            }
        }
    }

    fn reachable(&self, destination: &DestHash) -> Option<AnnouncedIdentity> {
        let has_path = self.node.has_path(destination).unwrap_or(false);
        self.node.recall_identity(destination).ok().flatten().filter(|_| has_path)
    }
}

/// Reports the node's callbacks.
pub(crate) struct Listener {
    pub(crate) on: Destination,
    pub(crate) telephony: DestHash,
    pub(crate) links: StackLinks<[u8; 16]>,
}

impl Callbacks for Listener {
    fn on_interface_up(&mut self, _: InterfaceId) {
        self.links.reporter().network_up_blocking();
    }

    fn on_announce(&mut self, announced: AnnouncedIdentity) {
        let identity = IdentityHash(announced.identity_hash.0);
        if announced.dest_hash == telephony_of(identity).hash {
            let app_data = announced.app_data.as_deref();
            self.links.reporter().announced_blocking(identity, announced.hops, app_data);
        }
    }

    fn on_path_updated(&mut self, _: DestHash, _: u8) {}

    fn on_link_established(&mut self, link: Address, to: DestHash, rtt: f64, is_ours: bool) {
        let (rtt, mdu) = (Duration::try_from_secs_f64(rtt).ok(), None);
        if is_ours {
            self.links.event_blocking(&link.0, LinkEvent::Up { rtt, mdu });
        } else if to == self.telephony {
            self.links.event_blocking(&link.0, LinkEvent::Incoming { on: self.on, rtt, mdu });
        }
    }

    fn on_remote_identified(&mut self, link: Address, peer: rns_net::IdentityHash, _: [u8; 64]) {
        self.links.event_blocking(&link.0, LinkEvent::Identified(IdentityHash(peer.0)));
    }

    fn on_link_data(&mut self, link: Address, context: u8, data: Vec<u8>) {
        if context == CONTEXT_NONE {
            self.links.packet_blocking(&link.0, data);
        }
    }

    fn on_link_closed(&mut self, link: Address, reason: Option<TeardownReason>) {
        let closed = match reason {
            Some(TeardownReason::Timeout) => LinkClosed::Timeout,
            Some(_) => LinkClosed::Peer,
            None => LinkClosed::Unknown,
        };
        self.links.event_blocking(&link.0, LinkEvent::Closed(closed));
    }

    fn on_local_delivery(&mut self, _: DestHash, _: Vec<u8>, _: PacketHash) {}
}

/// Time limit of a path search, as in Python LXST.
const SEARCH: Duration = Duration::from_secs(15);
/// Interval at which the path table is read.
const LOOK: Duration = Duration::from_millis(50);
/// The context of packets that are the app's own.
const CONTEXT_NONE: u8 = 0;
