//! TCP interfaces: tasks that move bytes between sockets and the phone's task.

use std::io::{ErrorKind, Result};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use lxst_driver::InterfaceOrigin;
use lxst_driver::reticulum::InterfaceConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// What an interface tells the phone's task.
#[derive(Debug)]
pub(crate) enum Io {
    /// It is connected. It sends what `writer` gives it, and reports under the number that comes
    /// back.
    Up {
        origin: InterfaceOrigin,
        config: InterfaceConfig,
        writer: mpsc::Sender<Bytes>,
        number: oneshot::Sender<u32>,
    },
    /// It received bytes.
    Received { number: u32, bytes: Bytes },
    /// It has written what it was given, and can take more.
    Written { number: u32 },
    /// It is gone.
    Down { number: u32 },
}

/// What the connections of one configured interface share: what they are, and the way to the
/// phone's task.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) origin: InterfaceOrigin,
    pub(crate) config: InterfaceConfig,
    pub(crate) io: mpsc::Sender<Io>,
}

/// Keeps a client interface connected. The pause before it connects again grows until a
/// connection lasts.
pub(crate) async fn connect(address: String, door: Door) {
    let mut pause = RECONNECT_LEAST;
    let mut is_first_failure = true;
    loop {
        let connecting = timeout(CONNECT, TcpStream::connect(&address)).await;
        match connecting.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                tracing::info!("connected to {address}");
                let since = Instant::now();
                run(stream, &door).await;
                tracing::warn!("connection to {address} broke, connecting again");
                is_first_failure = true;
                if since.elapsed() >= LASTING {
                    pause = RECONNECT_LEAST;
                }
            }
            Err(error) if is_first_failure => {
                tracing::warn!("cannot connect to {address}: {error}; trying on");
                is_first_failure = false;
            }
            Err(error) => tracing::debug!("cannot connect to {address}: {error}"),
        }
        if door.io.is_closed() {
            return;
        }
        sleep(pause).await;
        pause = (pause * 2).min(RECONNECT_MOST);
    }
}

/// Accepts the connections of a server interface; each is an interface of its own.
pub(crate) async fn serve(listener: TcpListener, door: Door) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) if connections.len() < CONNECTIONS => {
                    tracing::info!("{peer} connected");
                    let door = door.clone();
                    connections.spawn(async move { run(stream, &door).await });
                }
                Ok((_, peer)) => tracing::warn!("{peer} refused: {CONNECTIONS} are connected"),
                Err(error) => {
                    // Out of file handles, for example: accepting again at once would spin.
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(RECONNECT_LEAST).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Moves the bytes of one connection until either side ends it.
async fn run(stream: TcpStream, Door { origin, config, io }: &Door) {
    // Where the system has no such setting, the connection does without.
    let _ = tune(&stream);
    let (reader, stream_writer) = stream.into_split();
    let (writer, outgoing) = mpsc::channel(1);
    let (reply, number) = oneshot::channel();
    if io.send(Io::Up { origin: *origin, config: *config, writer, number: reply }).await.is_err() {
        return;
    }
    let Ok(number) = number.await else { return };
    tokio::select! {
        () = read(reader, number, io) => {}
        () = write(stream_writer, number, outgoing, io) => {}
    }
    // The phone's task may have ended.
    let _ = io.send(Io::Down { number }).await;
}

/// Sends voice without delay, and finds out when the other end has gone without a word.
fn tune(stream: &TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(QUIET).with_interval(PROBE))?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_user_timeout(Some(UNANSWERED))?;
    Ok(())
}

async fn read(mut reader: OwnedReadHalf, number: u32, io: &mpsc::Sender<Io>) {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(READ_BYTES);
        match reader.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let bytes = buffer.split().freeze();
        if io.send(Io::Received { number, bytes }).await.is_err() {
            return;
        }
    }
}

async fn write(
    mut writer: OwnedWriteHalf,
    number: u32,
    mut outgoing: mpsc::Receiver<Bytes>,
    io: &mpsc::Sender<Io>,
) {
    while let Some(bytes) = outgoing.recv().await {
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
        if io.send(Io::Written { number }).await.is_err() {
            return;
        }
    }
}

/// How long one attempt to connect takes at most.
const CONNECT: Duration = Duration::from_secs(10);
/// A connection that stood this long is made again after the least pause.
const LASTING: Duration = Duration::from_secs(10);
/// How long nothing is received before the other end is asked whether it is there.
const QUIET: Duration = Duration::from_secs(10);
/// How often it is asked.
const PROBE: Duration = Duration::from_secs(5);
/// How long it may leave data or that question unanswered.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNANSWERED: Duration = Duration::from_secs(25);
const RECONNECT_LEAST: Duration = Duration::from_millis(250);
const RECONNECT_MOST: Duration = Duration::from_secs(30);
const READ_BYTES: usize = 4_096;
/// Connections that one server interface keeps.
const CONNECTIONS: usize = 64;
