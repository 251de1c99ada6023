//! The sockets of tokio.

use std::io::Result;
use std::net::SocketAddr;

use lxst_phone::{ByteStream, Sockets, prepare_tcp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

use crate::Tokio;

/// Takes a stream of tokio for [`Interface::stream`](crate::Interface::stream): a serial port of
/// `tokio-serial`, a `tokio::net::UnixStream`, the two pipes of a process by `tokio::io::join`.
///
/// ```no_run
/// use lxst_tokio::{Framing, Interface, byte_stream};
/// use tokio::net::UnixStream;
///
/// let interface = Interface::stream("a modem", Framing::Kiss, || async {
///     Ok(byte_stream(UnixStream::connect("/run/modem.socket").await?))
/// });
/// ```
pub fn byte_stream(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> ByteStream {
    ByteStream::duplex(stream.compat())
}

impl Sockets for Tokio {
    type Listener = TcpListener;
    type Udp = UdpSocket;

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }

    async fn connect_tcp(&self, address: SocketAddr) -> Result<ByteStream> {
        Ok(tcp(TcpStream::connect(address).await?))
    }

    #[cfg(unix)]
    fn adopt_unix(&self, stream: std::os::unix::net::UnixStream) -> Result<ByteStream> {
        let (reader, writer) = tokio::net::UnixStream::from_std(stream)?.into_split();
        Ok(ByteStream::new(reader.compat(), writer.compat_write()))
    }

    fn adopt_listener(&self, listener: std::net::TcpListener) -> Result<Self::Listener> {
        TcpListener::from_std(listener)
    }

    async fn accept(&self, listener: &Self::Listener) -> Result<(ByteStream, SocketAddr)> {
        let (stream, peer) = listener.accept().await?;
        Ok((tcp(stream), peer))
    }

    fn adopt_udp(&self, socket: std::net::UdpSocket) -> Result<Self::Udp> {
        UdpSocket::from_std(socket)
    }

    async fn receive(
        &self,
        socket: &Self::Udp,
        datagram: &mut [u8],
    ) -> Result<(usize, SocketAddr)> {
        socket.recv_from(datagram).await
    }

    async fn send(&self, socket: &Self::Udp, datagram: &[u8], to: SocketAddr) -> Result<()> {
        socket.send_to(datagram, to).await.map(|_| ())
    }
}

fn tcp(stream: TcpStream) -> ByteStream {
    prepare_tcp(&stream);
    let (reader, writer) = stream.into_split();
    ByteStream::new(reader.compat(), writer.compat_write())
}
