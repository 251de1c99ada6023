//! Interfaces: what an app configures, and the tasks that move bytes between transports and the
//! phone's task.

mod address;
mod auto;
mod backup;
mod datagrams;
mod keep;
mod net;
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
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use lxst_engine::InterfaceOrigin;
use lxst_reticulum::{Attachment, BoundError, Framing, Ifac, InterfaceConfig, Mtu};

use crate::error::StartError;
use crate::network::intake::Intake;
use crate::runtime::Runtime;
pub use auto::{AutoConfig, DiscoveryScope, MulticastAddressType};
pub use datagrams::Datagrams;
pub use packets::PacketPort;
use packets::Packets;
pub use sockets::{Sockets, prepare_tcp};
pub use stream::ByteStream;
use uplink::Uplink;

/// An interface to a Reticulum network, for a phone on the runtime `R`.
///
/// | the network | the interface |
/// |---|---|
/// | a node with a TCP server | [`tcp_client`](Self::tcp_client) |
/// | nodes that connect to this phone | [`tcp_server`](Self::tcp_server) |
/// | a local network | [`auto`](Self::auto), or [`udp`](Self::udp) |
/// | an `rnsd` on this machine | [`shared_instance`](Self::shared_instance) |
/// | a Reticulum stack in this process | [`packets`](Self::packets) |
/// | a serial line, a modem, a pipe | [`stream`](Self::stream) |
/// | a transport that keeps packets apart | [`datagrams`](Self::datagrams) |
/// | another phone of this process | [`pair`](Self::pair) |
///
/// An address is `HOST:PORT` or `[IPV6]:PORT`; an IP address alone means port 4242, which
/// Reticulum's examples use.
///
/// Settings that cannot work, and addresses that cannot be listened on, are errors of
/// [`PhoneBuilder::start`](crate::PhoneBuilder::start). What fails later is retried, and told in
/// [`State::interfaces`](crate::State::interfaces) and in the log. A clone is the same interface
/// for another phone; one of [`packets`](Self::packets) or [`pair`](Self::pair) is for one phone.
pub struct Interface<R> {
    name: String,
    config: InterfaceConfig,
    /// What the app set.
    mtu: Option<Mtu>,
    is_to_shared_instance: bool,
    is_backup: bool,
    open: Arc<dyn Fn(R) -> io::Result<Opening> + Send + Sync>,
}

/// Moves the bytes of an interface until it is dropped.
type Keep = Box<dyn FnOnce(Uplink) -> Task + Send>;
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What opening an interface takes: the address that it listens on, and its task.
type Opening = (Option<SocketAddr>, Keep);

