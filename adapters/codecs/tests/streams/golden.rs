//! What Python LXST sent decodes here as it does there: every media packet of the recorded calls.

use std::fs;
use std::path::Path;

use crate::signal::{envelope_correlation_at, rms};
use lxst_codecs::{Codec, Codec2Mode, Decoder, Level, Tempo};
use serde_json::Value;

#[test]
fn recorded_medium_quality_decodes() {
    replay("media_40.jsonl", 2880, &[0x38]).sounds_like_the_reference();
}

#[test]
fn recorded_high_quality_decodes() {
    replay("media_50.jsonl", 2880, &[0x7B]).sounds_like_the_reference();
}

#[test]
fn recorded_super_high_quality_decodes() {
    replay("media_60.jsonl", 2880, &[0xFF]).sounds_like_the_reference();
}

#[test]
fn recorded_low_latency_decodes() {
    replay("media_80.jsonl", 960, &[0x48]).sounds_like_the_reference();
}

/// The recording covers the first 0.6 s, in which the reference's microphone still fades in.
#[test]
fn recorded_ultra_low_latency_decodes_to_the_silence_that_was_sent() {
    let call = replay("media_70.jsonl", 480, &[0xD0]);
    for (heard, expected) in call.directions() {
        assert!(rms(heard) < 1e-3);
        assert!(expected.iter().all(|&rms| rms < 1e-3));
    }
}

#[test]
fn recorded_codec2_decodes() {
    for (name, mode, samples) in [
        ("media_10.jsonl", Codec2Mode::Mode700C, 19_200),
        ("media_20.jsonl", Codec2Mode::Mode1600, 15_360),
        ("media_30.jsonl", Codec2Mode::Mode3200, 9_600),
    ] {
        if mode.is_supported() {
            replay(name, samples, &[mode as u8]).sounds_like_the_reference_by_codec2();
        }
    }
}

/// -26 dBov, a usual level of active speech.
const SPEECH: f64 = 0.05;

struct Call {
    name: &'static str,
    /// The PCM of each direction.
    heard: Vec<Vec<f32>>,
    /// What the reference decodes: the RMS of every 20 ms.
    expected: Vec<Vec<f64>>,
}

impl Call {
    fn sounds_like_the_reference(&self) {
        self.compare(0, 0.99);
    }

    /// Each decoding of Codec2 has other noise, and ours is later by the resampler's delay.
    fn sounds_like_the_reference_by_codec2(&self) {
        self.compare(192, 0.8);
    }

    /// Compares what was said; one side of each recorded call is silent.
    fn compare(&self, delay: usize, least: f64) {
        let mut spoken = 0;
        for (heard, expected) in self.directions() {
            if expected.iter().all(|&rms| rms < 0.002) {
                assert!(loudest(heard) < 0.002, "{}", self.name);
                continue;
            }
            let likeness = envelope_correlation_at(expected, heard, delay);
            assert!(likeness >= least, "{}: {likeness:.4}", self.name);
            assert!(loudest(heard) > SPEECH, "{}", self.name);
            spoken += 1;
        }
        assert_eq!(spoken, 1, "{}", self.name);
    }

    fn directions(&self) -> impl Iterator<Item = (&[f32], &[f64])> {
        let expected = self.expected.iter().map(Vec::as_slice);
        self.heard.iter().map(Vec::as_slice).zip(expected)
    }
}

/// The RMS of the loudest tenth of a second.
fn loudest(pcm: &[f32]) -> f64 {
    pcm.chunks_exact(4_800).map(rms).fold(0.0, f64::max)
}

/// Decodes what A sent and what A received, each as one stream, and checks each frame.
fn replay(name: &'static str, samples: u32, first_bytes: &[u8]) -> Call {
    let capture = read(&format!("../../interop/captures/{name}"));
    let lines: Vec<Value> =
        capture.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reference: Value = serde_json::from_str(&read("tests/streams/reference.json")).unwrap();
    let (mut heard, mut expected) = (Vec::new(), Vec::new());
    for direction in ["tx", "rx"] {
        let mut decoder = Decoder::default();
        let mut pcm = Vec::new();
        let packets: Vec<&Value> = lines
            .iter()
            .filter(|line| line["kind"] == "media" && line["dir"] == direction)
            .collect();
        for packet in &packets {
            let plaintext = from_hex(packet["hex"].as_str().unwrap());
            let (codec, payload) = frame(&plaintext);
            assert!(first_bytes.contains(&payload[0]), "first byte {:#04x}", payload[0]);
            let before = pcm.len();
            let codec = Codec::from_byte(codec);
            let played = decoder.decode(codec, payload, Tempo::Normal, &mut pcm).unwrap();
            assert_eq!(played.samples, samples);
            assert_eq!(played.level, Level::of(&pcm[before..]));
        }
        let envelope = reference["envelopes"][name][direction].as_array().unwrap();
        assert_eq!(pcm.len(), packets.len() * samples as usize, "{name} {direction}");
        assert_eq!(envelope.len(), pcm.len() / 960, "{name} {direction}");
        expected.push(envelope.iter().map(|rms| rms.as_f64().unwrap()).collect());
        heard.push(pcm);
    }
    Call { name, heard, expected }
}

/// The codec byte and the payload of a media packet, `{1: bin}`.
fn frame(plaintext: &[u8]) -> (u8, &[u8]) {
    let (length, frame) = match plaintext {
        [0x81, 0x01, 0xC4, length, frame @ ..] => (usize::from(*length), frame),
        [0x81, 0x01, 0xC5, high, low, frame @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), frame)
        }
        other => panic!("no media packet: {other:02x?}"),
    };
    assert_eq!(frame.len(), length);
    (frame[0], &frame[1..])
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|n| u8::from_str_radix(&hex[n..n + 2], 16).unwrap()).collect()
}

/// Reads a file by its path from the crate.
fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
