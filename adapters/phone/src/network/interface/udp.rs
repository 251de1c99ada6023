//! Interfaces over UDP.

use std::convert::Infallible;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use async_channel::Receiver;
use bytes::Bytes;
use futures_lite::future;

use super::address::Address;
use super::connect::resolve;
use super::reconnect::{MAX_RECONNECT, MIN_RECONNECT};
use super::{Connection, Uplink};
use crate::log_limit::LogLimit;
use crate::runtime::Runtime;

/// Moves datagrams for as long as the phone's task takes them, from when the peer's address is
/// found.
pub(super) async fn keep<R: Runtime>(
    runtime: &R,
    socket: &R::Udp,
    local: SocketAddr,
    peer: &Address,
    uplink: &Uplink,
) {
    let peer = find(runtime, local, peer, uplink).await;
    let Some((connection, outgoing)) = uplink.up().await else { return };
    let receive = async { match receive(runtime, socket, &connection).await {} };
    future::or(receive, send(runtime, socket, peer, &connection, outgoing)).await;
    connection.down().await;
}

/// Searches the peer's address until it is found.
async fn find<R: Runtime>(
    runtime: &R,
    local: SocketAddr,
    peer: &Address,
    uplink: &Uplink,
) -> SocketAddr {
    let mut pause = MIN_RECONNECT;
    let mut is_first_failure = true;
    loop {
        match resolve(runtime, peer).await.and_then(|found| of_family(local, &found)) {
            Ok(peer) => return peer,
            Err(error) => {
                let trouble = format!("cannot send to {peer}: {error}");
                uplink.trouble(trouble, mem::take(&mut is_first_failure)).await;
            }
        }
        runtime.sleep_until(runtime.now() + pause).await;
        pause = (pause * 2).min(MAX_RECONNECT);
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

/// The socket is read at once, whatever waits: what the system drops of a full socket may be
/// anybody's.
async fn receive<R: Runtime>(runtime: &R, socket: &R::Udp, connection: &Connection) -> Infallible {
    let mut datagram = vec![0; DATAGRAM_BYTES];
    let mut dropped = LogLimit::default();
    loop {
        match runtime.receive(socket, &mut datagram).await {
            Ok((length, from)) if length <= PACKET_BYTES => {
                let bytes = Bytes::copy_from_slice(&datagram[..length]);
                if connection.received_from(from.ip(), bytes)
                    && let Some(more) = dropped.line(runtime.now(), ())
                {
                    tracing::warn!("more datagrams come from {from} than can be read{more}");
                }
                // A socket that is never empty must not keep the others of this thread waiting.
                future::yield_now().await;
            }
            Ok(_) => {}
            Err(error) => {
                // The network may be away, and come back: receiving again at once would spin.
                tracing::debug!("cannot receive a datagram: {error}");
                runtime.sleep_until(runtime.now() + PAUSE).await;
            }
        }
    }
}

async fn send<R: Runtime>(
    runtime: &R,
    socket: &R::Udp,
    peer: SocketAddr,
    connection: &Connection,
    outgoing: Receiver<Bytes>,
) {
    while let Ok(bytes) = outgoing.recv().await {
        // A datagram may get lost anywhere; here as well.
        if let Err(error) = runtime.send(socket, &bytes, peer).await {
            tracing::debug!("cannot send a datagram to {peer}: {error}");
        }
        connection.written().await;
    }
}

/// The longest datagram that UDP carries.
const DATAGRAM_BYTES: usize = 65_507;
/// More than a packet has on any interface over UDP, its access code included. *Source*:
/// RNS/Interfaces/UDPInterface.py `HW_MTU`.
const PACKET_BYTES: usize = 1_064;
const PAUSE: Duration = Duration::from_millis(250);
