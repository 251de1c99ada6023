//! Sockets that connect: to TCP servers and to shared instances.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_executor::Executor;
use futures_lite::io::Cursor;
use futures_lite::{AsyncReadExt, future};
#[cfg(any(target_os = "linux", target_os = "android"))]
use socket2::{Domain, SockAddr, Socket, Type};

use super::address::Address;
use super::sockets::Sockets;
use super::stream::{ByteStream, READ_BYTES};
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::unusable;
use crate::runtime::within;

/// To what a client interface connects.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Tcp(Address),
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Unix(SockAddr),
}

/// Connects to a server that may be starting.
///
/// RNS begins to listen before it begins to work, and never sends on a connection that it accepts
/// between (RNS/Reticulum.py `__start_local_interface`, `_add_interface`: `OUT` is set after the
/// interface listens, and a connection inherits it). So a connection to a listener that may be new,
/// and on which nothing is heard for a time, is made again.
#[derive(Debug)]
pub(super) struct Client<R> {
    runtime: R,
    target: Target,
    /// How long something should be heard on the next connection; `None` where the listener is old.
    settle: Mutex<Option<Duration>>,
}

impl<R: Sockets> Client<R> {
    pub(super) fn new(runtime: R, target: Target) -> Self {
        let settle = target.is_on_this_machine().then_some(SETTLE_AT_START);
        Self { runtime, target, settle: Mutex::new(settle) }
    }

    pub(super) async fn connect(&self) -> io::Result<ByteStream> {
        let result = self.settled(self.settle()).await;
        let is_new = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        // The next listener is another, or this one after a break.
        if result.as_ref().err().is_none_or(is_new) {
            *self.settle.lock().unwrap_or_else(PoisonError::into_inner) = Some(ACCEPT_DELAY);
        }
        result
    }

    fn settle(&self) -> Option<Duration> {
        *self.settle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn settled(&self, settle: Option<Duration>) -> io::Result<ByteStream> {
        let runtime = &self.runtime;
        let connect = || within(runtime, CONNECT, self.target.connect(runtime));
        let mut stream = connect().await?;
        let Some(settle) = settle else { return Ok(stream) };
        let mut heard = vec![0; READ_BYTES];
        match within(runtime, settle, stream.reader.read(&mut heard)).await {
            Ok(0) => Err(io::ErrorKind::ConnectionReset.into()),
            Ok(length) => {
                heard.truncate(length);
                let ByteStream { reader, writer } = stream;
                Ok(ByteStream::new(Cursor::new(heard).chain(reader), writer))
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                drop(stream);
                connect().await
            }
            Err(error) => Err(error),
        }
    }
}

impl Target {
    /// The Unix socket of a shared instance. *Source*: RNS/Interfaces/LocalInterface.py:
    /// `LocalClientInterface`, an abstract one.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn shared_instance(name: &str) -> io::Result<Self> {
        if name.is_empty() || name.len() > INSTANCE_NAME_BYTES {
            let length = name.len();
            return Err(unusable(format!(
                "a name of {length} bytes, where 1 to {INSTANCE_NAME_BYTES} are possible"
            )));
        }
        Ok(Self::Unix(SockAddr::unix(format!("\0rns/{name}"))?))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn shared_instance(_: &str) -> io::Result<Self> {
        let message = "shared instances have names on Linux and Android only; \
                       set shared_instance_type = tcp there, and give the port";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    async fn connect<R: Sockets>(&self, runtime: &R) -> io::Result<ByteStream> {
        match self {
            Self::Tcp(address) => race(runtime, resolve(runtime, address).await?).await,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Self::Unix(address) => connect_unix(runtime, address),
        }
    }

    /// Whether the listener may be starting at this moment, beside us.
    fn is_on_this_machine(&self) -> bool {
        match self {
            Self::Tcp(address) => address.is_loopback(),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Self::Unix(_) => true,
        }
    }
}

/// The addresses of a host.
pub(super) async fn resolve<R: Sockets>(
    runtime: &R,
    address: &Address,
) -> io::Result<Vec<SocketAddr>> {
    if let Some(literal) = address.literal() {
        return Ok(vec![literal]);
    }
    let found = runtime.resolve(&address.host, address.port).await;
    found
        .and_then(|found| match found[..] {
            [] => Err(io::ErrorKind::AddrNotAvailable.into()),
            [..] => Ok(found),
        })
        .map_err(|error| {
            let message = format!("no address of {} is found ({error})", address.host);
            io::Error::new(error.kind(), message)
        })
}

/// Connects to the first address that answers. The next one is tried beside an address that has not
/// answered within [`STAGGER`], and at once after one that failed. *Source*: RFC 8305, section 5.
async fn race<R: Sockets>(runtime: &R, addresses: Vec<SocketAddr>) -> io::Result<ByteStream> {
    let attempts = Executor::new();
    let (sender, results) = async_channel::unbounded();
    let mut waiting = by_turns(addresses).into_iter();
    let mut under_way = 0;
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let first = async {
        loop {
            if let Some(address) = waiting.next() {
                let sender = sender.clone();
                let attempt = async move {
                    // The race may be over.
                    let _ = sender.send(runtime.connect_tcp(address).await).await;
                };
                attempts.spawn(attempt).detach();
                under_way += 1;
            } else if under_way == 0 {
                return Err(failure);
            }
            let result = async { results.recv().await.ok() };
            let next = async {
                match waiting.len() {
                    0 => future::pending().await,
                    _ => runtime.sleep_until(runtime.now() + STAGGER).await,
                }
                None
            };
            match future::or(result, next).await {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => {
                    under_way -= 1;
                    failure = error;
                }
                None => {}
            }
        }
    };
    attempts.run(first).await
}

/// The addresses with the two families in turns, the one of the first address first. *Source*: RFC
/// 8305, section 4.
fn by_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let starts_with_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == starts_with_ipv6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let pairs = std::iter::from_fn(|| {
        let pair = [first.next(), second.next()];
        pair.iter().any(Option::is_some).then_some(pair)
    });
    pairs.flatten().flatten().collect()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn connect_unix(runtime: &impl Sockets, address: &SockAddr) -> io::Result<ByteStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // An instance that accepts nobody must not stop the runtime.
    socket.set_nonblocking(true)?;
    socket.connect(address)?;
    runtime.adopt_unix(socket.into())
}

/// The longest name of a shared instance: what is left of a Unix socket's address.
#[cfg(any(target_os = "linux", target_os = "android"))]
const INSTANCE_NAME_BYTES: usize = 103;
/// How long one attempt to connect takes at most, the search for the addresses included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an address may leave us waiting before the next is tried beside it.
const STAGGER: Duration = Duration::from_millis(250);
/// How long a listener that was not there a moment ago is given to say something.
const ACCEPT_DELAY: Duration = Duration::from_secs(1);
/// How long one that was there before us is. RNS 1.5.7 took 0.2 to 40 ms from listening to work.
const SETTLE_AT_START: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns_and_the_systems_first_one_begins() {
        let [a, b, c] = ["[::1]:1", "[::2]:1", "[::3]:1"].map(|text| text.parse().unwrap());
        let [x, y] = ["127.0.0.1:1", "127.0.0.2:1"].map(|text| text.parse().unwrap());
        assert_eq!(by_turns(vec![a, b, c, x, y]), [a, x, b, y, c]);
        assert_eq!(by_turns(vec![x, y, a]), [x, a, y]);
        assert_eq!(by_turns(vec![]), []);
    }
}
