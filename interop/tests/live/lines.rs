//! Our phone of two lines, with a Python on each, and a third caller.

use core::time::Duration;
use std::time::Instant;

use lxst_interop::environment::target_dir;
use lxst_interop::{Builder, Command, Direction, PacketKind, PythonPeer, Recording, lateness};
use lxst_phone::{AudioFormat, AudioSink, Call, CallId, EndReason, Event, Interface, Profile};
use lxst_sim::tone::{amplitude, tone};

use crate::phone::{Lines, PATIENCE, RustPhone, Setup, on_either};
use crate::scene::{Scene, on_both_runtimes};

on_both_runtimes![two_pythons_are_heard_each_in_its_own_call_and_a_third_finds_the_phone_busy];

fn two_pythons_are_heard_each_in_its_own_call_and_a_third_finds_the_phone_busy(scene: &Scene) {
    let interface = on_either!(Interface::tcp_server("127.0.0.1:0"));
    let mut desk = scene.start(Setup { lines: Lines::Two, ..Setup::on(interface) });
    let mut low = saying(LOW, scene, "low").connect(desk.port()).spawn();
    let mut high = saying(HIGH, scene, "high").connect(desk.port()).auto_answer(0.1).spawn();
    let mut third = scene.python_named("third").connect(desk.port()).spawn();

    let low_call = answer(&mut desk, &mut low);
    let high_call = desk.dial(high.identity(), Profile::MediumQuality);
    desk.expect_established();
    high.expect("established", PATIENCE);
    assert_eq!(desk.phone.state().calls.len(), 2);

    third.send(&Command::call(desk.identity()));
    third.expect("busy", PATIENCE);
    let turned_away = desk.expect("caller who was turned away", |event| match event {
        Event::CallerTurnedAway { from } => Some(*from),
        _ => None,
    });
    assert_eq!(turned_away.0, third.identity());

    desk.speak_in(&low_call, &recording(LOW));
    desk.speak_in(&high_call, &recording(HIGH));
    let [mut from_low, mut from_high] = [&low_call, &high_call].map(|call| {
        let speaker = desk.block_on(call.audio_sink(AudioFormat::PHONE));
        speaker.expect("the call stands")
    });
    hear(&desk, &mut from_low, LOW);
    hear(&desk, &mut from_high, HIGH);
    await_heard(&mut low, LOW, 0);
    let heard = await_heard(&mut high, HIGH, 0);

    low.send(&Command::HangUp);
    low.expect("ended", PATIENCE);
    assert_eq!(expect_end_of(low_call.id(), &mut desk), EndReason::RemoteHangup);
    assert_eq!(desk.phone.state().calls.len(), 1);
    hear(&desk, &mut from_high, HIGH);
    await_heard(&mut high, HIGH, heard);

    answer(&mut desk, &mut third);
    desk.hang_up(high_call.id());
    high.expect("ended", PATIENCE);
    assert_eq!(expect_end_of(high_call.id(), &mut desk), EndReason::LocalHangup);
    assert_eq!(desk.phone.state().calls.len(), 1);
}

/// Lets Python call, and answers it.
fn answer(desk: &mut RustPhone, caller: &mut PythonPeer) -> Call {
    let profile = Some(Profile::MediumQuality.id());
    caller.send(&Command::Call { identity: desk.identity(), profile, mode: None });
    let call = desk.expect_incoming(caller);
    desk.answer(call);
    desk.expect_established();
    caller.expect("established", PATIENCE);
    desk.phone.call(call)
}

fn expect_end_of(ended: CallId, desk: &mut RustPhone) -> EndReason {
    desk.expect("end of the call", |event| match event {
        Event::Ended { call, reason } if *call == ended => Some(*reason),
        _ => None,
    })
}

/// Reads until a call has enough of one tone. It never has the other.
fn hear(desk: &RustPhone, speaker: &mut AudioSink, hz: u32) {
    let heard = async {
        let (mut pcm, mut blocks) = ([0.0; BLOCK], 0);
        while blocks < ENOUGH {
            speaker.read(&mut pcm).await.expect("the call stands");
            blocks += blocks_with(hz, &pcm);
        }
    };
    desk.await_work(&format!("tone of {hz} Hz"), heard);
}

/// Waits until Python has received enough of one tone, beyond this many blocks, and never the
/// other. Returns how many blocks it has received.
pub(crate) fn await_heard(python: &mut PythonPeer, hz: u32, before: usize) -> usize {
    let begun = Instant::now();
    loop {
        let pcm: Vec<f32> = python.heard().samples.into_iter().map(of_i16).collect();
        let blocks = blocks_with(hz, &pcm);
        if blocks >= before + ENOUGH {
            return blocks;
        }
        assert!(!lateness::left(begun, PATIENCE).is_zero(), "{blocks} blocks of {hz} Hz at Python");
        let packets = python.packets();
        let is_heard = |kind, direction| (kind, direction) == (PacketKind::Media, Direction::Rx);
        let media = packets.iter().filter(|packet| is_heard(packet.kind, packet.direction));
        let more = media.count() + 1;
        python.expect_packets(PacketKind::Media, Direction::Rx, more, PATIENCE);
    }
}

/// Returns the number of blocks with a tone. None may have the other.
fn blocks_with(hz: u32, pcm: &[f32]) -> usize {
    let loudness = |block: &[f32], hz| amplitude(block, hz, AudioFormat::PHONE.rate_hz);
    let blocks = || pcm.chunks_exact(BLOCK);
    let other = if hz == LOW { HIGH } else { LOW };
    let crosstalk = blocks().map(|block| loudness(block, other)).fold(0.0, f32::max);
    assert!(crosstalk < 0.05, "{other} Hz at {crosstalk} in the call of {hz} Hz");
    blocks().filter(|block| loudness(block, hz) > 0.2).count()
}

/// Creates a Python that plays a tone in each call.
pub(crate) fn saying(hz: u32, scene: &Scene, name: &str) -> Builder {
    let wav = target_dir().join("interop").join(&scene.test).join(format!("{name}.wav"));
    recording(hz).write(&wav);
    scene.python_named(name).audio_in(&wav, Duration::ZERO).audio_loop()
}

/// A second of a tone.
fn recording(hz: u32) -> Recording {
    let rate_hz = AudioFormat::PHONE.rate_hz;
    let sample = |index| (tone(index, hz, rate_hz) * -f32::from(i16::MIN)) as i16;
    Recording { samples: (0..rate_hz as usize).map(sample).collect(), rate_hz }
}

fn of_i16(sample: i16) -> f32 {
    f32::from(sample) / -f32::from(i16::MIN)
}

pub(crate) const LOW: u32 = 400;
pub(crate) const HIGH: u32 = 1_500;
/// 0.1 s.
const BLOCK: usize = 4_800;
/// Blocks of a tone.
const ENOUGH: usize = 20;
