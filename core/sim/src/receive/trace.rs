//! Arrivals.

use lxst_core::Profile;

use super::{LEARNING, block, micros};
use crate::random::Pinned;

/// What a network does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Network {
    /// Delay is uniform from 0 to this.
    pub jitter_ms: u64,
    /// One frame in 20 is overtaken by the next.
    pub reorders: bool,
    pub stalls: Stalls,
    pub lost_percent: u64,
    /// The mean length of a loss in frames.
    pub burst: u64,
    /// How much faster the sender's clock is than the speaker's, in millionths.
    pub drift_ppm: i64,
    pub seconds: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stalls {
    #[default]
    Never,
    /// Nothing arrives for so many ms, once.
    Once(u64),
    /// Nothing arrives for so many ms, every so many seconds.
    Every { millis: u64, seconds: u64 },
    /// All that was sent in so many ms arrives at once.
    Bursts(u64),
    /// The phone stands still, speaker and all, for so many ms, once.
    Ours(u64),
}

/// Frames in the order of their arrival.
#[derive(Clone, Debug)]
pub struct Trace {
    pub profile: Profile,
    /// When and which, in µs.
    pub arrivals: Vec<(u64, u32)>,
    pub frames: u32,
    pub drift_ppm: i64,
    pub stalls: Stalls,
    /// How far the speaker's blocks are off the sender's frames, in µs.
    phase: u64,
}

impl Network {
    pub const CLEAN: Self = Self {
        jitter_ms: 0,
        reorders: false,
        stalls: Stalls::Never,
        lost_percent: 0,
        burst: 1,
        drift_ppm: 0,
        seconds: 60,
    };

    /// What the proof is held against, by name.
    pub fn all() -> [(&'static str, Self); 14] {
        let clean = Self::CLEAN;
        let drifting = Self { seconds: 600, ..clean };
        let losing = Self { seconds: 300, ..clean };
        [
            ("clean", clean),
            ("jitter 20 ms", Self { jitter_ms: 20, ..clean }),
            ("jitter 80 ms", Self { jitter_ms: 80, ..clean }),
            ("stall 500 ms", Self { stalls: Stalls::Once(500), ..clean }),
            ("stall 2 s", Self { stalls: Stalls::Once(2_000), ..clean }),
            ("stall of ours 1 s", Self { stalls: Stalls::Ours(1_000), ..clean }),
            ("bursts of 2 s", Self { stalls: Stalls::Bursts(2_000), ..clean }),
            ("loss 2 %", Self { lost_percent: 2, ..losing }),
            ("loss 10 %", Self { lost_percent: 10, ..losing }),
            ("bursts 5 %", Self { lost_percent: 5, burst: 3, ..losing }),
            ("reordering", Self { reorders: true, ..clean }),
            ("drift +100 ppm", Self { drift_ppm: 100, ..drifting }),
            ("drift -100 ppm", Self { drift_ppm: -100, ..drifting }),
            (
                "all of it",
                Self {
                    jitter_ms: 80,
                    stalls: Stalls::Every { millis: 500, seconds: 20 },
                    lost_percent: 2,
                    burst: 3,
                    drift_ppm: 100,
                    ..drifting
                },
            ),
        ]
    }

    pub fn named(name: &str) -> Self {
        let named = Self::all().into_iter().find(|(known, _)| *known == name);
        named.expect("the name is in the list").1
    }

    /// Draws a trace. Each seed has its own phase of the speaker's clock, too.
    pub fn trace(self, profile: Profile, seed: u64) -> Trace {
        let mut random = Pinned { state: seed, increment: 1_442_695_040_888_963_407 };
        let frame = micros(profile.frame());
        let frames = u32::try_from(self.seconds * 1_000_000 / frame).expect("a short trace");
        let mut arrivals = Vec::new();
        let (mut is_losing, mut last) = (false, 0);
        for number in 0..frames {
            is_losing = random.below(1_000_000) < self.lost_millionths(is_losing);
            let sent = self.captured(profile, number) + frame;
            let mut arrival = sent + random.below(self.jitter_ms * 1_000 + 1);
            if let Some(until) = self.stalled_until(arrival) {
                arrival = until;
            }
            if self.reorders && random.below(20) == 0 {
                arrival += frame * 3 / 2;
            } else if !self.reorders {
                arrival = arrival.max(last);
            }
            last = arrival;
            if !is_losing {
                arrivals.push((arrival, number));
            }
        }
        arrivals.sort_unstable();
        let phase = seed * 2_713 % 20_000;
        let (drift_ppm, stalls) = (self.drift_ppm, self.stalls);
        Trace { profile, arrivals, frames, drift_ppm, stalls, phase }
    }

    fn captured(self, profile: Profile, number: u32) -> u64 {
        captured(profile, self.drift_ppm, number)
    }

    /// The chance that a frame is lost after one that was, or was not.
    fn lost_millionths(self, is_losing: bool) -> u64 {
        let lost = self.lost_percent * 10_000;
        match self.burst {
            1 => lost,
            burst if is_losing => 1_000_000 - 1_000_000 / burst,
            burst => lost * 1_000_000 / (1_000_000 - lost) / burst,
        }
    }

    fn stalled_until(self, arrival: u64) -> Option<u64> {
        let (starts, lasts) = match self.stalls {
            Stalls::Never => return None,
            Stalls::Once(millis) | Stalls::Ours(millis) => (STALL, millis * 1_000),
            Stalls::Every { millis, seconds } => {
                let every = seconds * 1_000_000;
                ((arrival / every).max(1) * every, millis * 1_000)
            }
            Stalls::Bursts(millis) => return Some(arrival.next_multiple_of(millis * 1_000)),
        };
        (starts..starts + lasts).contains(&arrival).then_some(starts + lasts)
    }
}

impl Trace {
    /// When the first sample of a frame was captured, in µs of the speaker's clock.
    pub fn captured(&self, number: u32) -> u64 {
        captured(self.profile, self.drift_ppm, number)
    }

