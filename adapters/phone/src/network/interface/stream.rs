//! Connections over byte streams: TCP, Unix sockets, serial lines, and those of apps.

use std::fmt;
use std::io::{Error, ErrorKind, Result};

use async_channel::Receiver;
use bytes::{Bytes, BytesMut};
use futures_lite::io::split;
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};

use super::seats::{Seat, vacated};
use super::uplink::{Connection, Uplink};

/// A connected byte stream, in two halves.
///
/// It has ended when its reader returns no bytes, or when either half fails. The halves are those
/// of the crate `futures-io`. *Of tokio*: `lxst_tokio::byte_stream`.
pub struct ByteStream {
    pub(super) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) writer: Box<dyn AsyncWrite + Send + Unpin>,
}

impl ByteStream {
    /// Joins a reader and a writer.
    pub fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self { reader: Box::new(reader), writer: Box::new(writer) }
    }

    /// Takes a stream that is read and written.
    pub fn duplex(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (reader, writer) = split(stream);
        Self::new(reader, writer)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}

/// Moves the bytes of a connection that we made, until it ends.
pub(super) async fn run(stream: ByteStream, uplink: &Uplink) {
    let Some((connection, outgoing)) = uplink.up().await else { return };
    if let Err(why) = carry(stream, &connection, outgoing, None).await {
        uplink.broke_off(connection, &why).await;
    }
}

/// Moves the bytes of a connection that another node made, until it ends or its seat is needed.
pub(super) async fn run_accepted(stream: ByteStream, uplink: &Uplink, seat: &Seat) {
    let Some((connection, outgoing)) = uplink.up().await else { return };
    if carry(stream, &connection, outgoing, Some(seat)).await.is_err() {
        connection.down(None).await;
    }
}

/// Moves bytes until the connection ends, which is an error, or the phone.
async fn carry(
    ByteStream { reader, writer }: ByteStream,
    connection: &Connection,
    outgoing: Receiver<Bytes>,
    seat: Option<&Seat>,
) -> Result<()> {
    let read = read(reader, connection, seat);
    future::or(read, write(writer, connection, outgoing)).await
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    connection: &Connection,
    seat: Option<&Seat>,
) -> Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.resize(READ_BYTES, 0);
        let length = future::or(reader.read(&mut buffer), vacated(seat)).await?;
        if length == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the other end closed it"));
        }
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
) -> Result<()> {
    while let Ok(bytes) = outgoing.recv().await {
        writer.write_all(&bytes).await?;
        writer.flush().await?;
        connection.written().await;
    }
    Ok(())
}

pub(super) const READ_BYTES: usize = 4_096;
