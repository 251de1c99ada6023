//! An endpoint of ours on UDP sockets.

use core::time::Duration;
use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Instant as Moment, SystemTime};

use lxst_core::Instant;
use lxst_reticulum::{
    Config, Endpoint, Event, Identity, InterfaceConfig, InterfaceId, Rng, UnixTime,
};

/// An endpoint and its sockets.
pub(crate) struct Node {
    pub(crate) endpoint: Endpoint,
    sockets: Vec<(InterfaceId, UdpSocket, u16)>,
    began: Moment,
}

impl Node {
    /// Each pair is an interface: the port that it listens on, and the one that it sends to.
    pub(crate) fn new(udp: &[(u16, u16)]) -> Self {
        let identity = Identity::generate(&mut Urandom);
        let mut endpoint = Endpoint::new(identity, Config::default(), Box::new(Urandom));
        let mut sockets = Vec::new();
        for (here, there) in udp {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, *here)).expect("the port is free");
            socket.set_nonblocking(true).unwrap();
            let interface = endpoint.interface_up(Instant::ORIGIN, InterfaceConfig::UDP);
            sockets.push((interface, socket, *there));
        }
        Self { endpoint, sockets, began: Moment::now() }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ORIGIN + self.began.elapsed()
    }

    /// Sends what waits.
    pub(crate) fn flush(&mut self) {
        let now = self.now();
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let wall = UnixTime(wall.as_secs());
        let mut buffer = Vec::new();
        for (interface, socket, there) in &self.sockets {
            while let Some(data) = self.endpoint.poll_transmit(now, wall, *interface, &mut buffer) {
                // Nobody may listen there yet.
                let _ = socket.send_to(data, (Ipv4Addr::LOCALHOST, *there));
            }
        }
    }

    /// Receives what has arrived, or waits a little. Returns what became of it.
    pub(crate) fn receive(&mut self) -> Vec<Event> {
        let mut is_idle = true;
        let mut buffer = [0; 2_048];
        let now = self.now();
        for (interface, socket, _) in &self.sockets {
            while let Ok(length) = socket.recv(&mut buffer) {
                is_idle = false;
                self.endpoint.handle_bytes(now, *interface, &buffer[..length]);
            }
        }
        self.endpoint.handle_timeout(now);
        self.flush();
        if is_idle {
            std::thread::sleep(Duration::from_millis(1));
        }
        core::iter::from_fn(|| self.endpoint.poll_event()).collect()
    }
}

struct Urandom;

impl Rng for Urandom {
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        File::open("/dev/urandom").and_then(|mut source| source.read_exact(bytes)).unwrap();
    }
}

/// The name of the app.
pub(crate) const ROOM: &str = "lxst.room";
