//! Interfaces over UDP.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use async_channel::Receiver;
use bytes::Bytes;
use futures_lite::future;

use super::address::Address;
use super::connect::{RECONNECT_LEAST, RECONNECT_MOST, resolve};
use super::{Door, Io};
use crate::runtime::Runtime;

/// Moves datagrams for as long as the phone's task takes them, from when the peer's address is
/// found.
pub(super) async fn keep<R: Runtime>(
    runtime: &R,
    socket: &R::Udp,
    local: SocketAddr,
    peer: &Address,
    door: &Door,
) {
    let Some(peer) = find(runtime, local, peer, door).await else { return };
    let Some((number, outgoing)) = door.up().await else { return };
    future::or(
        receive(runtime, socket, number, door),
        send(runtime, socket, peer, number, outgoing, door),
    )
    .await;
    door.down(number).await;
}

/// Searches the peer's address until it is found; `None` when the phone has ended.
async fn find<R: Runtime>(
    runtime: &R,
    local: SocketAddr,
    peer: &Address,
    door: &Door,
) -> Option<SocketAddr> {
    let mut pause = RECONNECT_LEAST;
    let mut is_first_failure = true;
    while !door.io.is_closed() {
        match resolve(runtime, peer).await.and_then(|found| of_family(local, &found)) {
            Ok(peer) => return Some(peer),
            Err(error) => {
                let trouble = format!("cannot send to {peer}: {error}");
                door.trouble(trouble, mem::take(&mut is_first_failure)).await;
            }
        }
        runtime.sleep_until(runtime.now() + pause).await;
        pause = (pause * 2).min(RECONNECT_MOST);
    }
    None
}

/// The first address that a socket of ours can send to.
fn of_family(local: SocketAddr, found: &[SocketAddr]) -> io::Result<SocketAddr> {
    let found = found.iter().find(|peer| peer.is_ipv4() == local.is_ipv4());
    found.copied().ok_or_else(|| {
        let message = format!("it has no address of the family of {local}");
        io::Error::new(io::ErrorKind::AddrNotAvailable, message)
    })
}

async fn receive<R: Runtime>(runtime: &R, socket: &R::Udp, number: u32, door: &Door) {
    let mut datagram = vec![0; DATAGRAM_BYTES];
    loop {
        match runtime.receive(socket, &mut datagram).await {
            Ok(length) => {
                let bytes = Bytes::copy_from_slice(&datagram[..length]);
                if door.io.send(Io::Received { number, bytes }).await.is_err() {
                    return;
                }
            }
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
    number: u32,
    outgoing: Receiver<Bytes>,
    door: &Door,
) {
    while let Ok(bytes) = outgoing.recv().await {
        // A datagram may get lost anywhere; here as well.
        if let Err(error) = runtime.send(socket, &bytes, peer).await {
            tracing::debug!("cannot send a datagram to {peer}: {error}");
        }
        if door.io.send(Io::Written { number }).await.is_err() {
            return;
        }
    }
}

/// The longest datagram that UDP carries.
const DATAGRAM_BYTES: usize = 65_507;
const PAUSE: Duration = Duration::from_millis(250);
