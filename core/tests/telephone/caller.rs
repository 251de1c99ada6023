//! The caller's side, step by step.

use core::time::Duration;

use lxst_core::wire::Signal;
use lxst_core::{
    CallState, Command, Config, Destination, EndReason, Event, Input, InputError, LinkClosed,
    LinkEvent, LinkFailed, LinkRequest, Mode, Profile, StreamChange, StreamTimer, Timer,
    TransmitCodec,
};

use crate::support::{
    IN, OUT, OUT_CALL, OUT_STREAM, OwnedOutput, PEER, Script, close, event, quiet, somebody,
    streams, tx,
};

#[test]
fn ringing_that_comes_with_busy_or_rejected_is_not_told_and_nothing_is_sent() {
    for (signal, reason) in
        [(Signal::Busy, EndReason::Busy), (Signal::Rejected, EndReason::Rejected)]
    {
        let mut phone = Script::new(quiet());
        phone.dial().link_up().rx([Signal::Available]).take();
        phone.rx([Signal::Ringing, signal]).pass(150);
        let ended = event(Event::Ended { call: OUT_CALL, reason });
        phone.expect([close(OUT), ended]);
    }
}

#[test]
fn a_normal_call_goes_step_by_step_from_dialling_to_audio() {
    let mut phone = Script::new(quiet());
    phone.dial().expect([OwnedOutput::Link(OUT, LinkRequest::Open(Destination::telephony(PEER)))]);
    phone.at(40).link_up().expect([]);
    phone.at(50).rx([Signal::Available]).expect([OwnedOutput::Link(OUT, LinkRequest::Identify)]);
    phone.at(90).rx([Signal::Ringing]).expect([
        tx(OUT, [Signal::PreferredProfile(0x40), Signal::PreferredMode(1)]),
        event(Event::Ringing { call: OUT_CALL }),
    ]);
    phone
        .at(5_000)
        .rx([Signal::Connecting])
        .expect([tx(OUT, [Signal::Established]), event(Event::Connecting { call: OUT_CALL })]);
    let [send, receive] = streams(OUT_CALL, StreamChange::Opened);
    phone.at(5_010).rx([Signal::Established]).expect([established(), send, receive]);
    let deadline = phone.phone.poll_timeout();
    assert_eq!(
        deadline.map(|deadline| deadline.timer),
        Some(Timer::Stream(OUT_STREAM, StreamTimer::Quality))
    );
}

#[test]
fn the_proposed_profile_and_mode_are_those_dialled_with() {
    let mut phone = Script::new(quiet());
    phone.dial_with(Profile::LowLatency, Mode::HalfDuplex).link_up();
    phone.rx([Signal::Available]).take();
    phone.rx([Signal::Ringing]).expect([
        tx(OUT, [Signal::PreferredProfile(0x80), Signal::PreferredMode(2)]),
        event(Event::Ringing { call: OUT_CALL }),
    ]);
}

#[test]
fn busy_and_rejected_end_the_call_under_their_names() {
    for (signal, reason) in
        [(Signal::Busy, EndReason::Busy), (Signal::Rejected, EndReason::Rejected)]
    {
        for heard_before in 0..=CALL_SETUP.len() {
            let mut phone = caller_after(heard_before);
            if signal == Signal::Busy && heard_before < CALL_SETUP.len() {
                // The callee may be busy because it dials us.
                phone.rx([signal]).expect([close(OUT)]);
                phone.closed(OUT, LinkClosed::Peer).expect([]);
                phone.at(1_000).expect([ended(reason)]);
            } else {
                phone.rx([signal]).expect([close(OUT), ended(reason)]);
            }
            assert_eq!(phone.phone.poll_timeout(), None);
        }
    }
}

#[test]
fn busy_or_rejected_after_the_answer_ends_the_call_as_hung_up() {
    for signal in [Signal::Busy, Signal::Rejected] {
        let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
        phone.rx([signal]).expect_ended(EndReason::RemoteHangup);
    }
}

