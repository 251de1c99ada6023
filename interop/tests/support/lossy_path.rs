//! A lossy path: a TCP relay that counts the frames of a call's set-up, and loses those that a test
//! chooses.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A relay to a port of this machine.
pub(crate) struct LossyPath {
    port: u16,
    traffic: Arc<Mutex<Traffic>>,
}

/// The direction of a packet: forward to the listener, or return to the side that connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathDirection {
    Forward,
    Return,
}

/// The kind of a counted packet, as far as it shows on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    PathRequest,
    PathResponse,
    LinkRequest,
    LinkProof,
    LinkRtt,
    Identify,
    /// A signal, or media.
    Data,
}

/// The packets since the latest call to [`LossyPath::lose`], and which of them are lost.
#[derive(Default)]
struct Traffic {
    lost: Option<(PathDirection, Range<usize>)>,
    sent: [Vec<Kind>; 2],
}

impl LossyPath {
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let stands_for_it = listener.local_addr().expect("it is bound").port();
        let traffic = Arc::<Mutex<Traffic>>::default();
        let path = Self { port: stands_for_it, traffic: Arc::clone(&traffic) };
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { return };
                let [back_near, back_far] =
                    [&near, &far].map(|stream| stream.try_clone().expect("a handle is free"));
                for (way, from, to) in [
                    (PathDirection::Forward, near, far),
                    (PathDirection::Return, back_far, back_near),
                ] {
                    let traffic = Arc::clone(&traffic);
                    thread::spawn(move || relay(from, to, |frame| passes(&traffic, way, frame)));
                }
            }
        });
        path
    }

    /// Returns the port of the near end of the path.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Resets the count of packets in both directions, and loses these of one direction.
    pub(crate) fn lose(&self, way: PathDirection, packets: Range<usize>) {
        *lock(&self.traffic) = Traffic { lost: Some((way, packets)), ..Traffic::default() };
    }

    /// Returns what was lost since then.
    pub(crate) fn lost(&self) -> Vec<Kind> {
        let traffic = lock(&self.traffic);
        let Some((way, packets)) = &traffic.lost else { return Vec::new() };
        let sent = &traffic.sent[*way as usize];
        sent.iter().take(packets.end).skip(packets.start).copied().collect()
    }
}

/// Relays the frames that may pass, until either side closes.
fn relay(mut from: TcpStream, mut to: TcpStream, passes: impl Fn(&[u8]) -> bool) {
    to.set_nodelay(true).expect("the socket is open");
    let (mut buffer, mut frame) = ([0; 4_096], Vec::new());
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        for byte in &buffer[..length] {
            if *byte != FLAG {
                frame.push(*byte);
            } else if !frame.is_empty() {
                let whole = [&[FLAG], &frame[..], &[FLAG]].concat();
                if passes(&unescaped(&frame)) && to.write_all(&whole).is_err() {
                    return;
                }
                frame.clear();
            }
        }
    }
    // The other side has closed already.
    let _ = to.shutdown(Shutdown::Both);
}

fn passes(traffic: &Mutex<Traffic>, way: PathDirection, packet: &[u8]) -> bool {
    let kind = match Kind::of(packet) {
        Ok(kind) => kind,
        Err(Uncounted::Announce) => return false,
        Err(Uncounted::Other) => return true,
    };
    let mut traffic = lock(traffic);
    let sent = &mut traffic.sent[way as usize];
    sent.push(kind);
    let number = sent.len() - 1;
    !traffic.lost.as_ref().is_some_and(|(of, lost)| *of == way && lost.contains(&number))
}

enum Uncounted {
    /// An announce: phones announce before their path is searched.
    Announce,
    Other,
}

impl Kind {
    fn of(packet: &[u8]) -> Result<Self, Uncounted> {
        let context_at =
            if packet.first().is_some_and(|flags| flags & 0x40 != 0) { 34 } else { 18 };
        let Some(context) = packet.get(context_at) else { return Err(Uncounted::Other) };
        match (packet[0] & 0b11, packet[0] >> 2 & 0b11, context) {
            (0, 2, _) if packet[2..context_at] == PATH_REQUESTS => Ok(Self::PathRequest),
            (1, _, 0x0b) => Ok(Self::PathResponse),
            (1, ..) => Err(Uncounted::Announce),
            (2, ..) => Ok(Self::LinkRequest),
            (3, _, 0xff) => Ok(Self::LinkProof),
            (0, 3, 0xfe) => Ok(Self::LinkRtt),
            (0, 3, 0xfb) => Ok(Self::Identify),
            (0, 3, 0x00) => Ok(Self::Data),
            _ => Err(Uncounted::Other),
        }
    }
}

fn unescaped(frame: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let mut packet = Vec::with_capacity(frame.len());
    for byte in frame {
        match (escaped, *byte) {
            (false, ESCAPE) => escaped = true,
            (true, byte) => {
                packet.push(byte ^ 0x20);
                escaped = false;
            }
            (false, byte) => packet.push(byte),
        }
    }
    packet
}

fn lock(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    traffic.lock().expect("nobody panicked")
}

/// The destination `rnstransport.path.request`. Python sends others to plain destinations too: its
/// tunnel, when a TCP interface begins.
const PATH_REQUESTS: [u8; 16] = 0x6b9f_6601_4d98_53fa_ab22_0fba_47d0_2761_u128.to_be_bytes();
const FLAG: u8 = 0x7e;
const ESCAPE: u8 = 0x7d;
