//! A node of rns-net, and what it calls back.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lxst_tokio::{Destination as LinkDestination, LinkClosed, LinkEvent};
use lxst_tokio::{IdentityHash, LinkPort};
use rns_crypto::identity::Identity;
use rns_net::{
    AnnouncedIdentity, Callbacks, DestHash, Destination, InterfaceConfig, InterfaceId, LinkId,
    MODE_FULL, NodeConfig, PacketHash, RnsNode, TcpClientConfig, TcpServerConfig, TeardownReason,
};

use crate::stack::{Message, Stack};

/// A TCP interface on loopback.
#[derive(Clone, Copy)]
pub(crate) enum Tcp {
    Server(u16),
    Client(u16),
}

/// Starts a node, and a thread that serves a phone with it until the phone shuts down.
pub(crate) fn serve(identity: Identity, tcp: Tcp, port: LinkPort) -> io::Result<JoinHandle<()>> {
    let (queue, messages) = channel();
    let hash = IdentityHash(*identity.hash());
    let (on, telephony) = (LinkDestination::telephony(hash), telephony_of(hash));
    let listener = Listener { on, telephony: telephony.hash, queue: queue.clone() };
    let config = NodeConfig { interfaces: vec![interface(tcp)], ..NodeConfig::default() };
    let node = RnsNode::start(config, Box::new(listener))?;
    let keys = identity.get_private_key().zip(identity.get_public_key());
    let (private, public) = keys.ok_or_else(|| io::Error::other("half an identity"))?;
    let [private, public] = [&private, &public].map(signing_half);
    node.register_link_destination(telephony.hash.0, private, public, NO_RESOURCES)
        .map_err(io::Error::other)?;

    let (links, searches) = (BTreeMap::new(), BTreeMap::new());
    let reporter = port.reporter();
    thread::spawn(move || {
        while let Some(command) = port.next_blocking() {
            let _ = queue.send(Message::Command(command));
        }
        let _ = queue.send(Message::PhoneEnded);
    });
    let stack = Stack { node, identity, telephony, reporter, links, searches };
    Ok(thread::spawn(move || stack.run(&messages)))
}

fn interface(tcp: Tcp) -> InterfaceConfig {
    let (type_name, config_data): (_, Box<dyn rns_net::InterfaceConfigData>) = match tcp {
        Tcp::Server(listen_port) => {
            let listen_ip = LOOPBACK.to_owned();
            let config = TcpServerConfig { listen_ip, listen_port, ..TcpServerConfig::default() };
            ("TCPServerInterface", Box::new(config))
        }
        Tcp::Client(target_port) => {
            let target_host = LOOPBACK.to_owned();
            let config = TcpClientConfig { target_host, target_port, ..TcpClientConfig::default() };
            ("TCPClientInterface", Box::new(config))
        }
    };
    InterfaceConfig {
        name: "tcp".to_owned(),
        type_name: type_name.to_owned(),
        config_data,
        mode: MODE_FULL,
        gravity: 0,
        recursive_prs: false,
        announces_from_internal: true,
        announces_to_internal: None,
        ingress_control: NodeConfig::default().ingress_control_defaults,
        ifac: None,
        discovery: None,
    }
}

/// Queues what the node calls back.
struct Listener {
    on: LinkDestination,
    telephony: DestHash,
    queue: Sender<Message>,
}

impl Listener {
    fn tell(&self, message: Message) {
        // A phone that has shut down wants to know nothing.
        let _ = self.queue.send(message);
    }

    fn event(&self, link: LinkId, event: LinkEvent) {
        self.tell(Message::Event(link.0, event));
    }
}

impl Callbacks for Listener {
    fn on_interface_up(&mut self, _: InterfaceId) {
        self.tell(Message::NetworkUp);
    }

    fn on_announce(&mut self, _: AnnouncedIdentity) {
        self.tell(Message::PathFound);
    }

    fn on_path_updated(&mut self, _: DestHash, _: u8) {
        self.tell(Message::PathFound);
    }

    fn on_link_established(&mut self, link: LinkId, to: DestHash, rtt: f64, is_ours: bool) {
        let (rtt, mdu) = (Duration::try_from_secs_f64(rtt).unwrap_or_default(), MDU);
        if is_ours {
            self.event(link, LinkEvent::Up { rtt, mdu });
        } else if to == self.telephony {
            self.event(link, LinkEvent::Incoming { on: self.on, rtt, mdu });
        }
    }

    fn on_remote_identified(&mut self, link: LinkId, peer: rns_net::IdentityHash, _: [u8; 64]) {
        self.event(link, LinkEvent::Identified(IdentityHash(peer.0)));
    }

    fn on_link_data(&mut self, link: LinkId, context: u8, data: Vec<u8>) {
        if context == CONTEXT_NONE {
            self.tell(Message::Packet(link.0, data));
        }
    }

    fn on_link_closed(&mut self, link: LinkId, reason: Option<TeardownReason>) {
        let end = match reason {
            Some(TeardownReason::Timeout) => LinkClosed::Timeout,
            Some(_) => LinkClosed::Peer,
            None => LinkClosed::Unknown,
        };
        self.event(link, LinkEvent::Closed(end));
    }

    fn on_local_delivery(&mut self, _: DestHash, _: Vec<u8>, _: PacketHash) {}
}

/// The destination at which a person's phone is reached.
pub(crate) fn telephony_of(identity: IdentityHash) -> Destination {
    Destination::single_in("lxst", &["telephony"], rns_net::IdentityHash(identity.0))
}

/// The Ed25519 key, which stands behind the X25519 key in an identity.
pub(crate) fn signing_half(keys: &[u8; 64]) -> [u8; 32] {
    *keys.last_chunk().expect("32 is less than 64")
}

const LOOPBACK: &str = "127.0.0.1";
/// What the node takes as a packet's plaintext, whatever MTU its links negotiate.
const MDU: usize = 431;
/// The context of packets that are the app's own.
pub(crate) const CONTEXT_NONE: u8 = 0;
/// Links of phones carry no resources.
const NO_RESOURCES: u8 = 0;
