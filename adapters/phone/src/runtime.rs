//! What a phone needs of an async runtime.

use std::fmt;
use std::future::Future;
use std::io::Result;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use futures_lite::{AsyncRead, AsyncWrite};
use socket2::{SockRef, TcpKeepalive};

/// An async runtime: what [`PhoneBuilder::start`](crate::PhoneBuilder::start) takes from it.
///
/// `lxst-tokio` and `lxst-smol` implement it in about a hundred lines each; an app on another
/// runtime does the same and uses `PhoneBuilder<ItsRuntime>`.
pub trait Runtime: Clone + Default + fmt::Debug + Send + Sync + 'static {
    /// A listening TCP socket.
    type Listener: fmt::Debug + Send + Sync;
    /// A UDP socket.
    type Udp: fmt::Debug + Send + Sync;

    /// The present moment, of the clock that [`sleep_until`](Self::sleep_until) keeps.
    fn now(&self) -> Instant;

    /// Ends when the moment has come.
    ///
    /// # Cancel safety
    /// Must be cancel safe: the phone drops it whenever something else happens.
    fn sleep_until(&self, moment: Instant) -> impl Future<Output = ()> + Send;

    /// Runs a task until it ends; nothing waits for it.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Searches the addresses of a host, which may take a while, in the order in which the system
    /// prefers them.
    ///
    /// # Errors
    /// The operating system's.
    ///
    /// # Cancel safety
    /// The phone drops it when the interface ends, and needs nothing of it then.
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
    /// The phone drops it when another address answered first: nothing may be left of it then.
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
    /// The phone drops it when the interface ends, and needs nothing of it then.
    fn accept(
        &self,
        listener: &Self::Listener,
    ) -> impl Future<Output = Result<(ByteStream, SocketAddr)>> + Send;

    /// Takes over a UDP socket, which is non-blocking.
    ///
    /// # Errors
    /// The operating system's.
    fn adopt_udp(&self, socket: UdpSocket) -> Result<Self::Udp>;

    /// Receives a datagram, and tells its length and from where it came.
    ///
    /// # Errors
    /// The operating system's.
    ///
    /// # Cancel safety
    /// The phone drops it when the interface ends, and needs nothing of it then.
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
    /// The phone drops it when the interface ends, and needs nothing of it then.
    fn send(
        &self,
        socket: &Self::Udp,
        datagram: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// The two halves of a connected byte stream.
#[cfg_attr(not(feature = "endpoint"), expect(dead_code, reason = "interfaces read and write"))]
pub struct ByteStream {
    pub(crate) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) writer: Box<dyn AsyncWrite + Send + Unpin>,
}

impl ByteStream {
    /// Joins two halves.
    pub fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self { reader: Box::new(reader), writer: Box::new(writer) }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}

/// Makes a connected TCP socket send voice without delay, and find out within 25 s when the other
/// end has gone without a word. Where the system lacks such a setting, the connection does without.
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

/// Ends after `limit` with an error of kind `TimedOut`, unless `work` ends first.
#[cfg(feature = "endpoint")]
pub(crate) async fn within<T>(
    runtime: &impl Runtime,
    limit: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let late = async {
        runtime.sleep_until(runtime.now() + limit).await;
        Err(std::io::Error::from(std::io::ErrorKind::TimedOut))
    };
    futures_lite::future::or(work, late).await
}

/// How long nothing is received before the other end is asked whether it is there.
const QUIET: Duration = Duration::from_secs(10);
/// How often it is asked.
const PROBE: Duration = Duration::from_secs(5);
/// How long it may leave data or that question unanswered.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNANSWERED: Duration = Duration::from_secs(25);
