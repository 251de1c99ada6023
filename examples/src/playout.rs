//! What became of a sender's frames: lost, late, or played so long after they were sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lxst_tokio::telephony::wire::Packet;
use lxst_tokio::telephony::{
    Class, Direction, Input, JobId, Outcome, Output, Profile, Samples, StreamChange, Work,
};
use lxst_tokio::{Boundary, Tap};

use queues::Queues;

#[path = "../../core/tests/playout/simulator/queues.rs"]
mod queues;

/// What a receive path did. Moments count from the opening of its stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playout {
    /// In the order in which they were sent.
    pub frames: Vec<Frame>,
    /// What was made up: when it played, and how much.
    pub made_up: Vec<(Duration, Duration)>,
}

/// A frame of a sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// When it was sent.
    pub sent: Duration,
    /// When it came.
    pub arrived: Option<Duration>,
    /// When it played.
    pub played: Option<Duration>,
}

impl Frame {
    /// From its sending to its playing.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        self.played.map(|played| played.saturating_sub(self.sent))
    }
}

impl Playout {
    /// When frames were sent that never came. One that may still be on its way is none of them.
    pub fn lost(&self) -> impl Iterator<Item = Duration> {
        let known = self.frames.iter().rposition(|frame| frame.arrived.is_some()).unwrap_or(0);
        self.frames[..known].iter().filter(|frame| frame.arrived.is_none()).map(|frame| frame.sent)
    }

    /// When frames were sent that came after their turn, which is the delay of those before.
    pub fn late(&self) -> impl Iterator<Item = Duration> {
        let mut turn = None;
        self.frames.iter().filter_map(move |frame| {
            let transit = frame.arrived?.saturating_sub(frame.sent);
            let is_late = turn.is_some_and(|turn| transit > turn);
            turn = frame.delay().or(turn);
            is_late.then_some(frame.sent)
        })
    }

    /// The longest time in which nothing came, from the first arrival on.
    #[must_use]
    pub fn longest_gap(&self) -> Option<(Duration, Duration)> {
        let arrivals: Vec<Duration> =
            self.frames.iter().filter_map(|frame| frame.arrived).collect();
        let gaps = arrivals.windows(2).map(|pair| (pair[0], pair[1]));
        gaps.max_by_key(|(from, to)| to.saturating_sub(*from))
    }

    /// What the queues of the reference would have made of the same arrivals: when frames were sent,
    /// and their delays.
    #[must_use]
    pub fn of_reference(&self, profile: Profile) -> Vec<(Duration, Duration)> {
        let mut queues = Queues::new(profile);
        let block = if profile == Profile::UltraLowLatency { 10_000 } else { 20_000 };
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let mut arrivals: Vec<(u64, u32)> = (0..)
            .zip(&self.frames)
            .filter_map(|(number, frame)| Some((micros(frame.arrived?), number)))
            .collect();
        arrivals.sort_unstable();
        let end = arrivals.last().map_or(0, |(last, _)| last + 1_000_000);
        let mut arrivals = arrivals.into_iter().peekable();
        let mut delays = Vec::new();
        for now in (0..end).step_by(block) {
            while let Some((arrival, number)) = arrivals.next_if(|(arrival, _)| *arrival <= now) {
                queues.on_frame(arrival, number);
            }
            queues.on_block(now, block as u64, |number, starts| {
                let Some(frame) = self.frames.get(number as usize) else { return };
                let starts = Duration::from_micros(starts);
                delays.push((frame.sent, starts.saturating_sub(frame.sent)));
            });
        }
        delays
    }
}

