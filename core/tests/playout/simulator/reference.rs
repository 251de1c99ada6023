//! A model of the reference's receive path.
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

use core::time::Duration;

use lxst_core::Profile;

use super::{LEARNING, Outcome, Trace, block, micros};

pub(super) fn play(trace: &Trace) -> Outcome {
    let mut path = Path::new(trace);
    let mut arrivals = trace.arrivals.iter().peekable();
    for number in 0.. {
        let now = trace.tick(number);
        if now > trace.end() {
            break;
        }
        while let Some((arrival, frame)) = arrivals.next_if(|(arrival, _)| *arrival <= now) {
            path.on_frame(*arrival, *frame);
        }
        path.on_block(now);
    }
    path.outcome
}

struct Path<'t> {
    trace: &'t Trace,
    depth: usize,
    mixer: VecDeque<u32>,
    sink: VecDeque<u32>,
    is_playing: bool,
    /// When the speaker is open, in µs.
    opens: Option<u64>,
    /// What is left of the frame that plays, in µs.
    left: u64,
    /// How long the speaker has had nothing, in µs.
    starved: u64,
    outcome: Outcome,
}

impl<'t> Path<'t> {
    fn new(trace: &'t Trace) -> Self {
        Self {
            trace,
            depth: depth(trace.profile),
            mixer: VecDeque::new(),
            sink: VecDeque::new(),
            is_playing: false,
            opens: None,
            left: 0,
            starved: 0,
            outcome: Outcome::default(),
        }
    }

    fn on_frame(&mut self, now: u64, frame: u32) {
        self.opens.get_or_insert(now + OPENING);
        self.mixer.push_back(frame);
        if self.mixer.len() > self.depth {
            self.mixer.pop_front();
            self.outcome.dropped += 1;
        }
        self.mix();
        self.is_playing |= self.sink.len() >= self.depth.saturating_sub(2).max(1);
    }

    fn mix(&mut self) {
        while self.sink.len() <= self.depth
            && let Some(frame) = self.mixer.pop_front()
        {
            self.sink.push_back(frame);
        }
    }

    fn on_block(&mut self, now: u64) {
        let frame = micros(self.trace.profile.frame());
        let mut wanted = micros(block(self.trace.profile));
        let is_counted = now >= LEARNING;
        if is_counted {
            self.outcome.streamed += Duration::from_micros(wanted);
        }
        loop {
            let taken = wanted.min(self.left);
            self.left -= taken;
            wanted -= taken;
            if wanted == 0 {
                return;
            }
            let plays = self.is_playing && self.opens.is_some_and(|opens| opens <= now);
            let next = if plays { self.sink.pop_front() } else { None };
            let Some(number) = next else { break };
            self.mix();
            (self.left, self.starved) = (frame, 0);
            let starts = now + micros(block(self.trace.profile)) - wanted;
            let captured = self.trace.captured(number);
            self.outcome.delays.push((captured, starts - captured));
        }
        self.starved += wanted;
        self.is_playing &= self.starved < 8 * frame;
        if is_counted {
            self.outcome.silent += Duration::from_micros(wanted);
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

/// µs.
const OPENING: u64 = 140_000;
