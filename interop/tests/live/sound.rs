//! Speech in both directions of a call, and whether it was heard.

use core::time::Duration;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use lxst_interop::envelope::{Pcm, Verdict, correlation};
use lxst_interop::{Builder, Direction, PacketKind, PythonPeer, Recording};
use lxst_phone::{AudioFormat, Clock, Profile};

use crate::phone::{PATIENCE, RustPhone};
use crate::wire::{check_wire, signalling};

/// What our speaker played.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<i16>>>);

impl RustPhone {
    /// Speaks a recording and then silence into the microphone, from now until the phone shuts
    /// down.
    pub(crate) fn speak(&self, recording: &Recording) {
        let format = AudioFormat { rate_hz: recording.rate_hz, channels: 1 };
        let microphone = self.block_on(self.phone.audio_source(format, Clock::Phone));
        let mut microphone = microphone.expect("the phone runs");
        let speech = recording.samples.clone();
        thread::spawn(move || {
            let mut say = |block: &[i16]| smol::block_on(microphone.write(block)).is_ok();
            if speech.chunks(BLOCK).all(&mut say) {
                while say(&[0; BLOCK]) {}
            }
        });
    }

    /// Writes down what the speaker plays, from now until the phone shuts down.
    pub(crate) fn listen(&self) -> Heard {
        let heard = Heard::default();
        let samples = heard.0.clone();
        let speaker = self.block_on(self.phone.audio_sink(AudioFormat::PHONE, Clock::Phone));
        let mut speaker = speaker.expect("the phone runs");
        thread::spawn(move || {
            let mut block = [0_i16; 960];
            while smol::block_on(speaker.read(&mut block)).is_ok() {
                samples.lock().expect("nobody panicked").extend(block);
            }
        });
        heard
    }
}

impl Heard {
    pub(crate) fn compare(&self, spoken: &Recording) -> Verdict {
        let samples = self.0.lock().expect("nobody panicked").clone();
        let heard = Pcm { samples: &samples, rate_hz: AudioFormat::PHONE.rate_hz };
        correlation(spoken.pcm(), heard, MAX_LAG).expect("speech was heard")
    }
}

/// Lets Python say the speech in each call.
pub(crate) fn speaking(python: Builder) -> Builder {
    python.audio_in(Path::new(SPEECH), SPEECH_DELAY)
}

pub(crate) fn speech() -> Recording {
    Recording::read(Path::new(SPEECH))
}

/// Waits until Python has spoken for so long since its start, and heard most of as much.
pub(crate) fn talk(python: &PythonPeer, profile: Profile, time: Duration) {
    let frames = usize::try_from(time.as_micros() / profile.frame().duration().as_micros())
        .expect("it is small");
    python.expect_packets(PacketKind::Media, Direction::Tx, frames, PATIENCE);
    python.expect_packets(PacketKind::Media, Direction::Rx, frames * 9 / 10, PATIENCE);
}

/// Checks that the speech came through in both directions.
pub(crate) fn check_heard(python: &mut PythonPeer, heard: &Heard) {
    let speech = speech();
    let python_heard = correlation(speech.pcm(), python.heard().pcm(), MAX_LAG);
    let python_heard = python_heard.expect("speech was heard");
    let rust_heard = heard.compare(&speech);
    println!("python heard {python_heard:?}, rust heard {rust_heard:?}");
    assert!(python_heard.correlation >= 0.9, "{python_heard:?}");
    assert!(rust_heard.correlation >= 0.9, "{rust_heard:?}");
}

/// Checks that a call at Medium Quality carried the speech both ways, with these signals.
pub(crate) fn check_speech_call(python: &mut PythonPeer, heard: &Heard, signals: [&str; 7]) {
    check_heard(python, heard);
    let packets = python.packets();
    assert!(check_wire(&packets, Profile::MediumQuality.byte_ceiling()) >= 100);
    let mut seen = signalling(&packets);
    // The two ESTABLISHED may cross.
    seen[5..].sort();
    assert_eq!(seen, signals);
}

const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/speech.wav");
/// Before Python's speech begins: its microphone swallows the first 0.36 s at Medium Quality.
const SPEECH_DELAY: Duration = Duration::from_millis(500);
/// The speech, the delay before it, and the largest lag after it.
pub(crate) const ALL_OF_IT: Duration = Duration::from_millis(7_000);
/// The delay, the first sentence and the beginning of the second, and the largest lag.
pub(crate) const SOME_OF_IT: Duration = Duration::from_millis(4_500);
const MAX_LAG: Duration = Duration::from_secs(1);
/// What is spoken at once: no multiple of the phone's own 20 ms.
const BLOCK: usize = 441;
