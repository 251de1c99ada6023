//! Our phone in a build without Codec2, and a Python that has it.
#![cfg(not(any(feature = "codec2", feature = "codec2-system")))]

use lxst_interop::{Command, Direction, PacketKind, PacketRecord, PythonPeer};
use lxst_phone::{EndReason, Event, IdentityHash, Profile, Settings, ThinPath, Voice};

use crate::phone::{PATIENCE, RustPhone};
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{ALL_OF_IT, check_heard, speaking, speech, talk};
use crate::wire::{CODEC2, OPUS, check_wire_of};

on_both_runtimes![
    codec2_is_not_dialled,
    a_caller_who_prefers_codec2_is_told_our_profile_while_it_rings_and_both_are_heard,
    a_caller_on_a_thin_path_is_rejected,
    a_caller_on_a_thin_path_who_is_taken_at_once_follows_the_answer_and_both_are_heard,
    a_switch_to_codec2_is_taken_back,
];

fn codec2_is_not_dialled(scene: &Scene) {
    let rust = scene.listening();
    let dialled = rust.phone.dial(IdentityHash([7; 16]), Profile::LowBandwidth);
    rust.block_on(dialled).expect_err("it cannot be sent");
}

fn a_caller_who_prefers_codec2_is_told_our_profile_while_it_rings_and_both_are_heard(
    scene: &Scene,
) {
    let mut rust = scene.listening();
    let (mut python, asked) = (caller(scene, &rust), Profile::LowBandwidth);
    let heard = rust.listen();
    call(&mut python, &rust, asked);
    let incoming = rust.expect_incoming(&python);
    expect_unavailable(&mut rust, asked);
    rust.answer(incoming);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    rust.speak(&speech());
    python.expect("established", PATIENCE);
    talk(&python, Profile::MediumQuality, ALL_OF_IT);
    check_heard(&mut python, &heard);
    check_wire_of(OPUS, 1, &python.packets());
}

fn a_caller_on_a_thin_path_is_rejected(scene: &Scene) {
    let mut rust = scene.listening();
    let (mut python, asked) = (caller(scene, &rust), Profile::VeryLowBandwidth);
    call(&mut python, &rust, asked);
    rust.expect_incoming(&python);
    expect_unavailable(&mut rust, asked);
    assert_eq!(rust.expect_end(), EndReason::ProfileUnavailable);
    python.expect("rejected", PATIENCE);
}

fn a_caller_on_a_thin_path_who_is_taken_at_once_follows_the_answer_and_both_are_heard(
    scene: &Scene,
) {
    let voice = Voice::default().thin_path(ThinPath::Accept);
    let mut rust = scene.listening_as(Settings::default().voice(voice).auto_answer(true));
    let (mut python, asked) = (caller(scene, &rust), Profile::UltraLowBandwidth);
    let heard = rust.listen();
    call(&mut python, &rust, asked);
    expect_unavailable(&mut rust, asked);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    rust.speak(&speech());
    python.expect("established", PATIENCE);
    talk(&python, Profile::MediumQuality, ALL_OF_IT);
    check_heard(&mut python, &heard);
    check_wire_of(OPUS, 1, &python.packets());
}

fn a_switch_to_codec2_is_taken_back(scene: &Scene) {
    let mut python = speaking(scene.python()).auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    rust.listen();
    let call = rust.dial(python.identity(), Profile::HighQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    rust.speak(&speech());
    for _ in 0..2 {
        python.send(&Command::Profile(Profile::LowBandwidth.id()));
        expect_unavailable(&mut rust, Profile::LowBandwidth);
        await_pythons_media(&python, OPUS);
        assert_eq!(python.stats().profile, Some(u64::from(Profile::MediumQuality.id())));
    }
    rust.block_on(call.set_profile(Profile::UltraLowBandwidth)).expect_err("it cannot be sent");
    let packets = python.packets();
    let mut media = packets.iter().filter(|packet| packet.kind == PacketKind::Media);
    assert!(media.all(|packet| packet.codec != Some(CODEC2) || packet.direction == Direction::Tx));
    assert!(!packets.iter().any(PacketRecord::is_proof));
}

fn caller(scene: &Scene, rust: &RustPhone) -> PythonPeer {
    speaking(scene.python()).connect(rust.port()).spawn()
}

fn call(python: &mut PythonPeer, rust: &RustPhone, profile: Profile) {
    let profile = Some(profile.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
}

fn expect_unavailable(rust: &mut RustPhone, profile: Profile) {
    rust.expect("profile that is not built in", |event| match event {
        Event::ProfileUnavailable { asked, used, .. } => {
            assert_eq!((*asked, *used), (profile, Profile::MediumQuality));
            Some(())
        }
        _ => None,
    });
}

/// Waits for a few packets in a row of a codec.
fn await_pythons_media(python: &PythonPeer, codec: u8) {
    let sent = || -> Vec<PacketRecord> {
        let is_sent = |packet: &PacketRecord| {
            (packet.kind, packet.direction) == (PacketKind::Media, Direction::Tx)
        };
        python.packets().into_iter().filter(is_sent).collect()
    };
    loop {
        let before = sent().len();
        python.expect_packets(PacketKind::Media, Direction::Tx, before + FEW, PATIENCE);
        if sent()[before..before + FEW].iter().all(|packet| packet.codec == Some(codec)) {
            return;
        }
    }
}

const FEW: usize = 6;
