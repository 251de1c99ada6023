//! A network between two phones with loss, jitter and a stall in one direction.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lxst_sim::wire::{self, Order, Wire};
use lxst_tokio::Interface;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// The network's effect on packets. Their order is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Share of the packets that are lost, in percent.
    pub loss_percent: f64,
    /// Largest extra delay of a packet.
    pub jitter: Duration,
    /// Length of the one stall, which begins [`STALL_AFTER`] the start of the conditions. All
    /// packets of that time arrive at its end.
    pub stall: Duration,
}

impl Conditions {
    /// Returns whether there is no loss, jitter or stall.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// A network of two UDP sockets on loopback. Dropping it ends it.
#[derive(Debug)]
pub struct Relay {
    sides: [SocketAddr; 2],
    is_rough: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Starts the network, without conditions until [`Self::begin`].
    ///
    /// # Errors
    /// No socket is available.
    pub async fn start(conditions: Conditions) -> io::Result<Self> {
        let sockets = [UdpSocket::bind(LOOPBACK).await?, UdpSocket::bind(LOOPBACK).await?];
        let sides = [sockets[0].local_addr()?, sockets[1].local_addr()?];
        let is_rough = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        tasks.spawn(carry(sockets, conditions, is_rough.clone()));
        Ok(Self { sides, is_rough, _tasks: tasks })
    }

    /// Returns the interfaces of the caller and of the callee.
    #[must_use]
    pub fn interfaces(&self) -> [Interface; 2] {
        self.sides.map(|side| Interface::udp(LOOPBACK, side.to_string()))
    }

    /// Starts the conditions, for the caller's packets.
    pub fn begin(&self) {
        self.is_rough.store(true, Ordering::Relaxed);
    }

    /// Ends the conditions.
    pub fn end(&self) {
        self.is_rough.store(false, Ordering::Relaxed);
    }
}

/// The caller's packets on their way.
#[derive(Debug)]
struct Path {
    conditions: Conditions,
    start: Instant,
    is_rough: bool,
    wire: Wire<Vec<u8>>,
}

impl Path {
    fn new(conditions: Conditions) -> Self {
        let wire = Wire::new(SEED, plain());
        Self { conditions, start: Instant::now(), is_rough: false, wire }
    }

    fn take(&mut self, packet: &[u8], is_rough: bool) {
        let now = self.now();
        if is_rough != self.is_rough {
            self.is_rough = is_rough;
            self.wire.conditions = if is_rough { self.rough(now) } else { plain() };
        }
        self.wire.send(now, packet.to_vec());
    }

    fn due(&self) -> Option<Instant> {
        self.wire.next_at().map(|at| self.start + Duration::from_micros(at.as_micros()))
    }

    fn poll(&mut self) -> Option<Vec<u8>> {
        self.wire.poll(self.now())
    }

    fn rough(&self, now: lxst_core::Instant) -> wire::Conditions {
        let Conditions { loss_percent, jitter, stall } = self.conditions;
        let (loss, stall) = (loss_percent / 100.0, Some((now + STALL_AFTER, stall)));
        wire::Conditions { loss, jitter, stall, ..plain() }
    }

    fn now(&self) -> lxst_core::Instant {
        lxst_core::Instant::ORIGIN + self.start.elapsed()
    }
}

fn plain() -> wire::Conditions {
    wire::Conditions { order: Order::Kept, ..wire::Conditions::default() }
}

async fn carry(sockets: [UdpSocket; 2], conditions: Conditions, is_rough: Arc<AtomicBool>) {
    let [caller_side, callee_side] = sockets;
    let (mut caller, mut callee) = (None, None);
    let mut there = Path::new(conditions);
    let (mut packet, mut answer) = ([0; 2_048], [0; 2_048]);
    loop {
        let due = there.due();
        tokio::select! {
            Ok((length, from)) = caller_side.recv_from(&mut packet) => {
                caller = Some(from);
                there.take(&packet[..length], is_rough.load(Ordering::Relaxed));
            }
            Ok((length, from)) = callee_side.recv_from(&mut answer) => {
                callee = Some(from);
                send(&caller_side, caller, &answer[..length]).await;
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if let Some(packet) = there.poll() {
                    send(&callee_side, callee, &packet).await;
                }
            }
        }
    }
}

/// Sends to a phone that has sent something; others are not there yet.
async fn send(from: &UdpSocket, to: Option<SocketAddr>, packet: &[u8]) {
    if let Some(to) = to {
        // The phone may have shut down.
        let _ = from.send_to(packet, to).await;
    }
}

/// When the stall begins.
pub const STALL_AFTER: Duration = Duration::from_millis(1_500);
/// The seed of losses and delays, the same in each run.
const SEED: u64 = 1;
const LOOPBACK: &str = "127.0.0.1:0";
