//! Joins a phone to an rns-net node: what an app writes that has a Reticulum stack of its own.
//!
//! One thread knows the links, and one queue leads to it: from the phone come [`LinkCommand`]s, from
//! the node's callbacks [`LinkEvent`]s and packets. Callbacks only queue, since they run on the
//! node's thread, and asking the node there would be to wait for oneself.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use lxst_tokio::{Class, LinkClosed, LinkEvent, LinkFailed, LinkId, LinkRequest};
use lxst_tokio::{LinkCommand, LinkReporter};
use rns_crypto::identity::Identity;
use rns_net::{AnnouncedIdentity, DestHash, Destination, RnsNode};

use crate::node::{CONTEXT_NONE, signing_half, telephony_of};

/// The node's name of a link.
pub(crate) type Address = [u8; 16];

/// What goes through the queue.
pub(crate) enum Message {
    Command(LinkCommand),
    PhoneEnded,
    NetworkUp,
    PathFound,
    Event(Address, LinkEvent),
    Packet(Address, Vec<u8>),
}

pub(crate) struct Stack {
    pub(crate) node: RnsNode,
    pub(crate) identity: Identity,
    pub(crate) telephony: Destination,
    pub(crate) reporter: LinkReporter,
    /// The phone's names of the node's links.
    pub(crate) links: BTreeMap<Address, LinkId>,
    /// Links that wait for a path, each until a moment.
    pub(crate) searches: BTreeMap<LinkId, (DestHash, Instant)>,
}

impl Stack {
    /// Serves the phone until it shuts down.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let next_end = self.searches.values().map(|(_, until)| *until).min();
            let wait = next_end.map_or(SEARCH, |end| end.saturating_duration_since(Instant::now()));
            match messages.recv_timeout(wait) {
                Ok(Message::Command(command)) => self.on_command(command),
                Ok(Message::NetworkUp) => self.reporter.network_up_blocking(),
                // A path may have come, or its time.
                Ok(Message::PathFound) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Event(address, event)) => self.on_event(address, event),
                Ok(Message::Packet(address, data)) => {
                    if let Some(link) = self.links.get(&address) {
                        self.reporter.packet_blocking(*link, data);
                    }
                }
                Ok(Message::PhoneEnded) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.follow_searches();
        }
        self.node.shutdown();
    }

    /// Does what the phone wants. Of a link on which something fails, the node will tell the end.
    fn on_command(&mut self, command: LinkCommand) {
        match command {
            LinkCommand::Announce => {
                let _ = self.node.announce_queued(&self.telephony, &self.identity, None);
            }
            LinkCommand::Link { link, request: LinkRequest::Open(to) } => {
                let destination = telephony_of(to.identity).hash;
                if self.reachable(&destination).is_none() {
                    let _ = self.node.request_path(&destination);
                }
                self.searches.insert(link, (destination, Instant::now() + SEARCH));
            }
            LinkCommand::Link { link, request: LinkRequest::Identify } => {
                if let Some((address, key)) =
                    self.address(link).zip(self.identity.get_private_key())
                {
                    let _ = self.node.identify_on_link(address, key);
                }
            }
            LinkCommand::Link { link, request: LinkRequest::Close } => {
                self.searches.remove(&link);
                if let Some(address) = self.address(link) {
                    self.links.remove(&address);
                    let _ = self.node.teardown_link(address);
                }
            }
            LinkCommand::Send { link, class, data } => {
                let Some(address) = self.address(link) else { return };
                let sent = self.node.try_send_on_link(address, data.into(), CONTEXT_NONE);
                // Voice may be lost. A link that lost a signal is of no use.
                if sent.is_err() && class == Class::Signal {
                    self.on_event(address, LinkEvent::Closed(LinkClosed::Interface));
                    let _ = self.node.teardown_link(address);
                }
            }
            _ => {}
        }
    }

    /// Opens the links for which there is a path, and gives up those that waited for too long.
    fn follow_searches(&mut self) {
        for (link, (destination, until)) in take(&mut self.searches) {
            let failure = match self.reachable(&destination).map(|peer| self.open(link, &peer)) {
                Some(true) => continue,
                Some(false) => LinkFailed::Refused,
                None if until <= Instant::now() => LinkFailed::NoPath,
                None => {
                    self.searches.insert(link, (destination, until));
                    continue;
                }
            };
            self.reporter.event_blocking(link, LinkEvent::Failed(failure));
        }
    }

    fn reachable(&self, destination: &DestHash) -> Option<AnnouncedIdentity> {
        let has_path = self.node.has_path(destination).unwrap_or(false);
        self.node.recall_identity(destination).ok().flatten().filter(|_| has_path)
    }

    fn open(&mut self, link: LinkId, peer: &AnnouncedIdentity) -> bool {
        let address = self.node.create_link(peer.dest_hash.0, signing_half(&peer.public_key));
        address.map(|address| self.links.insert(address, link)).is_ok()
    }

    /// Links of the app's other destinations, and those that the phone closed, are not looked at.
    fn on_event(&mut self, address: Address, event: LinkEvent) {
        let link = match event {
            LinkEvent::Incoming { .. } => {
                let link = self.reporter.incoming();
                self.links.insert(address, link);
                Some(link)
            }
            LinkEvent::Closed(_) => self.links.remove(&address),
            _ => self.links.get(&address).copied(),
        };
        if let Some(link) = link {
            self.reporter.event_blocking(link, event);
        }
    }

    fn address(&self, id: LinkId) -> Option<Address> {
        self.links.iter().find(|(_, link)| **link == id).map(|(address, _)| *address)
    }
}

/// How long a path is looked for, as Python LXST does.
const SEARCH: Duration = Duration::from_secs(15);
