//! Datagrams over UDP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::address::Address;
use super::datagrams::Datagrams;
use super::sockets::Sockets;
use super::tcp::resolve;

/// A socket and the peer to which it sends.
#[derive(Debug)]
pub(super) struct Udp<R: Sockets> {
    runtime: R,
    socket: Arc<R::Udp>,
    peer: SocketAddr,
}

impl<R: Sockets> Udp<R> {
    /// Searches the peer's address.
    pub(super) async fn find(
        runtime: R,
        socket: Arc<R::Udp>,
        local: SocketAddr,
        peer: &Address,
    ) -> io::Result<Self> {
        let peer = of_family(local, &resolve(&runtime, peer).await?)?;
        Ok(Self { runtime, socket, peer })
    }
}

impl<R: Sockets> Datagrams for Udp<R> {
    async fn receive(&self, datagram: &mut [u8]) -> io::Result<(usize, Option<IpAddr>)> {
        loop {
            match self.runtime.receive(&self.socket, datagram).await {
                Ok((length, from)) => return Ok((length, Some(from.ip()))),
                Err(error) => {
                    // The network may be away, and come back: receiving again at once would spin.
                    tracing::debug!("cannot receive a datagram: {error}");
                    self.runtime.sleep_until(self.runtime.now() + PAUSE).await;
                }
            }
        }
    }

    async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.runtime.send(&self.socket, datagram, self.peer).await
    }
}

/// The first address that a socket of ours can send to.
fn of_family(local: SocketAddr, found: &[SocketAddr]) -> io::Result<SocketAddr> {
    let found = found.iter().find(|peer| peer.is_ipv4() == local.is_ipv4());
    found.copied().ok_or_else(|| {
        let message = format!("it has no address of the family of {local}");
        io::Error::new(io::ErrorKind::AddrNotAvailable, message)
    })
}

const PAUSE: Duration = Duration::from_millis(250);
