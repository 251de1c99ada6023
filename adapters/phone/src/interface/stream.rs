//! Interfaces over byte streams: TCP and Unix sockets.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use async_executor::Executor;
use bytes::{Bytes, BytesMut};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};

use super::{Door, Io, Target};
use crate::runtime::{ByteStream, Runtime, within};

/// Keeps a client interface connected. The pause before it connects again grows until a
/// connection lasts.
pub(super) async fn connect<R: Runtime>(runtime: &R, target: &Target, door: &Door) {
    // An instance on this machine is back soon, or told to be.
    let most = if door.is_shared_instance() { LOCAL_RECONNECT_MOST } else { RECONNECT_MOST };
    let mut pause = RECONNECT_LEAST;
    let mut is_first_failure = true;
    while !door.io.is_closed() {
        match within(runtime, CONNECT, target.connect(runtime)).await {
            Ok(stream) => {
                tracing::info!("connected to {target}");
                let since = runtime.now();
                run(stream, door).await;
                tracing::warn!("connection to {target} broke, connecting again");
                is_first_failure = true;
                if runtime.now() >= since + LASTING {
                    pause = RECONNECT_LEAST;
                }
            }
            Err(error) if is_first_failure => {
                tracing::warn!("cannot connect to {target}: {error}; trying on");
                is_first_failure = false;
            }
            Err(error) => tracing::debug!("cannot connect to {target}: {error}"),
        }
        runtime.sleep_until(runtime.now() + pause).await;
        pause = (pause * 2).min(most);
    }
}

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
                            run(stream, &door).await;
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

/// Moves the bytes of one connection until either side ends it.
async fn run(stream: ByteStream, door: &Door) {
    let Some((number, outgoing)) = door.up().await else { return };
    let ByteStream { reader, writer } = stream;
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

impl Target {
    async fn connect<R: Runtime>(&self, runtime: &R) -> io::Result<ByteStream> {
        match self {
            Self::Tcp(address) => runtime.connect_tcp(address).await,
            Self::Unix(name) => connect_shared_instance(runtime, name),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(name) => write!(f, "the shared instance \"{name}\""),
        }
    }
}

/// *Source*: RNS/Interfaces/LocalInterface.py: `LocalClientInterface`, an abstract Unix socket.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn connect_shared_instance(runtime: &impl Runtime, name: &str) -> io::Result<ByteStream> {
    use socket2::{Domain, SockAddr, Socket, Type};

    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // An instance that accepts nobody must not stop the runtime.
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(format!("\0rns/{name}"))?)?;
    runtime.adopt_unix(socket.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn connect_shared_instance(_: &impl Runtime, _: &str) -> io::Result<ByteStream> {
    let message =
        "names of shared instances are known on Linux only; give the port of its TCP form";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

/// How long one attempt to connect takes at most.
const CONNECT: Duration = Duration::from_secs(10);
/// A connection that stood this long is made again after the least pause.
const LASTING: Duration = Duration::from_secs(10);
const RECONNECT_LEAST: Duration = Duration::from_millis(250);
const RECONNECT_MOST: Duration = Duration::from_secs(30);
const LOCAL_RECONNECT_MOST: Duration = Duration::from_secs(2);
const READ_BYTES: usize = 4_096;
/// Connections that one server interface keeps.
const CONNECTIONS: usize = 64;
