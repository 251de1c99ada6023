//! The sockets of an async runtime.

use std::fmt;
use std::future::Future;
use std::io::Result;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use super::stream::ByteStream;
use crate::runtime::Runtime;

/// A runtime with sockets: what the interfaces over TCP, UDP and Unix sockets need of it.
///
/// A runtime without it has [`Interface::stream`](super::Interface::stream),
/// [`datagrams`](super::Interface::datagrams) and [`packets`](super::Interface::packets).
pub trait Sockets: Runtime {
    /// A listening TCP socket.
    type Listener: fmt::Debug + Send + Sync;
    /// A UDP socket.
    type Udp: fmt::Debug + Send + Sync;

    /// Resolves a host to its addresses, in the order in which the system prefers them.
    ///
    /// # Errors
    /// The operating system's.
    ///
    /// # Cancel safety
    /// Dropped only when the interface ends or its time is out.
    fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = Result<Vec<SocketAddr>>> + Send;

    /// Connects to an address, and prepares the socket by [`prepare_tcp`].
    ///
    /// # Errors
    /// The operating system's.
    ///
    /// # Cancel safety
    /// Must be cancel safe: it is dropped when another address answers first, and must leave no
    /// connection.
    fn connect_tcp(&self, address: SocketAddr) -> impl Future<Output = Result<ByteStream>> + Send;

    /// Takes over a connected Unix socket, which is non-blocking.
    ///
    /// # Errors
    /// The operating system's.
    #[cfg(unix)]
    fn adopt_unix(&self, stream: std::os::unix::net::UnixStream) -> Result<ByteStream>;

    /// Takes over a listener, which is non-blocking.
    ///
    /// # Errors
    /// The operating system's.
    fn adopt_listener(&self, listener: TcpListener) -> Result<Self::Listener>;

    /// Accepts the next connection, and prepares the socket by [`prepare_tcp`].
    ///
    /// # Errors
    /// The operating system's.
    ///
    /// # Cancel safety
    /// Dropped only when the interface ends or its time is out.
    fn accept(
        &self,
        listener: &Self::Listener,
    ) -> impl Future<Output = Result<(ByteStream, SocketAddr)>> + Send;

    /// Takes over a UDP socket, which is non-blocking.
    ///
    /// # Errors
    /// The operating system's.
    fn adopt_udp(&self, socket: UdpSocket) -> Result<Self::Udp>;

    /// Receives a datagram into a buffer. Returns its length and its sender's address; what does
    /// not fit is cut off.
    ///
    /// # Errors
    /// The operating system's.
    ///
    /// # Cancel safety
    /// Dropped only when the interface ends or its time is out.
    fn receive(
        &self,
        socket: &Self::Udp,
        datagram: &mut [u8],
    ) -> impl Future<Output = Result<(usize, SocketAddr)>> + Send;

    /// Sends a datagram.
    ///
    /// # Errors
    /// The operating system's.
    ///
    /// # Cancel safety
    /// Dropped only when the interface ends or its time is out.
    fn send(
        &self,
        socket: &Self::Udp,
        datagram: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Prepares a connected TCP socket for voice: it sends without delay (`TCP_NODELAY`), and detects
/// within 25 s that the other end has gone silently (keepalive, user timeout). A setting that the
/// system lacks is left out.
pub fn prepare_tcp<'s, S>(stream: &'s S)
where
    SockRef<'s>: From<&'s S>,
{
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(QUIET).with_interval(PROBE);
    let prepare = || -> Result<()> {
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_keepalive(&keepalive)?;
        #[cfg(any(target_os = "android", target_os = "linux"))]
        socket.set_tcp_user_timeout(Some(UNANSWERED))?;
        Ok(())
    };
    if let Err(error) = prepare() {
        tracing::debug!("a TCP socket cannot be tuned: {error}");
    }
}

/// How long nothing is received before the other end is asked whether it is there.
const QUIET: Duration = Duration::from_secs(10);
/// How often it is asked.
const PROBE: Duration = Duration::from_secs(5);
/// How long it may leave data or that question unanswered.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNANSWERED: Duration = Duration::from_secs(25);