#[test]
fn a_link_that_the_peer_closes_before_the_answer_means_no_answer() {
    for heard_before in 0..=CALL_SETUP.len() {
        let mut phone = caller_after(heard_before);
        phone.closed(OUT, LinkClosed::Peer).expect([ended(EndReason::NoAnswer)]);
    }
}

#[test]
fn a_link_that_the_peer_closes_after_connecting_means_hung_up() {
    let mut phone = caller_after(CALL_SETUP.len());
    phone.rx([Signal::Connecting]).take();
    phone.closed(OUT, LinkClosed::Peer).expect([ended(EndReason::RemoteHangup)]);
}

#[test]
fn the_wait_time_ends_a_search_for_a_path() {
    let mut phone = Script::new(quiet());
    phone.dial().take();
    phone.at(69_999).expect([]);
    phone.at(70_000).expect([close(OUT), ended(EndReason::NoAnswer)]);
}

#[test]
fn the_wait_time_begins_again_when_it_rings() {
    let mut phone = Script::new(Config { wait_time: Duration::from_secs(20), ..quiet() });
    phone.dial().at(4_000).link_up();
    phone.rx([Signal::Available]).rx([Signal::Ringing]).take();
    phone.at(23_999).expect([]);
    phone.at(24_000).expect([close(OUT), ended(EndReason::NoAnswer)]);
}

#[test]
fn a_callee_that_says_nothing_is_given_five_seconds_and_fourteen_round_trips() {
    {
        let mut phone = caller_after(0);
        phone.at(5_279).expect([]);
        phone.at(5_280).expect([close(OUT), ended(EndReason::ProtocolTimeout)]);
    }
}

#[test]
fn a_round_trip_beyond_belief_does_not_hold_a_deadline_off_for_ever() {
    let mut phone = Script::new(quiet());
    let (rtt, mdu) = (Some(Duration::MAX), None);
    phone.dial().link(OUT, LinkEvent::Up { rtt, mdu });
    phone.rx([Signal::Available]).rx([Signal::Ringing]).rx([Signal::Connecting]).take();
    phone.at(10_000 + 14 * 60_000).expect_ended(EndReason::ProtocolTimeout);
}

#[test]
fn connecting_that_established_never_follows_times_out() {
    let mut phone = caller_after(CALL_SETUP.len());
    phone.at(1_000).rx([Signal::Connecting]).take();
    phone.at(11_279).take();
    phone.at(11_280).expect([close(OUT), ended(EndReason::ProtocolTimeout)]);
}

#[test]
fn a_failed_link_says_why_it_failed() {
    for (failure, reason) in [
        (LinkFailed::NoPath, EndReason::NoPath),
        (LinkFailed::NoNetwork, EndReason::NoNetwork),
        (LinkFailed::Timeout, EndReason::LinkFailed),
        (LinkFailed::Refused, EndReason::LinkFailed),
    ] {
        let mut phone = Script::new(quiet());
        phone.dial().take();
        phone.at(15_000).link_failed(failure).expect([ended(reason)]);
        assert_eq!(phone.phone.poll_timeout(), None);
    }
}

#[test]
fn a_link_that_is_gone_before_it_is_up_ends_the_call() {
    for (end, reason) in [
        (LinkClosed::Peer, EndReason::LinkFailed),
        (LinkClosed::Unknown, EndReason::LinkFailed),
        (LinkClosed::Timeout, EndReason::LinkLost),
        (LinkClosed::Interface, EndReason::LinkLost),
    ] {
        let mut phone = Script::new(quiet());
        phone.dial().take();
        phone.closed(OUT, end).expect([ended(reason)]);
        assert_eq!(phone.phone.poll_timeout(), None);
    }
}

