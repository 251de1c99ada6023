//! Interfaces over UDP.

use std::net::SocketAddr;
use std::time::Duration;

use async_channel::Receiver;
use bytes::Bytes;
use futures_lite::future;

use super::{Door, Io};
use crate::runtime::Runtime;

/// Moves datagrams for as long as the phone's task takes them.
pub(super) async fn keep<R: Runtime>(runtime: &R, socket: &R::Udp, peer: SocketAddr, door: &Door) {
    let Some((number, outgoing)) = door.up().await else { return };
    future::or(
        receive(runtime, socket, number, door),
        send(runtime, socket, peer, number, outgoing, door),
    )
    .await;
    door.down(number).await;
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