impl<R: Runtime> Interface<R> {
    /// Carries packets on a byte stream of the app: a serial line, a modem, a pipe, a tunnel.
    ///
    /// `connect` opens the stream: at the start, and again whenever the stream has ended or could
    /// not be opened, after a pause that grows from 0.25 s to 30 s until a stream lasts 10 s. Its
    /// error and the stream's are told in
    /// [`InterfaceState::trouble`](crate::InterfaceState::trouble) and in the log, under the
    /// `name`: say in it what a person can do. `connect` runs in the phone's task and must not
    /// block; wait in the future that it returns.
    ///
    /// *Shape*: [`Framing::Hdlc`] is that of RNS's `SerialInterface`, `PipeInterface` and TCP
    /// interfaces, [`Framing::Kiss`] that of its `KISSInterface`.
    ///
    /// *Bounds*: packets of at most 500 bytes, unless [`with_mtu`](Self::with_mtu) allows more.
    /// Voice that waits 200 ms for the stream is dropped and counted; voice in the stream's own
    /// buffer is not, so that a large buffer before a slow line delays the call.
    ///
    /// # Errors
    /// The phone does not start with [`Framing::Datagram`], which a byte stream cannot carry.
    ///
    /// # Cancel safety
    /// The phone drops the future of `connect` when it shuts down.
    ///
    /// # Examples
    /// Two phones on the ends of a pipe, which is opened once:
    ///
    #[cfg_attr(unix, doc = "```")]
    #[cfg_attr(not(unix), doc = "```ignore")]
    /// use lxst_smol::{ByteStream, Event, Framing, Identity, Interface, OsRng, PhoneBuilder};
    /// use smol::net::unix::UnixStream;
    ///
    /// fn interface(end: UnixStream) -> Interface {
    ///     Interface::stream("a pipe", Framing::Hdlc, move || {
    ///         let end = end.clone();
    ///         async move { Ok(ByteStream::duplex(end)) }
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
            if framing == Framing::Datagram {
                return Err(unusable(
                    "a byte stream needs Framing::Hdlc or Framing::Kiss; \
                     for a transport that keeps packets apart there is Interface::datagrams",
                ));
            }
            let connect = connect.clone();
            Ok((None, keep_stream(runtime, move || connect())))
        })
    }

    /// Carries packets on a datagram transport of the app: a radio that keeps packets apart, or a
    /// socket that the app owns. `connect` is called as that of [`stream`](Self::stream) is.
    ///
    /// *Bounds*: packets of at most 500 bytes, unless [`with_mtu`](Self::with_mtu) allows more.
    ///
    /// # Cancel safety
    /// As [`stream`](Self::stream).
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

    /// Attaches to a Reticulum stack in this process as its local client, by a channel of whole
    /// packets. The stack registers the returned port as an interface of a local client, as it does
    /// for a program that connects to its shared instance.
    ///
    /// The phone keeps its own links, so that packets are not acknowledged, as LXST expects. The
    /// other way to such a stack is [`PhoneBuilder::on_links`](crate::PhoneBuilder::on_links),
    /// where the stack keeps the links. A port that is dropped cannot be opened again: keep a clone
    /// of it.
    #[must_use]
    pub fn packets(name: impl Into<String>) -> (Self, PacketPort) {
        let (packets, port) = packets::channel();
        (Self::of_packets(name, packets).to_shared_instance(), port)
    }

    /// Joins two phones of this process, without a network: for the tests of an app.
    #[must_use]
    pub fn pair(name: impl Into<String>) -> [Self; 2] {
        let name = name.into();
        packets::pair().map(|packets| Self::of_packets(name.clone(), packets))
    }

    fn of_packets(name: impl Into<String>, packets: Packets) -> Self {
        Self::datagrams(name, move || {
            let connected = packets.connected();
            async { connected }
        })
    }

    /// Admits only nodes that know the network's name or passphrase (RNS: `networkname`,
    /// `passphrase`). Packets of others are dropped and counted.
    #[must_use]
    pub fn with_ifac(mut self, ifac: Ifac) -> Self {
        self.config.ifac = Some(ifac);
        self
    }

    /// Sets the largest packet, in bytes, which both ends of the interface must carry. *Default*:
    /// 16,384 on TCP and to shared instances, else 500.
    ///
    /// # Errors
    /// [`BoundError`] below [`Mtu::MIN`] or beyond [`Mtu::MAX`].
    pub fn with_mtu(mut self, bytes: u32) -> Result<Self, BoundError> {
        self.mtu = Some(Mtu::new(bytes)?);
        Ok(self)
    }

    /// Declares that the other end is a shared instance, to which the phone comes as a local
    /// client: the instance does not count as a hop.
    ///
    /// # Errors
    /// The phone does not start with this on a TCP server.
    #[must_use]
    pub const fn to_shared_instance(mut self) -> Self {
        self.is_to_shared_instance = true;
        self
    }

    /// Makes a backup of the interface: it is open only while the interfaces of the phone that are
    /// no backups all have [trouble](crate::InterfaceState::trouble).
    ///
    /// A phone with a shared instance and a backup attaches to the Reticulum of its machine while
    /// one runs, and has an interface of its own while none does.
    ///
    /// A backup opens at once where none of the others ever connected. Else it opens 5 s after the
    /// last of them broke off, so that a Reticulum that is started again finds its ports free. A
    /// backup closes when one of the others connects; while there is a call it stays open, for the
    /// call may be on it. A phone announces itself on each interface that comes up.
    ///
    /// [`Phone::listening`](crate::Phone::listening) does not tell the address of a backup. A TCP
    /// server that is no backup has no trouble, so that backups beside it never open.
    ///
    /// # Errors
    /// A backup that cannot be opened is no error of the start: the reason is told in
    /// [`State::interfaces`](crate::State::interfaces) and in the log, and it is tried again after
    /// 5 s.
    ///
    /// # Examples
    /// ```no_run
    /// use lxst_smol::{AutoConfig, Identity, Interface, OsRng, PhoneBuilder};
    ///
    /// let phone = PhoneBuilder::new(Identity::generate(&mut OsRng))
    ///     .interface(Interface::shared_instance())
    ///     .interface(Interface::auto(AutoConfig::default()).as_backup());
    /// ```
    #[must_use]
    pub fn as_backup(self) -> Self {
        Self { is_backup: true, ..self }
    }

    pub(crate) fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// Fixes the runtime.
    pub(crate) fn on(self, runtime: R) -> Unopened {
        Unopened {
            name: self.name.clone(),
            is_backup: self.is_backup,
            open: Box::new(move || Ok((self.checked()?, (self.open)(runtime.clone())?))),
        }
    }

    fn checked(&self) -> io::Result<InterfaceConfig> {
        let mut config = self.config;
        if self.is_to_shared_instance {
            if config.attachment == Attachment::Accepted {
                return Err(unusable("a shared instance is connected to, not listened for"));
            }
            let InterfaceConfig { attachment, mtu, .. } = InterfaceConfig::SHARED_INSTANCE;
            (config.attachment, config.mtu) = (attachment, mtu);
        }
        config.mtu = self.mtu.unwrap_or(config.mtu);
        Ok(config)
    }

    fn of(
        name: String,
        config: InterfaceConfig,
        open: impl Fn(R) -> io::Result<Opening> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            config,
            mtu: None,
            is_to_shared_instance: false,
            is_backup: false,
            open: Arc::new(open),
        }
    }
}

