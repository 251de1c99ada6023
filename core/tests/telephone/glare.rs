//! Both sides dial each other: which call stands, and what the other one hears.
//!
//! Our hash is `aa…`. The peer that is dialled is `bb…`, whose call gives way to ours, or `11…`,
//! whose call stands.

mod python;

use core::time::Duration;

use lxst_core::wire::Signal;
use lxst_core::{
    Admission, CallState, Command, Config, EndReason, Event, IdentityHash, Input, InputError,
    LinkClosed, LinkEvent, LinkFailed, LinkId, LinkTimer, Mode, Profile, Role, Timer,
};

use crate::support::{
    IN, IN_CALL, OUT, OUT_CALL, OwnedOutput, PEER, Script, US, answered, busy, close, event, quiet,
    turned_away, tx,
};

const LOWER: IdentityHash = IdentityHash([0x11; 16]);
const STRANGER: IdentityHash = IdentityHash([0x77; 16]);

#[test]
fn a_caller_hears_available_while_our_call_does_not_ring_yet() {
    for stage in BEFORE_RINGING {
        let mut phone = dialling(PEER, stage);
        phone.incoming().expect([]);
        phone.at(105).expect([tx(IN, [Signal::Available])]);
    }
}

#[test]
fn a_caller_hears_busy_once_our_call_rings() {
    let mut phone = dialling(PEER, CallState::Ringing);
    phone.incoming().at(105).expect([tx(IN, [Signal::Available])]);
    phone.identified().expect([turned_away(PEER), busy(IN)]);
    phone.at(1_104).expect([]).at(1_105).expect([close(IN)]);
}

#[test]
fn a_caller_who_was_offered_the_line_before_ours_rang_hears_busy() {
    let mut phone = dialling(PEER, CallState::Identified);
    phone.incoming().at(105).take();
    phone.rx([Signal::Ringing]).take();
    phone.identified().expect([turned_away(PEER), busy(IN)]);
}

#[test]
fn a_line_that_the_app_made_busy_is_busy_for_all_but_the_peer_that_we_dial() {
    let busy_line = || {
        let mut phone = dialling(PEER, CallState::Linked);
        phone.command(Command::SetAvailable(false)).incoming();
        phone.at(105).expect([tx(IN, [Signal::Available])]);
        phone
    };
    let mut phone = busy_line();
    phone.link(IN, LinkEvent::Identified(STRANGER)).expect([turned_away(STRANGER), busy(IN)]);
    let mut phone = busy_line();
    phone.identified().expect([]);
    phone.rx([Signal::Busy]).expect([close(OUT), tx(IN, [Signal::Ringing]), connecting()]);
}

#[test]
fn somebody_else_hears_busy_and_our_call_goes_on() {
    for stage in BEFORE_RINGING {
        let mut phone = dialling(PEER, stage);
        phone.incoming().at(105).take();
        phone.link(IN, LinkEvent::Identified(STRANGER)).expect([turned_away(STRANGER), busy(IN)]);
        phone.at(1_104);
        assert!(!phone.take().contains(&close(IN)));
        phone.at(1_105).expect([close(IN)]);
        assert_eq!(status(&phone), (Role::Caller, stage));
    }
}

#[test]
fn the_call_of_a_peer_with_the_lower_hash_stands_and_ours_closes() {
    for stage in BEFORE_RINGING {
        let mut phone = dialling(LOWER, stage);
        phone.incoming().at(105).take();
        phone.link(IN, LinkEvent::Identified(LOWER)).expect([
            tx(IN, [Signal::Ringing]),
            close(OUT),
            connecting(),
        ]);
        assert_eq!(status(&phone), (Role::Callee, CallState::Connecting));
        let preferences = [Signal::PreferredProfile(0x50), Signal::PreferredMode(1)];
        phone.at(150).rx_on(IN, &preferences).expect(answered(IN, OUT_CALL, Profile::HighQuality));
        phone.rx_on(IN, &[Signal::Established]).expect([]);
        assert_eq!(status(&phone), (Role::Callee, CallState::Established));
    }
}

#[test]
fn a_peer_whose_call_stands_and_who_prefers_nothing_hears_ringing_again_for_a_while() {
    let mut phone = dialling(LOWER, CallState::Linked);
    phone.incoming().link(IN, LinkEvent::Identified(LOWER)).take();
    let ringing = || tx(IN, [Signal::Ringing]);
    phone.at(2_379).expect([ringing(), ringing(), ringing(), ringing()]);
    phone.at(2_380).expect(answered(IN, OUT_CALL, Profile::MediumQuality));
}

