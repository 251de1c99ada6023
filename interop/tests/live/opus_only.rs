//! Our phone in a build without Codec2, and a Python that has it.
#![cfg(not(any(feature = "codec2", feature = "codec2-system")))]

use lxst_interop::{Command, Direction, PacketKind, PacketRecord, PythonPeer};
use lxst_phone::telephony::{DropReason, Side};
use lxst_phone::{IdentityHash, Profile};

use crate::phone::{PATIENCE, RustPhone};
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{speaking, speech};
use crate::wire::{CODEC2, OPUS, is_our_media};

on_both_runtimes![
    codec2_is_not_dialled,
    a_caller_who_prefers_codec2_is_talked_to_with_opus,
    a_switch_to_codec2_is_not_followed_and_one_back_is_heard,
];

fn codec2_is_not_dialled(scene: &Scene) {
    let rust = scene.listening();
    let dialled = rust.phone.dial(IdentityHash([7; 16]), Profile::LowBandwidth);
    rust.block_on(dialled).expect_err("it cannot be sent");
}

fn a_caller_who_prefers_codec2_is_talked_to_with_opus(scene: &Scene) {
    let mut rust = scene.listening();
    let mut python = speaking(scene.python()).connect(rust.port()).spawn();
    rust.listen();
    let profile = Some(Profile::VeryLowBandwidth.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
    let incoming = rust.expect_incoming(&python);
    assert_eq!(rust.expect_dropped(), DropReason::UnsupportedPreference);
    rust.answer(incoming);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    python.expect("established", PATIENCE);
    rust.speak(&speech());
    check_codecs(&python, &rust, CODEC2);
}

fn a_switch_to_codec2_is_not_followed_and_one_back_is_heard(scene: &Scene) {
    let mut python = speaking(scene.python()).auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    rust.listen();
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    rust.speak(&speech());
    python.send(&Command::Profile(Profile::LowBandwidth.id()));
    assert_eq!(rust.expect_dropped(), DropReason::UnsupportedPreference);
    rust.block_on(call.set_profile(Profile::UltraLowBandwidth)).expect_err("it cannot be sent");
    check_codecs(&python, &rust, CODEC2);

    python.send(&Command::Profile(Profile::HighQuality.id()));
    rust.expect_profile(Profile::HighQuality, Side::Remote);
    check_codecs(&python, &rust, OPUS);
}

/// Waits for sound in each direction: Python's in this codec, ours in Opus as before. What Python
/// sends in Codec2 is counted, and nothing else is.
fn check_codecs(python: &PythonPeer, rust: &RustPhone, of_python: u8) {
    await_media(python, Direction::Tx, of_python);
    let before = undecodable(rust);
    await_media(python, Direction::Rx, OPUS);
    await_media(python, Direction::Tx, of_python);
    await_media(python, Direction::Tx, of_python);
    let counted = undecodable(rust) - before;
    assert_eq!(counted > 0, of_python == CODEC2, "{counted} undecodable frames");
    let packets = python.packets();
    let mut ours = packets.iter().filter(|packet| is_our_media(packet));
    assert!(ours.all(|packet| packet.codec == Some(OPUS)));
    assert!(!packets.iter().any(PacketRecord::is_proof));
}

/// Waits for a few more packets of a codec.
fn await_media(python: &PythonPeer, direction: Direction, codec: u8) {
    let is_wanted = |packet: &&PacketRecord| {
        (packet.kind, packet.direction) == (PacketKind::Media, direction)
            && packet.codec == Some(codec)
    };
    let count = |packets: &[PacketRecord]| packets.iter().filter(is_wanted).count();
    let wanted = count(&python.packets()) + FEW;
    let media =
        |packet: &&PacketRecord| (packet.kind, packet.direction) == (PacketKind::Media, direction);
    while count(&python.packets()) < wanted {
        let so_far = python.packets().iter().filter(media).count();
        python.expect_packets(PacketKind::Media, direction, so_far + 1, PATIENCE);
    }
}

fn undecodable(rust: &RustPhone) -> u64 {
    let figures = rust.block_on(rust.phone.figures()).expect("the phone runs");
    figures.telephone.frames_undecodable
}

const FEW: usize = 4;
