//! The callee's side of a call, from the caller's identity on.

use core::time::Duration;

use lxst_core::wire::Signal;
use lxst_core::{
    Admission, AnswerMode, CallId, CallState, Command, Config, EndReason, Event, Input, InputError,
    Instant, LinkClosed, LinkEvent, LinkId, Mode, Profile, ScreeningTime, StreamTimer, Timer,
};

use crate::support::{
    IN, IN_CALL, OwnedOutput, PEER, Script, answered, busy, close, event, feed, quiet, somebody,
    turned_away, tx,
};

#[test]
fn a_normal_call_goes_step_by_step_from_link_to_audio() {
    let mut phone = Script::new(quiet());
    phone.incoming().at(5).expect([tx(IN, [Signal::Available])]);
    phone.at(30).identified().expect([tx(IN, [Signal::Ringing]), incoming_event()]);
    phone.at(60).rx([Signal::PreferredProfile(0x50), Signal::PreferredMode(1)]).expect([]);
    phone.at(4_000).command(Command::Answer(IN_CALL));
    let connecting = event(Event::Connecting { call: IN_CALL });
    let answered = answered(IN, IN_CALL, Profile::HighQuality);
    assert_eq!(phone.take(), [&[connecting][..], &answered].concat());
    phone.rx([Signal::Established]).expect([]);
    let deadline = phone.phone.poll_timeout();
    assert_eq!(
        deadline.map(|deadline| deadline.timer),
        Some(Timer::Stream(IN_CALL.into(), StreamTimer::Quality))
    );
}

#[test]
fn a_call_that_nobody_answers_closes_without_rejected() {
    let mut phone = Script::ringing(quiet());
    phone.preferred().at(60_004).expect([]);
    phone.at(60_005).expect([close(IN), ended(EndReason::RingTimeout)]);
    assert_eq!(phone.phone.poll_timeout(), None);
}

#[test]
fn hanging_up_a_ringing_call_rejects_it_and_closes_after_the_goodbye_gap() {
    let mut phone = Script::ringing(quiet());
    phone.preferred().at(1_000).command(Command::HangUp(IN_CALL));
    phone.expect([tx(IN, [Signal::Rejected]), ended(EndReason::Rejected)]);
    phone.at(1_099).expect([]);
    phone.at(1_100).expect([close(IN)]);
    assert_eq!(phone.phone.poll_timeout(), None);
}

#[test]
fn a_caller_who_closes_before_the_answer_cancelled() {
    let mut phone = Script::ringing(quiet());
    phone.closed(IN, LinkClosed::Peer).expect([ended(EndReason::Cancelled)]);
    assert_eq!(phone.phone.poll_timeout(), None);
}

#[test]
fn hanging_up_while_the_answer_waits_for_preferences_is_no_rejection() {
    let mut phone = Script::ringing(quiet());
    phone.command(Command::Answer(IN_CALL)).take();
    phone.command(Command::HangUp(IN_CALL));
    phone.expect([close(IN), ended(EndReason::LocalHangup)]);
}

#[test]
fn an_answer_before_the_preferences_waits_for_them() {
    let mut phone = Script::ringing(quiet());
    phone.at(10).command(Command::Answer(IN_CALL));
    phone.expect([event(Event::Connecting { call: IN_CALL })]);
    phone.at(60).rx([Signal::PreferredProfile(0x80), Signal::PreferredMode(1)]).expect(answered(
        IN,
        IN_CALL,
        Profile::LowLatency,
    ));
}

#[test]
fn an_answer_waits_for_the_preferences_and_says_ringing_again_meanwhile() {
    let mut phone = Script::ringing(quiet());
    phone.at(100).command(Command::Answer(IN_CALL)).take();
    let ringing = || tx(IN, [Signal::Ringing]);
    phone.at(2_284).expect([ringing(), ringing(), ringing(), ringing()]);
    phone.at(2_285).expect(answered(IN, IN_CALL, Profile::MediumQuality));
}

#[test]
fn an_answer_long_after_ringing_waits_for_the_preferences_520_ms() {
    let mut phone = Script::ringing(quiet());
    phone.at(9_000).take();
    phone.command(Command::Answer(IN_CALL)).at(9_519);
    assert_eq!(state(&phone), CallState::Connecting);
    phone.at(9_520);
    assert_eq!(state(&phone), CallState::Established);
}

#[test]
fn a_caller_who_names_a_profile_or_a_mode_only_has_named_its_preferences() {
    for preference in [Signal::PreferredProfile(0x50), Signal::PreferredMode(2)] {
        let mut phone = Script::ringing(quiet());
        phone.command(Command::Answer(IN_CALL)).rx([preference]);
        assert_eq!(state(&phone), CallState::Established);
    }
}

#[test]
fn a_second_answer_is_harmless() {
    let mut phone = Script::established_callee(quiet(), &[Signal::PreferredMode(1)]);
    phone.command(Command::Answer(IN_CALL)).expect([]);
}

