//! Interfaces: what an app configures, and the tasks that move bytes between transports and the
//! phone's task.

mod address;
mod datagrams;
mod keep;
mod packets;
mod seats;
mod server;
mod sockets;
mod stream;
mod tcp;
mod udp;
mod uplink;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;

use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{BoundError, Framing, Ifac, InterfaceConfig, Mtu};

use crate::network::intake::Intake;
use crate::runtime::Runtime;
use address::Address;
pub use datagrams::Datagrams;
pub use packets::PacketPort;
pub use sockets::{Sockets, prepare_tcp};
pub use stream::ByteStream;
use tcp::{Client, Target};
use udp::Udp;
use uplink::Uplink;

/// A way into a Reticulum network, for a phone on the runtime `R`.
///
/// An address is `HOST:PORT` or `[IPV6]:PORT`; an IP address alone means port 4242, the one of
/// Reticulum's examples. A client races the addresses of a host that has several, and tries on
/// where there is none; [`State::interfaces`](crate::State::interfaces) says so.
///
/// Any byte stream of an app is an interface too, by [`stream`](Self::stream), and any datagram
/// transport by [`datagrams`](Self::datagrams).
pub struct Interface<R> {
    name: String,
    config: InterfaceConfig,
    open: Arc<dyn Fn(R) -> Result<Opening, OpenError> + Send + Sync>,
}

/// Moves the bytes of an interface until it is dropped.
type Keep = Box<dyn FnOnce(Uplink) -> Task + Send>;
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What opening an interface takes: the address that it listens on, and its task.
type Opening = (Option<SocketAddr>, Keep);

