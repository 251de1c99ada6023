//! Speech in both directions of a call, and whether it was heard.

use core::time::Duration;
use std::iter;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use lxst_interop::{Builder, Direction, PacketKind, PythonPeer, Recording, lateness};
use lxst_phone::{AudioFormat, AudioSink, AudioSource, Call, Event, Profile};
use lxst_sim::envelope::{CorrelationPeak, EnvelopeError, Pcm, correlation};

use super::phone::{PATIENCE, RustPhone};
use super::wire::{check_bandwidth, check_mark, check_wire, is_our_media, signalling};

/// The audio that our speaker played.
#[derive(Clone)]
pub(crate) struct Playback {
    since: Instant,
    samples: Arc<Mutex<Vec<i16>>>,
}

impl RustPhone {
    /// Plays a recording and then silence into the microphone, until the phone shuts down.
    pub(crate) fn speak(&self, recording: &Recording) {
        let format = AudioFormat { rate_hz: recording.rate_hz, channels: 1 };
        let microphone = self.block_on(self.phone.audio_source(format));
        say_and_then_nothing(microphone.expect("the phone runs"), recording.clone());
    }

    /// Repeats a recording into the microphone of one call, until the call ends.
    pub(crate) fn speak_in(&self, call: &Call, recording: &Recording) {
        let format = AudioFormat { rate_hz: recording.rate_hz, channels: 1 };
        let microphone = self.block_on(call.audio_source(format));
        let samples = recording.samples.clone().into_iter().cycle();
        say(microphone.expect("the call stands"), samples);
    }

    /// Records the speaker until the phone shuts down.
    pub(crate) fn listen(&self) -> Playback {
        let speaker = self.block_on(self.phone.audio_sink(AudioFormat::PHONE));
        record(speaker.expect("the phone runs"))
    }
}

/// Records a speaker until it is detached.
pub(crate) fn record(mut speaker: AudioSink) -> Playback {
    let heard = Playback { since: Instant::now(), samples: Arc::default() };
    let samples = heard.samples.clone();
    thread::spawn(move || {
        let mut block = [0_i16; 960];
        while smol::block_on(speaker.read(&mut block)).is_ok() {
            samples.lock().expect("nobody panicked").extend(block);
        }
    });
    heard
}

/// Plays a recording and then silence into a microphone, until that is detached.
pub(crate) fn say_and_then_nothing(microphone: AudioSource, recording: Recording) {
    say(microphone, recording.samples.into_iter().chain(iter::repeat(0)));
}

/// Plays endless audio into a microphone, until that is detached.
fn say(mut microphone: AudioSource, mut samples: impl Iterator<Item = i16> + Send + 'static) {
    thread::spawn(move || {
        let mut block = [0; BLOCK];
        loop {
            block.iter_mut().zip(&mut samples).for_each(|(to, from)| *to = from);
            if smol::block_on(microphone.write(&block)).is_err() {
                return;
            }
        }
    });
}

impl Playback {
    pub(crate) fn samples(&self) -> Vec<i16> {
        self.samples.lock().expect("nobody panicked").clone()
    }

    /// Returns how much was played so far.
    pub(crate) fn time(&self) -> Duration {
        let samples = self.samples.lock().expect("nobody panicked").len();
        Duration::from_secs_f64(samples as f64 / f64::from(AudioFormat::PHONE.rate_hz))
    }
}

/// Makes Python play the speech in each call.
pub(crate) fn speaking(python: Builder) -> Builder {
    speaking_after(SPEECH_DELAY, python)
}

/// Makes Python play the speech in each call, this long after its microphone opens.
pub(crate) fn speaking_after(delay: Duration, python: Builder) -> Builder {
    python.audio_in(Path::new(SPEECH), delay)
}

pub(crate) fn speech() -> Recording {
    Recording::read(Path::new(SPEECH))
}

/// Returns the speech after a pause. Python's speaker stops for a moment if its second packet is
/// late, and plays later from then on.
pub(crate) fn speech_after(pause: Duration) -> Recording {
    let mut speech = speech();
    let samples = pause.as_secs_f64() * f64::from(speech.rate_hz);
    speech.samples.splice(..0, vec![0; samples as usize]);
    speech
}

