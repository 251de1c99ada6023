//! Speech at each profile with Opus, and through switches between them. Medium Quality by itself is
//! at which all other tests speak. The profiles take turns with the runtimes: what one sounds like
//! does not depend on that.

use lxst_phone::{EndReason, Profile};

use crate::phone::PATIENCE;
use crate::scene::{Runtime, Scene, on_both_runtimes, play};
use crate::sound::{ALL_OF_IT, check_heard, speaking, speech, talk};
use crate::switching::switch_through;
use crate::wire::{check_bandwidth, check_wire};

on_both_runtimes![speech_goes_on_through_every_profile_with_opus];

fn speech_goes_on_through_every_profile_with_opus(scene: &Scene) {
    let profiles = [
        Profile::HighQuality,
        Profile::LowLatency,
        Profile::SuperHighQuality,
        Profile::MediumQuality,
        Profile::UltraLowLatency,
    ];
    switch_through(&profiles, scene);
}

#[test]
fn high_quality_is_heard_on_tokio() {
    check(Profile::HighQuality, Runtime::Tokio);
}

#[test]
fn super_high_quality_is_heard_on_smol() {
    check(Profile::SuperHighQuality, Runtime::Smol);
}

#[test]
fn low_latency_is_heard_on_tokio() {
    check(Profile::LowLatency, Runtime::Tokio);
}

#[test]
fn ultra_low_latency_is_heard_on_smol() {
    check(Profile::UltraLowLatency, Runtime::Smol);
}

fn check(profile: Profile, runtime: Runtime) {
    play(runtime, &format!("{}::{}", module_path!(), profile.key()), |scene| call(scene, profile));
}

fn call(scene: &Scene, profile: Profile) {
    let mut python = speaking(scene.python()).auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    let heard = rust.listen();
    let call = rust.dial(python.identity(), profile);
    assert_eq!(rust.expect_established(), profile);
    rust.speak(&speech());
    assert_eq!(python.expect("established", PATIENCE).json["profile"], profile.id());
    talk(&python, profile, ALL_OF_IT);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);

    check_heard(&mut python, &heard);
    let packets = python.packets();
    check_wire(&packets, profile.byte_ceiling());
    check_bandwidth(&packets);
}
