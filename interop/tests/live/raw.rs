//! Raw audio in both directions. The depths alternate between the runtimes.

use lxst_interop::{Direction, PacketKind};
use lxst_phone::{EndReason, Profile, RawDepth, Settings, TransmitCodec, Voice};

use crate::phone::{PATIENCE, Setup, tcp_client};
use crate::scene::{Runtime, Scene, play};
use crate::sound::{ALL_OF_IT, check_heard, speaking, speech};
use crate::wire::{RAW, check_wire_of};

#[test]
fn raw_audio_of_16_bits_is_heard_on_tokio() {
    check(RawDepth::Float16, Runtime::Tokio);
}

#[test]
fn raw_audio_of_32_bits_is_heard_on_smol() {
    check(RawDepth::Float32, Runtime::Smol);
}

fn check(depth: RawDepth, runtime: Runtime) {
    let bits = 8 * u32::try_from(depth.bytes()).expect("it is small");
    play(runtime, &format!("{}::{bits}", module_path!()), |scene| call(scene, depth, bits));
}

fn call(scene: &Scene, depth: RawDepth, bits: u32) {
    let mut python = speaking(scene.python()).raw(bits).auto_answer(0.1).spawn();
    let transmit = TransmitCodec::Raw { depth };
    let settings = Settings::default().voice(Voice::default().transmit(transmit));
    let mut rust = scene.connected_as(Setup { settings, ..Setup::on(tcp_client(python.port())) });
    let heard = rust.listen();
    let call = rust.dial(python.identity(), Profile::UltraLowLatency);
    rust.expect_established();
    rust.speak(&speech());
    python.expect("established", PATIENCE);
    // 10 ms of 16 bits, or 5 ms of 32.
    let frames = usize::try_from(ALL_OF_IT.as_millis()).expect("it is small") * depth.bytes() / 20;
    python.expect_packets(PacketKind::Media, Direction::Tx, frames, PATIENCE);
    python.expect_packets(PacketKind::Media, Direction::Rx, frames * 9 / 10, PATIENCE);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);

    check_heard(&mut python, &heard);
    check_wire_of(RAW, 1, &python.packets());
}
