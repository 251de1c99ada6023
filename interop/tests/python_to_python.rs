//! Two Python LXST telephones call each other: tests the harness, and shows what the reference
//! does.

use core::time::Duration;
use std::path::Path;
use std::time::Instant;

use lxst_interop::{
    Command, Direction, Event, IdentityHash, PacketKind, PacketRecord, PythonPeer, Recording,
    lateness,
};
use lxst_sim::envelope::{CorrelationPeak, EnvelopeError, correlation};

/// The reference drops late audio, so this only checks that the speech was heard: unrelated audio
/// correlates by about 0.
#[test]
fn speech_of_a_python_caller_reaches_a_python_callee() {
    lateness::measure("python_to_python", || {
        let begun = Instant::now();
        let (verdict, bob) = call_with_speech();
        println!("{verdict:?}");
        if !verdict.as_ref().is_ok_and(|verdict| verdict.correlation >= 0.6) {
            let late = lateness::worst(&(begun..Instant::now()), &[&bob]);
            lateness::not_heard(&format!("{verdict:?}"), late);
        }
    });
}

#[test]
fn caller_who_is_not_allowed_hears_busy() {
    let bob = PythonPeer::builder("python_not_allowed", "bob").allow_none().spawn();
    let mut alice = PythonPeer::builder("python_not_allowed", "alice").connect(bob.port()).spawn();

    dial(&mut alice, bob.identity(), |alice| alice.next("busy", CALLER_GIVES_UP));

    let packets = alice.packets();
    let last_signal = packets.iter().rfind(|packet| packet.kind == PacketKind::Signal);
    assert_eq!(
        last_signal.map(|packet| (packet.direction, packet.signals.as_slice())),
        Some((Direction::Rx, &[BUSY][..]))
    );
}

#[test]
#[should_panic(expected = "an error before established")]
fn call_without_a_path_fails_with_the_reason() {
    let nobody = [7; 16];
    let mut alice = PythonPeer::builder("python_no_path", "alice")
        .wait_time(Duration::from_millis(200))
        .spawn();

    alice.send(&Command::call(nobody));
    alice.expect("established", SETUP);
}

fn call_with_speech() -> (Result<CorrelationPeak, EnvelopeError>, PythonPeer) {
    let mut bob = PythonPeer::builder("python_to_python", "bob").spawn();
    let mut alice = PythonPeer::builder("python_to_python", "alice")
        .connect(bob.port())
        .audio_in(Path::new(SPEECH), Duration::from_millis(500))
        .spawn();

    let ringing = dial(&mut alice, bob.identity(), |_| bob.next("ringing", CALLER_GIVES_UP));
    assert_eq!(ringing.identity(), Some(alice.identity()));
    bob.send(&Command::Answer);
    assert_eq!(bob.expect("established", SETUP).json["profile"], MEDIUM_QUALITY);
    assert_eq!(alice.expect("established", SETUP).identity(), Some(bob.identity()));
    bob.expect_packets(PacketKind::Media, Direction::Rx, FRAMES_OF_SPEECH, SPEAKING);
    alice.send(&Command::HangUp);
    bob.expect("ended", SETUP);
    alice.expect("ended", SETUP);

    let packets = alice.packets();
    assert!(most_media_in(SECONDS_2, &packets, Direction::Tx) >= 30);
    assert!(most_media_in(SECONDS_2, &packets, Direction::Rx) >= 30);
    for packet in packets.iter().chain(&bob.packets()) {
        assert!(!packet.is_proof(), "{packet:?}");
        assert!(
            packet.kind != PacketKind::Media || (packet.frames, packet.codec) == (1, Some(OPUS)),
            "{packet:?}"
        );
    }
    assert_eq!((bob.stats().proof_tx, bob.stats().proof_rx), (0, 0));
    let speech = Recording::read(Path::new(SPEECH));
    let verdict = correlation(speech.pcm(), bob.heard().pcm(), MAX_LAG);
    alice.quit();
    (verdict, bob)
}

/// Calls until `heard` rings: a Python caller loses a first signal that comes before its handler is
/// set.
fn dial(
    caller: &mut PythonPeer,
    callee: IdentityHash,
    mut heard: impl FnMut(&mut PythonPeer) -> Option<Event>,
) -> Event {
    for _ in 0..CALLS {
        caller.send(&Command::Call { identity: callee, profile: Some(MEDIUM_QUALITY), mode: None });
        if let Some(event) = heard(caller) {
            return event;
        }
        caller.expect("ended", SETUP);
    }
    panic!("{CALLS} calls were not heard of");
}

/// Returns the largest number of media packets of a direction within any stretch of this length.
fn most_media_in(stretch: Duration, packets: &[PacketRecord], direction: Direction) -> usize {
    let is_media =
        |packet: &&PacketRecord| packet.kind == PacketKind::Media && packet.direction == direction;
    let times: Vec<Duration> = packets.iter().filter(is_media).map(|packet| packet.at).collect();
    let from = |start: &Duration| {
        times.iter().filter(|&at| (*start..*start + stretch).contains(at)).count()
    };
    times.iter().map(from).max().unwrap_or(0)
}

const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/speech.wav");
const MEDIUM_QUALITY: u8 = 0x40;
const OPUS: u8 = 1;
const BUSY: u64 = 0;
/// 7.2 s of 60 ms: the delay before the speech, the speech, and `MAX_LAG` after it.
const FRAMES_OF_SPEECH: usize = 120;
const SPEAKING: Duration = Duration::from_secs(20);
/// The caller's connect time-out of 5 s, after the path search.
const CALLER_GIVES_UP: Duration = Duration::from_secs(8);
const CALLS: usize = 3;
const SECONDS_2: Duration = Duration::from_secs(2);
const SETUP: Duration = Duration::from_secs(15);
const MAX_LAG: Duration = Duration::from_millis(1500);
