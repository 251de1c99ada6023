//! A node of rns-net with its interface and its telephony destination.

use std::io;
use std::thread::{self, JoinHandle};

use lxst_tokio::{Destination as LinkDestination, IdentityHash, LinkPort};
use rns_crypto::identity::Identity;
use rns_net::{
    Destination, InterfaceConfig, MODE_FULL, NodeConfig, RnsNode, TcpClientConfig, TcpServerConfig,
};

use crate::stack::{Listener, Stack};

/// A TCP interface on loopback.
#[derive(Clone, Copy)]
pub(crate) enum Tcp {
    Server(u16),
    Client(u16),
}

/// Starts a node, and a thread that serves a phone with it until the phone shuts down.
pub(crate) fn serve(identity: Identity, tcp: Tcp, port: LinkPort) -> io::Result<JoinHandle<()>> {
    let on = LinkDestination::telephony(IdentityHash(*identity.hash()));
    let telephony = telephony_of(on.identity);
    let config = NodeConfig { interfaces: vec![interface(tcp)], ..NodeConfig::default() };
    // The node reports a link before anything else of it, and reports the links of all apps.
    let links = port.links(port.names().ordered());
    let listener = Listener { on, telephony: telephony.hash, links: links.clone() };
    let node = RnsNode::start(config, Box::new(listener))?;
    let keys = identity.get_private_key().zip(identity.get_public_key());
    let (private, public) = keys.ok_or_else(|| io::Error::other("half an identity"))?;
    let [private, public] = [&private, &public].map(signing_half);
    node.register_link_destination(telephony.hash.0, private, public, NO_RESOURCES)
        .map_err(io::Error::other)?;

    let stack = Stack { node, identity, telephony, links, searches: Vec::new() };
    Ok(thread::spawn(move || stack.serve(&port)))
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

/// Returns the telephony destination of an identity.
pub(crate) fn telephony_of(identity: IdentityHash) -> Destination {
    Destination::single_in("lxst", &["telephony"], rns_net::IdentityHash(identity.0))
}

/// Returns the Ed25519 key, which follows the X25519 key in an identity.
pub(crate) fn signing_half(keys: &[u8; 64]) -> [u8; 32] {
    *keys.last_chunk().expect("32 is less than 64")
}

const LOOPBACK: &str = "127.0.0.1";
/// Links of phones carry no resources.
const NO_RESOURCES: u8 = 0;
