//! What lines share: who may call, limits, and that there is one call at most with one person.

use core::time::Duration;

use lxst_core::{
    Admission, CallState, CallerLimits, Command, Config, EndReason, Event, InputError, Telephone,
};

use crate::simulation::{Simulation, identity, quiet};

#[test]
fn with_one_person_there_is_one_call_at_most() {
    let mut simulation = Simulation::new(2, quiet());
    let [call, at_one] = simulation.connect(DESK, 1);
    let state = CallState::Established;
    assert_eq!(simulation.try_dial(DESK, 1), Err(InputError::NotAllowed { state }));
    assert_eq!(simulation.try_dial(1, DESK), Err(InputError::NotAllowed { state }));
    simulation.run_for(Duration::from_secs(1));
    assert_eq!(simulation.call_with(DESK, 1).map(|status| status.call), Some(call));
    assert_eq!(simulation.call_with(1, DESK).map(|status| status.call), Some(at_one));
}

/// The peer's phone began anew, and the link of the call before has not timed out.
#[test]
fn who_calls_again_while_a_call_with_it_stands_hears_busy_though_a_line_is_free() {
    let mut simulation = Simulation::new(2, quiet());
    simulation.connect(1, DESK);
    simulation.forget_calls_of(1);
    let again = simulation.dial(1, DESK);
    simulation.run_for(Duration::from_secs(2));
    assert_eq!(simulation.ended(1), [(again, EndReason::Busy)]);
    assert_eq!(simulation.ended(DESK), []);
    let from = identity(1);
    assert!(simulation.handset(DESK).events.contains(&Event::CallerTurnedAway { from }));
    let status = simulation.call_with(DESK, 1).expect("the call before stands");
    assert_eq!(status.state, CallState::Established);
}

#[test]
fn a_line_takes_21_kib_as_the_documentation_says() {
    let line = size_of::<Telephone<2>>() - size_of::<Telephone<1>>();
    assert_eq!(line / 1024, 21, "{line} bytes");
}

#[test]
fn unavailable_holds_for_all_lines_and_no_call_is_touched() {
    let mut simulation = Simulation::new(3, quiet());
    let [call, _] = simulation.connect(1, DESK);
    simulation.command(DESK, Command::SetAvailable(false));
    let late = simulation.dial(2, DESK);
    simulation.run_for(Duration::from_secs(2));
    assert_eq!(simulation.ended(2), [(late, EndReason::Busy)]);
    assert_eq!(simulation.ended(1), []);
    simulation.command(DESK, Command::SetAvailable(true));
    simulation.connect(2, DESK);
    assert_eq!(simulation.ended(1), []);
    assert!(simulation.handset(1).phone.calls().any(|status| status.call == call));
}

#[test]
fn strangers_on_any_line_count_together() {
    let limits = CallerLimits { strangers: 2, ..CallerLimits::default() };
    let mut simulation = Simulation::new(4, Config { limits, ..quiet() });
    let calls = [1, 2].map(|caller| {
        let call = simulation.dial(caller, DESK);
        simulation.run_for(Duration::from_millis(500));
        call
    });
    let third = simulation.dial(3, DESK);
    simulation.run_for(Duration::from_secs(2));
    assert_eq!(
        simulation.ended(3),
        [(third, EndReason::Busy)],
        "a line is free, and the limit reached"
    );
    // One who is answered is no stranger any more, and makes room for another.
    let came = simulation.call_with(DESK, 1).expect("it rings").call;
    simulation.command(DESK, Command::Answer(came));
    simulation.run_for(Duration::from_secs(1));
    simulation.dial(3, DESK);
    simulation.run_for(Duration::from_secs(1));
    assert!(simulation.call_with(DESK, 3).is_some());
    assert_eq!((simulation.ended(1), simulation.ended(2)), (vec![], vec![]), "{calls:?}");
}

#[test]
fn more_callers_than_lines_are_screened_and_those_who_come_first_ring() {
    let mut simulation = Simulation::new(6, Config { callers: None, ..quiet() });
    let dialled = [1, 2, 3, 4, 5].map(|caller| simulation.dial(caller, DESK));
    simulation.run_for(Duration::from_millis(200));
    let screened: Vec<_> = simulation
        .handset(DESK)
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Screening { call, .. } => Some(*call),
            _ => None,
        })
        .collect();
    assert_eq!(screened.len(), 5);
    for call in screened {
        simulation.command(DESK, Command::Screen(call, Admission::Ring));
    }
    simulation.run_for(Duration::from_secs(2));
    assert_eq!(simulation.handset(DESK).phone.calls().count(), 3);
    for caller in [4, 5] {
        assert_eq!(simulation.ended(caller), [(dialled[caller - 1], EndReason::Busy)]);
    }
}

const DESK: usize = 0;