#[test]
fn our_link_that_comes_up_after_the_peers_call_stands_is_closed() {
    let mut phone = dialling(LOWER, CallState::Calling);
    phone.incoming().link(IN, LinkEvent::Identified(LOWER)).take();
    phone.at(120).link_up().expect([close(OUT)]);
    assert_eq!(status(&phone), (Role::Callee, CallState::Connecting));
}

#[test]
fn the_peers_full_duplex_does_not_open_a_microphone_that_was_dialled_shut() {
    let mut phone = Script::new(quiet());
    let (profile, mode) = (Profile::MediumQuality, Mode::HalfDuplex);
    phone.command(Command::Dial { call: OUT_CALL, link: OUT, to: LOWER, profile, mode });
    phone.incoming().link(IN, LinkEvent::Identified(LOWER));
    phone.rx_on(IN, &[Signal::PreferredProfile(0x40), Signal::PreferredMode(1)]);
    let call = phone.phone.call().expect("the call stands");
    assert_eq!((call.state, call.mode), (CallState::Established, Mode::HalfDuplex));
}

#[test]
fn the_call_of_a_peer_with_the_higher_hash_hears_busy_when_ours_rings() {
    for stage in BEFORE_RINGING {
        let mut phone = held(stage);
        advance(&mut phone, stage, CallState::Identified);
        let ringing = event(Event::Ringing { call: OUT_CALL });
        let preferences = [Signal::PreferredProfile(0x40), Signal::PreferredMode(1)];
        phone.take();
        phone.at(150).rx([Signal::Ringing]).expect([
            tx(OUT, preferences),
            ringing,
            tx(IN, [Signal::Busy]),
        ]);
        phone.at(249).expect([]).at(250).expect([close(IN)]);
        assert_eq!(status(&phone), (Role::Caller, CallState::Ringing));
    }
}

#[test]
fn the_held_caller_hears_busy_when_ringing_got_lost_and_our_call_goes_on_without_it() {
    for signal in [Signal::Connecting, Signal::Established] {
        let mut phone = held(CallState::Identified);
        phone.rx([signal]);
        assert!(phone.take().contains(&tx(IN, [Signal::Busy])), "{signal:?}");
    }
}

#[test]
fn the_held_call_stands_when_ours_hears_busy_or_rejected() {
    for stage in [CallState::Linked, CallState::Identified] {
        let mut phone = held(stage);
        phone.rx([Signal::Busy]);
        phone.expect([close(OUT), tx(IN, [Signal::Ringing]), connecting()]);
        establishes_on_the_peers_link(&mut phone);

        let mut phone = held(stage);
        phone.rx([Signal::Rejected]);
        phone.expect([tx(IN, [Signal::Ringing]), close(OUT), connecting()]);
        establishes_on_the_peers_link(&mut phone);
    }
}

#[test]
fn the_held_call_stands_when_our_link_is_gone_or_does_not_come_up() {
    let gone = |end| (CallState::Identified, LinkEvent::Closed(end));
    let failed = |failure| (CallState::Calling, LinkEvent::Failed(failure));
    for (stage, end) in [
        (CallState::Linked, LinkEvent::Closed(LinkClosed::Peer)),
        gone(LinkClosed::Peer),
        gone(LinkClosed::Timeout),
        gone(LinkClosed::Interface),
        failed(LinkFailed::NoPath),
        failed(LinkFailed::NoNetwork),
        failed(LinkFailed::Timeout),
        failed(LinkFailed::Refused),
    ] {
        let mut phone = held(stage);
        phone.link(OUT, end).expect([tx(IN, [Signal::Ringing]), connecting()]);
        establishes_on_the_peers_link(&mut phone);
    }
}

#[test]
fn the_held_call_stands_when_the_callee_says_nothing_on_our_link() {
    let mut phone = held(CallState::Linked);
    phone.at(5_379).expect([]);
    phone.at(5_380).expect([tx(IN, [Signal::Ringing]), close(OUT), connecting()]);
    establishes_on_the_peers_link(&mut phone);
}

