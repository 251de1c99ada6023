//! Links whose stack tells no round trip time, or zero: the phones measure it.

use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

use lxst_core::wire::{Packet, Signal};
use lxst_core::{
    AnswerMode, Boundary, CallState, Command, Config, Destination, EndReason, LinkEvent,
    LinkRequest, Mode, Output, Profile,
};

use crate::support::{
    ALICE, BOB, IN, IN_CALL, LinkFacts, Network, OUT, OwnedOutput, Pair, Script, US, quiet,
};

#[test]
fn calls_stand_and_nothing_but_available_is_repeated_whatever_the_stacks_tell() {
    for link_facts in [LinkFacts::All, LinkFacts::Nothing, LinkFacts::Zero] {
        for trip in TRIPS.map(Duration::from_millis) {
            for mode in [Mode::FullDuplex, Mode::HalfDuplex] {
                let context = format!("{link_facts:?}, {trip:?}, {mode:?}");
                let (pair, said) = call(trip, link_facts, mode);
                for phone in [ALICE, BOB] {
                    let status = pair.handset(phone).phone.call().expect(&context);
                    let stands = (status.state, status.profile, status.mode);
                    let wanted = (CallState::Established, Profile::LowLatency, mode);
                    assert_eq!(stands, wanted, "{context}");
                }
                let rounds = |by, what: &str| {
                    said.iter().filter(|said| (said.0, said.1.as_str()) == (by, what)).count()
                };
                for (by, what) in [
                    (ALICE, "Identify"),
                    (BOB, "[Ringing]"),
                    (BOB, "[Connecting]"),
                    (BOB, "[Established]"),
                    (ALICE, "[Established]"),
                ] {
                    assert_eq!(rounds(by, what), 1, "{what} of {by}: {context}, {said:?}");
                }
                // Before it is answered, a callee of a stack that tells nothing knows no better.
                let offers = rounds(BOB, "[Available]");
                assert!(link_facts != LinkFacts::All || offers == 1, "{context}: {said:?}");
            }
        }
    }
}

#[test]
fn a_caller_measures_from_link_up_to_available_and_from_identification_to_ringing() {
    for told in TOLD {
        for trip in TRIPS {
            let mut phone = Script::new(quiet());
            phone.dial().at(trip).link(OUT, LinkEvent::Up { rtt: told, mdu: None });
            phone.pass(trip + 5).rx([Signal::Available]).take();
            let again = phone.millis() + 250.max(3 * (trip + 5));
            assert_eq!(
                next_said(&mut phone),
                (again, OwnedOutput::Link(OUT, LinkRequest::Identify))
            );

            let mut phone = Script::new(quiet());
            phone.dial().at(trip).link(OUT, LinkEvent::Up { rtt: told, mdu: None });
            phone.pass(trip + 5).rx([Signal::Available]);
            phone.pass(trip).rx([Signal::Ringing]);
            phone.pass(900).rx([Signal::Connecting]).take();
            let again = phone.millis() + 250.max(3 * trip);
            assert_eq!(next_said(&mut phone), (again, tx(OUT, Signal::Established)));
            let over = phone.millis() - 250.max(3 * trip) + 10_000 + 14 * trip;
            phone.at(over - 1).take();
            phone.at(over).expect_ended(EndReason::ProtocolTimeout);
        }
    }
}

#[test]
fn a_callee_measures_from_available_to_the_identification() {
    for told in TOLD {
        for trip in TRIPS {
            let mut phone = Script::new(quiet());
            phone.link(IN, incoming(told)).at(5 + trip).identified().take();
            let again = phone.millis() + 250.max(3 * trip);
            assert_eq!(next_said(&mut phone), (again, tx(IN, Signal::Ringing)));
            phone.preferred().command(Command::Answer(IN_CALL)).take();
            let again = phone.millis() + 1_500.max(4 * trip + 120);
            assert_eq!(next_said(&mut phone), (again, tx(IN, Signal::Connecting)));
        }
    }
}

#[test]
fn a_callee_whose_caller_did_not_wait_for_available_measures_from_ringing_to_preferences() {
    for trip in TRIPS {
        let mut phone = Script::new(Config { answer: AnswerMode::Automatic, ..quiet() });
        phone.link(IN, incoming(None)).at(2).identified().take();
        // The answer waits for preferences two seconds at most while nothing is measured.
        let waits = trip.min(1_900);
        phone.at(2 + waits).preferred().take();
        let again = phone.millis() + 1_500.max(4 * waits + 120);
        assert_eq!(next_said(&mut phone), (again, tx(IN, Signal::Connecting)));
    }
}

#[test]
fn a_long_path_search_is_not_taken_for_a_round_trip() {
    let mut phone = Script::new(quiet());
    phone.dial().at(30_000).link(OUT, LinkEvent::Up { rtt: None, mdu: None }).take();
    phone.at(30_000 + 5_000 + 14 * 4_000).expect_ended(EndReason::ProtocolTimeout);

    let mut phone = Script::new(quiet());
    phone.dial().at(30_000).link(OUT, LinkEvent::Up { rtt: None, mdu: None });
    phone.pass(25).rx([Signal::Available]).take();
    let again = (30_025 + 250, OwnedOutput::Link(OUT, LinkRequest::Identify));
    assert_eq!(next_said(&mut phone), again);
}

/// A call over a quiet network, answered at once, and who asked for or said what in its set-up.
fn call(trip: Duration, link_facts: LinkFacts, mode: Mode) -> (Pair, Vec<(usize, String)>) {
    let said = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&said);
    let network = Network { delay: trip / 2, link_facts, ..Network::default() };
    let configs = [quiet(), Config { answer: AnswerMode::Automatic, ..quiet() }];
    let mut pair = Pair::with(network, configs, move |phone, _, boundary| match boundary {
        Boundary::Out(Output::Link { request, .. }) => {
            heard.borrow_mut().push((phone, format!("{request:?}")));
        }
        Boundary::Out(Output::Transmit { data, .. }) => {
            let packet = Packet::parse(data).expect("what is sent is well formed");
            if packet.frames().next().is_none() {
                let signals: Vec<Signal> = packet.signals().collect();
                heard.borrow_mut().push((phone, format!("{signals:?}")));
            }
        }
        _ => {}
    });
    pair.dial(ALICE, Profile::LowLatency, mode);
    pair.run_for(trip * 9 + Duration::from_secs(2));
    let said = said.borrow().clone();
    (pair, said)
}

/// Lets time pass until something is said on a link or asked of one.
fn next_said(phone: &mut Script) -> (u64, OwnedOutput) {
    for _ in 0..1_000 {
        let due = phone.phone.poll_timeout().expect("something is due").at;
        let millis = due.as_micros().div_ceil(1_000);
        let said = phone.at(millis).take().into_iter();
        let mut said =
            said.filter(|output| matches!(output, OwnedOutput::Tx(..) | OwnedOutput::Link(..)));
        if let Some(output) = said.next() {
            return (phone.millis(), output);
        }
    }
    panic!("nothing is said");
}

fn incoming(rtt: Option<Duration>) -> LinkEvent {
    LinkEvent::Incoming { on: Destination::telephony(US), rtt, mdu: None }
}

fn tx(link: lxst_core::LinkId, signal: Signal) -> OwnedOutput {
    OwnedOutput::Tx(link, vec![signal])
}

/// Round trips, in ms.
const TRIPS: [u64; 3] = [20, 500, 4_000];

/// What a stack tells that knows nothing.
const TOLD: [Option<Duration>; 2] = [None, Some(Duration::ZERO)];
