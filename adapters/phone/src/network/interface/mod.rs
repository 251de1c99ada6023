//! Interfaces: what an app configures, and the tasks that move bytes between sockets and the
//! phone's task.

mod address;
mod connect;
mod reconnect;
mod stream;
mod udp;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use async_channel::Receiver;
use bytes::Bytes;
use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{Attachment, Ifac, InterfaceConfig};

use crate::network::intake::{Inlet, Intake};
use crate::network::io::Io;
use crate::request::Reply;
use crate::runtime::Runtime;
use address::Address;
use connect::Target;

/// A way into a Reticulum network.
///
/// An address is `HOST:PORT` or `[IPV6]:PORT`; an IP address alone means port 4242, the one of
/// Reticulum's examples. A client races the addresses of a host that has several, and tries on
/// where there is none; [`State::interfaces`](crate::State::interfaces) says so.
#[derive(Clone, Debug)]
pub struct Interface {
    kind: Kind,
    ifac: Option<Ifac>,
}

#[derive(Clone, Debug)]
enum Kind {
    TcpClient(String),
    TcpServer(String),
    Udp { local: String, peer: String },
    SharedInstance(SharedInstance),
}

#[derive(Clone, Debug)]
enum SharedInstance {
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), expect(dead_code))]
    Named(String),
    Tcp(u16),
}

impl Interface {
    /// Connects to a Reticulum TCP server at `host:port`: as soon as it is there, and again when
    /// the connection breaks.
    pub fn tcp_client(address: impl Into<String>) -> Self {
        Self::of(Kind::TcpClient(address.into()))
    }

    /// Is a Reticulum TCP server on `host:port`; port 0 takes a free one.
    ///
    /// *Bounds*: 64 connections. Beyond it one makes room of the address that has most: the one that
    /// was silent for the longest time, those that never said anything first, and at most one in
    /// 100 ms. Each connection has a share of its own of what the phone's task reads and of what
    /// strangers may use.
    pub fn tcp_server(address: impl Into<String>) -> Self {
        Self::of(Kind::TcpServer(address.into()))
    }

    /// Receives datagrams on `local`, and sends them to `peer`, each `host:port`. The peer may be a
    /// broadcast address.
    ///
    /// *Bounds*: 256 datagrams from one IP address and 512 from all wait for the phone's task; an
    /// address that sends more loses its own, and has half at most of what strangers may ask for.
    /// Nothing holds against forged addresses, or against more
    /// than the system's buffer of the socket takes.
    pub fn udp(local: impl Into<String>, peer: impl Into<String>) -> Self {
        Self::of(Kind::Udp { local: local.into(), peer: peer.into() })
    }

    /// Attaches to the `rnsd`, or another shared instance, that runs on this machine under the name
    /// `default`; like [`tcp_client`](Self::tcp_client), as soon as it is there.
    ///
    /// All that the instance hears comes through this one interface, without a word on where it came
    /// from: strangers behind it share what they may use, and one who floods keeps the others waiting.
    /// The instance's own limits, and lists of callers, are what helps there.
    #[must_use]
    pub fn shared_instance() -> Self {
        Self::named_shared_instance("default")
    }

    /// Attaches to the shared instance whose configuration sets this `instance_name`. Linux only;
    /// elsewhere, use [`shared_instance_on`](Self::shared_instance_on).
    pub fn named_shared_instance(name: impl Into<String>) -> Self {
        Self::of(Kind::SharedInstance(SharedInstance::Named(name.into())))
    }

    /// Attaches to a shared instance of this machine over TCP, as with `shared_instance_type = tcp`;
    /// 37428 is its usual port.
    #[must_use]
    pub const fn shared_instance_on(port: u16) -> Self {
        Self::of(Kind::SharedInstance(SharedInstance::Tcp(port)))
    }

