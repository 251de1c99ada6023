//! The sockets of smol.

use std::io::Result;
use std::net::SocketAddr;

use lxst_phone::{ByteStream, Sockets, prepare_tcp};
use smol::Async;

use crate::Smol;

impl Sockets for Smol {
    type Listener = Async<std::net::TcpListener>;
    type Udp = Async<std::net::UdpSocket>;

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        smol::net::resolve((host, port)).await
    }

    async fn connect_tcp(&self, address: SocketAddr) -> Result<ByteStream> {
        Ok(tcp(smol::net::TcpStream::connect(address).await?))
    }

    #[cfg(unix)]
    fn adopt_unix(&self, stream: std::os::unix::net::UnixStream) -> Result<ByteStream> {
        let stream = smol::net::unix::UnixStream::from(Async::new(stream)?);
        Ok(ByteStream::new(stream.clone(), stream))
    }

    fn adopt_listener(&self, listener: std::net::TcpListener) -> Result<Self::Listener> {
        Async::new(listener)
    }

    async fn accept(&self, listener: &Self::Listener) -> Result<(ByteStream, SocketAddr)> {
        let (stream, peer) = listener.accept().await?;
        Ok((tcp(stream.into()), peer))
    }

    fn adopt_udp(&self, socket: std::net::UdpSocket) -> Result<Self::Udp> {
        Async::new(socket)
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

fn tcp(stream: smol::net::TcpStream) -> ByteStream {
    prepare_tcp(&stream);
    ByteStream::new(stream.clone(), stream)
}