#[test]
fn a_call_can_be_cancelled_in_each_state_before_the_answer() {
    let mut phone = Script::new(quiet());
    phone.dial().take();
    phone.command(Command::HangUp(OUT_CALL)).expect([close(OUT), ended(EndReason::Cancelled)]);
    for heard_before in 0..=CALL_SETUP.len() {
        let mut phone = caller_after(heard_before);
        let hang_up = phone.command(Command::HangUp(OUT_CALL));
        hang_up.expect([close(OUT), ended(EndReason::Cancelled)]);
        assert_eq!(phone.phone.poll_timeout(), None);
    }
}

#[test]
fn hanging_up_after_connecting_is_no_cancelling() {
    let mut phone = caller_after(CALL_SETUP.len());
    phone.rx([Signal::Connecting]).take();
    let hang_up = phone.command(Command::HangUp(OUT_CALL));
    hang_up.expect([close(OUT), ended(EndReason::LocalHangup)]);
}

#[test]
fn a_link_that_comes_up_after_a_cancel_is_closed() {
    let mut phone = Script::new(quiet());
    phone.dial().command(Command::HangUp(OUT_CALL)).take();
    phone.at(3_000).link_up().expect([close(OUT)]);
    assert_eq!(phone.phone.call(), None);
}

#[test]
fn the_first_media_frame_stands_for_a_lost_established() {
    let mut phone = caller_after(CALL_SETUP.len());
    phone.rx([Signal::Connecting]).take();
    let [send, receive] = streams(OUT_CALL, StreamChange::Opened);
    phone.rx_frame(b"frame").expect([established(), send, receive]);
    assert_eq!(phone.counters().frames_received, 1);
}

#[test]
fn what_is_no_frame_does_not_stand_for_established() {
    let mut phone = caller_after(CALL_SETUP.len());
    phone.rx([Signal::Connecting]).take();
    for no_frame in [&[0x81, 0x01, 0xc0][..], &[0x81, 0x01, 0xc4, 0x01, 0x77]] {
        phone.rx_bytes(OUT, no_frame);
        assert_eq!(phone.phone.call().map(|call| call.state), Some(CallState::Connecting));
    }
}

#[test]
fn media_before_we_identified_is_dropped() {
    let mut phone = caller_after(0);
    phone.rx_frame(b"frame").expect([]);
    assert_eq!(phone.counters().frames_received, 0);
}

#[test]
fn media_make_up_for_an_answer_that_was_lost() {
    for heard_before in 1..=CALL_SETUP.len() {
        let mut phone = caller_after(heard_before);
        let [send, receive] = streams(OUT_CALL, StreamChange::Opened);
        phone.rx_frame(b"frame").expect([
            tx(OUT, [Signal::Established]),
            event(Event::Connecting { call: OUT_CALL }),
            established(),
            send,
            receive,
        ]);
        assert_eq!(phone.counters().frames_received, 1);
    }
}

#[test]
fn a_lost_connecting_is_made_up_for_by_established() {
    let mut phone = caller_after(1);
    phone.rx([Signal::Established]);
    let [send, receive] = streams(OUT_CALL, StreamChange::Opened);
    phone.expect([
        tx(OUT, [Signal::Established]),
        event(Event::Connecting { call: OUT_CALL }),
        established(),
        send,
        receive,
    ]);
}

#[test]
fn a_lost_ringing_is_made_up_for_by_connecting() {
    let mut phone = caller_after(1);
    phone
        .rx([Signal::Connecting])
        .expect([tx(OUT, [Signal::Established]), event(Event::Connecting { call: OUT_CALL })]);
    phone.at(9_000).take();
    phone.rx([Signal::Established]);
    assert_eq!(phone.take().first(), Some(&established()));
}

