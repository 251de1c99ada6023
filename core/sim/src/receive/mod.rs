//! What a network does to a stream of frames, and what two receive paths make of it, in virtual
//! time: ours, and a model of the reference's.
//!
//! The speaker takes blocks of 20 ms, 10 ms at ULL, at its own clock. A delay is the playing moment
//! of a frame's first sample less its capture moment; the network's least delay is zero. Codecs
//! cost no time. Means leave the first 5 s out, in which a receive path learns.

mod ours;
mod queues;
mod reference;
mod table;
mod trace;

use core::time::Duration;

use lxst_core::{Profile, Samples};

pub use queues::Queues;
pub use table::table;
pub use trace::{Network, STALL, Stalls, Trace};

/// What became of a stream.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// By capture moment, in µs: the delay of each frame that was played, in µs.
    pub delays: Vec<(u64, u64)>,
    /// How long the speaker had anything to play or should have had, after the learning.
    pub streamed: Duration,
    /// Of it: what was made up, and silence.
    pub concealed: Duration,
    pub silent: Duration,
    /// Frames that arrived and were never played.
    pub dropped: u64,
    pub shed: Duration,
    pub expanded: Duration,
    /// Frames lost as our phone estimates it.
    pub estimated_lost: u64,
}

impl Outcome {
    /// Plays a trace to our phone.
    pub fn ours(trace: &Trace) -> Self {
        ours::play(trace)
    }

    /// Plays a trace to the model of the reference.
    pub fn reference(trace: &Trace) -> Self {
        reference::play(trace)
    }

    /// The mean delay in ms.
    pub fn delay(&self) -> f64 {
        self.delay_within(LEARNING, u64::MAX)
    }

    /// The mean delay in ms of what was captured from one moment to another, in µs.
    pub fn delay_within(&self, from: u64, to: u64) -> f64 {
        let within = self.delays.iter().filter(|(captured, _)| (from..to).contains(captured));
        let (sum, count) = within.fold((0, 0), |(sum, count), (_, delay)| (sum + delay, count + 1));
        sum as f64 / f64::from(count.max(1)) / 1_000.0
    }

    pub fn concealed_percent(&self) -> f64 {
        100.0 * self.concealed.as_secs_f64() / self.streamed.as_secs_f64()
    }

    /// What was made up, and silence.
    pub fn missing_percent(&self) -> f64 {
        self.concealed_percent() + self.silent_percent()
    }

    pub fn silent_percent(&self) -> f64 {
        100.0 * self.silent.as_secs_f64() / self.streamed.as_secs_f64()
    }
}

/// The audio that a speaker takes at once.
fn block(profile: Profile) -> Samples {
    Samples::from_millis(if profile == Profile::UltraLowLatency { 10 } else { 20 })
}

fn micros(samples: Samples) -> u64 {
    samples.0 * 1_000 / 48
}

/// µs.
pub const LEARNING: u64 = 5_000_000;
