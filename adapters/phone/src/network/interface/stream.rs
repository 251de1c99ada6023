//! Interfaces over byte streams: TCP, Unix sockets, serial lines, and what apps bring.

use std::fmt;

use async_channel::Receiver;
use bytes::{Bytes, BytesMut};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};

use super::seats::{Seat, vacated};
use super::uplink::{Connection, Uplink};

/// The two halves of a connected byte stream.
///
/// It ends when its reader does, or when either half fails.
pub struct ByteStream {
    pub(super) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) writer: Box<dyn AsyncWrite + Send + Unpin>,
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

/// Moves the bytes of one connection until either side ends it.
pub(super) async fn run(stream: ByteStream, uplink: &Uplink, seat: Option<Seat>) {
    let Some((connection, outgoing)) = uplink.up().await else { return };
    let ByteStream { reader, writer } = stream;
    let read = read(reader, &connection, seat.as_ref());
    future::or(read, write(writer, &connection, outgoing)).await;
    connection.down().await;
}

async fn read(mut reader: impl AsyncRead + Unpin, connection: &Connection, seat: Option<&Seat>) {
    let mut buffer = BytesMut::new();
    loop {
        buffer.resize(READ_BYTES, 0);
        let length = match future::or(reader.read(&mut buffer), vacated(seat)).await {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        if let Some(seat) = seat {
            seat.hear();
        }
        connection.received(buffer.split_to(length).freeze()).await;
    }
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    connection: &Connection,
    outgoing: Receiver<Bytes>,
) {
    while let Ok(bytes) = outgoing.recv().await {
        if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
            return;
        }
        connection.written().await;
    }
}

pub(super) const READ_BYTES: usize = 4_096;
