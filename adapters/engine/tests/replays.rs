//! What was sent to set up a call, sent again at a later moment: as it was recorded, by anybody,
//! and encrypted anew, by the peer itself. Two phones with their endpoints, in virtual time.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::lossy::{CALLEE, CALLER, Kind, Line, Path, Sent, Side};
use lxst_core::{Command, Event, Instant, Mode, Profile};

#[test]
fn what_anybody_recorded_and_repeats_changes_nothing() {
    for path in [Path::Known, Path::Unknown] {
        let undisturbed = play(path, None);
        assert_eq!(undisturbed.calls_established(), 2);
        for (number, packet) in undisturbed.set_up() {
            for moment in undisturbed.moments_after(packet.at) {
                for from in [Side::Peer, Side::Beside] {
                    for to in [CALLER, CALLEE] {
                        let bytes = undisturbed.line.recorded[number].clone();
                        let disturbed = play(path, Some(Repeat { moment, to, from, bytes }));
                        let what =
                            format!("{path:?}, {packet:?} to {to} from {from:?} at {moment:?}");
                        assert!(disturbed.told() == undisturbed.told(), "{what}");
                        assert!(disturbed.line.sent == undisturbed.line.sent, "{what}");
                        assert_eq!(disturbed.line.strayed, undisturbed.line.strayed, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_the_peer_itself_says_again_changes_nothing_that_it_should_not() {
    let undisturbed = play(Path::Known, None);
    let counted = |played: &Played, by| played.line.set_up_packets(by);
    for (number, packet) in undisturbed.set_up() {
        for (said_again, bytes) in repeats_after(number) {
            for moment in undisturbed.moments_after(packet.at) {
                let to = 1 - said_again.by;
                let bytes = bytes.clone();
                let disturbed =
                    play(Path::Known, Some(Repeat { moment, to, from: Side::Peer, bytes }));
                let what = format!("{said_again:?} after {packet:?}, again at {moment:?}");
                // A signal that is early is taken early.
                let events = |played: &Played| {
                    played.told().map(|told| told.into_iter().map(|(_, event)| event).collect())
                };
                let [caller, callee]: [Vec<Event>; 2] = events(&disturbed);
                assert_eq!([caller, callee], events(&undisturbed), "{what}");
                for by in [CALLER, CALLEE] {
                    for (kind, count) in counted(&disturbed, by) {
                        let before = counted(&undisturbed, by);
                        let before = before.iter().find(|(of, _)| *of == kind);
                        let before = before.map_or(0, |(_, count)| *count);
                        let more = count.saturating_sub(before);
                        let allowed = match (said_again.kind, kind) {
                            // A second link beside the first, which is offered the line for a
                            // while.
                            (Kind::LinkRequest, Kind::LinkProof | Kind::Data) => 5 + 1,
                            // The answer of before, once more.
                            (_, Kind::Data) => 1,
                            _ => 0,
                        };
                        assert!(more <= allowed, "{what}: {more} more {kind:?} by {by}");
                    }
                }
            }
        }
    }
}

/// A packet that arrives though nobody sent it then.
struct Repeat {
    moment: Instant,
    to: usize,
    from: Side,
    bytes: Vec<u8>,
}

/// Two calls, one after the other.
struct Played {
    line: Line,
    /// When the caller hung up the first one.
    hung_up: Instant,
}

/// Plays two calls of the same phones, always the same but for what is repeated.
fn play(path: Path, repeat: Option<Repeat>) -> Played {
    let mut line = begin(path);
    let dialled = line.now;
    let hung_up = dialled + TALK;
    let call = line.dial(PROFILE, Mode::FullDuplex);
    let go_on = |line: &mut Line, end: Instant| {
        let begun = line.now;
        if let Some(repeat) = repeat.as_ref().filter(|repeat| (begun..end).contains(&repeat.moment))
        {
            line.run_until(repeat.moment, |_, _| true, |_| false);
            line.inject(repeat.to, repeat.from, &repeat.bytes);
        }
        line.run_until(end, |_, _| true, |_| false);
    };
    go_on(&mut line, hung_up);
    line.phones[CALLER].engine.command(line.now, Command::HangUp(call)).expect("the call stands");
    go_on(&mut line, hung_up + TALK / 4);
    line.dial(PROFILE, Mode::FullDuplex);
    go_on(&mut line, hung_up + TALK / 2);
    Played { line, hung_up }
}

fn begin(path: Path) -> Line {
    let mut line = Line::new(3, path, RTT);
    line.connect_beside();
    line.phones[CALLEE].answers_after = RTT * 10;
    line
}

/// What both phones say again where nothing arrives from the n-th packet of a call on.
fn repeats_after(number: usize) -> Vec<(Sent, Vec<u8>)> {
    let mut line = begin(Path::Known);
    line.dial(PROFILE, Mode::FullDuplex);
    line.run(Duration::from_secs(8), |sent, _| sent < number);
    let mut repeats: Vec<(Sent, Vec<u8>)> = Vec::new();
    for (sent, bytes) in line.sent.iter().zip(&line.recorded).skip(number + 1) {
        let is_like =
            |(other, _): &&(Sent, Vec<u8>)| (other.by, other.kind) == (sent.by, sent.kind);
        if sent.kind != Kind::Other && repeats.iter().filter(is_like).count() < 2 {
            repeats.push((*sent, bytes.clone()));
        }
    }
    repeats
}

impl Played {
    /// The packets of the first call's set-up.
    fn set_up(&self) -> impl Iterator<Item = (usize, Sent)> {
        let sent = self.line.sent.iter().copied().enumerate();
        let talks = self.talks();
        sent.take_while(move |(_, sent)| sent.at <= talks)
    }

    /// When the first call stood at both.
    fn talks(&self) -> Instant {
        let established = |(at, event): &(Instant, Event)| {
            matches!(event, Event::Established { .. }).then_some(*at)
        };
        let of = |side: usize| self.line.phones[side].told.iter().find_map(established);
        of(CALLER).max(of(CALLEE)).expect("it stood")
    }

    /// Moments after one, at each step of the set-up, in the call and after its end.
    fn moments_after(&self, sent: Instant) -> Vec<Instant> {
        let steps = self.set_up().map(|(_, packet)| packet.at + RTT / 2 + LITTLE);
        let later = [self.talks() + TALK / 2, self.hung_up + TALK / 8];
        let mut moments: Vec<_> = steps.chain(later).filter(|at| *at > sent + RTT / 2).collect();
        moments.dedup();
        moments
    }

    fn told(&self) -> [Vec<(Instant, Event)>; 2] {
        let of_calls = |(_, event): &&(Instant, Event)| !matches!(event, Event::Quality { .. });
        let told = |side: usize| self.line.phones[side].told.iter().filter(of_calls).copied();
        [told(CALLER).collect(), told(CALLEE).collect()]
    }

    fn calls_established(&self) -> usize {
        let [caller, _] = self.told();
        caller.iter().filter(|(_, event)| matches!(event, Event::Established { .. })).count()
    }
}

const PROFILE: Profile = Profile::HighQuality;
const RTT: Duration = Duration::from_millis(40);
/// Between the moments at which something arrives.
const LITTLE: Duration = Duration::from_millis(1);
/// How long the first call lasts.
const TALK: Duration = Duration::from_secs(8);