impl<R: Runtime> Interface<R> {
    /// Carries packets on a byte stream of the app: a serial line, a pipe, a tunnel.
    ///
    /// `connect` opens the stream. It is called at the start, and again whenever the stream has ended
    /// or could not be opened, after a pause that grows from 0.25 s to 30 s until a stream lasts 10 s.
    /// What it fails with is told in [`InterfaceState::trouble`](crate::InterfaceState::trouble) and in
    /// the log, under the `name`: have it say what a person can do.
    ///
    /// *Bounds*: packets have at most 500 bytes, unless [`with_mtu`](Self::with_mtu) allows more.
    ///
    /// # Cancel safety
    /// The phone drops what `connect` returned when it shuts down.
    ///
    /// # Examples
    /// Two phones on the two ends of a pipe:
    ///
    /// ```
    /// use lxst_smol::reticulum::Framing;
    /// use lxst_smol::{ByteStream, Event, Identity, Interface, OsRng, PhoneBuilder};
    /// use smol::net::unix::UnixStream;
    ///
    /// fn interface(end: UnixStream) -> Interface {
    ///     Interface::stream("a pipe", Framing::Hdlc, move || {
    ///         let end = end.clone();
    ///         async move { Ok(ByteStream::new(end.clone(), end)) }
    ///     })
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// smol::block_on(async {
    ///     let (left, right) = UnixStream::pair()?;
    ///     let [left, right] = [left, right].map(|end| {
    ///         PhoneBuilder::new(Identity::generate(&mut OsRng)).interface(interface(end))
    ///     });
    ///     let (alice, mut events) = left.start().await?;
    ///     let (bob, _) = right.start().await?;
    ///     // Phones announce themselves on an interface that comes up.
    ///     while let Some(event) = events.next().await {
    ///         if let Event::Announced { identity, .. } = event {
    ///             assert_eq!(identity, bob.identity());
    ///             break;
    ///         }
    ///     }
    ///     alice.shutdown().await;
    ///     bob.shutdown().await;
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn stream<C, F>(name: impl Into<String>, framing: Framing, connect: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<ByteStream>> + Send + 'static,
    {
        let config = InterfaceConfig { framing, ..InterfaceConfig::SERIAL };
        let connect = Arc::new(connect);
        Self::of(name.into(), config, move |runtime| {
            let connect = connect.clone();
            Ok((None, keep_stream(runtime, move || connect())))
        })
    }

    /// Carries packets on a datagram transport of the app: a radio that keeps packets apart, or a
    /// socket that the app owns. `connect` is called as that of [`stream`](Self::stream) is.
    ///
    /// *Bounds*: packets have at most 500 bytes, unless [`with_mtu`](Self::with_mtu) allows more.
    pub fn datagrams<C, F, D>(name: impl Into<String>, connect: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<D>> + Send + 'static,
        D: Datagrams,
    {
        let connect = Arc::new(connect);
        Self::of(name.into(), InterfaceConfig::UDP, move |runtime| {
            let connect = connect.clone();
            Ok((None, keep_datagrams(runtime, move || connect())))
        })
    }

    /// Attaches to a Reticulum stack in the same process as its local client, by a channel of whole
    /// packets: the stack registers the other side as an interface of a local client.
    ///
    /// Such a phone has its own links: packets are not acknowledged, and no
    /// [`LinkPort`](crate::LinkPort) is to be served.
    #[must_use]
    pub fn packets(name: impl Into<String>) -> (Self, PacketPort) {
        let (packets, port) = packets::channel();
        let interface = Self::datagrams(name, move || {
            let connected = packets.connected();
            async { connected }
        });
        (interface.to_shared_instance(), port)
    }

    /// Lets only those take part who know the network's name or passphrase.
    #[must_use]
    pub fn with_ifac(mut self, ifac: Ifac) -> Self {
        self.config.ifac = Some(ifac);
        self
    }

    /// Sets the largest packet, in bytes; both ends of the interface must carry it.
    ///
    /// # Errors
    /// [`BoundError`] below [`Mtu::MIN`] or beyond [`Mtu::MAX`].
    pub fn with_mtu(mut self, bytes: u32) -> Result<Self, BoundError> {
        self.config.mtu = Mtu::new(bytes)?;
        Ok(self)
    }

    /// Says that a shared instance is at the other end, as whose local client the phone comes: it does
    /// not count as a hop.
    #[must_use]
    pub fn to_shared_instance(mut self) -> Self {
        let InterfaceConfig { attachment, mtu, .. } = InterfaceConfig::SHARED_INSTANCE;
        (self.config.attachment, self.config.mtu) = (attachment, mtu);
        self
    }

    /// Fixes the runtime.
    pub(crate) fn on(self, runtime: R) -> Unopened {
        let Self { name, config, open } = self;
        Unopened { name, config, open: Box::new(move || open(runtime)) }
    }

    fn of(
        name: String,
        config: InterfaceConfig,
        open: impl Fn(R) -> Result<Opening, OpenError> + Send + Sync + 'static,
    ) -> Self {
        Self { name, config, open: Arc::new(open) }
    }
}

impl<R: Sockets> Interface<R> {
    /// Connects to a Reticulum TCP server at `host:port`: as soon as it is there, and again when
    /// the connection breaks.
    pub fn tcp_client(address: impl Into<String>) -> Self {
        let address = address.into();
        Self::client(address.clone(), InterfaceConfig::TCP, move || {
            parse(&address).map(Target::Tcp)
        })
    }

    /// Is a Reticulum TCP server on `host:port`; port 0 takes a free one.
    ///
    /// *Bounds*: 64 connections. Beyond it one makes room of the address that has most: the one that
    /// was silent for the longest time, those that never said anything first, and at most one in
    /// 100 ms. Each connection has a share of its own of what the phone's task reads and of what
    /// strangers may use.
    pub fn tcp_server(address: impl Into<String>) -> Self {
        let address = address.into();
        let name = format!("server on {address}");
        Self::of(name, InterfaceConfig::TCP_ACCEPTED, move |runtime: R| {
            let at = parse(&address)?;
            let opened = TcpListener::bind((&*at.host, at.port)).and_then(|listener| {
                listener.set_nonblocking(true)?;
                Ok((listener.local_addr()?, runtime.adopt_listener(listener)?))
            });
            let (local, listener) =
                opened.map_err(|error| OpenError { address: address.clone(), error })?;
            let keep = move |uplink: Uplink| -> Task {
                Box::pin(async move { server::serve(&runtime, &listener, &uplink).await })
            };
            Ok((Some(local), Box::new(keep)))
        })
    }

    /// Receives datagrams on `local`, and sends them to `peer`, each `host:port`. The peer may be a
    /// broadcast address.
    ///
    /// *Bounds*: 256 datagrams from one IP address and 512 from all wait for the phone's task; an
    /// address that sends more loses its own, and has half at most of what strangers may ask for.
    /// Nothing holds against forged addresses, or against more
    /// than the system's buffer of the socket takes.
    pub fn udp(local: impl Into<String>, peer: impl Into<String>) -> Self {
        let (address, peer) = (local.into(), peer.into());
        let name = format!("UDP from {address} to {peer}");
        Self::of(name, InterfaceConfig::UDP, move |runtime: R| {
            let (at, peer) = (parse(&address)?, parse(&peer)?);
            let opened = UdpSocket::bind((&*at.host, at.port)).and_then(|socket| {
                socket.set_broadcast(true)?;
                socket.set_nonblocking(true)?;
                Ok((socket.local_addr()?, runtime.adopt_udp(socket)?))
            });
            let (local, socket) =
                opened.map_err(|error| OpenError { address: address.clone(), error })?;
            let (socket, sockets) = (Arc::new(socket), runtime.clone());
            let connect = move || {
                let (sockets, socket, peer) = (sockets.clone(), socket.clone(), peer.clone());
                async move { Udp::find(sockets, socket, local, &peer).await }
            };
            Ok((Some(local), keep_datagrams(runtime, connect)))
        })
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
        let name = name.into();
        let shown = format!("shared instance \"{name}\"");
        Self::client(shown, InterfaceConfig::SHARED_INSTANCE, move || {
            Ok(Target::Unix(name.clone()))
        })
    }

    /// Attaches to a shared instance of this machine over TCP, as with `shared_instance_type = tcp`;
    /// 37428 is its usual port.
    #[must_use]
    pub fn shared_instance_on(port: u16) -> Self {
        let shown = format!("shared instance on port {port}");
        Self::client(shown, InterfaceConfig::SHARED_INSTANCE, move || {
            Ok(Target::Tcp(Address { host: "127.0.0.1".into(), port }))
        })
    }

    fn client(
        name: String,
        config: InterfaceConfig,
        target: impl Fn() -> Result<Target, OpenError> + Send + Sync + 'static,
    ) -> Self {
        Self::of(name, config, move |runtime: R| {
            let client = Arc::new(Client::new(runtime.clone(), target()?));
            let connect = move || {
                let client = client.clone();
                async move { client.connect().await }
            };
            Ok((None, keep_stream(runtime, connect)))
        })
    }
}

impl<R> Clone for Interface<R> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), config: self.config, open: self.open.clone() }
    }
}