impl<R> Clone for Interface<R> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), open: self.open.clone(), ..*self }
    }
}

impl<R> fmt::Debug for Interface<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, config, mtu, is_to_shared_instance, is_backup, open: _ } = self;
        f.debug_struct("Interface")
            .field("name", name)
            .field("config", config)
            .field("mtu", mtu)
            .field("is_to_shared_instance", is_to_shared_instance)
            .field("is_backup", is_backup)
            .finish_non_exhaustive()
    }
}

impl<R> fmt::Display for Interface<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// An interface on a runtime, not opened.
pub(crate) struct Unopened {
    /// What the app configured.
    pub(crate) name: String,
    pub(crate) is_backup: bool,
    open: Box<dyn Fn() -> io::Result<(InterfaceConfig, Opening)> + Send + Sync>,
}

/// An interface whose sockets are open.
pub(crate) struct Opened {
    name: String,
    /// The address that it listens on.
    pub(crate) local: Option<SocketAddr>,
    config: InterfaceConfig,
    keep: Keep,
}

impl Unopened {
    /// Checks the settings and takes the sockets that listen.
    pub(crate) fn open(&self) -> Result<Opened, StartError> {
        let name = self.name.clone();
        match (self.open)() {
            Ok((config, (local, keep))) => Ok(Opened { name, local, config, keep }),
            Err(error) => Err(StartError::Interface { name, error }),
        }
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
            let carry = |connected| stream::run(connected, &uplink);
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

fn unusable(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.into())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[derive(Clone, Debug, Default)]
    struct NoRuntime;

    impl Runtime for NoRuntime {
        fn now(&self) -> Instant {
            Instant::now()
        }

        async fn sleep_until(&self, _: Instant) {}

        fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) {}
    }

    #[test]
    fn what_the_app_sets_counts_in_any_order() {
        let (interface, _port) = Interface::<NoRuntime>::packets("the stack");
        let serial = || {
            Interface::<NoRuntime>::stream("a line", Framing::Hdlc, || async {
                Err(io::ErrorKind::Unsupported.into())
            })
        };
        for (interface, mtu) in [
            (interface, 16_384),
            (serial().to_shared_instance(), 16_384),
            (serial().with_mtu(1_000).unwrap().to_shared_instance(), 1_000),
            (serial().to_shared_instance().with_mtu(1_000).unwrap(), 1_000),
        ] {
            let config = interface.checked().unwrap();
            assert_eq!((config.mtu.get(), config.attachment), (mtu, Attachment::SharedInstance));
        }
        assert_eq!(serial().checked().unwrap(), InterfaceConfig::SERIAL);
    }
}
