//! Calls on paths with round trips of seconds: two phones with their endpoints, in virtual time.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::lossy::{CALLEE, CALLER, Line, Path};
use lxst_core::{Command, Event, Mode, Profile};

#[test]
fn a_call_comes_about_and_ends_and_nothing_untrue_is_told() {
    for (path, rtt) in paths() {
        for mode in [Mode::FullDuplex, Mode::HalfDuplex] {
            for answers_after in [Duration::ZERO, Duration::from_secs(50)] {
                let mut line = Line::new(5, path, rtt);
                line.phones[CALLEE].answers_after = answers_after;
                let call = line.dial(Profile::HighQuality, mode);
                let end = line.now + rtt * 6 + answers_after + SECOND;
                let talks = line.run_until(end, |_, _| true, |line| line.established().is_some());
                assert!(talks.is_some(), "{path:?} path, {rtt:?}: {:?}", told(&line, CALLER));
                line.run(TALK, |_, _| true);
                let heard = line
                    .phones
                    .each_ref()
                    .map(|phone| phone.engine.counters().media_packets_received);
                let voice = mode == Mode::FullDuplex;
                assert!(!voice || heard.iter().all(|packets| *packets > 500), "{rtt:?}: {heard:?}");

                command(&mut line, CALLER, Command::HangUp(call));
                line.run(rtt, |_, _| true);
                let steps = ["Ringing", "Connecting", "Established", "Ended: hung up here"];
                assert_eq!(told(&line, CALLER), steps, "{path:?} path, {rtt:?}");
                let steps = ["Incoming", "Connecting", "Established", "Ended: hung up by the peer"];
                assert_eq!(told(&line, CALLEE), steps, "{path:?} path, {rtt:?}");
            }
        }
    }
}

#[test]
fn a_call_that_does_not_come_about_ends_for_its_reason() {
    for (path, rtt) in paths() {
        let dialled = || {
            let mut line = Line::new(5, path, rtt);
            line.phones[CALLEE].answers_after = Duration::MAX;
            line.dial(Profile::HighQuality, Mode::FullDuplex);
            line
        };
        let end_of = |mut line: Line| {
            line.run(Duration::from_secs(300), |_, _| true);
            [CALLER, CALLEE].map(|phone| told(&line, phone).pop())
        };
        let ended = |reasons: [&str; 2]| reasons.map(|reason| Some(format!("Ended: {reason}")));

        let line = dialled();
        assert_eq!(end_of(line), ended(["no answer", "not answered here"]), "{path:?}, {rtt:?}");

        let mut line = dialled();
        line.run(rtt * 4, |_, _| true);
        let call = line.phones[CALLEE].engine.call().expect("it rings").call;
        command(&mut line, CALLEE, Command::HangUp(call));
        assert_eq!(end_of(line), ended(["rejected", "rejected"]), "{path:?}, {rtt:?}");

        let mut line = dialled();
        command(&mut line, CALLEE, Command::SetAvailable(false));
        let [caller, callee] = end_of(line);
        assert_eq!(caller, Some("Ended: busy".into()), "{path:?}, {rtt:?}");
        assert_eq!(callee, Some("CallerTurnedAway".into()), "{path:?}, {rtt:?}");
    }
}

#[test]
fn one_call_stands_where_both_dial() {
    for (path, rtt) in paths() {
        // In quarters of a round trip.
        for lag in 0..12 {
            let mut line = Line::new(5, path, rtt);
            line.dial(Profile::HighQuality, Mode::FullDuplex);
            line.run(rtt / 4 * lag, |_, _| true);
            if !told(&line, CALLEE).is_empty() {
                break;
            }
            let to = line.phones[CALLER].engine.identity();
            let callee = &mut line.phones[CALLEE].engine;
            let dialled = callee.dial(line.now, to, Profile::HighQuality, Mode::FullDuplex);
            dialled.expect("the line is free");
            line.run(rtt * 20 + Duration::from_secs(8), |_, _| true);
            assert!(line.established().is_some(), "{path:?} path, {rtt:?}, {lag}/4");
            line.run(TALK, |_, _| true);
            for phone in [CALLER, CALLEE] {
                let mut told = told(&line, phone);
                told.retain(|told| told != "Incoming" && told != "Ringing");
                assert_eq!(told, ["Connecting", "Established"], "{path:?} path, {rtt:?}, {lag}/4");
            }
        }
    }
}

fn paths() -> impl Iterator<Item = (Path, Duration)> {
    let rtts = [2, 4, 8, 16].map(Duration::from_secs).into_iter();
    rtts.flat_map(|rtt| [Path::Known, Path::Unknown].map(|path| (path, rtt)))
}

fn command(line: &mut Line, phone: usize, command: Command) {
    let done = line.phones[phone].engine.command(line.now, command);
    done.expect("the phone is in a state for it");
}

/// What an app was told of calls, figures left out.
fn told(line: &Line, phone: usize) -> Vec<String> {
    let word = |event: &Event| match event {
        Event::Quality { .. } => None,
        Event::Ended { reason, .. } => Some(format!("Ended: {reason}")),
        event => format!("{event:?}").split_whitespace().next().map(str::to_owned),
    };
    line.phones[phone].told.iter().filter_map(|(_, event)| word(event)).collect()
}

const SECOND: Duration = Duration::from_secs(1);
/// Longer than a peer is silent before the app is told.
const TALK: Duration = Duration::from_secs(40);