#[test]
fn the_held_call_stands_when_the_wait_time_of_ours_ends() {
    let wait_time = Duration::from_secs(20);
    let mut phone = Script::new(Config { wait_time, ..quiet() });
    phone.dial().incoming().identified().take();
    phone.at(20_000).expect([tx(IN, [Signal::Ringing]), close(OUT), connecting()]);
    establishes_on_the_peers_link(&mut phone);
}

#[test]
fn a_held_caller_who_leaves_leaves_our_call_as_it_is() {
    let mut phone = held(CallState::Linked);
    phone.closed(IN, LinkClosed::Peer).expect([]);
    phone.rx([Signal::Busy]).expect([close(OUT)]);
    phone.at(254).expect([]).at(255).expect([ended(EndReason::Busy)]);
    idle(&phone);
}

#[test]
fn a_held_caller_does_not_wait_for_ever() {
    let wait_time = Duration::from_secs(90);
    let mut phone = Script::new(Config { wait_time, ..quiet() });
    phone.dial().incoming().identified().take();
    // 60 s, and 14 round trips of 20 ms.
    phone.at(60_279).expect([]);
    phone.at(60_280).expect([close(IN)]);
}

#[test]
fn busy_while_somebody_unknown_calls_waits_and_the_peers_call_stands_whatever_its_hash() {
    for peer in [LOWER, PEER] {
        for stage in [CallState::Linked, CallState::Identified] {
            for settles in [true, false] {
                let mut phone = dialling(peer, stage);
                phone.incoming().at(if settles { 110 } else { 102 }).take();
                phone.rx([Signal::Busy]).expect([close(OUT)]);
                assert_eq!(status(&phone), (Role::Caller, CallState::GlareWait));
                let identified = LinkEvent::Identified(peer);
                phone.at(104 + u64::from(settles) * 10).link(IN, identified);
                phone.expect([tx(IN, [Signal::Ringing]), connecting()]);
                establishes_on_the_peers_link(&mut phone);
            }
        }
    }
}

#[test]
fn busy_waits_a_moment_for_a_link_of_the_peers() {
    for (rtt_ms, moment) in [(20, 150), (200, 600), (5_000, 15_000)] {
        let refused = || {
            let mut phone = Script::new(quiet());
            let rtt = Some(Duration::from_millis(rtt_ms));
            phone.command(dial(PEER)).link(OUT, LinkEvent::Up { rtt, mdu: None }).take();
            phone.rx([Signal::Busy]).expect([close(OUT)]);
            phone
        };
        let mut phone = refused();
        phone.at(moment - 1).expect([]).at(moment).expect([ended(EndReason::Busy)]);
        idle(&phone);

        let mut phone = refused();
        phone.at(moment - 1).incoming().identified();
        phone.expect([tx(IN, [Signal::Ringing]), connecting()]);
    }
}

#[test]
fn a_caller_of_a_refused_call_is_still_offered_the_line() {
    let mut phone = dialling(PEER, CallState::Linked);
    phone.incoming().rx([Signal::Busy]).take();
    phone.at(105).expect([tx(IN, [Signal::Available])]);
}

#[test]
fn busy_stands_when_whoever_calls_is_somebody_else() {
    let identified = LinkEvent::Identified(STRANGER);
    let mut phone = refused();
    phone.link(IN, identified).expect([turned_away(STRANGER), busy(IN)]);
    phone.at(259).expect([]).at(260).expect([ended(EndReason::Busy)]);
    phone.at(1_110).expect([close(IN)]);
    idle(&phone);

    let mut phone = refused();
    phone.at(1_000).take();
    phone.link(IN, identified).expect([turned_away(STRANGER), busy(IN), ended(EndReason::Busy)]);
    phone.at(2_000).expect([close(IN)]);
    idle(&phone);
}

#[test]
fn busy_stands_when_whoever_calls_leaves() {
    for end in [LinkClosed::Peer, LinkClosed::Timeout] {
        let mut phone = refused();
        phone.at(1_000).take();
        phone.closed(IN, end).expect([ended(EndReason::Busy)]);
        idle(&phone);
    }
}

#[test]
fn busy_stands_after_three_seconds_and_the_caller_becomes_an_ordinary_one() {
    let mut phone = refused();
    // And six round trips of 20 ms.
    phone.at(3_229).take();
    phone.at(3_230).expect([ended(EndReason::Busy)]);
    phone.identified().expect([tx(IN, [Signal::Ringing]), incoming()]);
}