#[test]
fn signals_that_come_again_or_out_of_turn_change_nothing() {
    let statuses = [
        Signal::Calling,
        Signal::Available,
        Signal::Ringing,
        Signal::Connecting,
        Signal::Established,
    ];
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    let before = phone.phone.clone();
    phone.rx(statuses).expect([]);
    assert_eq!(phone.phone, before);

    let mut phone = caller_after(0);
    let before = phone.phone.clone();
    phone.rx([Signal::Ringing]).rx([Signal::Established]).rx([Signal::Calling]).expect([]);
    assert_eq!(phone.phone, before);
}

#[test]
fn a_callee_may_name_another_profile_and_mode_before_it_answers() {
    let mut phone = caller_after(CALL_SETUP.len());
    phone.rx([Signal::PreferredProfile(0x50), Signal::PreferredMode(2)]).expect([]);
    let call = phone.phone.call().expect("it rings");
    assert_eq!((call.profile, call.mode), (Profile::HighQuality, Mode::HalfDuplex));
}

#[test]
fn a_callee_cannot_open_the_microphone_of_a_caller_who_dialled_in_half_duplex() {
    for (allowed, mode) in [(false, Mode::HalfDuplex), (true, Mode::FullDuplex)] {
        let mut phone = Script::new(Config { peer_may_open_microphone: allowed, ..quiet() });
        phone.dial_with(Profile::MediumQuality, Mode::HalfDuplex).link_up();
        phone.rx([Signal::Available]).rx([Signal::Ringing]);
        phone.rx([Signal::PreferredMode(1)]);
        assert_eq!(phone.phone.call().map(|call| call.mode), Some(mode));
    }
}

#[test]
fn a_second_call_is_refused_while_there_is_one() {
    let mut phone = caller_after(CALL_SETUP.len());
    let dial = Input::Command(Command::Dial {
        call: lxst_core::CallId(90),
        link: lxst_core::LinkId(91),
        to: somebody(9),
        profile: Profile::MediumQuality,
        mode: Mode::FullDuplex,
    });
    let state = CallState::Ringing;
    phone.refuse(dial, InputError::NotAllowed { state });
}

#[test]
fn a_link_that_is_known_cannot_be_dialled_on() {
    let mut phone = Script::new(quiet());
    phone.incoming();
    let dial = Input::Command(Command::Dial {
        call: OUT_CALL,
        link: IN,
        to: PEER,
        profile: Profile::MediumQuality,
        mode: Mode::FullDuplex,
    });
    let state = CallState::Idle;
    phone.refuse(dial, InputError::NotAllowed { state });
}

#[test]
fn a_profile_that_our_encoder_lacks_cannot_be_dialled_with() {
    let mut phone = Script::new(Config { transmit: TransmitCodec::Profile, ..quiet() });
    let profile = Profile::LowBandwidth;
    let dial = Input::Command(Command::Dial {
        call: OUT_CALL,
        link: OUT,
        to: PEER,
        profile,
        mode: Mode::FullDuplex,
    });
    phone.refuse(dial, InputError::UnsupportedProfile(profile));
}

#[test]
fn a_caller_cannot_answer_its_own_call() {
    let mut phone = caller_after(CALL_SETUP.len());
    let state = CallState::Ringing;
    let answer = Input::Command(Command::Answer(OUT_CALL));
    phone.refuse(answer, InputError::NotAllowed { state });
}

/// A caller whose link is up and who heard this much of the call's setup.
fn caller_after(signals: usize) -> Script {
    let mut phone = Script::new(quiet());
    phone.dial().link_up();
    for signal in &CALL_SETUP[..signals] {
        phone.rx([*signal]);
    }
    phone.take();
    phone
}

fn ended(reason: EndReason) -> OwnedOutput {
    let call = OUT_CALL;
    event(Event::Ended { call, reason })
}

fn established() -> OwnedOutput {
    event(Event::Established {
        call: OUT_CALL,
        profile: Profile::MediumQuality,
        mode: Mode::FullDuplex,
    })
}

const CALL_SETUP: [Signal; 2] = [Signal::Available, Signal::Ringing];
