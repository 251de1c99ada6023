//! Events in an established call with Python.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use lxst_interop::{Command, Direction, PacketKind, PacketRecord, PythonPeer, lateness};
use lxst_phone::{Call, Callers, EndReason, IdentityHash, Mode, Profile, Settings, Side};

use crate::phone::{PATIENCE, RustPhone};
use crate::scene::{Runtime, Scene, on_both_runtimes};
use crate::sound::{speaking, speech};
use crate::wire::check_wire;

on_both_runtimes![
    either_side_switches_the_profile_of_a_call_that_we_dialled,
    either_side_switches_the_profile_of_a_call_that_python_dialled,
    either_side_switches_the_mode_of_a_call_that_we_dialled,
    either_side_switches_the_mode_of_a_call_that_python_dialled,
    a_phone_that_answers_by_itself_takes_pythons_profile,
    a_blocked_caller_hears_busy_on_either_side,
    a_killed_python_is_a_lost_link
];

fn either_side_switches_the_profile_of_a_call_that_we_dialled(scene: &Scene) {
    switch_profiles(rust_calls(scene));
}

fn either_side_switches_the_profile_of_a_call_that_python_dialled(scene: &Scene) {
    switch_profiles(python_calls(scene));
}

fn either_side_switches_the_mode_of_a_call_that_we_dialled(scene: &Scene) {
    switch_modes(rust_calls(scene));
}

fn either_side_switches_the_mode_of_a_call_that_python_dialled(scene: &Scene) {
    switch_modes(python_calls(scene));
}

fn switch_profiles((mut python, mut rust, call): (PythonPeer, RustPhone, Call)) {
    rust.listen();
    rust.speak(&speech());

    rust.block_on(call.set_profile(Profile::HighQuality)).expect("the call stands");
    rust.expect_profile(Profile::HighQuality, Side::Local);
    python.expect_packets(PacketKind::Media, Direction::Rx, 20, PATIENCE);
    await_profile(&mut python, Profile::HighQuality);

    python.send(&Command::Profile(Profile::LowLatency.id()));
    rust.expect_profile(Profile::LowLatency, Side::Remote);
    let heard = python_heard(&python);
    python.expect_packets(PacketKind::Media, Direction::Rx, heard + FRAMES, PATIENCE);
    assert!(time_of_the_last(FRAMES, &python) < Duration::from_millis(40) * FRAMES as u32);
    assert_eq!(rust.phone.state().call.map(|call| call.profile), Some(Profile::LowLatency));
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
    thread::sleep(LONG_ENOUGH_TO_SPEAK);
    let after = python.stats();
    assert!(after.media_rx - before.media_rx <= 2, "{before:?} {after:?}");
    assert!(after.media_tx - before.media_tx <= 2, "{before:?} {after:?}");

    let heard = python_heard(&python);
    rust.block_on(call.press_to_talk()).expect("the call stands");
    python.expect_packets(PacketKind::Media, Direction::Rx, heard + 10, PATIENCE);
    rust.block_on(call.release()).expect("the call stands");

    // The peer cannot open our microphone; we can.
    python.send(&Command::Mode(Mode::FullDuplex.id()));
    rust.block_on(call.set_mode(Mode::FullDuplex)).expect("the call stands");
    rust.expect_mode(Mode::FullDuplex, Side::Local);
    let heard = python_heard(&python);
    python.expect_packets(PacketKind::Media, Direction::Rx, heard + 10, PATIENCE);
    python.send(&Command::Mode(Mode::HalfDuplex.id()));
    rust.expect_mode(Mode::HalfDuplex, Side::Remote);
    // Python fails if its call ends during a switch.
    python.stats();
    hang_up(&mut python, &mut rust, &call);
}

fn a_phone_that_answers_by_itself_takes_pythons_profile(scene: &Scene) {
    let mut rust = scene.listening_as(Settings::default().auto_answer(true));
    let mut python = scene.python().connect(rust.port()).spawn();
    let profile = Some(Profile::HighQuality.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
    assert_eq!(rust.expect_established(), Profile::HighQuality);
    python.expect("established", PATIENCE);
}

fn a_blocked_caller_hears_busy_on_either_side(scene: &Scene) {
    let mut rust = scene.listening();
    let python = scene.python().connect(rust.port()).block(rust.identity()).spawn();
    rust.dial(python.identity(), Profile::MediumQuality);
    assert_eq!(rust.expect_end(), EndReason::Busy);
    drop((python, rust));

    let rust = scene.listening();
    let mut python = scene.python_named("blocked").connect(rust.port()).spawn();
    let callers = Callers::all().blocked([IdentityHash(python.identity())]);
    rust.block_on(rust.phone.set_callers(callers)).expect("the phone runs");
    python.send(&Command::call(rust.identity()));
    python.expect("busy", PATIENCE);
}

fn a_killed_python_is_a_lost_link(scene: &Scene) {
    let (python, mut rust, _call) = rust_calls(scene);
    drop(python);
    assert_eq!(rust.expect_end(), EndReason::LinkLost);
}

#[test]
fn python_notices_when_our_phone_loses_power() {
    let scene = Scene::new(Runtime::Tokio, concat!(module_path!(), "::power_cut"));
    let (mut python, rust, _call) = rust_calls(&scene);
    rust.cut_power();
    python.expect("ended", PATIENCE);
}

fn rust_calls(scene: &Scene) -> (PythonPeer, RustPhone, Call) {
    let mut python = speaking(scene.python()).auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    (python, rust, call)
}

fn python_calls(scene: &Scene) -> (PythonPeer, RustPhone, Call) {
    let mut rust = scene.listening();
    let mut python = speaking(scene.python()).connect(rust.port()).spawn();
    let profile = Some(Profile::MediumQuality.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
    let incoming = rust.expect_incoming(&python);
    rust.answer(incoming);
    rust.expect_established();
    python.expect("established", PATIENCE);
    let call = rust.phone.call(incoming);
    (python, rust, call)
}

/// Waits until Python has made a switch, which none of its events reports.
fn await_profile(python: &mut PythonPeer, profile: Profile) {
    let (begun, wanted) = (Instant::now(), Some(u64::from(profile.id())));
    while python.stats().profile != wanted {
        assert!(!lateness::left(begun, PATIENCE).is_zero(), "Python does not follow to {profile}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn hang_up(python: &mut PythonPeer, rust: &mut RustPhone, call: &Call) {
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}

/// Returns the number of media packets that Python has received.
fn python_heard(python: &PythonPeer) -> usize {
    python_media(python).count()
}

/// Returns the time from the first to the last of this many frames.
fn time_of_the_last(frames: usize, python: &PythonPeer) -> Duration {
    let times: Vec<Duration> = python_media(python).map(|packet| packet.at).collect();
    let last = &times[times.len() - frames..];
    last[frames - 1] - last[0]
}

fn python_media(python: &PythonPeer) -> impl Iterator<Item = PacketRecord> {
    let is_media = |packet: &PacketRecord| {
        (packet.kind, packet.direction) == (PacketKind::Media, Direction::Rx)
    };
    python.packets().into_iter().filter(is_media)
}

/// The signal of a callee's answer.
const CONNECTING: u64 = 5;
/// 1.2 s at frames of 20 ms, 3.6 s at 60 ms.
const FRAMES: usize = 60;
/// 16 frames of 60 ms of speech.
const LONG_ENOUGH_TO_SPEAK: Duration = Duration::from_secs(1);