/// Watches the doors of two phones of this process.
#[derive(Clone, Debug, Default)]
pub struct PlayoutRecorder(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
struct Watched {
    opened: Option<Instant>,
    frames: Vec<(Sighting, Vec<u8>)>,
    /// The first frame that may still arrive, and that may still be decoded.
    next: [usize; 2],
    made_up: Vec<(Instant, Duration)>,
    conceals: VecDeque<JobId>,
    ready: Samples,
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    sent: Instant,
    arrived: Option<Instant>,
    played: Option<Instant>,
}

impl PlayoutRecorder {
    /// A tap of the phone that sends.
    #[must_use]
    pub fn sender(&self) -> Tap {
        let watched = self.0.clone();
        Tap::new(move |_, door| {
            if let Boundary::Out(Output::Transmit { class: Class::Media, data, .. }) = door {
                watched.lock().unwrap_or_else(PoisonError::into_inner).on_sent(data);
            }
        })
    }

    /// A tap of the phone that plays.
    #[must_use]
    pub fn receiver(&self) -> Tap {
        let watched = self.0.clone();
        Tap::new(move |_, door| {
            watched.lock().unwrap_or_else(PoisonError::into_inner).see(&door);
        })
    }

    /// What was seen so far.
    #[must_use]
    pub fn playout(&self) -> Playout {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(opened) = watched.opened else { return Playout::default() };
        let since = |moment: Instant| moment.saturating_duration_since(opened);
        let frame = |(Sighting { sent, arrived, played }, _): &(Sighting, _)| Frame {
            sent: since(*sent),
            arrived: arrived.map(since),
            played: played.map(since),
        };
        Playout {
            frames: watched.frames.iter().map(frame).collect(),
            made_up: watched.made_up.iter().map(|(at, length)| (since(*at), *length)).collect(),
        }
    }
}

impl Watched {
    fn on_sent(&mut self, data: &[u8]) {
        let Ok(packet) = Packet::parse(data) else { return };
        for frame in packet.frames().filter_map(Result::ok) {
            let sighting = Sighting { sent: Instant::now(), arrived: None, played: None };
            self.frames.push((sighting, frame.payload.to_vec()));
        }
    }

    fn see(&mut self, door: &Boundary<'_>) {
        let now = Instant::now();
        match door {
            Boundary::Out(Output::Stream {
                direction: Direction::Receive,
                change: StreamChange::Opened,
                ..
            }) => *self = Self { opened: Some(now), ..Self::default() },
            Boundary::In(Input::Packet { data, .. }) => {
                let Ok(packet) = Packet::parse(data) else { return };
                for frame in packet.frames().filter_map(Result::ok) {
                    if let Some(sighting) = self.find(0, frame.payload) {
                        sighting.arrived = Some(now);
                    }
                }
            }
            Boundary::Out(Output::Job { work: Work::Decode { payload, .. }, .. }) => {
                let plays = now + self.ready.duration();
                if let Some(sighting) = self.find(1, payload) {
                    sighting.played = Some(plays);
                }
            }
            Boundary::Out(Output::Job { job, work: Work::Conceal { .. }, .. }) => {
                self.conceals.push_back(*job);
            }
            Boundary::In(Input::JobDone { job, outcome: Outcome::Played { samples, .. } }) => {
                if let Some(index) = self.conceals.iter().position(|conceal| conceal == job) {
                    self.conceals.remove(index);
                    self.made_up.push((now + self.ready.duration(), samples.duration()));
                }
                self.ready = self.ready + *samples;
            }
            Boundary::In(Input::Consumed { samples }) => self.ready = self.ready - *samples,
            _ => {}
        }
    }

    /// Finds a frame at a station, arrival or decoder, by its payload. Frames keep their order.
    fn find(&mut self, station: usize, payload: &[u8]) -> Option<&mut Sighting> {
        let from = self.next[station];
        let index = from + self.frames[from..].iter().position(|(_, sent)| sent == payload)?;
        self.next[station] = index + 1;
        self.frames.get_mut(index).map(|(sighting, _)| sighting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_lost_late_or_in_time() {
        let frame = |sent, arrived: Option<u64>, played: Option<u64>| Frame {
            sent: millis(sent),
            arrived: arrived.map(millis),
            played: played.map(millis),
        };
        let frames = vec![
            frame(0, Some(5), Some(100)),
            frame(60, None, None),
            frame(120, Some(130), Some(220)),
            frame(180, Some(600), Some(620)),
            frame(240, Some(601), Some(680)),
            frame(300, None, None),
        ];
        let playout = Playout { frames, made_up: Vec::new() };
        assert_eq!(playout.lost().collect::<Vec<_>>(), [millis(60)]);
        assert_eq!(playout.late().collect::<Vec<_>>(), [millis(180)]);
        assert_eq!(playout.longest_gap(), Some((millis(130), millis(600))));
    }

    #[test]
    fn the_reference_plays_a_clean_network_at_the_delay_that_was_measured_of_it() {
        let frames = (0..100).map(|number| Frame {
            sent: millis(number * 60),
            arrived: Some(millis(number * 60)),
            played: None,
        });
        let playout = Playout { frames: frames.collect(), made_up: Vec::new() };
        let delays = playout.of_reference(Profile::MediumQuality);
        let (_, last) = delays.last().unwrap();
        // Less the 60 ms in which a frame is captured.
        assert!((millis(130)..millis(165)).contains(last), "{last:?}");
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
