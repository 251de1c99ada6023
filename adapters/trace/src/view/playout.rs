//! The playout of a sender's frames: lost, late, or played with a delay.

use core::time::Duration;
use std::collections::VecDeque;

use lxst_core::wire::Packet;
use lxst_core::{
    Boundary, Class, Direction, Input, JobId, Outcome, Output, Samples, StreamChange, Work,
};

/// What a receive path did. Moments count from the opening of its stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playout {
    /// In the order in which they were sent.
    pub frames: Vec<Frame>,
    /// Concealed audio (PLC): when it played, and its length.
    pub concealed: Vec<(Duration, Duration)>,
}

/// A frame of a sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// When it was sent.
    pub sent: Duration,
    /// When it arrived, if it did.
    pub arrived: Option<Duration>,
    /// When it played, if it did.
    pub played: Option<Duration>,
}

impl Frame {
    /// Returns the delay from sending to playout.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        self.played.map(|played| played.saturating_sub(self.sent))
    }
}

impl Playout {
    /// Returns when the lost frames were sent. A frame that may still arrive is not among them.
    pub fn lost(&self) -> impl Iterator<Item = Duration> {
        let known = self.frames.iter().rposition(|frame| frame.arrived.is_some()).unwrap_or(0);
        self.frames[..known].iter().filter(|frame| frame.arrived.is_none()).map(|frame| frame.sent)
    }

    /// Returns when the late frames were sent: those that arrived after the moment at which the
    /// current delay would have played them.
    pub fn late(&self) -> impl Iterator<Item = Duration> {
        let mut turn = None;
        self.frames.iter().filter_map(move |frame| {
            let transit = frame.arrived?.saturating_sub(frame.sent);
            let is_late = turn.is_some_and(|turn| transit > turn);
            turn = frame.delay().or(turn);
            is_late.then_some(frame.sent)
        })
    }

    /// Returns the longest gap between arrivals, from the first one on.
    #[must_use]
    pub fn longest_gap(&self) -> Option<(Duration, Duration)> {
        let arrivals: Vec<Duration> =
            self.frames.iter().filter_map(|frame| frame.arrived).collect();
        let gaps = arrivals.windows(2).map(|pair| (pair[0], pair[1]));
        gaps.max_by_key(|(from, to)| to.saturating_sub(*from))
    }
}

/// Records, from the taps of two phones, what the second played of the frames that the first sent.
///
/// Moments are from a clock that both share.
#[derive(Clone, Debug, Default)]
pub struct PlayoutRecorder {
    opened: Option<Duration>,
    frames: Vec<(Sighting, Vec<u8>)>,
    /// The first frame that may still arrive, and the first that may still be decoded.
    next: [usize; 2],
    concealed: Vec<(Duration, Duration)>,
    conceals: VecDeque<JobId>,
    ready: Samples,
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    sent: Duration,
    arrived: Option<Duration>,
    played: Option<Duration>,
}

impl PlayoutRecorder {
    /// Adds an input or output of the phone that sends.
    pub fn see_sender(&mut self, at: Duration, boundary: &Boundary<'_>) {
        let Boundary::Out(Output::Transmit { class: Class::Media, data, .. }) = boundary else {
            return;
        };
        let Ok(packet) = Packet::parse(data) else { return };
        for frame in packet.frames().filter_map(Result::ok) {
            let sighting = Sighting { sent: at, arrived: None, played: None };
            self.frames.push((sighting, frame.payload.to_vec()));
        }
    }

    /// Adds an input or output of the phone that plays.
    pub fn see_receiver(&mut self, at: Duration, boundary: &Boundary<'_>) {
        match boundary {
            Boundary::Out(Output::Stream {
                direction: Direction::Receive,
                change: StreamChange::Opened,
                ..
            }) => *self = Self { opened: Some(at), ..Self::default() },
            Boundary::In(Input::Packet { data, .. }) => {
                let Ok(packet) = Packet::parse(data) else { return };
                for frame in packet.frames().filter_map(Result::ok) {
                    if let Some(sighting) = self.find(0, frame.payload) {
                        sighting.arrived = Some(at);
                    }
                }
            }
            Boundary::Out(Output::Job { work: Work::Decode { payload, .. }, .. }) => {
                let plays = at + self.ready.duration();
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
                    self.concealed.push((at + self.ready.duration(), samples.duration()));
                }
                self.ready = self.ready + *samples;
            }
            Boundary::In(Input::Consumed { samples, .. }) => self.ready = self.ready - *samples,
            _ => {}
        }
    }

    /// Returns the recording so far.
    #[must_use]
    pub fn playout(&self) -> Playout {
        let Some(opened) = self.opened else { return Playout::default() };
        let since = |moment: Duration| moment.saturating_sub(opened);
        let frame = |(Sighting { sent, arrived, played }, _): &(Sighting, _)| Frame {
            sent: since(*sent),
            arrived: arrived.map(since),
            played: played.map(since),
        };
        Playout {
            frames: self.frames.iter().map(frame).collect(),
            concealed: self.concealed.iter().map(|(at, length)| (since(*at), *length)).collect(),
        }
    }

    /// Finds a frame on arrival or at the decoder by its payload. Frames keep their order.
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
        let playout = Playout { frames, concealed: Vec::new() };
        assert_eq!(playout.lost().collect::<Vec<_>>(), [millis(60)]);
        assert_eq!(playout.late().collect::<Vec<_>>(), [millis(180)]);
        assert_eq!(playout.longest_gap(), Some((millis(130), millis(600))));
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