    /// Lets only those take part who know the network's name or passphrase.
    #[must_use]
    pub fn with_ifac(self, ifac: Ifac) -> Self {
        Self { ifac: Some(ifac), ..self }
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, ifac: None }
    }

    /// Takes the sockets that can be had before anybody connects.
    pub(crate) fn open<R: Runtime>(self, runtime: &R) -> Result<Opened<R>, OpenError> {
        let name = self.to_string();
        let Self { kind, ifac } = self;
        let with = |config: InterfaceConfig| InterfaceConfig { ifac, ..config };
        let (local, way, config) = match kind {
            Kind::TcpClient(address) => {
                let address = parse(&address)?;
                (None, Way::Connect(Target::Tcp(address)), with(InterfaceConfig::TCP))
            }
            Kind::SharedInstance(instance) => {
                let target = match instance {
                    SharedInstance::Named(name) => Target::Unix(name),
                    SharedInstance::Tcp(port) => {
                        Target::Tcp(Address { host: "127.0.0.1".into(), port })
                    }
                };
                (None, Way::Connect(target), with(InterfaceConfig::SHARED_INSTANCE))
            }
            Kind::TcpServer(address) => {
                let at = parse(&address)?;
                let opened = TcpListener::bind((&*at.host, at.port)).and_then(|listener| {
                    listener.set_nonblocking(true)?;
                    Ok((listener.local_addr()?, runtime.adopt_listener(listener)?))
                });
                let (local, listener) = opened.map_err(|error| OpenError { address, error })?;
                (Some(local), Way::Accept(listener), with(InterfaceConfig::TCP_ACCEPTED))
            }
            Kind::Udp { local: address, peer } => {
                let (at, peer) = (parse(&address)?, parse(&peer)?);
                let opened = UdpSocket::bind((&*at.host, at.port)).and_then(|socket| {
                    socket.set_broadcast(true)?;
                    socket.set_nonblocking(true)?;
                    Ok((socket.local_addr()?, runtime.adopt_udp(socket)?))
                });
                let (local, socket) = opened.map_err(|error| OpenError { address, error })?;
                let way = Way::Datagrams { socket, local, peer };
                (Some(local), way, with(InterfaceConfig::UDP))
            }
        };
        Ok(Opened { name, local, way, config })
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::TcpClient(address) => write!(f, "{address}"),
            Kind::TcpServer(address) => write!(f, "server on {address}"),
            Kind::Udp { local, peer } => write!(f, "UDP from {local} to {peer}"),
            Kind::SharedInstance(SharedInstance::Named(name)) => {
                write!(f, "shared instance \"{name}\"")
            }
            Kind::SharedInstance(SharedInstance::Tcp(port)) => {
                write!(f, "shared instance on port {port}")
            }
        }
    }
}

/// An interface whose sockets are there.
#[derive(Debug)]
pub(crate) struct Opened<R: Runtime> {
    /// What the app configured.
    pub(crate) name: String,
    /// The address that it listens on.
    pub(crate) local: Option<SocketAddr>,
    way: Way<R>,
    config: InterfaceConfig,
}

#[derive(Debug)]
pub(crate) struct OpenError {
    pub(crate) address: String,
    pub(crate) error: io::Error,
}

#[derive(Debug)]
enum Way<R: Runtime> {
    Connect(Target),
    Accept(R::Listener),
    Datagrams { socket: R::Udp, local: SocketAddr, peer: Address },
}

impl<R: Runtime> Opened<R> {
    /// Keeps the interface until the phone ends, and drops this.
    pub(crate) async fn keep(self, runtime: R, origin: InterfaceOrigin, intake: Intake) {
        let uplink = Uplink { origin, config: self.config, intake };
        match self.way {
            Way::Connect(target) => connect::keep(&runtime, &target, &uplink).await,
            Way::Accept(listener) => stream::serve(&runtime, &listener, &uplink).await,
            Way::Datagrams { socket, local, peer } => {
                udp::keep(&runtime, &socket, local, &peer, &uplink).await;
            }
        }
    }
}

/// What the connections of one configured interface share: what they are, and the way to the
/// phone's task.
#[derive(Clone, Debug)]
struct Uplink {
    origin: InterfaceOrigin,
    config: InterfaceConfig,
    intake: Intake,
}

/// One connection as the phone's task knows it.
#[derive(Debug)]
struct Connection {
    number: u32,
    inlet: Inlet,
}

impl Uplink {
    /// Reports a connection, and gets what it is to send; `None` when the phone has no use for it.
    async fn up(&self) -> Option<(Connection, Receiver<Bytes>)> {
        let (writer, outgoing) = async_channel::bounded(1);
        let (number, reply) = Reply::channel();
        let (origin, config) = (self.origin, self.config);
        let inlet = self.intake.inlet(origin);
        inlet.send(Io::Up { origin, config, writer, number }).await;
        Some((Connection { number: reply.recv().await.ok()?, inlet }, outgoing))
    }

    /// Reports why there is no connection; the log has the first of a row of failures.
    async fn trouble(&self, trouble: String, is_first: bool) {
        if is_first {
            tracing::warn!("{trouble}; trying on");
        } else {
            tracing::debug!("{trouble}");
        }
        self.intake.inlet(self.origin).send(Io::Trouble { origin: self.origin, trouble }).await;
    }

    fn is_shared_instance(&self) -> bool {
        self.config.attachment == Attachment::SharedInstance
    }
}

impl Connection {
    async fn received(&self, bytes: Bytes) {
        self.inlet.send(Io::Received { number: self.number, bytes }).await;
    }

    /// Tells whether a datagram had to be dropped because too many of its address wait.
    fn received_from(&self, address: IpAddr, bytes: Bytes) -> bool {
        self.inlet.offer(address, Io::Datagram { number: self.number, from: address, bytes })
    }

    async fn written(&self) {
        self.inlet.send(Io::Written { number: self.number }).await;
    }

    async fn down(self) {
        self.inlet.send(Io::Down { number: self.number }).await;
    }
}

/// Tells early what no network will have.
fn parse(text: &str) -> Result<Address, OpenError> {
    Address::parse(text).map_err(|error| OpenError { address: text.to_owned(), error })
}
