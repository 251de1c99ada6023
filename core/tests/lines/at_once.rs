//! Calls at the same time leave each other alone.

use core::time::Duration;

use lxst_core::{CallState, Command, EndReason, Event, InputError, Role};

use crate::simulation::{Simulation, identity, quiet};

#[test]
fn three_calls_at_once_are_heard_in_both_directions_each_by_whom_they_are_with() {
    let mut simulation = Simulation::new(4, quiet());
    let [one, at_one] = simulation.connect(DESK, 1);
    let [at_two, two] = simulation.connect(2, DESK);
    let [three, at_three] = simulation.connect(DESK, 3);
    simulation.run_for(Duration::from_secs(3));
    for (peer, here, there) in [(1, one, at_one), (2, two, at_two), (3, three, at_three)] {
        let status = simulation.call_with(DESK, peer).expect("it stands");
        assert_eq!((status.call, status.state), (here, CallState::Established));
        for heard in [simulation.heard(DESK, here, peer), simulation.heard(peer, there, DESK)] {
            assert!(heard.len() > 45, "{peer}: {heard:?}");
            assert!(is_gapless(&heard), "{peer}: {heard:?}");
        }
    }
    assert_eq!(simulation.ended(DESK), []);
}

#[test]
fn the_quality_of_each_call_is_of_that_call_and_the_counters_are_of_all() {
    let mut simulation = Simulation::new(4, quiet());
    let [long, _] = simulation.connect(DESK, 1);
    simulation.run_for(Duration::from_secs(3));
    let [short, _] = simulation.connect(DESK, 2);
    simulation.run_for(Duration::from_secs(3));
    let quality = |call| {
        let events = simulation.handset(DESK).events.iter().rev();
        let found = events.filter_map(|event| match event {
            Event::Quality { call: of, quality } if *of == call => Some(*quality),
            _ => None,
        });
        found.map(|quality| (quality.frames_received, quality.received_bps)).next()
    };
    // Frames of 60 ms and 4 bytes, to the last report, of at most a second ago.
    let [Some((many, fast)), Some((few, slow))] = [long, short].map(quality) else {
        panic!("both are told of");
    };
    assert!((90..=117).contains(&many) && (33..=59).contains(&few), "{many} and {few}");
    assert!(fast < 700 && slow < 700, "{fast} and {slow} bit/s");
    let all = simulation.handset(DESK).phone.counters().frames_received;
    assert!(all >= many + few, "{all}");
}

#[test]
fn who_calls_when_all_lines_are_taken_hears_busy_and_rings_when_one_is_free() {
    let mut simulation = Simulation::new(5, quiet());
    let calls = [1, 2, 3].map(|peer| simulation.connect(DESK, peer)[0]);
    let fourth = simulation.dial(4, DESK);
    simulation.run_for(Duration::from_secs(5));
    assert_eq!(simulation.ended(4), [(fourth, EndReason::Busy)]);
    let turned_away = Event::CallerTurnedAway { from: identity(4) };
    assert!(simulation.handset(DESK).events.contains(&turned_away));
    assert_eq!(
        simulation.handset(DESK).phone.calls().map(|call| call.call).collect::<Vec<_>>(),
        calls
    );

    let state = CallState::Established;
    assert_eq!(simulation.try_dial(DESK, 4), Err(InputError::NotAllowed { state }));
    simulation.command(DESK, Command::HangUp(calls[1]));
    simulation.run_for(Duration::from_secs(1));
    simulation.connect(4, DESK);
    assert!(simulation.call_with(DESK, 4).is_some());
}