/// Waits until Python has spoken for this long since its start, and received most of as much.
pub(crate) fn talk(python: &PythonPeer, profile: Profile, time: Duration) {
    let frames = usize::try_from(time.as_micros() / profile.frame().duration().as_micros())
        .expect("it is small");
    python.expect_packets(PacketKind::Media, Direction::Tx, frames, PATIENCE);
    python.expect_packets(PacketKind::Media, Direction::Rx, frames * 9 / 10, PATIENCE);
}

/// Waits until a call is established on both sides, and both have received some media since.
pub(crate) fn hear_each_other(rust: &mut RustPhone, python: &mut PythonPeer) {
    let before = python.packets().iter().filter(|packet| is_our_media(packet)).count();
    rust.expect_established();
    python.expect("established", PATIENCE);
    python.expect_packets(PacketKind::Media, Direction::Rx, before + SOME, PATIENCE);
    rust.expect("media of python's", |event| match event {
        Event::Quality { quality, .. } => (quality.packets_received >= SOME as u64).then_some(()),
        Event::PeerSilent { .. } => panic!("python was not heard for 5 s"),
        _ => None,
    });
}

/// Checks that the speech was heard in both directions. Returns how well: by Python, and by our
/// user.
pub(crate) fn check_heard(python: &mut PythonPeer, heard: &Playback) -> [CorrelationPeak; 2] {
    check_heard_as_well_as(LEAST, MAX_LAG, python, heard)
}

/// Returns whether something was heard at least this well.
pub(crate) fn is_heard(least: f64, heard: &Result<CorrelationPeak, EnvelopeError>) -> bool {
    heard.as_ref().is_ok_and(|verdict| verdict.correlation >= least)
}

pub(crate) fn check_heard_as_well_as(
    least: f64,
    max_lag: Duration,
    python: &mut PythonPeer,
    heard: &Playback,
) -> [CorrelationPeak; 2] {
    let speech = speech();
    let rust_heard = heard.samples();
    let rust_heard = Pcm { samples: &rust_heard, rate_hz: AudioFormat::PHONE.rate_hz };
    let python_heard = python.heard();
    let [by_python, by_rust] =
        [python_heard.pcm(), rust_heard].map(|heard| correlation(speech.pcm(), heard, max_lag));
    let what = format!("python heard {by_python:?}, rust heard {by_rust:?}");
    let late = lateness::worst(&(heard.since..Instant::now()), &[python]);
    println!("{what}, the machine was late by {late:?}");
    match (by_python, by_rust) {
        (Ok(python), Ok(rust)) if python.correlation.min(rust.correlation) >= least => {
            [python, rust]
        }
        _ => lateness::not_heard(&what, late),
    }
}

/// Checks that a call at Medium Quality carried the speech both ways, with these signals.
pub(crate) fn check_speech_call(python: &mut PythonPeer, heard: &Playback, signals: [&str; 7]) {
    check_heard(python, heard);
    let packets = python.packets();
    assert!(check_wire(&packets, Profile::MediumQuality.byte_ceiling()) >= 100);
    check_bandwidth(&packets);
    check_mark(&packets);
    let mut seen = signalling(&packets);
    // The two ESTABLISHED may pass each other.
    seen[5..].sort();
    assert_eq!(seen, signals);
}

pub(crate) const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/speech.wav");
/// Delay before Python's speech begins: its microphone drops the first 0.36 s at Medium Quality.
const SPEECH_DELAY: Duration = Duration::from_millis(500);
/// The speech, the delay before it, and the largest lag after it.
pub(crate) const ALL_OF_IT: Duration = Duration::from_millis(7_000);
/// The delay, the first sentence and the beginning of the second, and the largest lag.
pub(crate) const SOME_OF_IT: Duration = Duration::from_millis(4_500);
pub(crate) const MAX_LAG: Duration = Duration::from_secs(1);
/// Smallest correlation of speech by Opus.
pub(crate) const LEAST: f64 = 0.9;
/// Samples written at once: no multiple of the phone's own 20 ms.
const BLOCK: usize = 441;
/// Media packets: 0.6 s of Medium Quality.
const SOME: usize = 10;
