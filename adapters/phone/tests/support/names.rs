//! A runtime whose resolver knows the names of the tests.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Mutex;
use std::time::Instant;

use lxst_phone::{ByteStream, Runtime, Sockets};

use super::TestRuntime;

/// A runtime that finds [`FIRST_DEAD`] and [`LATE`], and no other name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Naming<R>(R);

/// Has the addresses 127.0.0.2 and 127.0.0.1.
pub(crate) const FIRST_DEAD: &str = "first-dead.test";
/// Is found to be 127.0.0.1 when it is searched for the third time.
pub(crate) const LATE: &str = "late.test";

/// How often [`LATE`] was searched, by port: tests run side by side.
static SEARCHED: Mutex<BTreeMap<u16, u32>> = Mutex::new(BTreeMap::new());

impl<R: TestRuntime> TestRuntime for Naming<R> {
    fn block_on<T>(test: impl Future<Output = T>) -> T {
        R::block_on(test)
    }
}

impl<R: Runtime> Runtime for Naming<R> {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn sleep_until(&self, moment: Instant) -> impl Future<Output = ()> + Send {
        self.0.sleep_until(moment)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }
}

impl<R: Sockets> Sockets for Naming<R> {
    type Listener = R::Listener;
    type Udp = R::Udp;

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        let local = |last| SocketAddr::from(([127, 0, 0, last], port));
        match host {
            FIRST_DEAD => Ok(vec![local(2), local(1)]),
            LATE => {
                let mut searched = SEARCHED.lock().unwrap();
                let searched = searched.entry(port).or_default();
                *searched += 1;
                if *searched < 3 {
                    return Err(Error::from(ErrorKind::NotFound));
                }
                Ok(vec!["[::1]:1".parse().unwrap(), local(1)])
            }
            _ => Err(Error::other("no such name")),
        }
    }

    fn connect_tcp(&self, address: SocketAddr) -> impl Future<Output = Result<ByteStream>> + Send {
        self.0.connect_tcp(address)
    }

    #[cfg(unix)]
    fn adopt_unix(&self, stream: std::os::unix::net::UnixStream) -> Result<ByteStream> {
        self.0.adopt_unix(stream)
    }

    fn adopt_listener(&self, listener: TcpListener) -> Result<Self::Listener> {
        self.0.adopt_listener(listener)
    }

    fn accept(
        &self,
        listener: &Self::Listener,
    ) -> impl Future<Output = Result<(ByteStream, SocketAddr)>> + Send {
        self.0.accept(listener)
    }

    fn adopt_udp(&self, socket: UdpSocket) -> Result<Self::Udp> {
        self.0.adopt_udp(socket)
    }

    fn receive(
        &self,
        socket: &Self::Udp,
        datagram: &mut [u8],
    ) -> impl Future<Output = Result<(usize, SocketAddr)>> + Send {
        self.0.receive(socket, datagram)
    }

    fn send(
        &self,
        socket: &Self::Udp,
        datagram: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = Result<()>> + Send {
        self.0.send(socket, datagram, to)
    }
}