#[test]
fn a_refused_call_waits_while_one_of_several_unknown_callers_may_be_the_peer() {
    let mut phone = refused();
    let other = LinkId(9);
    phone.incoming_on(other, Duration::ZERO).at(120).take();
    phone.link(IN, LinkEvent::Identified(STRANGER)).expect([turned_away(STRANGER), busy(IN)]);
    phone.link(other, LinkEvent::Identified(PEER));
    phone.expect([tx(other, [Signal::Ringing]), connecting()]);
    assert_eq!(status(&phone), (Role::Callee, CallState::Connecting));
}

#[test]
fn a_held_caller_is_not_kept_waiting_for_another_who_is_unknown() {
    let mut phone = held(CallState::Identified);
    phone.incoming_on(LinkId(9), Duration::ZERO).at(120).take();
    phone.rx([Signal::Busy]).expect([close(OUT), tx(IN, [Signal::Ringing]), connecting()]);
}

#[test]
fn signals_behind_the_one_that_moved_the_call_are_not_those_of_the_peers_link() {
    let mut phone = held(CallState::Identified);
    phone.rx_on(OUT, &[Signal::Busy, Signal::Rejected, Signal::PreferredMode(2)]).take();
    establishes_on_the_peers_link(&mut phone);
}

#[test]
fn what_comes_on_the_closed_link_of_a_refused_call_changes_nothing() {
    let mut phone = refused();
    let before = phone.phone.clone();
    phone.rx_on(OUT, &[Signal::Busy, Signal::Rejected, Signal::Ringing, Signal::Established]);
    phone.rx_on(OUT, &[Signal::PreferredProfile(0x50), Signal::PreferredMode(2)]);
    phone.closed(OUT, LinkClosed::Peer).expect([]);
    assert_eq!(phone.phone, before);
}

#[test]
fn cancelling_while_somebody_unknown_calls_leaves_an_ordinary_caller() {
    for stage in BEFORE_RINGING {
        let mut phone = dialling(PEER, stage);
        phone.incoming().at(110).take();
        let hang_up = phone.command(Command::HangUp(OUT_CALL));
        hang_up.expect([close(OUT), ended(EndReason::Cancelled)]);
        phone.identified().expect([tx(IN, [Signal::Ringing]), incoming()]);
        ends_for_good(&mut phone);
    }
}

#[test]
fn cancelling_while_the_peer_is_held_judges_it_as_an_ordinary_caller() {
    for stage in BEFORE_RINGING {
        let mut phone = held(stage);
        phone.command(Command::HangUp(OUT_CALL)).expect([
            close(OUT),
            ended(EndReason::Cancelled),
            tx(IN, [Signal::Ringing]),
            incoming(),
        ]);
        ends_for_good(&mut phone);
    }
    let mut phone = Script::new(Config { callers: Some(Admission::Busy), ..quiet() });
    phone.dial().incoming().identified().take();
    phone.command(Command::HangUp(OUT_CALL)).expect([
        close(OUT),
        ended(EndReason::Cancelled),
        busy(IN),
    ]);
    phone.at(2_000).expect([close(IN)]);
    idle(&phone);
}

#[test]
fn cancelling_a_refused_call_closes_nothing_twice_and_leaves_an_ordinary_caller() {
    let mut phone = refused();
    phone.command(Command::HangUp(OUT_CALL)).expect([ended(EndReason::Cancelled)]);
    phone.identified().expect([tx(IN, [Signal::Ringing]), incoming()]);
    ends_for_good(&mut phone);
}

#[test]
fn hanging_up_a_call_that_crossed_closes_the_peers_link_and_leaves_nothing() {
    let mut phone = dialling(LOWER, CallState::Identified);
    phone.incoming().link(IN, LinkEvent::Identified(LOWER)).take();
    let hang_up = phone.command(Command::HangUp(OUT_CALL));
    hang_up.expect([close(IN), ended(EndReason::LocalHangup)]);
    idle(&phone);
}

#[test]
fn a_peer_that_hangs_up_a_call_that_crossed_ends_it_once() {
    let mut phone = dialling(LOWER, CallState::Identified);
    phone.incoming().link(IN, LinkEvent::Identified(LOWER)).take();
    phone.closed(IN, LinkClosed::Peer).expect([ended(EndReason::RemoteHangup)]);
    idle(&phone);
    let gone = Input::Link { link: OUT, event: LinkEvent::Closed(LinkClosed::Peer) };
    phone.refuse(gone, InputError::UnknownLink(OUT));
}