    /// When the speaker takes its block of this number, in µs. What a speaker that stands still
    /// does not take in time it takes when it goes on, at its pace.
    pub fn tick(&self, number: u64) -> u64 {
        let tick = number * micros(block(self.profile)) + self.phase;
        match self.stalls {
            Stalls::Ours(millis) if tick >= STALL => tick + millis * 1_000,
            _ => tick,
        }
    }

    /// When the stall ends that comes once, in µs.
    pub fn stall_ends(&self) -> Option<u64> {
        match self.stalls {
            Stalls::Once(millis) | Stalls::Ours(millis) => Some(STALL + millis * 1_000),
            Stalls::Never | Stalls::Every { .. } | Stalls::Bursts(_) => None,
        }
    }

    /// When the last frame was sent.
    pub fn end(&self) -> u64 {
        self.captured(self.frames)
    }

    /// Whether the peer pauses in its speech.
    pub fn is_pause(&self, number: u32) -> bool {
        self.captured(number) % 4_000_000 >= 3_200_000
    }

    pub fn lost_percent(&self) -> f64 {
        let after = |number: u32| self.captured(number) >= LEARNING;
        let sent = (0..self.frames).filter(|number| after(*number)).count();
        let arrived = self.arrivals.iter().filter(|(_, number)| after(*number)).count();
        100.0 * (sent - arrived) as f64 / sent as f64
    }

    pub fn lost(&self) -> u64 {
        u64::from(self.frames) - self.arrivals.len() as u64
    }
}

fn captured(profile: Profile, drift_ppm: i64, number: u32) -> u64 {
    let nominal = micros(profile.frame()) * u64::from(number);
    let drift = nominal as i64 * drift_ppm / 1_000_000;
    nominal.checked_add_signed(-drift).expect("a drift is small")
}

/// When the stall begins, in µs.
pub const STALL: u64 = 20_000_000;
