//! Live calls with Codec2 between our phone and Python LXST. The profiles alternate between the
//! runtimes.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "libtest shows it where a test fails"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests in `live` use the rest of it")]
mod support;

use core::time::Duration;
use std::thread;

use lxst_interop::{Command, PythonPeer};
use lxst_phone::{EndReason, Profile};
use support::phone::{PATIENCE, RustPhone};
use support::scene::{self, Runtime, Scene, on_both_runtimes, play};
use support::sound::{Playback, check_heard_as_well_as, speaking_after, speech_after, talk};
use support::switching::switch_through;
use support::wire::{CODEC2, check_wire_of};

on_both_runtimes![speech_goes_on_through_every_profile];

fn speech_goes_on_through_every_profile(scene: &Scene) {
    // A Python that switches from long frames to Low Latency stutters in its speaker's queue.
    let profiles = [
        Profile::LowLatency,
        Profile::LowBandwidth,
        Profile::HighQuality,
        Profile::UltraLowBandwidth,
        Profile::MediumQuality,
        Profile::VeryLowBandwidth,
        Profile::SuperHighQuality,
        Profile::UltraLowLatency,
    ];
    switch_through(&profiles, scene);
}

#[test]
fn low_bandwidth_is_heard_by_a_caller_on_tokio() {
    we_call(Profile::LowBandwidth, Runtime::Tokio);
}

#[test]
fn low_bandwidth_is_heard_by_a_callee_on_smol() {
    python_calls(Profile::LowBandwidth, Runtime::Smol);
}

#[test]
fn very_low_bandwidth_is_heard_by_a_caller_on_smol() {
    we_call(Profile::VeryLowBandwidth, Runtime::Smol);
}

#[test]
fn very_low_bandwidth_is_heard_by_a_callee_on_tokio() {
    python_calls(Profile::VeryLowBandwidth, Runtime::Tokio);
}

#[test]
fn ultra_low_bandwidth_is_heard_by_a_caller_on_tokio() {
    we_call(Profile::UltraLowBandwidth, Runtime::Tokio);
}

#[test]
fn ultra_low_bandwidth_is_heard_by_a_callee_on_smol() {
    python_calls(Profile::UltraLowBandwidth, Runtime::Smol);
}

fn we_call(profile: Profile, runtime: Runtime) {
    let path = format!("{}::we_call::{}", module_path!(), profile.key());
    play(runtime, &path, |scene| call_python(scene, profile));
}

fn call_python(scene: &Scene, profile: Profile) {
    let mut python = speaking_after(DELAY, scene.python()).auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    let heard = rust.listen();
    rust.dial(python.identity(), profile);
    assert_eq!(rust.expect_established(), profile);
    speak_both_ways(&mut python, &mut rust, &heard, profile);
}

fn python_calls(profile: Profile, runtime: Runtime) {
    let path = format!("{}::python_calls::{}", module_path!(), profile.key());
    play(runtime, &path, |scene| answer_python(scene, profile));
}

fn answer_python(scene: &Scene, profile: Profile) {
    let mut rust = scene.listening();
    let mut python = speaking_after(DELAY, scene.python()).connect(rust.port()).spawn();
    let heard = rust.listen();
    let id = Some(profile.id());
    python.send(&Command::Call { identity: rust.identity(), profile: id, mode: None });
    let incoming = rust.expect_incoming(&python);
    thread::sleep(ANSWER_DELAY);
    rust.answer(incoming);
    assert_eq!(rust.expect_established(), profile);
    speak_both_ways(&mut python, &mut rust, &heard, profile);
}

/// Speaks both ways in a call that is established at our side.
fn speak_both_ways(
    python: &mut PythonPeer,
    rust: &mut RustPhone,
    heard: &Playback,
    profile: Profile,
) {
    rust.speak(&speech_after(DELAY));
    assert_eq!(python.expect("established", PATIENCE).json["profile"], profile.id());
    talk(python, profile, ALL_OF_IT);
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
    python.expect("ended", PATIENCE);

    println!("{profile:?}");
    check_heard_as_well_as(LEAST, MAX_LAG, python, heard);
    check_wire_of(CODEC2, 1, &python.packets());
}

/// Time from ringing to the answer. A Python that is answered as its dial tone starts mixes that
/// into the call. At Codec2, whose frames are some samples shorter, its mixer then ends, and it
/// hears nothing.
const ANSWER_DELAY: Duration = Duration::from_millis(100);
/// Smallest correlation of speech by Codec2.
const LEAST: f64 = 0.8;
/// Delay before either speech begins: Python's microphone drops the first two frames.
const DELAY: Duration = Duration::from_secs(1);
const MAX_LAG: Duration = Duration::from_secs(3);
/// The delay, the speech, and the largest lag.
const ALL_OF_IT: Duration = Duration::from_millis(9_500);