#[test]
fn auto_answer_waits_for_the_preferences_or_a_while() {
    let config = Config { answer: AnswerMode::Automatic, ..quiet() };
    let mut phone = Script::ringing(config);
    assert_eq!(state(&phone), CallState::Connecting);
    phone.at(30).rx([Signal::PreferredProfile(0x50), Signal::PreferredMode(1)]);
    assert_eq!(state(&phone), CallState::Established);
    assert_eq!(phone.phone.call().map(|call| call.profile), Some(Profile::HighQuality));

    let mut phone = Script::ringing(config);
    phone.at(2_284);
    assert_eq!(state(&phone), CallState::Connecting);
    phone.at(2_285);
    assert_eq!(state(&phone), CallState::Established);
}

#[test]
fn signals_below_the_preferences_are_not_heard_before_the_answer() {
    let mut phone = Script::ringing(quiet());
    let before = phone.phone.clone();
    for value in 0..=6 {
        phone.rx([Signal::from_value(value)]).expect([]);
    }
    assert_eq!(phone.phone, before);
}

#[test]
fn media_before_the_answer_is_dropped() {
    let mut phone = Script::ringing(quiet());
    phone.rx_frame(b"frame").expect([]);
    assert_eq!(phone.counters().frames_received, 0);
    assert_eq!(state(&phone), CallState::Ringing);
}

#[test]
fn a_mode_that_our_app_chose_while_ringing_is_not_opened_by_the_caller() {
    let mut phone = Script::ringing(quiet());
    phone.command(Command::SetMode(IN_CALL, Mode::HalfDuplex));
    phone.rx([Signal::PreferredProfile(0x40), Signal::PreferredMode(1)]);
    assert_eq!(phone.phone.call().map(|call| call.mode), Some(Mode::HalfDuplex));
}

#[test]
fn nobody_rings_when_nobody_may_call() {
    let mut phone = Script::new(Config { callers: Some(Admission::Busy), ..quiet() });
    phone.incoming().at(5).expect([tx(IN, [Signal::Available])]);
    phone.identified().expect([busy(IN)]);
    phone.at(1_004).expect([]);
    phone.at(1_005).expect([close(IN)]);
}

#[test]
fn a_line_that_becomes_busy_before_the_caller_identifies_says_busy() {
    let mut phone = Script::new(quiet());
    phone.incoming().at(5).take();
    phone.command(Command::SetAvailable(false));
    phone.identified().expect([turned_away(PEER), busy(IN)]);
}

#[test]
fn the_app_decides_on_each_caller() {
    for (admission, expected) in [
        (Admission::Ring, &[tx(IN, [Signal::Ringing]), incoming_event()][..]),
        (Admission::Busy, &[busy(IN)]),
        (Admission::Reject, &[tx(IN, [Signal::Rejected])]),
        (Admission::Drop, &[close(IN)]),
    ] {
        let mut phone = screening(ask());
        phone.at(900).command(Command::Screen(IN_CALL, admission));
        assert_eq!(phone.take(), expected);
        if admission != Admission::Ring {
            let again = Input::Command(Command::Screen(IN_CALL, admission));
            phone.refuse(again, InputError::UnknownCall);
        }
    }
}

#[test]
fn a_verdict_that_does_not_come_is_the_default_after_the_screening_time() {
    for (admission, expected) in [
        (Admission::Ring, &[tx(IN, [Signal::Ringing]), incoming_event()][..]),
        (Admission::Busy, &[busy(IN)]),
        (Admission::Reject, &[tx(IN, [Signal::Rejected])]),
        (Admission::Drop, &[close(IN)]),
    ] {
        let mut phone = screening(Config { screening_default: admission, ..ask() });
        phone.at(1_504).expect([]);
        phone.at(1_505);
        assert_eq!(phone.take(), expected);
    }
}

#[test]
fn the_longest_screening_takes_three_seconds() {
    let screening_time = screening_time(Duration::from_secs(3));
    let mut phone = screening(Config { screening_time, ..ask() });
    phone.at(3_004).expect([]);
    phone.at(3_005).expect([tx(IN, [Signal::Ringing]), incoming_event()]);
}

#[test]
fn a_caller_is_asked_about_once() {
    let mut phone = screening(ask());
    let before = phone.phone.clone();
    phone.at(100).link(IN, LinkEvent::Identified(somebody(9))).expect([]);
    assert_eq!(phone.phone.poll_timeout(), before.poll_timeout());
}

#[test]
fn nobody_is_asked_about_who_finds_the_line_taken() {
    let mut phone = screening(ask());
    let second = LinkId(8);
    phone.incoming_on(second, Duration::ZERO).at(10).take();
    phone.command(Command::Screen(IN_CALL, Admission::Ring)).take();
    phone.link(second, LinkEvent::Identified(somebody(8)));
    phone.expect([turned_away(somebody(8)), busy(second)]);
}

