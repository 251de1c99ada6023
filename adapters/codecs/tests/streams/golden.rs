//! What Python LXST sent decodes here: every media packet of the recorded calls.

use std::fs;
use std::path::Path;

use crate::signal::rms;
use lxst_codecs::{Codec, Decoder, Level};
use serde_json::Value;

#[test]
fn recorded_medium_quality_decodes() {
    let call = replay("media_40.jsonl", 2880, &[0x38]);
    assert!(call.loudest() > SPEECH);
}

#[test]
fn recorded_high_quality_decodes() {
    let call = replay("media_50.jsonl", 2880, &[0x7B]);
    assert!(call.loudest() > SPEECH);
}

#[test]
fn recorded_super_high_quality_decodes() {
    let call = replay("media_60.jsonl", 2880, &[0xFF]);
    assert!(call.loudest() > SPEECH);
}

#[test]
fn recorded_low_latency_decodes() {
    let call = replay("media_80.jsonl", 960, &[0x48]);
    assert!(call.loudest() > SPEECH);
}

/// The recording covers the first 0.6 s, in which the reference's microphone still fades in.
#[test]
fn recorded_ultra_low_latency_decodes_to_the_silence_that_was_sent() {
    let call = replay("media_70.jsonl", 480, &[0xD0]);
    assert!(call.loudest() < 1e-3);
}

/// -26 dBov, a usual level of active speech.
const SPEECH: f64 = 0.05;

struct Call {
    /// The PCM of each direction.
    heard: Vec<Vec<f32>>,
}

impl Call {
    /// The RMS of the loudest tenth of a second.
    fn loudest(&self) -> f64 {
        self.heard.iter().flat_map(|pcm| pcm.chunks_exact(4_800)).map(rms).fold(0.0, f64::max)
    }
}

/// Decodes what A sent and what A received, each as one stream, and checks each frame.
fn replay(name: &str, samples: u32, first_bytes: &[u8]) -> Call {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/captures").join(name);
    let capture = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let lines: Vec<Value> =
        capture.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let heard = ["tx", "rx"].map(|direction| {
        let mut decoder = Decoder::new().unwrap();
        let mut pcm = Vec::new();
        let packets =
            lines.iter().filter(|line| line["kind"] == "media" && line["dir"] == direction);
        for packet in packets {
            let plaintext = from_hex(packet["hex"].as_str().unwrap());
            let (codec, payload) = frame(&plaintext);
            assert!(first_bytes.contains(&payload[0]), "first byte {:#04x}", payload[0]);
            let before = pcm.len();
            let codec = Codec::try_from(codec).unwrap();
            let played = decoder.decode(codec, payload, &mut pcm).unwrap();
            assert_eq!(played.samples, samples);
            assert_eq!(played.level, Level::of(&pcm[before..]));
        }
        assert_eq!(pcm.len(), 60 * samples as usize, "60 packets {direction}");
        pcm
    });
    Call { heard: heard.into() }
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
