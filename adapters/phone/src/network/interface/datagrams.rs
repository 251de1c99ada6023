//! Interfaces over datagrams: UDP, channels of packets, and what apps bring.

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
    /// Receives the next datagram into a buffer, and returns its length and, where it is known, the
    /// address from which it came: an address has a share of its own of what strangers may use.
    ///
    /// *Bounds*: the buffer is longer than any packet of the interface. Of a longer datagram, what
    /// fits is returned, and dropped.
    ///
    /// # Errors
    /// Ends the connection: the phone connects again.
    ///
    /// # Cancel safety
    /// The phone drops it when the connection ends, and needs nothing of it then.
    fn receive(
        &self,
        datagram: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, Option<IpAddr>)>> + Send;

    /// Sends a datagram.
    ///
    /// # Errors
    /// Loses the datagram, no more.
    ///
    /// # Cancel safety
    /// The phone drops it when the connection ends, and needs nothing of it then.
    fn send(&self, datagram: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

/// Moves datagrams until receiving fails, or the phone has no use for them.
pub(super) async fn run<R: Runtime>(runtime: &R, transport: impl Datagrams, uplink: &Uplink) {
    let Some((connection, outgoing)) = uplink.up().await else { return };
    let receive = receive(runtime, &transport, &connection, uplink);
    future::or(receive, send(&transport, &connection, uplink, outgoing)).await;
    connection.down().await;
}

/// What has an address is read at once, whatever waits: what the system drops of a full socket may be
/// anybody's.
async fn receive<R: Runtime>(
    runtime: &R,
    transport: &impl Datagrams,
    connection: &Connection,
    uplink: &Uplink,
) {
    let mut datagram = vec![0; uplink.config.mtu.get() as usize + OVERHEAD + 1];
    let mut dropped = LogLimit::default();
    loop {
        let (length, from) = match transport.receive(&mut datagram).await {
            Ok(received) => received,
            Err(error) => return tracing::debug!("{} cannot receive: {error}", uplink.name),
        };
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

/// What a packet may have beyond its interface's MTU: the id of a node that carries it on, and the
/// longest access code.
const OVERHEAD: usize = 16 + 64;