#[test]
fn a_peer_that_calls_on_two_links_is_held_on_the_later_one() {
    let mut phone = held(CallState::Identified);
    let again = LinkId(9);
    phone.incoming_on(again, Duration::ZERO);
    phone.link(again, LinkEvent::Identified(PEER)).expect([tx(IN, [Signal::Busy])]);
    phone.rx([Signal::Busy]).expect([close(OUT), tx(again, [Signal::Ringing]), connecting()]);
}

#[test]
fn a_phone_that_dials_itself_ends_alone() {
    let mut phone = Script::new(quiet());
    phone.command(dial(US)).link_up().incoming().at(5).take();
    phone.rx_on(OUT, &[Signal::Available]).take();
    phone.link(IN, LinkEvent::Identified(US)).expect([]);
    phone.closed(IN, LinkClosed::Peer);
    phone.at(10_000).command(Command::HangUp(OUT_CALL)).take();
    idle(&phone);
}

/// A call to the peer, at 100 ms, in this state.
fn dialling(peer: IdentityHash, state: CallState) -> Script {
    let mut phone = Script::new(quiet());
    phone.at(100).command(dial(peer));
    advance(&mut phone, CallState::Calling, state);
    phone.take();
    assert_eq!(status(&phone), (Role::Caller, state));
    phone
}

/// The same, and the peer, whose hash is the higher one, is held.
fn held(state: CallState) -> Script {
    let mut phone = dialling(PEER, state);
    phone.incoming().at(105).take();
    phone.identified().expect([]);
    assert_eq!(status(&phone), (Role::Caller, state));
    phone
}

/// A call that heard BUSY, at 110 ms, while somebody unknown is offered the line.
fn refused() -> Script {
    let mut phone = dialling(PEER, CallState::Linked);
    phone.incoming().at(110).rx([Signal::Busy]).take();
    assert_eq!(status(&phone), (Role::Caller, CallState::GlareWait));
    phone
}

/// Leads our call from state to state.
fn advance(phone: &mut Script, from: CallState, to: CallState) {
    let steps = [CallState::Linked, CallState::Identified, CallState::Ringing];
    for state in steps.into_iter().filter(|state| *state > from && *state <= to) {
        match state {
            CallState::Linked => phone.link_up(),
            CallState::Identified => phone.rx_on(OUT, &[Signal::Available]),
            _ => phone.rx_on(OUT, &[Signal::Ringing]),
        };
    }
}

fn dial(to: IdentityHash) -> Command {
    let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
    Command::Dial { call: OUT_CALL, link: OUT, to, profile, mode }
}

#[track_caller]
fn establishes_on_the_peers_link(phone: &mut Script) {
    assert_eq!(status(phone), (Role::Callee, CallState::Connecting));
    assert_eq!(phone.phone.call().map(|call| call.call), Some(OUT_CALL));
    phone.rx_on(IN, &[Signal::PreferredProfile(0x40), Signal::PreferredMode(1)]);
    assert_eq!(status(phone), (Role::Callee, CallState::Established));
    phone.take();
    phone.command(Command::HangUp(OUT_CALL)).expect_ended(EndReason::LocalHangup);
    idle(phone);
}

/// Rejects the call that rings on the peer's link; nothing is left then.
#[track_caller]
fn ends_for_good(phone: &mut Script) {
    phone.command(Command::HangUp(IN_CALL)).expect_ended(EndReason::Rejected);
    phone.at(120_000).take();
    idle(phone);
}

#[track_caller]
fn idle(phone: &Script) {
    let pending = phone
        .phone
        .poll_timeout()
        .filter(|due| !matches!(due.timer, Timer::Link(_, LinkTimer::Goodbye)));
    assert_eq!((phone.phone.call(), pending), (None, None));
}

fn status(phone: &Script) -> (Role, CallState) {
    let call = phone.phone.call().expect("there is a call");
    assert_eq!(call.call, OUT_CALL, "the app's call keeps its id");
    (call.role, call.state)
}

fn connecting() -> OwnedOutput {
    event(Event::Connecting { call: OUT_CALL })
}

fn incoming() -> OwnedOutput {
    event(Event::Incoming { call: IN_CALL, from: PEER })
}

fn ended(reason: EndReason) -> OwnedOutput {
    event(Event::Ended { call: OUT_CALL, reason })
}

const BEFORE_RINGING: [CallState; 3] =
    [CallState::Calling, CallState::Linked, CallState::Identified];