impl<R> fmt::Debug for Interface<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, config, .. } = self;
        f.debug_struct("Interface")
            .field("name", name)
            .field("config", config)
            .finish_non_exhaustive()
    }
}

impl<R> fmt::Display for Interface<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// An interface on a runtime, whose sockets are still to be taken.
pub(crate) struct Unopened {
    name: String,
    config: InterfaceConfig,
    open: Box<dyn FnOnce() -> Result<Opening, OpenError> + Send>,
}

/// An interface whose sockets are there.
pub(crate) struct Opened {
    /// What the app configured.
    pub(crate) name: String,
    /// The address that it listens on.
    pub(crate) local: Option<SocketAddr>,
    config: InterfaceConfig,
    keep: Keep,
}

#[derive(Debug)]
pub(crate) struct OpenError {
    pub(crate) address: String,
    pub(crate) error: io::Error,
}

impl Unopened {
    /// Takes the sockets that can be had before anybody connects.
    pub(crate) fn open(self) -> Result<Opened, OpenError> {
        let Self { name, config, open } = self;
        let (local, keep) = open()?;
        Ok(Opened { name, local, config, keep })
    }
}

impl fmt::Debug for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unopened").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Opened {
    /// Keeps the interface until the phone ends, and drops this.
    pub(crate) async fn keep(self, origin: InterfaceOrigin, intake: Intake) {
        let Self { name, config, keep, .. } = self;
        keep(Uplink { name, origin, config, intake }).await;
    }
}

fn keep_stream<R: Runtime, F>(runtime: R, connect: impl Fn() -> F + Send + Sync + 'static) -> Keep
where
    F: Future<Output = io::Result<ByteStream>> + Send + 'static,
{
    Box::new(move |uplink| {
        Box::pin(async move {
            let carry = |connected| stream::run(connected, &uplink, None);
            keep::keep(&runtime, &uplink, connect, carry).await;
        })
    })
}

fn keep_datagrams<R: Runtime, F, D: Datagrams>(
    runtime: R,
    connect: impl Fn() -> F + Send + Sync + 'static,
) -> Keep
where
    F: Future<Output = io::Result<D>> + Send + 'static,
{
    Box::new(move |uplink| {
        Box::pin(async move {
            let carry = |connected| datagrams::run(&runtime, connected, &uplink);
            keep::keep(&runtime, &uplink, connect, carry).await;
        })
    })
}

/// Tells early what no network will have.
fn parse(text: &str) -> Result<Address, OpenError> {
    Address::parse(text).map_err(|error| OpenError { address: text.to_owned(), error })
}
