//! An endpoint of ours on a UDP socket.

use core::time::Duration;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Instant as Moment;

use lxst_phone::reticulum::{
    Config, Destination, Endpoint, Event, Identity, Instant, InterfaceConfig, InterfaceId,
    LinkEvent, LinkHandle, NameHash, Rng, UnixTime,
};

use super::phone::PATIENCE;

/// An endpoint of ours on a socket.
pub(crate) struct Ours {
    pub(crate) endpoint: Endpoint,
    interface: InterfaceId,
    socket: UdpSocket,
    there: u16,
    began: Moment,
}

impl Ours {
    pub(crate) fn new(here: u16, there: u16) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, here)).expect("the port is free");
        socket.set_read_timeout(Some(TURN)).expect("a timeout that is not zero");
        let identity = Identity::generate(&mut Urandom);
        let mut endpoint = Endpoint::new(identity, Config::default(), Box::new(Urandom));
        let interface = endpoint.interface_up(Instant::ORIGIN, InterfaceConfig::UDP);
        Self { endpoint, interface, socket, there, began: Moment::now() }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ORIGIN + self.began.elapsed()
    }

    pub(crate) fn announce(&mut self, name: NameHash) {
        self.endpoint.announce(self.now(), name);
        self.flush();
    }

    pub(crate) fn flush(&mut self) {
        let mut buffer = Vec::new();
        let (now, wall) = (self.now(), UnixTime(unix_time()));
        while let Some(packet) = self.endpoint.poll_transmit(now, wall, self.interface, &mut buffer)
        {
            let to = (Ipv4Addr::LOCALHOST, self.there);
            self.socket.send_to(packet, to).expect("loopback takes it");
        }
    }

    /// Sends what is ready, and waits a few milliseconds for a packet.
    pub(crate) fn turn(&mut self) {
        let mut buffer = [0; 2_048];
        self.flush();
        if let Ok(length) = self.socket.recv(&mut buffer) {
            let now = self.now();
            self.endpoint.handle_bytes(now, self.interface, &buffer[..length]);
        }
        self.endpoint.handle_timeout(self.now());
    }

    /// Runs until a matching event, skipping others.
    #[track_caller]
    pub(crate) fn until<T>(&mut self, what: &str, mut find: impl FnMut(Event) -> Option<T>) -> T {
        let deadline = Moment::now() + PATIENCE;
        while Moment::now() < deadline {
            while let Some(event) = self.endpoint.poll_event() {
                if let Some(found) = find(event) {
                    self.flush();
                    return found;
                }
            }
            self.turn();
        }
        panic!("{what} did not come: {:?}", self.endpoint)
    }
}

fn unix_time() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("it is after 1970").as_secs()
}

struct Urandom;

impl Rng for Urandom {
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        use std::io::Read;
        let source = std::fs::File::open("/dev/urandom");
        source.and_then(|mut source| source.read_exact(bytes)).expect("random bytes");
    }
}

pub(crate) fn incoming(event: Event) -> Option<(LinkHandle, Destination)> {
    match event {
        Event::Link { link, event: LinkEvent::Incoming { on, .. } } => Some((link, on)),
        _ => None,
    }
}

const TURN: Duration = Duration::from_millis(5);
