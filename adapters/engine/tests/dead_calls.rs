//! A peer that is gone while somebody on the way forges its keepalives, and peers that are only
//! quiet.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::lossy::{CALLEE, CALLER, Kind, Line, Path, Side};
use lxst_core::{
    CallId, Command, Config as Telephone, Direction, EndReason, Event, Instant, InsteadOfVoice,
    Mode, Mute, Profile, limits,
};

#[test]
fn forged_keepalives_do_not_hold_a_call_in_full_duplex_whose_peer_is_gone() {
    for gone in [CALLER, CALLEE] {
        let (mut line, _) = in_call(Mode::FullDuplex);
        let gone_at = line.now;
        forge_keepalives(&mut line, gone, 2 * MINUTE);
        assert_is_missed(&line, gone, gone_at);
    }
}

/// In half duplex nothing tells a peer that listens from one that is gone: see
/// [`limits::MEDIA_TIMEOUT`]. Full duplex makes a peer show itself.
#[test]
fn a_switch_to_full_duplex_ends_a_call_that_forged_keepalives_hold() {
    for gone in [CALLER, CALLEE] {
        let (mut line, calls) = in_call(Mode::HalfDuplex);
        forge_keepalives(&mut line, gone, 10 * MINUTE);
        let switched_at = line.now;
        let switch = Command::SetMode(calls[1 - gone], Mode::FullDuplex);
        line.phones[1 - gone].engine.command(line.now, switch).expect("the call stands");
        forge_keepalives(&mut line, gone, 2 * MINUTE);
        assert_is_missed(&line, gone, switched_at);
    }
}

#[test]
fn a_peer_that_is_gone_is_missed_with_its_keepalives_in_half_duplex_too() {
    for gone in [CALLER, CALLEE] {
        let (mut line, _) = in_call(Mode::HalfDuplex);
        line.run(MINUTE, |_, sent| sent.by != gone);
        let (_, reason) = end_of(&line, 1 - gone).expect("the call is over");
        assert_eq!(reason, EndReason::LinkLost);
    }
}

#[test]
fn a_call_in_half_duplex_in_which_nobody_talks_stands_on_keepalives_alone() {
    let (mut line, _) = in_call(Mode::HalfDuplex);
    let before = line.sent.len();
    line.run(30 * MINUTE, |_, _| true);
    assert!(line.sent[before..].iter().all(|sent| sent.kind == Kind::Other));
    assert!(line.established().is_some());
}

#[test]
fn a_call_in_full_duplex_in_which_both_are_muted_and_send_next_to_nothing_stands() {
    let (mut line, calls) = in_call(Mode::FullDuplex);
    for (phone, call) in line.phones.iter_mut().zip(calls) {
        let mute = Command::Mute(call, Direction::Send, Mute::Muted);
        phone.engine.command(line.now, mute).expect("the call stands");
    }
    line.run(MINUTE, |_, _| true);
    let before = line.sent.len();
    line.run(30 * MINUTE, |_, _| true);
    let frames = line.sent[before..].iter().filter(|sent| sent.kind == Kind::Data).count();
    let most = 2 * (30 * MINUTE).as_secs() / limits::PRESENCE.as_secs();
    assert!(frames as u64 <= most, "{frames} frames");
    assert!(line.established().is_some());
}

/// A call that stands since some seconds, and its id on each side.
fn in_call(mode: Mode) -> (Line, [CallId; 2]) {
    let telephone = Telephone { when_muted: InsteadOfVoice::Nothing, ..Telephone::default() };
    let mut line = Line::of(telephone, 1, Path::Known, Duration::from_millis(20));
    line.dial(Profile::MediumQuality, mode);
    line.run(10 * SECOND, |_, _| true);
    let calls = line.established().expect("the call stands").map(|call| call.call);
    (line, calls)
}

/// Lets time pass in which nothing comes from the phone that is gone but keepalives in its name.
fn forge_keepalives(line: &mut Line, gone: usize, span: Duration) {
    let of_the_link = line.sent.iter().rposition(|sent| (sent.by, sent.kind) == (gone, Kind::Data));
    let header = &line.recorded[of_the_link.expect("it signalled")][..18];
    // Of the link's initiator, or the answer to it.
    let data = if gone == CALLER { 0xff } else { 0xfe };
    let forged = [header, &[0xfa, data]].concat();
    let until = line.now + span;
    while line.now < until {
        line.inject(1 - gone, Side::Peer, &forged);
        line.run(SECOND, |_, sent| sent.by != gone);
    }
}

/// Asserts that the other one ended the call after a minute without anything that was proved.
fn assert_is_missed(line: &Line, gone: usize, since: Instant) {
    let (at, reason) = end_of(line, 1 - gone).expect("the call is over");
    assert_eq!(reason, EndReason::MediaTimeout);
    let lasted = at.since(since);
    assert!(lasted <= limits::MEDIA_TIMEOUT, "{lasted:?}");
}

fn end_of(line: &Line, phone: usize) -> Option<(Instant, EndReason)> {
    line.phones[phone].told.iter().find_map(|(at, event)| match event {
        Event::Ended { reason, .. } => Some((*at, *reason)),
        _ => None,
    })
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
