//! Interfaces over byte streams: TCP and Unix sockets.

use std::sync::Arc;

use async_channel::{Receiver, Sender};
use async_executor::Executor;
use bytes::{Bytes, BytesMut};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};

use super::connect::RECONNECT_LEAST;
use super::{Door, Io};
use crate::runtime::{ByteStream, Runtime};

/// Accepts the connections of a server interface; each is an interface of its own.
pub(super) async fn serve<R: Runtime>(runtime: &R, listener: &R::Listener, door: &Door) {
    let connections = Executor::new();
    // Each connection holds one more of it.
    let connected = Arc::new(());
    connections
        .run(async {
            loop {
                match runtime.accept(listener).await {
                    Ok((_, peer)) if Arc::strong_count(&connected) > CONNECTIONS => {
                        tracing::warn!("{peer} refused: {CONNECTIONS} are connected");
                    }
                    Ok((stream, peer)) => {
                        tracing::info!("{peer} connected");
                        let (door, place) = (door.clone(), connected.clone());
                        let connection = async move {
                            run(stream, Bytes::new(), &door).await;
                            drop(place);
                        };
                        connections.spawn(connection).detach();
                    }
                    Err(error) => {
                        // Out of file handles, for example: accepting again at once would spin.
                        tracing::warn!("cannot accept a connection: {error}");
                        runtime.sleep_until(runtime.now() + RECONNECT_LEAST).await;
                    }
                }
            }
        })
        .await
}

/// Moves the bytes of one connection until either side ends it; some were `heard` before.
pub(super) async fn run(stream: ByteStream, heard: Bytes, door: &Door) {
    let Some((number, outgoing)) = door.up().await else { return };
    let ByteStream { reader, writer } = stream;
    if !heard.is_empty() && door.io.send(Io::Received { number, bytes: heard }).await.is_err() {
        return;
    }
    future::or(read(reader, number, &door.io), write(writer, number, outgoing, &door.io)).await;
    door.down(number).await;
}

async fn read(mut reader: impl AsyncRead + Unpin, number: u32, io: &Sender<Io>) {
    let mut buffer = BytesMut::new();
    loop {
        buffer.resize(READ_BYTES, 0);
        let length = match reader.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        let bytes = buffer.split_to(length).freeze();
        if io.send(Io::Received { number, bytes }).await.is_err() {
            return;
        }
    }
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    number: u32,
    outgoing: Receiver<Bytes>,
    io: &Sender<Io>,
) {
    while let Ok(bytes) = outgoing.recv().await {
        if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
            return;
        }
        if io.send(Io::Written { number }).await.is_err() {
            return;
        }
    }
}

pub(super) const READ_BYTES: usize = 4_096;
/// Connections that one server interface keeps.
const CONNECTIONS: usize = 64;
