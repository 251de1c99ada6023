//! Interfaces over byte streams: TCP and Unix sockets.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    let mut seats = Seats::default();
    connections
        .run(async {
            loop {
                match runtime.accept(listener).await {
                    Ok((stream, peer)) => {
                        tracing::info!("{peer} connected");
                        let (door, seat) = (door.clone(), seats.take());
                        let connection =
                            async move { run(stream, Bytes::new(), &door, Some(seat)).await };
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
pub(super) async fn run(stream: ByteStream, heard: Bytes, door: &Door, seat: Option<Seat>) {
    let Some((number, outgoing)) = door.up().await else { return };
    let ByteStream { reader, writer } = stream;
    if !heard.is_empty() && door.io.send(Io::Received { number, bytes: heard }).await.is_err() {
        return;
    }
    let read = read(reader, number, &door.io, seat.as_ref());
    future::or(read, write(writer, number, outgoing, &door.io)).await;
    door.down(number).await;
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    number: u32,
    io: &Sender<Io>,
    seat: Option<&Seat>,
) {
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

/// The places of a server interface. When all are taken, the connection that said nothing for the
/// longest time makes room.
#[derive(Debug, Default)]
struct Seats {
    taken: Vec<Taken>,
    /// Counts what is heard on all of them: the order of events is all that matters.
    turn: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Taken {
    heard: Arc<AtomicU64>,
    /// Closed by the connection when it ends, or here when it has to.
    vacate: Sender<()>,
}

/// One connection's place.
#[derive(Debug)]
pub(super) struct Seat {
    heard: Arc<AtomicU64>,
    turn: Arc<AtomicU64>,
    vacated: Receiver<()>,
}

impl Seats {
    fn take(&mut self) -> Seat {
        self.taken.retain(|taken| !taken.vacate.is_closed());
        if self.taken.len() >= CONNECTIONS {
            let silent = self.taken.iter().enumerate();
            let silent = silent.min_by_key(|(_, taken)| taken.heard.load(Ordering::Relaxed));
            if let Some((index, _)) = silent {
                self.taken.swap_remove(index).vacate.close();
                tracing::warn!("{CONNECTIONS} are connected: the longest silent one makes room");
            }
        }
        let (vacate, vacated) = async_channel::bounded(1);
        let seat = Seat { heard: Arc::default(), turn: self.turn.clone(), vacated };
        seat.hear();
        self.taken.push(Taken { heard: seat.heard.clone(), vacate });
        seat
    }
}

impl Seat {
    fn hear(&self) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.heard.store(turn, Ordering::Relaxed);
    }
}

/// Ends as a stream does when the seat is needed.
async fn vacated(seat: Option<&Seat>) -> io::Result<usize> {
    match seat {
        // Nothing is sent: the channel closes.
        Some(seat) => seat.vacated.recv().await.map_or(Ok(0), |()| Ok(0)),
        None => future::pending().await,
    }
}

pub(super) const READ_BYTES: usize = 4_096;
/// Connections that one server interface keeps.
const CONNECTIONS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_silent_connection_makes_room_and_one_that_spoke_does_not() {
        let mut seats = Seats::default();
        let mut taken: Vec<_> = (0..CONNECTIONS).map(|_| seats.take()).collect();
        taken[0].hear();
        let newest = seats.take();
        let vacated: Vec<_> = taken.iter().map(|seat| seat.vacated.is_closed()).collect();
        assert_eq!(
            vacated.iter().position(|vacated| *vacated),
            Some(1),
            "the first that is silent"
        );
        assert_eq!(vacated.iter().filter(|vacated| **vacated).count(), 1);
        // One that ended by itself leaves its place.
        drop(taken.remove(5));
        let _last = seats.take();
        assert!(!newest.vacated.is_closed());
        assert_eq!(taken.iter().filter(|seat| seat.vacated.is_closed()).count(), 1);
    }
}
