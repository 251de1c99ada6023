//! An established call: profile and mode switches, and what a peer may send at any time.

use lxst_core::wire::{Codec, CodecSet, Signal};
use lxst_core::{
    CallState, Command, Config, DropReason, EndReason, Event, Input, InputError, JobId, LinkClosed,
    Mode, Profile, Side, Talk, Tempo,
};

use crate::support::{IN, IN_CALL, OUT, OUT_CALL, OwnedOutput, Script, close, event, quiet, tx};

#[test]
fn our_profile_switch_is_told_to_the_peer_and_to_the_app() {
    let mut phone = caller();
    let switch = Command::SetProfile(OUT_CALL, Profile::UltraLowLatency);
    phone.command(switch).expect([
        tx(OUT, [Signal::PreferredProfile(0x70)]),
        profile_changed(Profile::UltraLowLatency, Side::Local),
    ]);
    phone.command(switch).expect([]);
}

#[test]
fn the_peers_profile_switch_is_followed_without_an_echo() {
    let mut phone = caller();
    phone.rx([Signal::PreferredProfile(0x60)]);
    phone.expect([profile_changed(Profile::SuperHighQuality, Side::Remote)]);
    phone.rx([Signal::PreferredProfile(0x60)]).expect([]);
    assert_eq!(phone.phone.call().map(|call| call.profile), Some(Profile::SuperHighQuality));
}

#[test]
fn a_callee_switches_the_same_way() {
    let mut phone = Script::established_callee(quiet(), &[Signal::PreferredMode(1)]);
    phone.command(Command::SetMode(IN_CALL, Mode::HalfDuplex)).expect([
        tx(IN, [Signal::PreferredMode(2)]),
        event(Event::ModeChanged { call: IN_CALL, mode: Mode::HalfDuplex, by: Side::Local }),
    ]);
    phone.rx([Signal::PreferredProfile(0x80)]).expect([event(Event::ProfileChanged {
        call: IN_CALL,
        profile: Profile::LowLatency,
        by: Side::Remote,
    })]);
}

#[test]
fn the_peer_may_close_our_microphone_but_not_open_it() {
    let mut phone = caller();
    phone.rx([Signal::PreferredMode(2)]);
    phone.expect([mode_changed(Mode::HalfDuplex, Side::Remote)]);
    phone.rx([Signal::PreferredMode(1)]).expect([]);
    assert_eq!(phone.phone.call().map(|call| call.mode), Some(Mode::HalfDuplex));
}

#[test]
fn the_peer_may_open_our_microphone_when_the_settings_say_so() {
    let config = Config { peer_may_open_microphone: true, ..quiet() };
    let mut phone = Script::established_caller(config, Mode::HalfDuplex);
    phone.rx([Signal::PreferredMode(1)]);
    phone.expect([mode_changed(Mode::FullDuplex, Side::Remote)]);
}

#[test]
fn our_mode_switch_is_told_to_the_peer_and_to_the_app() {
    let mut phone = caller();
    for (mode, id) in [(Mode::HalfDuplex, 2), (Mode::FullDuplex, 1)] {
        phone.command(Command::SetMode(OUT_CALL, mode));
        phone.expect([tx(OUT, [Signal::PreferredMode(id)]), mode_changed(mode, Side::Local)]);
    }
}

#[test]
fn a_switch_between_connecting_and_established_is_refused() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up();
    phone.rx([Signal::Available]).rx([Signal::Ringing]).rx([Signal::Connecting]);
    let state = CallState::Connecting;
    for command in [
        Command::SetProfile(OUT_CALL, Profile::HighQuality),
        Command::SetMode(OUT_CALL, Mode::HalfDuplex),
    ] {
        phone.refuse(Input::Command(command), InputError::NotAllowed { state });
    }
}

#[test]
fn a_switch_before_ringing_changes_what_will_be_proposed() {
    let mut phone = Script::new(quiet());
    phone.dial().link_up().take();
    phone.command(Command::SetProfile(OUT_CALL, Profile::HighQuality));
    phone.expect([profile_changed(Profile::HighQuality, Side::Local)]);
    phone.rx([Signal::Available]).take();
    phone.rx([Signal::Ringing]);
    let proposal = [Signal::PreferredProfile(0x50), Signal::PreferredMode(1)];
    assert_eq!(phone.take().first(), Some(&tx(OUT, proposal)));
}

#[test]
fn a_profile_that_our_encoder_lacks_is_refused_from_the_app_and_answered_to_the_peer() {
    let mut phone = caller();
    let profile = Profile::UltraLowBandwidth;
    let switch = Input::Command(Command::SetProfile(OUT_CALL, profile));
    phone.refuse(switch, InputError::UnsupportedProfile(profile));
    phone.rx([Signal::PreferredProfile(0x10)]).expect([
        event(Event::ProfileUnavailable {
            call: OUT_CALL,
            asked: profile,
            used: Profile::MediumQuality,
        }),
        tx(OUT, [Signal::PreferredProfile(0x40)]),
    ]);
    assert_eq!(phone.counters().preferences_unsupported, 1);
    assert_eq!(phone.phone.call().map(|call| call.profile), Some(Profile::MediumQuality));
}

