//! Joins a phone to an rns-net node: what an app writes that has a Reticulum stack of its own.
//!
//! One thread serves the phone, and one queue leads to it. The phone's commands go through it, and what
//! the node calls back: callbacks run on the node's thread, where a question to the node would wait for
//! itself.

use std::mem::take;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use lxst_tokio::{Class, Destination, DisplayName, IdentityHash, LinkClosed, LinkCommand};
use lxst_tokio::{LinkEvent, LinkFailed, LinkId, LinkNames, LinkReporter, LinkRequest};
use rns_crypto::identity::Identity;
use rns_net::{AnnouncedIdentity, Callbacks, DestHash, InterfaceId, PacketHash, RnsNode};
use rns_net::{LinkId as Address, TeardownReason};

use crate::node::{signing_half, telephony_of};

/// What is to be done on the thread.
pub(crate) type Job = Box<dyn FnOnce(&mut Stack) + Send>;

pub(crate) struct Stack {
    pub(crate) node: RnsNode,
    pub(crate) identity: Identity,
    pub(crate) telephony: rns_net::Destination,
    pub(crate) reporter: LinkReporter,
    pub(crate) names: LinkNames<[u8; 16]>,
    /// Links that wait for a path, each until a moment.
    pub(crate) searches: Vec<(LinkId, DestHash, Instant)>,
    pub(crate) is_over: bool,
}

impl Stack {
    /// Serves the phone until it shuts down.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while !self.is_over {
            let next_end = self.searches.iter().map(|(_, _, until)| *until).min();
            let wait = next_end.map_or(SEARCH, |end| end.saturating_duration_since(Instant::now()));
            if let Ok(job) = jobs.recv_timeout(wait) {
                job(&mut self);
            }
            self.follow_searches();
        }
        self.node.shutdown();
    }

    /// Does what the phone wants. Of a link on which something fails, the node will tell the end.
    pub(crate) fn on_command(&mut self, command: LinkCommand) {
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
                let keys = self.identity.get_private_key();
                if let Some((address, keys)) = self.names.key(link).zip(keys) {
                    let _ = self.node.identify_on_link(*address, keys);
                }
            }
            LinkCommand::Link { link, request: LinkRequest::Close } => {
                self.searches.retain(|(of, _, _)| *of != link);
                if let Some(address) = self.names.remove(link) {
                    let _ = self.node.teardown_link(address);
                }
            }
            LinkCommand::Send { link, class, data } => {
                let Some(address) = self.names.key(link).copied() else { return };
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

    fn on_event(&mut self, address: [u8; 16], event: LinkEvent) {
        if let Some(link) = self.names.of_event(&address, &event) {
            self.reporter.event_blocking(link, event);
        }
    }

    fn on_packet(&mut self, address: [u8; 16], data: Vec<u8>) {
        if let Some(link) = self.names.of_packet(&address) {
            self.reporter.packet_blocking(link, data);
        }
    }

    /// Opens the links for which there is a path, and gives up those that waited for too long.
    fn follow_searches(&mut self) {
        for (link, destination, until) in take(&mut self.searches) {
            let peer = self.reachable(&destination).map(|peer| signing_half(&peer.public_key));
            let failure = match peer.map(|key| self.node.create_link(destination.0, key)) {
                Some(Ok(address)) => {
                    self.names.insert(link, address);
                    continue;
                }
                Some(Err(_)) => LinkFailed::Refused,
                None if until <= Instant::now() => LinkFailed::NoPath,
                None => {
                    self.searches.push((link, destination, until));
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
}

/// Queues what the node calls back.
pub(crate) struct Listener {
    pub(crate) on: Destination,
    pub(crate) jobs: Sender<Job>,
}

impl Listener {
    fn queue(&self, job: impl FnOnce(&mut Stack) + Send + 'static) {
        // A phone that has shut down takes nothing.
        let _ = self.jobs.send(Box::new(job));
    }

    fn event(&self, link: Address, event: LinkEvent) {
        self.queue(move |stack| stack.on_event(link.0, event));
    }
}

impl Callbacks for Listener {
    fn on_interface_up(&mut self, _: InterfaceId) {
        self.queue(|stack| stack.reporter.network_up_blocking());
    }

    fn on_announce(&mut self, announced: AnnouncedIdentity) {
        let identity = IdentityHash(announced.identity_hash.0);
        let is_phone = announced.dest_hash == telephony_of(identity).hash;
        // The searches are looked at behind each job.
        self.queue(move |stack| {
            if is_phone {
                let app_data = announced.app_data.as_deref();
                stack.reporter.announced_blocking(identity, announced.hops, app_data);
            }
        });
    }

    fn on_path_updated(&mut self, _: DestHash, _: u8) {
        self.queue(|_| {});
    }

    fn on_link_established(&mut self, link: Address, to: DestHash, rtt: f64, is_ours: bool) {
        let (rtt, mdu) = (Duration::try_from_secs_f64(rtt).ok(), None);
        if is_ours {
            self.event(link, LinkEvent::Up { rtt, mdu });
        } else if to == telephony_of(self.on.identity).hash {
            self.event(link, LinkEvent::Incoming { on: self.on, rtt, mdu });
        }
    }

    fn on_remote_identified(&mut self, link: Address, peer: rns_net::IdentityHash, _: [u8; 64]) {
        self.event(link, LinkEvent::Identified(IdentityHash(peer.0)));
    }

    fn on_link_data(&mut self, link: Address, context: u8, data: Vec<u8>) {
        if context == CONTEXT_NONE {
            self.queue(move |stack| stack.on_packet(link.0, data));
        }
    }

    fn on_link_closed(&mut self, link: Address, reason: Option<TeardownReason>) {
        let closed = match reason {
            Some(TeardownReason::Timeout) => LinkClosed::Timeout,
            Some(_) => LinkClosed::Peer,
            None => LinkClosed::Unknown,
        };
        self.event(link, LinkEvent::Closed(closed));
    }

    fn on_local_delivery(&mut self, _: DestHash, _: Vec<u8>, _: PacketHash) {}
}

/// How long a path is looked for, as Python LXST does.
const SEARCH: Duration = Duration::from_secs(15);
/// The context of packets that are the app's own.
const CONTEXT_NONE: u8 = 0;