#[test]
fn a_caller_who_leaves_while_screened_is_forgotten() {
    let mut phone = screening(ask());
    phone.closed(IN, LinkClosed::Peer).expect([event(Event::CallerGone { call: IN_CALL })]);
    let screen = Input::Command(Command::Screen(IN_CALL, Admission::Ring));
    phone.refuse(screen, InputError::UnknownCall);
    assert_eq!(phone.phone.poll_timeout(), None);
}

#[test]
fn of_two_screened_callers_the_second_to_pass_hears_busy() {
    let mut phone = screening(ask());
    let second = LinkId(8);
    phone.incoming_on(second, Duration::ZERO).at(10).rx_on(second, &[]);
    phone.link(second, LinkEvent::Identified(somebody(8))).take();
    phone.command(Command::Screen(CallId(8), Admission::Ring)).take();
    let screened = phone.command(Command::Screen(IN_CALL, Admission::Ring));
    screened.expect([turned_away(PEER), busy(IN)]);
}

#[test]
fn a_late_timeout_takes_what_is_due_in_the_order_of_its_moments() {
    let mut phone = screening(Config { ring_time: Duration::from_secs(1), ..ask() });
    let second = LinkId(8);
    phone.at(50).incoming_on(second, Duration::ZERO).at(55);
    phone.link(second, LinkEvent::Identified(somebody(8)));
    phone.command(Command::Screen(IN_CALL, Admission::Ring)).preferred().take();

    let late = Instant::from_millis(10_000);
    let done = feed(&mut phone.phone, late, Input::Timeout, |_| {});
    let (call, from) = (CallId(8), somebody(8));
    let expected = vec![
        close(IN),
        ended(EndReason::RingTimeout),
        tx(second, [Signal::Ringing]),
        event(Event::Incoming { call, from }),
    ];
    assert_eq!(done, Ok(expected));
}

#[test]
fn a_caller_decided_on_at_the_moment_the_ringing_ends_hears_busy() {
    let mut phone = screening(Config {
        ring_time: Duration::from_millis(945),
        screening_time: screening_time(Duration::from_millis(950)),
        ..ask()
    });
    let second = LinkId(8);
    phone.at(50).incoming_on(second, Duration::ZERO).at(55);
    phone.link(second, LinkEvent::Identified(somebody(8)));
    phone.at(60).command(Command::Screen(IN_CALL, Admission::Ring)).preferred().take();
    phone.at(1_004).expect([]);
    phone.at(1_005).expect([
        turned_away(somebody(8)),
        busy(second),
        close(IN),
        ended(EndReason::RingTimeout),
    ]);
}

fn screening_time(time: Duration) -> ScreeningTime {
    ScreeningTime::new(time).expect("within its bounds")
}

fn ask() -> Config {
    Config { callers: None, ..quiet() }
}

/// A phone at 5 ms, whose app was just asked about the caller.
fn screening(config: Config) -> Script {
    let mut phone = Script::new(config);
    phone.incoming().at(5).expect([tx(IN, [Signal::Available])]);
    let until = Instant::from_millis(5) + config.screening_time.get();
    phone.identified().expect([event(Event::Screening {
        call: IN_CALL,
        from: PEER,
        until,
        limit: None,
    })]);
    phone
}

fn state(phone: &Script) -> CallState {
    phone.phone.call().map_or(CallState::Idle, |call| call.state)
}

fn incoming_event() -> OwnedOutput {
    event(Event::Incoming { call: IN_CALL, from: PEER })
}

fn ended(reason: EndReason) -> OwnedOutput {
    let call = IN_CALL;
    event(Event::Ended { call, reason })
}

#[test]
fn a_caller_is_shut_out_while_it_rings() {
    for (admission, reason, last) in [
        (Admission::Drop, EndReason::Blocked, close(IN)),
        (Admission::Busy, EndReason::Blocked, tx(IN, [Signal::Busy])),
        (Admission::Reject, EndReason::Rejected, tx(IN, [Signal::Rejected])),
    ] {
        let mut phone = Script::ringing(quiet());
        phone.command(Command::Screen(IN_CALL, Admission::Ring)).expect([]);
        phone.command(Command::Screen(IN_CALL, admission));
        phone.expect([last, event(Event::Ended { call: IN_CALL, reason })]);
        phone.at(10_000);
        assert_eq!(phone.phone.poll_timeout(), None);
    }
}

#[test]
fn a_call_that_is_answered_is_not_screened() {
    let mut phone = Script::established_callee(quiet(), &[Signal::PreferredProfile(0x40)]);
    let state = CallState::Established;
    let screen = Input::Command(Command::Screen(IN_CALL, Admission::Drop));
    phone.refuse(screen, InputError::NotAllowed { state });
}