#[test]
fn unknown_profiles_modes_and_signals_are_counted_and_the_rest_of_the_list_counts() {
    let mut phone = caller();
    phone.rx([
        Signal::PreferredProfile(0x41),
        Signal::PreferredMode(3),
        Signal::Unknown(0x77),
        Signal::PreferredProfile(0x50),
    ]);
    phone.expect([
        profile_changed(Profile::HighQuality, Side::Remote),
        dropped(DropReason::UnknownSignal),
    ]);
    assert_eq!(phone.counters().preferences_unsupported, 2);
    assert_eq!(phone.counters().signals_unknown, 1);
}

#[test]
fn malformed_packets_are_counted_and_the_call_goes_on() {
    let mut phone = caller();
    for packet in [&b""[..], b"\xc1", b"\x81\x00", b"\x93\x00\x01\x02", b"\x82\x00\x06\x00\x06"] {
        phone.rx_bytes(OUT, packet).expect([dropped(DropReason::MalformedPacket)]);
    }
    assert_eq!(phone.counters().packets_malformed, 5);
    phone.rx_frame(b"frame");
    assert_eq!(phone.counters().frames_received, 1);
}

#[test]
fn frames_that_are_none_are_counted_and_those_before_them_kept() {
    let mut phone = caller();
    phone.rx_bytes(OUT, b"\x81\x01\x93\xc4\x02\x01\x55\xc4\x02\x77\x55\xc4\x02\x01\x55");
    phone.expect([decode(b"\x55"), dropped(DropReason::UnknownFrame)]);
    assert_eq!(phone.counters().frames_received, 1);
    assert_eq!(phone.counters().frames_unknown, 1);
}

#[test]
fn frames_of_a_codec_that_the_app_brings_are_decoded_as_such() {
    let codec = Codec::Other(0x77);
    let config = Config { codecs: CodecSet::REFERENCE.with(codec), ..quiet() };
    let mut phone = Script::established_caller(config, Mode::FullDuplex);
    phone.rx_bytes(OUT, b"\x81\x01\x92\xc4\x02\x77\x55\xc4\x02\x78\x55");
    let work = OwnedOutput::Decode(JobId(0), codec, Tempo::Normal, b"\x55".to_vec());
    phone.expect([work, dropped(DropReason::UnknownFrame)]);
    assert_eq!(phone.counters().frames_received, 1);
    assert_eq!(phone.counters().frames_unknown, 1);
}

#[test]
fn frames_and_signals_in_one_packet_both_count() {
    let mut phone = caller();
    phone.rx_bytes(OUT, b"\x82\x00\xcd\x01\x4f\x01\xc4\x02\x01\x55");
    phone.expect([decode(b"\x55"), profile_changed(Profile::HighQuality, Side::Remote)]);
    assert_eq!(phone.counters().frames_received, 1);
}

#[test]
fn a_packet_may_end_the_call_that_its_frames_belong_to() {
    let mut phone = caller();
    phone.rx_bytes(OUT, b"\x82\x00\x92\x00\xcd\x01\x4f\x01\xc4\x02\x01\x55");
    phone.expect_ended(EndReason::RemoteHangup);
}

#[test]
fn hanging_up_closes_the_link_then_the_streams_and_ends_the_call_last() {
    let mut phone = caller();
    phone.command(Command::HangUp(OUT_CALL));
    let done = phone.take();
    assert_eq!(done.first(), Some(&close(OUT)));
    assert!(matches!(done[1..3], [OwnedOutput::Stream(..), OwnedOutput::Stream(..)]));
    assert_eq!(done[3..], [ended(EndReason::LocalHangup)]);
}

#[test]
fn a_lost_link_is_told_from_a_hang_up() {
    for (end, reason) in [
        (LinkClosed::Peer, EndReason::RemoteHangup),
        (LinkClosed::Unknown, EndReason::RemoteHangup),
        (LinkClosed::Timeout, EndReason::LinkLost),
        (LinkClosed::Interface, EndReason::LinkLost),
    ] {
        let mut phone = caller();
        phone.closed(OUT, end).expect_ended(reason);
        let link = OUT;
        let late = Input::Packet { link, data: &[] };
        phone.refuse(late, InputError::UnknownLink(OUT));
    }
}

#[test]
fn a_call_that_is_over_takes_no_commands() {
    let mut phone = caller();
    phone.command(Command::HangUp(OUT_CALL));
    for command in [
        Command::HangUp(OUT_CALL),
        Command::Answer(OUT_CALL),
        Command::Talk(OUT_CALL, Talk::Pressed),
        Command::SetMode(OUT_CALL, Mode::HalfDuplex),
    ] {
        phone.refuse(Input::Command(command), InputError::UnknownCall);
    }
}

fn caller() -> Script {
    Script::established_caller(quiet(), Mode::FullDuplex)
}

fn ended(reason: EndReason) -> OwnedOutput {
    let call = OUT_CALL;
    event(Event::Ended { call, reason })
}

fn decode(payload: &[u8]) -> OwnedOutput {
    OwnedOutput::Decode(JobId(0), Codec::Opus, Tempo::Normal, payload.to_vec())
}

fn dropped(reason: DropReason) -> OwnedOutput {
    event(Event::Dropped { link: OUT, reason })
}

fn profile_changed(profile: Profile, by: Side) -> OwnedOutput {
    let call = OUT_CALL;
    event(Event::ProfileChanged { call, profile, by })
}

fn mode_changed(mode: Mode, by: Side) -> OwnedOutput {
    let call = OUT_CALL;
    event(Event::ModeChanged { call, mode, by })
}
