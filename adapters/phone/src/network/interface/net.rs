//! Interfaces over the sockets of the runtime: TCP, UDP, shared instances.

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;

use lxst_reticulum::InterfaceConfig;

use super::address::Address;
use super::sockets::Sockets;
use super::tcp::{Client, Target};
use super::udp::Udp;
use super::uplink::Uplink;
use super::{Interface, Task, keep_datagrams, keep_stream, server};

impl<R: Sockets> Interface<R> {
    /// Connects to a Reticulum TCP server at `host:port`, and again whenever the connection ends or
    /// cannot be made, after a pause that grows from 0.25 s to 30 s until a connection lasts 10 s.
    ///
    /// Where a host has several addresses, they are raced.
    pub fn tcp_client(address: impl Into<String>) -> Self {
        let address = address.into();
        Self::client(address.clone(), InterfaceConfig::TCP, move || {
            Ok(Target::Tcp(Address::parse_peer(&address)?))
        })
    }

    /// Listens as a Reticulum TCP server on `host:port`; port 0 takes a free one, which
    /// [`Phone::listening`](crate::Phone::listening) tells.
    ///
    /// *Bounds*: 64 connections. One more takes the place of another, at most one in 100 ms: of the
    /// address that has the most connections, the one that never sent anything, else the one that
    /// was silent for the longest time. Each connection has a share of its own of what the phone
    /// reads and of what strangers may use.
    pub fn tcp_server(address: impl Into<String>) -> Self {
        let address = address.into();
        let name = format!("server on {address}");
        Self::of(name, InterfaceConfig::TCP_ACCEPTED, move |runtime: R| {
            let at = Address::parse(&address)?;
            let listener = TcpListener::bind((&*at.host, at.port)).map_err(in_use)?;
            listener.set_nonblocking(true)?;
            let (local, listener) = (listener.local_addr()?, runtime.adopt_listener(listener)?);
            let keep = move |uplink: Uplink| -> Task {
                Box::pin(async move { server::serve(&runtime, &listener, &uplink).await })
            };
            Ok((Some(local), Box::new(keep)))
        })
    }

    /// Receives datagrams on `local` and sends them to `peer`, each `host:port`. The peer may be a
    /// broadcast address.
    ///
    /// *Bounds*: 256 datagrams from one IP address and 512 from all wait for the phone. The address
    /// of which most wait loses its newest, which is counted. One address has at most half of what
    /// strangers may ask for. Forged addresses evade these bounds, and a flood beyond the system's
    /// buffer of the socket loses anybody's datagrams.
    pub fn udp(local: impl Into<String>, peer: impl Into<String>) -> Self {
        let (address, peer) = (local.into(), peer.into());
        let name = format!("UDP from {address} to {peer}");
        Self::of(name, InterfaceConfig::UDP, move |runtime: R| {
            let (at, peer) = (Address::parse(&address)?, Address::parse_peer(&peer)?);
            let socket = UdpSocket::bind((&*at.host, at.port)).map_err(in_use)?;
            socket.set_broadcast(true)?;
            socket.set_nonblocking(true)?;
            let (local, socket) = (socket.local_addr()?, runtime.adopt_udp(socket)?);
            let (socket, sockets) = (Arc::new(socket), runtime.clone());
            let connect = move || {
                let (sockets, socket, peer) = (sockets.clone(), socket.clone(), peer.clone());
                async move { Udp::find(sockets, socket, local, &peer).await }
            };
            Ok((Some(local), keep_datagrams(runtime, connect)))
        })
    }

    /// Attaches to the `rnsd`, or another shared instance, that runs on this machine under the name
    /// `default`. It is connected to as [`tcp_client`](Self::tcp_client) does, but after 2 s at
    /// most.
    ///
    /// An instance does not tell from where a packet came. Strangers behind it share what strangers
    /// may use, so that one who floods keeps the others waiting. The instance's own limits and a
    /// list of callers ([`Callers`](crate::Callers)) help.
    #[must_use]
    pub fn shared_instance() -> Self {
        Self::named_shared_instance("default")
    }

    /// Attaches to the shared instance whose configuration sets this `instance_name`. Linux and
    /// Android only, where it listens on an abstract Unix socket; elsewhere, the phone does not
    /// start: use [`shared_instance_on`](Self::shared_instance_on).
    ///
    /// *Bounds*: a name of 1 to 103 bytes.
    pub fn named_shared_instance(name: impl Into<String>) -> Self {
        let name = name.into();
        let shown = format!("shared instance \"{name}\"");
        Self::client(shown, InterfaceConfig::SHARED_INSTANCE, move || {
            Target::shared_instance(&name)
        })
    }

    /// Attaches to a shared instance of this machine over TCP, as with
    /// `shared_instance_type = tcp`; 37428 is its usual port.
    #[must_use]
    pub fn shared_instance_on(port: u16) -> Self {
        let shown = format!("shared instance on port {port}");
        Self::client(shown, InterfaceConfig::SHARED_INSTANCE, move || {
            Ok(Target::Tcp(Address::parse_peer(&format!("127.0.0.1:{port}"))?))
        })
    }

    fn client(
        name: String,
        config: InterfaceConfig,
        target: impl Fn() -> io::Result<Target> + Send + Sync + 'static,
    ) -> Self {
        Self::of(name, config, move |runtime: R| {
            let client = Arc::new(Client::new(runtime.clone(), target()?));
            let connect = move || {
                let client = client.clone();
                async move { client.connect().await }
            };
            Ok((None, keep_stream(runtime, connect)))
        })
    }
}

/// Adds what helps to the system's word on an address that cannot be listened on.
fn in_use(error: io::Error) -> io::Error {
    let message = format!("{error}; give another address or end what uses it");
    io::Error::new(error.kind(), message)
}
