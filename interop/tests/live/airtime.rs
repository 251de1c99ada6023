//! Savings of airtime: several frames per packet, and pauses that are not sent (DTX). Speech is
//! heard as well.

use core::time::Duration;
use std::panic;
use std::thread;
use std::time::Instant;

use lxst_core::limits::FRAMES_PER_PACKET;
use lxst_interop::{Direction, PacketKind, PacketRecord, PythonPeer, Recording, lateness};
use lxst_phone::{Call, EndReason, Profile, Settings, Voice};
use lxst_sim::envelope::CorrelationPeak;

use crate::phone::{PATIENCE, RustPhone, Setup, tcp_client};
use crate::scene::{Runtime, Scene, on_both_runtimes};
use crate::sound::{
    ALL_OF_IT, LEAST, MAX_LAG, Playback, check_heard, check_heard_as_well_as, speaking, speech,
    speech_after,
};
use crate::wire::{OPUS, check_wire_of, is_our_media};

on_both_runtimes![
    as_many_frames_a_packet_as_medium_quality_allows_are_heard,
    as_many_frames_a_packet_as_ultra_low_latency_allows_are_heard,
];

fn as_many_frames_a_packet_as_medium_quality_allows_are_heard(scene: &Scene) {
    check_full_packets(scene, Profile::MediumQuality);
}

fn as_many_frames_a_packet_as_ultra_low_latency_allows_are_heard(scene: &Scene) {
    check_full_packets(scene, Profile::UltraLowLatency);
}

/// Checks packets of a profile's maximum, although the settings allow more.
fn check_full_packets(scene: &Scene, profile: Profile) {
    let most = u8::try_from(FRAMES_PER_PACKET).expect("it is small");
    let settings = Settings::default().voice(Voice::default().frames_per_packet(most));
    let (mut python, mut rust, heard, call) =
        establish(scene, profile, &speech_after(PAUSE), |setup| Setup { settings, ..setup });
    let frames = profile.max_frames_per_packet();
    let packet = profile.frame().duration() * u32::from(frames);
    let packets = packets_of(ALL_OF_IT + PAUSE, packet.as_millis());
    python.expect_packets(PacketKind::Media, Direction::Rx, packets, PATIENCE);
    hang_up(&mut python, &mut rust, &call);

    check_heard_as_well_as(LEAST, MAX_LAG + PAUSE, &mut python, &heard);
    let packets = python.packets();
    let ours = check_wire_of(OPUS, frames.into(), &packets);
    let pythons = packets.iter().filter(|packet| packet.kind == PacketKind::Media).count() - ours;
    println!("{ours} packets of ours, {pythons} of python's");
    assert!(ours * 3 < pythons * 2, "{ours} of ours, {pythons} of python's");
}

/// Plays both side by side: on tokio with DTX, on smol without.
#[test]
fn suppressed_pauses_cost_a_tenth_at_most_and_speech_is_as_well_heard() {
    let path = concat!(module_path!(), "::pauses");
    lateness::measure(path, || {
        let [sent, suppressed] = thread::scope(|scope| {
            let plays = [(Runtime::Tokio, false), (Runtime::Smol, true)];
            plays
                .map(|(runtime, dtx)| {
                    scope.spawn(move || speak_and_pause(&Scene::new(runtime, path), dtx))
                })
                .map(|play| play.join().unwrap_or_else(|failure| panic::resume_unwind(failure)))
        });
        println!("sent {sent:?}, suppressed {suppressed:?}");
        assert!(suppressed.packets * 10 <= sent.packets, "{sent:?} {suppressed:?}");
        assert!(suppressed.bytes * 10 <= sent.bytes, "{sent:?} {suppressed:?}");
        let [with, without] = [sent, suppressed].map(|pause| pause.python_heard.correlation);
        if without < with - 0.03 {
            let what = format!("{with} with pauses, {without} without");
            lateness::not_heard(&what, sent.late.max(suppressed.late));
        }
    });
}

/// Media sent in a pause after speech.
#[derive(Clone, Copy, Debug)]
struct Pause {
    packets: usize,
    bytes: usize,
    python_heard: CorrelationPeak,
    /// The machine's lateness in the call.
    late: Duration,
}

fn speak_and_pause(scene: &Scene, dtx: bool) -> Pause {
    let begun = Instant::now();
    let settings = Settings::default().voice(Voice::default().dtx(dtx));
    let (mut python, mut rust, heard, call) =
        establish(scene, Profile::MediumQuality, &speech(), |setup| Setup { settings, ..setup });
    talk_to_the_end(&python);
    let before = our_media(&python);
    python_speaks_for(PAUSE, &python);
    let in_pause = our_media(&python).split_off(before.len());

    rust.speak(&speech());
    let heard_before = our_media(&python).len();
    python.expect_packets(PacketKind::Media, Direction::Rx, heard_before + 10, PATIENCE);
    hang_up(&mut python, &mut rust, &call);

    let [python_heard, _] = check_heard(&mut python, &heard);
    let bytes = in_pause.iter().filter_map(|packet| packet.bytes.as_ref()).map(Vec::len).sum();
    let late = lateness::worst(&(begun..Instant::now()), &[&python]);
    Pause { packets: in_pause.len(), bytes, python_heard, late }
}

fn establish(
    scene: &Scene,
    profile: Profile,
    speech: &Recording,
    set_up: impl FnOnce(Setup) -> Setup,
) -> (PythonPeer, RustPhone, Playback, Call) {
    let mut python = speaking(scene.python()).auto_answer(0.1).spawn();
    let mut rust = scene.connected_as(set_up(Setup::on(tcp_client(python.port()))));
    let heard = rust.listen();
    let call = rust.dial(python.identity(), profile);
    assert_eq!(rust.expect_established(), profile);
    rust.speak(speech);
    python.expect("established", PATIENCE);
    (python, rust, heard, call)
}

fn hang_up(python: &mut PythonPeer, rust: &mut RustPhone, call: &Call) {
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}

/// Waits until Python has spoken for longer than our speech.
fn talk_to_the_end(python: &PythonPeer) {
    python.expect_packets(PacketKind::Media, Direction::Tx, packets_of(ALL_OF_IT, 60), PATIENCE);
}

fn python_speaks_for(time: Duration, python: &PythonPeer) {
    let is_sent = |packet: &PacketRecord| {
        (packet.kind, packet.direction) == (PacketKind::Media, Direction::Tx)
    };
    let so_far = python.packets().iter().filter(|packet| is_sent(packet)).count();
    let count = so_far + packets_of(time, 60);
    python.expect_packets(PacketKind::Media, Direction::Tx, count, PATIENCE);
}

fn our_media(python: &PythonPeer) -> Vec<PacketRecord> {
    python.packets().into_iter().filter(is_our_media).collect()
}

fn packets_of(time: Duration, packet_ms: u128) -> usize {
    usize::try_from(time.as_millis() / packet_ms).expect("it is small")
}

const PAUSE: Duration = Duration::from_secs(4);
