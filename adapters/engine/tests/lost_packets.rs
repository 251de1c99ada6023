//! Calls whose set-up loses one packet, or two in a row, whichever they are: two phones with their
//! endpoints, in virtual time.

#![cfg(feature = "opus")]

mod common;

use std::ops::Range;
use std::time::Duration;

use common::lossy::{CALLEE, CALLER, Kind, Line, Path, Sent};
use lxst_core::{Event, Mode, Profile};

#[test]
fn a_call_stands_whichever_packets_of_its_set_up_are_lost_at_20_ms() {
    lose_each(Duration::from_millis(20));
}

#[test]
fn a_call_stands_whichever_packets_of_its_set_up_are_lost_at_500_ms() {
    lose_each(Duration::from_millis(500));
}

/// The packets that one side sends, or both, as they are counted on the wire.
#[derive(Clone, Copy, Debug)]
enum Of {
    Caller,
    Callee,
    Both,
}

/// Loses each packet of a call's set-up, and each two in a row, of one direction and of both.
fn lose_each(rtt: Duration) {
    let mut fallen = Vec::new();
    for path in [Path::Known, Path::Unknown] {
        for mode in [Mode::FullDuplex, Mode::HalfDuplex] {
            for answers_after in [Duration::ZERO, Duration::from_secs(20)] {
                for of in [Of::Caller, Of::Callee, Of::Both] {
                    let dialled = Dialled { path, rtt, mode, answers_after };
                    let whole = dialled.call(of, 0..0).expect("nothing is lost");
                    for first in 0..whole {
                        for lost in [first..first + 1, first..first + 2] {
                            if let Err(why) = dialled.call(of, lost.clone()) {
                                fallen.push(format!("{dialled:?}, {of:?} {lost:?}: {why}"));
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(fallen.is_empty(), "{fallen:#?}");
}

#[derive(Clone, Copy, Debug)]
struct Dialled {
    path: Path,
    rtt: Duration,
    mode: Mode,
    answers_after: Duration,
}

impl Dialled {
    /// Plays a call in which these packets are lost. Tells how many packets its set-up took of
    /// those that are counted, or why the call does not stand.
    fn call(self, of: Of, lost: Range<usize>) -> Result<usize, String> {
        let mut line = Line::new(7, self.path, self.rtt);
        line.phones[CALLEE].answers_after = self.answers_after;
        line.dial(PROFILE, self.mode);
        let mut counted = 0;
        let mut wire = |_, sent: Sent| {
            let number = counted;
            counted += usize::from(of.counts(sent));
            !(of.counts(sent) && lost.contains(&number))
        };
        let end = line.now + self.answers_after + Duration::from_secs(8) + self.rtt * 14;
        let talks = line.run_until(end, &mut wire, |line| line.established().is_some());
        line.run(AFTERWARDS, &mut wire);

        let told = line.phones.each_ref().map(|phone| &phone.told);
        let untrue = told.into_iter().flatten().find(|(_, event)| {
            !matches!(
                event,
                Event::Incoming { .. }
                    | Event::Ringing { .. }
                    | Event::Connecting { .. }
                    | Event::Established { .. }
                    | Event::Quality { .. }
            )
        });
        if let Some((_, event)) = untrue {
            return Err(format!("{event:?}"));
        }
        let Some(both) = line.established().filter(|_| talks.is_some()) else {
            return Err(format!("{:?}", line.phones.each_ref().map(|phone| phone.engine.call())));
        };
        if both.iter().any(|call| (call.profile, call.mode) != (PROFILE, self.mode)) {
            return Err(format!("{both:?}"));
        }
        let heard =
            line.phones.each_ref().map(|phone| phone.engine.counters().media_packets_received);
        if self.mode == Mode::FullDuplex && heard.iter().any(|packets| *packets < HEARD) {
            return Err(format!("media packets heard: {heard:?}"));
        }
        let of_set_up = |side| line.set_up_packets(side).iter().map(|(_, count)| *count).sum();
        let both: [u64; 2] = [CALLER, CALLEE].map(of_set_up);
        Ok(match of {
            Of::Caller => both[CALLER],
            Of::Callee => both[CALLEE],
            Of::Both => both[CALLER] + both[CALLEE],
        } as usize)
    }
}

impl Of {
    fn counts(self, sent: Sent) -> bool {
        let is_his = match self {
            Self::Caller => sent.by == CALLER,
            Self::Callee => sent.by == CALLEE,
            Self::Both => true,
        };
        is_his && sent.kind != Kind::Other
    }
}

/// Not the default one.
const PROFILE: Profile = Profile::HighQuality;
/// Longer than the phones wait for media before they tell that the peer is silent, and for what
/// they say again.
const AFTERWARDS: Duration = Duration::from_secs(20);
/// Frames of 60 ms in half of that time.
const HEARD: u64 = 166;
