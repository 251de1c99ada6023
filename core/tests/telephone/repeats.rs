//! What is said again when it is not answered, and what never is.

use lxst_core::wire::Signal;
use lxst_core::{Command, EndReason, Event, LinkRequest, Mode, limits};

use crate::support::{IN, IN_CALL, OUT, OUT_CALL, OwnedOutput, Script, event, quiet, tx};

const PREFERENCES: [Signal; 2] = [Signal::PreferredProfile(0x40), Signal::PreferredMode(1)];

#[test]
fn a_caller_identifies_again_and_from_the_third_time_on_says_what_it_prefers() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up().rx([Signal::Available]).take();
    let identify = || OwnedOutput::Link(OUT, LinkRequest::Identify);
    phone.at(249).expect([]);
    phone.at(250).expect([identify()]);
    phone.at(624).expect([]);
    phone.at(625).expect([identify(), tx(OUT, PREFERENCES)]);
    phone.at(69_000);
    let more = usize::from(limits::REPEATS) - 2;
    assert_eq!(phone.take(), vec![vec![identify(), tx(OUT, PREFERENCES)]; more].concat());
    assert!(phone.phone.call().is_some(), "it may ring there");
}

#[test]
fn a_caller_that_hears_ringing_does_not_identify_again() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up().rx([Signal::Available]).rx([Signal::Ringing]).take();
    phone.at(60_000).expect([]);
}

#[test]
fn a_caller_that_hears_ringing_again_says_again_what_it_prefers_and_no_more() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up().rx([Signal::Available]).rx([Signal::Ringing]).take();
    phone.rx([Signal::Ringing]).expect([tx(OUT, PREFERENCES)]);
}

#[test]
fn a_callee_says_ringing_until_it_hears_preferences() {
    let mut phone = Script::ringing(quiet());
    phone.at(255).expect([tx(IN, [Signal::Ringing])]);
    phone.rx_on(IN, &PREFERENCES).at(60_000).expect([]);

    let mut phone = Script::ringing(quiet());
    phone.at(60_000);
    let repeats = phone.take();
    assert_eq!(repeats, vec![tx(IN, [Signal::Ringing]); limits::REPEATS.into()]);
}

#[test]
fn a_callee_never_says_ringing_after_its_answer() {
    let mut phone = Script::ringing(quiet());
    phone.command(Command::Answer(IN_CALL)).at(10_000);
    let said = phone.take();
    let answered = said.iter().position(|output| *output == tx(IN, [Signal::Connecting]));
    let rang = said.iter().rposition(|output| *output == tx(IN, [Signal::Ringing]));
    assert!(rang < answered && rang.is_some(), "{said:?}");
}

#[test]
fn an_answer_that_nobody_heard_is_said_again_once() {
    for mode in [1, 2] {
        let mut phone = answered(mode);
        phone.at(1_505).expect([]);
        phone.at(1_506).expect([tx(IN, [Signal::Connecting]), tx(IN, [Signal::Established])]);
        assert_eq!(signals_until(&mut phone, 60_000), []);
    }
}

#[test]
fn after_the_echo_but_no_media_established_alone_is_said_again() {
    let mut phone = answered(1);
    phone.rx([Signal::Established]).at(1_506).expect([tx(IN, [Signal::Established])]);
    assert_eq!(signals_until(&mut phone, 60_000), []);
}

#[test]
fn after_media_or_in_half_duplex_the_echo_nothing_is_said_again() {
    let mut phone = answered(1);
    phone.rx_frame(b"voice").take();
    assert_eq!(signals_until(&mut phone, 60_000), []);

    let mut phone = answered(2);
    phone.rx([Signal::Established]);
    assert_eq!(signals_until(&mut phone, 60_000), []);
}

#[test]
fn a_caller_that_misses_established_says_so_by_its_echo_until_it_hears_it() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up();
    for signal in [Signal::Available, Signal::Ringing, Signal::Connecting] {
        phone.rx([signal]);
    }
    phone.take();
    phone.at(250).expect([tx(OUT, [Signal::Established])]);
    phone.rx([Signal::Established]).take();
    assert_eq!(signals_until(&mut phone, 60_000), []);
}

#[test]
fn a_callee_says_established_again_at_the_second_echo_before_media() {
    let mut phone = answered(2);
    phone.rx([Signal::Established]).expect([]);
    for _ in 0..limits::REPEATS {
        phone.rx([Signal::Established]).expect([tx(IN, [Signal::Established])]);
    }
    phone.rx([Signal::Established]).expect([]);

    let mut phone = answered(1);
    phone.rx([Signal::Established]).rx_frame(b"voice").take();
    phone.rx([Signal::Established]).expect([]);
}

#[test]
fn what_says_no_is_never_said_again() {
    let mut phone = Script::ringing(quiet());
    phone.command(Command::HangUp(IN_CALL)).expect_ended(EndReason::Rejected);
    assert_eq!(signals_until(&mut phone, 60_000), []);

    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    phone.incoming().at(1_005).identified().at(2_100).take();
    assert_eq!(signals_until(&mut phone, 9_000), []);
}

#[test]
fn a_slow_path_is_given_its_time() {
    let mut phone = Script::new(quiet());
    let (rtt, mdu) = (Some(core::time::Duration::from_secs(16)), Some(431));
    phone.dial().at(32_000).link(OUT, lxst_core::LinkEvent::Up { rtt, mdu });
    phone.at(48_000).rx([Signal::Available]).take();
    phone.at(64_000).rx([Signal::Ringing]);
    phone.expect([tx(OUT, PREFERENCES), event(Event::Ringing { call: OUT_CALL })]);
    phone.at(64_000 + 69_000).rx([Signal::Connecting]).take();
    phone.at(64_000 + 69_010).rx([Signal::Established]).take();
    phone.at(64_000 + 69_010 + 64_000);
    let silent = OwnedOutput::Event(Event::PeerSilent { call: OUT_CALL });
    assert!(!phone.take().contains(&silent));
}

/// A call of the peer's that was answered at 6 ms, after its preferences.
fn answered(mode: u8) -> Script {
    let mut phone = Script::ringing(quiet());
    phone.rx_on(IN, &[Signal::PreferredMode(mode)]).at(6).command(Command::Answer(IN_CALL)).take();
    phone
}

/// The signals that leave until this moment.
fn signals_until(phone: &mut Script, millis: u64) -> Vec<OwnedOutput> {
    phone.at(millis);
    phone.take().into_iter().filter(|output| matches!(output, OwnedOutput::Tx(..))).collect()
}