#[test]
fn the_end_of_one_call_leaves_the_streams_of_the_others_alone() {
    let mut simulation = Simulation::new(4, quiet());
    let calls = [1, 2, 3].map(|peer| simulation.connect(DESK, peer));
    simulation.run_for(Duration::from_secs(1));
    // One is hung up there, one breaks off.
    simulation.command(2, Command::HangUp(calls[1][1]));
    simulation.run_for(Duration::from_secs(1));
    simulation.break_links_of(3);
    simulation.run_for(Duration::from_secs(1));
    let ended = [(calls[1][0], EndReason::RemoteHangup), (calls[2][0], EndReason::LinkLost)];
    assert_eq!(simulation.ended(DESK), ended);
    let before = simulation.heard(DESK, calls[1][0], 2).len();
    simulation.run_for(Duration::from_secs(2));
    assert_eq!(simulation.heard(DESK, calls[1][0], 2).len(), before, "nothing more is heard of it");
    let [here, there] = calls[0];
    for heard in [simulation.heard(DESK, here, 1), simulation.heard(1, there, DESK)] {
        assert!(heard.len() > 70 && is_gapless(&heard), "{heard:?}");
    }
    assert_eq!(simulation.handset(DESK).streams[&here.into()].made_up, 0);
}

#[test]
fn glare_is_resolved_on_one_line_while_another_talks() {
    // By who wins: the lower hash does.
    for desk in [1, 2] {
        let peer = 3 - desk;
        let mut simulation = Simulation::new(4, quiet());
        let [talk, at_three] = simulation.connect(desk, 3);
        let ours = simulation.dial(desk, peer);
        let theirs = simulation.dial(peer, desk);
        simulation.run_for(Duration::from_secs(1));
        for (who, with, call) in [(desk, peer, ours), (peer, desk, theirs)] {
            let Some(status) = simulation.call_with(who, with) else {
                panic!("{who} lost the call")
            };
            assert_eq!(status.call, call, "the app's call keeps its id");
            if (status.role, status.state) == (Role::Callee, CallState::Ringing) {
                simulation.command(who, Command::Answer(call));
            }
        }
        simulation.run_for(Duration::from_secs(3));
        for (who, with, call) in [(desk, peer, ours), (peer, desk, theirs)] {
            let heard = simulation.heard(who, call, with);
            assert!(heard.len() > 40 && is_gapless(&heard), "{who}: {heard:?}");
        }
        assert_eq!(simulation.handset(peer).phone.calls().count(), 1);
        for (who, call, with) in [(desk, talk, 3), (3, at_three, desk)] {
            let heard = simulation.heard(who, call, with);
            assert!(heard.len() > 60 && is_gapless(&heard), "{who}: {heard:?}");
            assert_eq!(simulation.handset(who).streams[&call.into()].made_up, 0);
        }
        assert_eq!(simulation.ended(desk), []);
    }
}

#[test]
fn each_call_has_its_own_time() {
    let mut simulation = Simulation::new(3, quiet());
    let first = simulation.dial(DESK, 1);
    simulation.run_for(Duration::from_secs(20));
    let second = simulation.dial(DESK, 2);
    // Nobody answers: the wait time is 70 s from RINGING, and it rings for 60 s.
    simulation.run_for(Duration::from_secs(45));
    assert_eq!(simulation.ended(DESK), [(first, EndReason::NoAnswer)]);
    simulation.run_for(Duration::from_secs(20));
    assert_eq!(
        simulation.ended(DESK),
        [(first, EndReason::NoAnswer), (second, EndReason::NoAnswer)]
    );
}

#[test]
fn two_destinations_of_one_stack_are_served_at_once() {
    let mut simulation = Simulation::new(5, quiet());
    let other = 1;
    simulation.share_stack(&[DESK, other]);
    let calls = [(2, DESK), (3, other), (4, DESK)].map(|(caller, desk)| {
        let [there, here] = simulation.connect(caller, desk);
        (caller, desk, here, there)
    });
    simulation.run_for(Duration::from_secs(3));
    for (caller, desk, here, there) in calls {
        for heard in [simulation.heard(desk, here, caller), simulation.heard(caller, there, desk)] {
            assert!(heard.len() > 45 && is_gapless(&heard), "{caller}: {heard:?}");
        }
    }
    assert_eq!([DESK, other].map(|desk| simulation.handset(desk).phone.calls().count()), [2, 1]);
}

/// Whether no number is missing between the first and the last.
fn is_gapless(numbers: &[u8]) -> bool {
    numbers.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]))
}

const DESK: usize = 0;
