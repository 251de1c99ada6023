//! What happens while a call with Python stands.

use std::path::Path;
use std::thread;

use core::time::Duration;
use lxst_interop::{Command, Direction, PacketKind, PythonPeer};
use lxst_tokio::telephony::{AnswerMode, Config, Side, Talk};
use lxst_tokio::{Access, Call, EndReason, IdentityHash, Mode, Profile};

use crate::support::{PATIENCE, RustPhone, SPEECH, SPEECH_DELAY, check_wire, python, speech, turn};

#[test]
fn either_side_switches_the_profile_of_a_call_that_we_dialled() {
    let _turn = turn();
    switch_profiles(rust_calls("switch_profile_dialled"));
}

#[test]
fn either_side_switches_the_profile_of_a_call_that_python_dialled() {
    let _turn = turn();
    switch_profiles(python_calls("switch_profile_answered"));
}

#[test]
fn either_side_switches_the_mode_of_a_call_that_we_dialled() {
    let _turn = turn();
    switch_modes(rust_calls("switch_mode_dialled"));
}

#[test]
fn either_side_switches_the_mode_of_a_call_that_python_dialled() {
    let _turn = turn();
    switch_modes(python_calls("switch_mode_answered"));
}

fn switch_profiles((mut python, mut rust, call): (PythonPeer, RustPhone, Call)) {
    rust.listen();
    rust.speak(&speech());

    rust.block_on(call.set_profile(Profile::HighQuality)).expect("the call stands");
    rust.expect_profile(Profile::HighQuality, Side::Local);
    python.expect_packets(PacketKind::Media, Direction::Rx, 20, PATIENCE);
    assert_eq!(python.stats().profile, Some(u64::from(Profile::HighQuality.id())));

    python.send(&Command::Profile(Profile::LowLatency.id()));
    rust.expect_profile(Profile::LowLatency, Side::Remote);
    let before = python.stats().media_rx;
    thread::sleep(Duration::from_secs(1));
    // 20 ms a frame, where it was 60.
    assert!(python.stats().media_rx - before > 30);
    let status = rust.block_on(rust.phone.status()).expect("the phone runs").expect("a call");
    assert_eq!(status.profile, Profile::LowLatency);
    let switches = |direction| {
        // The caller proposed its own before the answer.
        let packets = python.packets();
        let answered = packets.iter().position(|packet| packet.signals == [CONNECTING]);
        let packets = packets.into_iter().skip(answered.expect("the call was answered"));
        let is_switch = |signal: &u64| *signal >= 0xff;
        packets
            .filter(|packet| packet.direction == direction)
            .flat_map(|packet| packet.signals)
            .filter(is_switch)
            .collect::<Vec<_>>()
    };
    assert_eq!(switches(Direction::Rx), [0xff + 0x50], "a switch is not echoed");
    assert_eq!(switches(Direction::Tx), [0xff + 0x80]);
    check_wire(&python.packets(), Profile::HighQuality.byte_ceiling());
    hang_up(&mut python, &mut rust, &call);
}

fn switch_modes((mut python, mut rust, call): (PythonPeer, RustPhone, Call)) {
    rust.speak(&speech());
    python.expect_packets(PacketKind::Media, Direction::Rx, 5, PATIENCE);

    rust.block_on(call.set_mode(Mode::HalfDuplex)).expect("the call stands");
    rust.expect_mode(Mode::HalfDuplex, Side::Local);
    python.expect_where("our switch", PATIENCE, |event| {
        event.packet().is_some_and(|packet| packet.signals == [0xf2])
    });
    let before = python.stats();
    thread::sleep(Duration::from_secs(1));
    let after = python.stats();
    assert!(after.media_rx - before.media_rx <= 2, "{before:?} {after:?}");
    assert!(after.media_tx - before.media_tx <= 2, "{before:?} {after:?}");

    rust.block_on(call.talk(Talk::Pressed)).expect("the call stands");
    python.expect_packets(PacketKind::Media, Direction::Rx, 10, PATIENCE);
    rust.block_on(call.talk(Talk::Released)).expect("the call stands");

    // The peer cannot open our microphone; we can.
    python.send(&Command::Mode(Mode::FullDuplex.id()));
    rust.block_on(call.set_mode(Mode::FullDuplex)).expect("the call stands");
    rust.expect_mode(Mode::FullDuplex, Side::Local);
    python.expect_packets(PacketKind::Media, Direction::Rx, 10, PATIENCE);
    python.send(&Command::Mode(Mode::HalfDuplex.id()));
    rust.expect_mode(Mode::HalfDuplex, Side::Remote);
    hang_up(&mut python, &mut rust, &call);
}

#[test]
fn a_phone_that_answers_by_itself_takes_pythons_profile() {
    let _turn = turn();
    let mut rust =
        RustPhone::listening(Config { answer: AnswerMode::Automatic, ..Config::default() });
    let mut python = python("auto_answer").connect(rust.port()).spawn();
    let profile = Some(Profile::HighQuality.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
    assert_eq!(rust.expect_established(), Profile::HighQuality);
    python.expect("established", PATIENCE);
}

#[test]
fn a_blocked_caller_hears_busy_on_either_side() {
    let _turn = turn();
    let mut rust = RustPhone::listening(Config::default());
    let python = python("blocked").connect(rust.port()).block(rust.identity()).spawn();
    rust.dial(python.identity(), Profile::MediumQuality);
    assert_eq!(rust.expect_end(), EndReason::Busy);
    drop((python, rust));

    let rust = RustPhone::listening(Config::default());
    let mut python = PythonPeer::builder("blocked_by_us", "python").connect(rust.port()).spawn();
    let blocked = [IdentityHash(python.identity())].into();
    let access = Access { blocked, ..Access::default() };
    rust.block_on(rust.phone.set_access(access)).expect("the phone runs");
    python.send(&Command::call(rust.identity()));
    python.expect("busy", PATIENCE);
}

#[test]
fn a_killed_python_is_a_lost_link() {
    let _turn = turn();
    let (python, mut rust, _call) = rust_calls("python_killed");
    drop(python);
    assert_eq!(rust.expect_end(), EndReason::LinkLost);
}

#[test]
fn python_notices_when_our_phone_is_killed() {
    let _turn = turn();
    let (mut python, rust, _call) = rust_calls("rust_killed");
    rust.kill();
    python.expect("ended", PATIENCE);
}

fn rust_calls(test: &str) -> (PythonPeer, RustPhone, Call) {
    let mut python =
        python(test).audio_in(Path::new(SPEECH), SPEECH_DELAY).auto_answer(0.1).spawn();
    let mut rust = RustPhone::connected_to(&python);
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    (python, rust, call)
}

fn python_calls(test: &str) -> (PythonPeer, RustPhone, Call) {
    let mut rust = RustPhone::listening(Config::default());
    let mut python =
        python(test).connect(rust.port()).audio_in(Path::new(SPEECH), SPEECH_DELAY).spawn();
    let profile = Some(Profile::MediumQuality.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
    let incoming = rust.expect_incoming(&python);
    rust.answer(incoming);
    rust.expect_established();
    python.expect("established", PATIENCE);
    let call = rust.phone.call(incoming);
    (python, rust, call)
}

const CONNECTING: u64 = 5;

fn hang_up(python: &mut PythonPeer, rust: &mut RustPhone, call: &Call) {
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}
