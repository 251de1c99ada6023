//! Connections over datagrams: UDP, channels of packets, and those of apps.

use std::future::Future;
use std::io;
use std::net::IpAddr;

use async_channel::Receiver;
use bytes::Bytes;
use futures_lite::future;

use super::uplink::{Connection, Uplink};
use crate::log_limit::LogLimit;
use crate::runtime::Runtime;

/// A transport that keeps packets apart, and may lose, double and reorder them.
pub trait Datagrams: Send + Sync + 'static {
    /// Receives the next datagram into a buffer. Returns its length and, where it is known, its
    /// sender's address: each address has a share of its own of what strangers may use.
    ///
    /// *Bounds*: the buffer is longer than any packet of the interface. Return the buffer's length
    /// for a datagram that fills it or does not fit: the phone drops and counts it.
    ///
    /// # Errors
    /// An error ends the connection: the phone tells it and connects again.
    ///
    /// # Cancel safety
    /// Dropped only when the connection ends.
    fn receive(
        &self,
        datagram: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, Option<IpAddr>)>> + Send;

    /// Sends a datagram.
    ///
    /// # Errors
    /// An error loses this datagram only. Report a transport that is gone from
    /// [`receive`](Self::receive).
    ///
    /// # Cancel safety
    /// Dropped only when the connection ends.
    fn send(&self, datagram: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

/// Moves datagrams until receiving fails, or the phone ends.
pub(super) async fn run<R: Runtime>(runtime: &R, transport: impl Datagrams, uplink: &Uplink) {
    let Some((connection, outgoing)) = uplink.up().await else { return };
    if let Err(why) = carry(runtime, &transport, &connection, uplink, outgoing).await {
        uplink.broke_off(connection, &why).await;
    }
}

/// Moves the datagrams of a peer that was found, until it is gone.
pub(super) async fn run_found<R: Runtime>(runtime: &R, peer: impl Datagrams, uplink: &Uplink) {
    let Some((connection, outgoing)) = uplink.up().await else { return };
    if carry(runtime, &peer, &connection, uplink, outgoing).await.is_err() {
        connection.down(None).await;
    }
}

/// Reads into this: a datagram that fills it is longer than any packet.
pub(super) fn buffer(uplink: &Uplink) -> Vec<u8> {
    vec![0; uplink.config.mtu.get() as usize + OVERHEAD + 1]
}

async fn carry<R: Runtime>(
    runtime: &R,
    transport: &impl Datagrams,
    connection: &Connection,
    uplink: &Uplink,
    outgoing: Receiver<Bytes>,
) -> io::Result<()> {
    let receive = receive(runtime, transport, connection, uplink);
    let send = async {
        send(transport, connection, uplink, outgoing).await;
        Ok(())
    };
    future::or(receive, send).await
}

/// Datagrams whose sender is known are read at once, however many wait for the phone: the share of
/// an address is dropped here, where the system would drop those of anybody from a full socket.
async fn receive<R: Runtime>(
    runtime: &R,
    transport: &impl Datagrams,
    connection: &Connection,
    uplink: &Uplink,
) -> io::Result<()> {
    let mut datagram = buffer(uplink);
    let mut dropped = LogLimit::default();
    loop {
        let (length, from) = transport.receive(&mut datagram).await?;
        let bytes = Bytes::copy_from_slice(&datagram[..length.min(datagram.len())]);
        let Some(from) = from else {
            connection.received(bytes).await;
            continue;
        };
        if connection.received_from(from, bytes)
            && let Some(more) = dropped.line(runtime.now(), ())
        {
            tracing::warn!("more datagrams come from {from} than can be read{more}");
        }
        // A socket that is never empty must not keep the others of this thread waiting.
        future::yield_now().await;
    }
}

async fn send(
    transport: &impl Datagrams,
    connection: &Connection,
    uplink: &Uplink,
    outgoing: Receiver<Bytes>,
) {
    while let Ok(bytes) = outgoing.recv().await {
        // A datagram may get lost anywhere; here as well.
        if let Err(error) = transport.send(&bytes).await {
            tracing::debug!("{} cannot send: {error}", uplink.name);
        }
        connection.written().await;
    }
}

/// What a packet may have beyond its interface's MTU: the id of the next node, and the longest
/// access code.
const OVERHEAD: usize = 16 + 64;
