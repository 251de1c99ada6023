//! Speech at each profile with Opus, and through switches between them. Medium Quality alone is
//! covered by all other tests. The profiles alternate between the runtimes, which do not affect the
//! audio.

use lxst_phone::codecs::OpusConfig;
use lxst_phone::{CodecSettings, EndReason, Profile};

use crate::phone::{PATIENCE, Setup, tcp_client};
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
    play(runtime, &format!("{}::{}", module_path!(), profile.key()), |scene| {
        call(scene, profile, CodecSettings::new(), profile.byte_ceiling());
    });
}

/// In full band, which takes 26 bytes a frame.
#[test]
fn ultra_low_latency_in_full_band_is_heard_on_tokio() {
    let path = format!("{}::full_band", module_path!());
    let codecs = CodecSettings::new().full_band_ultra_low_latency(true);
    let bytes = OpusConfig::VOICE_FULL_BAND_10_MS.ceiling(480);
    play(Runtime::Tokio, &path, |scene| {
        call(scene, Profile::UltraLowLatency, codecs.clone(), bytes);
    });
}

fn call(scene: &Scene, profile: Profile, codecs: CodecSettings, byte_ceiling: usize) {
    let mut python = speaking(scene.python()).auto_answer(0.1).spawn();
    let setup = Setup { codecs, ..Setup::on(tcp_client(python.port())) };
    let mut rust = scene.connected_as(setup);
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
    check_wire(&packets, byte_ceiling);
    check_bandwidth(&packets);
}
