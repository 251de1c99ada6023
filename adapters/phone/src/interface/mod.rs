//! Interfaces: what an app configures, and the tasks that move bytes between sockets and the
//! phone's task.

mod stream;
mod udp;

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};

use async_channel::Sender;
use bytes::Bytes;
use lxst_driver::InterfaceOrigin;
use lxst_driver::reticulum::{Attachment, Ifac, InterfaceConfig};

use crate::request::Reply;
use crate::runtime::Runtime;

/// A way into a Reticulum network.
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
    /// *Bounds*: 64 connections; more are refused.
    pub fn tcp_server(address: impl Into<String>) -> Self {
        Self::of(Kind::TcpServer(address.into()))
    }

    /// Receives datagrams on `local`, and sends them to `peer`, each `host:port`. The peer may be a
    /// broadcast address.
    pub fn udp(local: impl Into<String>, peer: impl Into<String>) -> Self {
        Self::of(Kind::Udp { local: local.into(), peer: peer.into() })
    }

    /// Attaches to the `rnsd`, or another shared instance, that runs on this machine under the name
    /// `default`; like [`tcp_client`](Self::tcp_client), as soon as it is there.
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
        let Self { kind, ifac } = self;
        let with = |config: InterfaceConfig| InterfaceConfig { ifac, ..config };
        let (local, way, config) = match kind {
            Kind::TcpClient(address) => {
                check(&address)?;
                (None, Way::Connect(Target::Tcp(address)), with(InterfaceConfig::TCP))
            }
            Kind::SharedInstance(instance) => {
                let target = match instance {
                    SharedInstance::Named(name) => Target::Unix(name),
                    SharedInstance::Tcp(port) => Target::Tcp(format!("127.0.0.1:{port}")),
                };
                (None, Way::Connect(target), with(InterfaceConfig::SHARED_INSTANCE))
            }
            Kind::TcpServer(address) => {
                check(&address)?;
                let opened = TcpListener::bind(&address).and_then(|listener| {
                    listener.set_nonblocking(true)?;
                    Ok((listener.local_addr()?, runtime.adopt_listener(listener)?))
                });
                let (local, listener) = opened.map_err(|error| OpenError { address, error })?;
                (Some(local), Way::Accept(listener), with(InterfaceConfig::TCP_ACCEPTED))
            }
            Kind::Udp { local: address, peer } => {
                check(&address)?;
                check(&peer)?;
                let peer = resolve(&peer).map_err(|error| OpenError { address: peer, error })?;
                let opened = UdpSocket::bind(&address).and_then(|socket| {
                    socket.set_broadcast(true)?;
                    socket.set_nonblocking(true)?;
                    Ok((socket.local_addr()?, runtime.adopt_udp(socket)?))
                });
                let (local, socket) = opened.map_err(|error| OpenError { address, error })?;
                (Some(local), Way::Datagrams { socket, peer }, with(InterfaceConfig::UDP))
            }
        };
        Ok(Opened { local, way, config })
    }
}

/// An interface whose sockets are there.
#[derive(Debug)]
pub(crate) struct Opened<R: Runtime> {
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
    Datagrams { socket: R::Udp, peer: SocketAddr },
}

/// To what a client interface connects.
#[derive(Clone, Debug)]
enum Target {
    Tcp(String),
    Unix(String),
}

impl<R: Runtime> Opened<R> {
    /// Keeps the interface, for as long as the phone's task takes what it tells.
    pub(crate) async fn keep(self, runtime: R, origin: InterfaceOrigin, io: Sender<Io>) {
        let door = Door { origin, config: self.config, io };
        match self.way {
            Way::Connect(target) => stream::connect(&runtime, &target, &door).await,
            Way::Accept(listener) => stream::serve(&runtime, &listener, &door).await,
            Way::Datagrams { socket, peer } => udp::keep(&runtime, &socket, peer, &door).await,
        }
    }
}

/// What an interface tells the phone's task.
#[derive(Debug)]
pub(crate) enum Io {
    /// It is connected. It sends what `writer` gives it, and reports under the number that comes
    /// back.
    Up {
        origin: InterfaceOrigin,
        config: InterfaceConfig,
        writer: Sender<Bytes>,
        number: Reply<u32>,
    },
    /// It received bytes.
    Received { number: u32, bytes: Bytes },
    /// It has written what it was given, and can take more.
    Written { number: u32 },
    /// It is gone.
    Down { number: u32 },
}

/// What the connections of one configured interface share: what they are, and the way to the
/// phone's task.
#[derive(Clone, Debug)]
struct Door {
    origin: InterfaceOrigin,
    config: InterfaceConfig,
    io: Sender<Io>,
}

impl Door {
    /// Reports a connection, and gets its number and what it is to send; `None` when the phone has
    /// ended.
    async fn up(&self) -> Option<(u32, async_channel::Receiver<Bytes>)> {
        let (writer, outgoing) = async_channel::bounded(1);
        let (number, reply) = Reply::channel();
        let (origin, config) = (self.origin, self.config);
        self.io.send(Io::Up { origin, config, writer, number }).await.ok()?;
        Some((reply.recv().await.ok()?, outgoing))
    }

    async fn down(&self, number: u32) {
        // The phone's task may have ended.
        let _ = self.io.send(Io::Down { number }).await;
    }

    fn is_shared_instance(&self) -> bool {
        self.config.attachment == Attachment::SharedInstance
    }
}

/// Tells early what no network will have.
fn check(address: &str) -> Result<(), OpenError> {
    let parts = address.rsplit_once(':');
    match parts.filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(_)) => Ok(()),
        _ => {
            let message = "not of the form HOST:PORT, with a port of 65535 at most";
            let error = io::Error::new(io::ErrorKind::InvalidInput, message);
            Err(OpenError { address: address.to_owned(), error })
        }
    }
}

fn resolve(address: &str) -> io::Result<SocketAddr> {
    address.to_socket_addrs()?.next().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}
