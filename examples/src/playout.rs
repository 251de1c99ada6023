//! What a phone's receive path did over time: its delay, and what it made up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lxst_tokio::telephony::wire::Packet;
use lxst_tokio::telephony::{
    Direction, Input, Instant, JobId, Outcome, Output, Samples, StreamChange, Work,
};
use lxst_tokio::{Door, Tap};

/// What a receive path did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playout {
    /// How long what was played next had waited since its arrival, and when that was.
    pub delays: Vec<(Duration, Duration)>,
    /// What was made up, and when.
    pub concealed: Vec<(Duration, Duration)>,
}

/// Watches a phone's doors.
#[derive(Clone, Debug, Default)]
pub struct PlayoutRecorder(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
struct Watched {
    playout: Playout,
    opened: Option<Instant>,
    arrivals: VecDeque<Instant>,
    conceals: Vec<JobId>,
    ready: Samples,
}

impl PlayoutRecorder {
    /// A tap that watches the phone.
    #[must_use]
    pub fn tap(&self) -> Tap {
        let watched = self.0.clone();
        Tap::new(move |now, door| {
            watched.lock().unwrap_or_else(PoisonError::into_inner).see(now, &door);
        })
    }

    /// What was seen so far. Times are counted from the beginning of the stream.
    #[must_use]
    pub fn playout(&self) -> Playout {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).playout.clone()
    }
}

impl Watched {
    fn see(&mut self, now: Instant, door: &Door<'_>) {
        match door {
            Door::Out(Output::Stream { direction: Direction::Receive, change, .. }) => {
                let opened = (*change == StreamChange::Opened).then_some(now);
                let playout = std::mem::take(&mut self.playout);
                *self = Self { opened, ..Self::default() };
                if opened.is_none() {
                    self.playout = playout;
                }
            }
            Door::In(Input::Packet { data, .. }) => {
                let frames = Packet::parse(data).ok().map_or(0, |packet| packet.frames().count());
                self.arrivals.extend(std::iter::repeat_n(now, frames));
            }
            Door::Out(Output::Job { work: Work::Decode { .. }, .. }) => {
                if let (Some(opened), Some(arrived)) = (self.opened, self.arrivals.pop_front()) {
                    let waited = now.since(arrived) + self.ready.duration();
                    self.playout.delays.push((now.since(opened), waited));
                }
            }
            Door::Out(Output::Job { job, work: Work::Conceal { .. }, .. }) => {
                self.conceals.push(*job);
            }
            Door::In(Input::JobDone { job, outcome: Outcome::Played { samples, .. } }) => {
                self.ready = self.ready + *samples;
                if let Some(index) = self.conceals.iter().position(|conceal| conceal == job) {
                    self.conceals.remove(index);
                    if let Some(opened) = self.opened {
                        self.playout.concealed.push((now.since(opened), samples.duration()));
                    }
                }
            }
            Door::In(Input::Consumed { samples }) => self.ready = self.ready - *samples,
            _ => {}
        }
    }
}
