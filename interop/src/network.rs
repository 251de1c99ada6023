//! The networks of a Python peer and an rnsd.

use core::net::Ipv4Addr;
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// The address of an rnsd's shared instance, to which apps attach.
///
/// The stream carries Reticulum packets in HDLC frames, as a TCP interface does, without IFAC and
/// without a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharedInstance {
    /// A Unix stream socket in Linux's abstract namespace, RNS's default on Linux.
    ///
    /// Its name is a zero byte and `rns/<name>`, without a zero at the end: in Rust
    /// `SocketAddr::from_abstract_name(format!("rns/{name}"))` of `std::os::linux::net`. RNS's
    /// control socket beside it is `rns/<name>/rpc`.
    Unix {
        /// RNS's `instance_name`; unique on this machine among the running tests.
        name: String,
    },
    /// A TCP port on loopback.
    Tcp {
        /// RNS's `shared_instance_port`, for packets.
        port: u16,
        /// RNS's `instance_control_port`, which only Python clients need.
        control_port: u16,
    },
}

/// The network of a Python peer.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    Listen(u16),
    Connect(u16),
    Udp { listen: u16, forward: u16 },
    Auto,
    Attach(SharedInstance),
}

impl Network {
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Listen(port) | Self::Connect(port) | Self::Udp { listen: port, .. } => {
                Some(*port)
            }
            Self::Auto | Self::Attach(_) => None,
        }
    }

    /// Returns the arguments of `peer.py` for it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let instance = |place| ["--instance".into(), place, "--rpc-key".into(), RPC_KEY.into()];
        match self {
            Self::Listen(port) => ["--listen".into(), port.to_string()].into(),
            Self::Connect(port) => ["--connect".into(), port.to_string()].into(),
            Self::Udp { listen, forward } => ["--udp".into(), format!("{listen}:{forward}")].into(),
            Self::Auto => ["--auto".into()].into(),
            Self::Attach(SharedInstance::Unix { name }) => instance(format!("unix:{name}")).into(),
            Self::Attach(SharedInstance::Tcp { port, control_port }) => {
                instance(format!("tcp:{port}:{control_port}")).into()
            }
        }
    }
}

/// A network name and a passphrase. An interface drops packets without them.
#[derive(Clone, Debug)]
pub(crate) struct Ifac {
    pub(crate) network_name: String,
    pub(crate) passphrase: String,
}

impl Ifac {
    #[track_caller]
    pub(crate) fn new(network_name: &str, passphrase: &str) -> Self {
        for text in [network_name, passphrase] {
            assert!(
                !text.is_empty() && text != "None" && !text.contains(['"', '%', '$', '\n', '\r']),
                "{text:?} does not pass through RNS's config: choose a text without quotes, % and $"
            );
        }
        Self { network_name: network_name.to_owned(), passphrase: passphrase.to_owned() }
    }
}

/// Returns two free UDP ports on loopback, for two ends that face each other: one listens on the
/// first and sends to the second, the other the reverse.
///
/// # Panics
/// If loopback has no free port.
#[track_caller]
pub fn free_udp_ports() -> (u16, u16) {
    let [first, second] = free_ports(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)));
    (first, second)
}

/// Returns TCP ports that nobody listens on, for a program that is told where to listen.
///
/// # Panics
/// If loopback has no free port.
#[track_caller]
pub fn free_tcp_ports<const N: usize>() -> [u16; N] {
    free_ports(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
}

/// Returns ports that can be bound. A program takes its port seconds later, so they are none that
/// the system gives to sockets without a port of their own, and each is returned once.
#[track_caller]
fn free_ports<S, const N: usize>(bind: impl Fn(u16) -> io::Result<S>) -> [u16; N] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let ports = u32::from(EPHEMERAL_PORTS - FIRST_PORT);
    // Other processes of tests begin elsewhere.
    let begin = std::process::id().wrapping_mul(SPREAD);
    let next = || begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % ports;
    let candidates = || (0..ports).map(|_| FIRST_PORT + next() as u16);
    let is_free = |port: &u16| bind(*port).is_ok();
    let free = || candidates().find(is_free);
    [(); N].map(|()| free().unwrap_or_else(|| panic!("no free port on loopback")))
}

/// Where the ports begin that are returned.
const FIRST_PORT: u16 = 10_000;
/// Where those of systems begin that any socket may get: Linux has 32768, others 49152.
const EPHEMERAL_PORTS: u16 = 32_768;
/// A prime number, by which the ports of two processes of successive numbers are apart.
const SPREAD: u32 = 1_009;

/// RNS's `rpc_key`. Both configurations have it, because a Python client cannot use an rnsd of
/// another folder without it.
pub(crate) const RPC_KEY: &str = "5c8f1f3a6be0479d92d1a7c4e8053b6f5c8f1f3a6be0479d92d1a7c4e8053b6f";
