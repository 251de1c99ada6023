//! The queues of the reference's receive path, as a model that knows only moments in µs. The
//! example `call` draws it beside ours.
//!
//! Frames go to the mixer's queue, which holds the profile's depth and drops the oldest; from there
//! to the sink's, which holds one more; from there to the speaker. The sink starts when it has the
//! depth less two, and stops when it had nothing for eight frames. Between the queues the reference
//! sleeps for a tenth of a frame, which is left out here.
//!
//! How long it takes to open its speaker is not in its text: with 140 ms from the first frame on,
//! this model has the delays that were measured of Python LXST 0.5.4 on PulseAudio for the profiles
//! of Opus (203 to 208 ms at MQ, 149 to 165 at LL, 58 to 62 at ULL).
//!
//! *Source*: `Mixer.handle_frame` and `_mixer_job` in LXST/Mixer.py, `LineSink` in LXST/Sinks.py,
//! `get_buffer_frames` and `__update_output_buffer_targets` in LXST/Primitives/Telephony.py.

use std::collections::VecDeque;

use lxst_core::Profile;

/// Frames by their numbers.
#[derive(Debug)]
pub struct Queues {
    depth: usize,
    frame: u64,
    mixer: VecDeque<u32>,
    sink: VecDeque<u32>,
    is_playing: bool,
    /// When the speaker is open.
    opens: Option<u64>,
    /// What is left of the frame that plays.
    left: u64,
    /// How long the speaker has had nothing.
    starved: u64,
}

impl Queues {
    pub fn new(profile: Profile) -> Self {
        Self {
            depth: depth(profile),
            frame: profile.frame().0 * 1_000 / 48,
            mixer: VecDeque::new(),
            sink: VecDeque::new(),
            is_playing: false,
            opens: None,
            left: 0,
            starved: 0,
        }
    }

    /// Takes a frame, and gives back one that it dropped for it.
    pub fn on_frame(&mut self, now: u64, frame: u32) -> Option<u32> {
        self.opens.get_or_insert(now + OPENING);
        self.mixer.push_back(frame);
        let dropped = if self.mixer.len() > self.depth { self.mixer.pop_front() } else { None };
        self.mix();
        self.is_playing |= self.sink.len() >= self.depth.saturating_sub(2).max(1);
        dropped
    }

    /// Fills a block of the speaker, tells each frame that begins and when, and gives back how much
    /// of the block is silent.
    pub fn on_block(&mut self, now: u64, length: u64, mut begins: impl FnMut(u32, u64)) -> u64 {
        let mut wanted = length;
        loop {
            let taken = wanted.min(self.left);
            self.left -= taken;
            wanted -= taken;
            if wanted == 0 {
                return 0;
            }
            let plays = self.is_playing && self.opens.is_some_and(|opens| opens <= now);
            let next = if plays { self.sink.pop_front() } else { None };
            let Some(number) = next else { break };
            self.mix();
            (self.left, self.starved) = (self.frame, 0);
            begins(number, now + length - wanted);
        }
        self.starved += wanted;
        self.is_playing &= self.starved < 8 * self.frame;
        wanted
    }

    fn mix(&mut self) {
        while self.sink.len() <= self.depth
            && let Some(frame) = self.mixer.pop_front()
        {
            self.sink.push_back(frame);
        }
    }
}

fn depth(profile: Profile) -> usize {
    match profile {
        Profile::UltraLowBandwidth
        | Profile::VeryLowBandwidth
        | Profile::LowBandwidth
        | Profile::UltraLowLatency => 2,
        Profile::LowLatency => 3,
        Profile::MediumQuality | Profile::HighQuality | Profile::SuperHighQuality => 5,
    }
}

const OPENING: u64 = 140_000;
