//! A network between two phones that loses, delays and stalls what one says to the other.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lxst_tokio::Interface;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// What the network does to packets. Their order is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// How many of a hundred packets are lost.
    pub loss_percent: f64,
    /// Up to so much later than it could, a packet comes.
    pub jitter: Duration,
    /// For so long nothing comes, once, [`STALL_AFTER`] the conditions began; then all of it.
    pub stall: Duration,
}

impl Conditions {
    /// Tells whether there is anything that a plain network does not do.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// A network of two UDP sockets on loopback. It ends with this.
#[derive(Debug)]
pub struct Relay {
    sides: [SocketAddr; 2],
    is_rough: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Starts the network, which is plain until [`Self::begin`].
    ///
    /// # Errors
    /// No socket was to be had.
    pub async fn start(conditions: Conditions) -> io::Result<Self> {
        let sockets = [UdpSocket::bind(LOOPBACK).await?, UdpSocket::bind(LOOPBACK).await?];
        let sides = [sockets[0].local_addr()?, sockets[1].local_addr()?];
        let is_rough = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        tasks.spawn(carry(sockets, conditions, is_rough.clone()));
        Ok(Self { sides, is_rough, _tasks: tasks })
    }

    /// The interfaces of the caller, and of the callee.
    #[must_use]
    pub fn interfaces(&self) -> [Interface; 2] {
        self.sides.map(|side| Interface::udp(LOOPBACK, side.to_string()))
    }

    /// Lets the conditions begin, for what the caller sends.
    pub fn begin(&self) {
        self.is_rough.store(true, Ordering::Relaxed);
    }

    /// Makes the network plain again.
    pub fn end(&self) {
        self.is_rough.store(false, Ordering::Relaxed);
    }
}

/// Packets from the caller that are on their way.
#[derive(Debug)]
struct Way {
    conditions: Conditions,
    began: Option<Instant>,
    waiting: VecDeque<(Instant, Vec<u8>)>,
    random: u64,
}

impl Way {
    fn take(&mut self, now: Instant, packet: &[u8], is_rough: bool) {
        if !is_rough {
            self.began = None;
            return self.waiting.push_back((now, packet.to_vec()));
        }
        let began = *self.began.get_or_insert(now);
        if self.random() * 100.0 < self.conditions.loss_percent {
            return;
        }
        let mut at = now + self.conditions.jitter.mul_f64(self.random());
        let stall = began + STALL_AFTER;
        if (stall..stall + self.conditions.stall).contains(&at) {
            at = stall + self.conditions.stall;
        }
        if let Some((last, _)) = self.waiting.back() {
            at = at.max(*last);
        }
        self.waiting.push_back((at, packet.to_vec()));
    }

    /// From 0 to 1; the same numbers in each run. SplitMix64.
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

async fn carry(sockets: [UdpSocket; 2], conditions: Conditions, is_rough: Arc<AtomicBool>) {
    let [caller_side, callee_side] = sockets;
    let (mut caller, mut callee) = (None, None);
    let mut there = Way { conditions, began: None, waiting: VecDeque::new(), random: 1 };
    let (mut packet, mut answer) = ([0; 2_048], [0; 2_048]);
    loop {
        let due = there.waiting.front().map(|(at, _)| *at);
        tokio::select! {
            Ok((length, from)) = caller_side.recv_from(&mut packet) => {
                caller = Some(from);
                there.take(Instant::now(), &packet[..length], is_rough.load(Ordering::Relaxed));
            }
            Ok((length, from)) = callee_side.recv_from(&mut answer) => {
                callee = Some(from);
                send(&caller_side, caller, &answer[..length]).await;
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if let Some((_, packet)) = there.waiting.pop_front() {
                    send(&callee_side, callee, &packet).await;
                }
            }
        }
    }
}

/// Sends to a phone that was heard; the others are not there yet.
async fn send(from: &UdpSocket, to: Option<SocketAddr>, packet: &[u8]) {
    if let Some(to) = to {
        // A phone that has gone is what networks have.
        let _ = from.send_to(packet, to).await;
    }
}

/// When a stall begins.
pub const STALL_AFTER: Duration = Duration::from_millis(1_500);
const LOOPBACK: &str = "127.0.0.1:0";
