//! The native codec at its own rate, against the reference's.

use std::fs;
use std::path::Path;

use lxst_sim::random::Seeded;

use super::*;

#[test]
fn every_mode_encodes_the_bits_of_the_reference() {
    let reference: serde_json::Value = serde_json::from_str(&read("tests/streams/reference.json"))
        .expect("reference.py writes JSON");
    let speech = narrow_speech();
    for mode in supported() {
        let expected = reference["codec2"][(mode as u8).to_string()].as_str().unwrap();
        let mut native = Native::new(mode).unwrap();
        let mut bytes = vec![0; mode.native_bytes()];
        let (mut frames, mut other) = (0, 0);
        for frame in speech.chunks_exact(mode.frame_samples()) {
            native.encode(frame, &mut bytes);
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let length = hex.len();
            other += usize::from(hex != expected[frames * length..][..length]);
            frames += 1;
        }
        assert_eq!(expected.len(), frames * 2 * mode.native_bytes(), "{mode:?}");
        let share = other as f64 / frames as f64;
        assert!(share <= other_share(mode), "{mode:?}: {other} of {frames}");
    }
}

#[test]
fn no_bits_of_a_native_frame_are_refused() {
    let mut random = Seeded(1);
    for mode in supported() {
        let mut native = Native::new(mode).unwrap();
        let mut speech = vec![0; mode.frame_samples()];
        for _ in 0..500 {
            native.decode(&random.bytes(mode.native_bytes()), &mut speech);
        }
        for byte in [0x00, 0xFF] {
            native.decode(&vec![byte; mode.native_bytes()], &mut speech);
        }
    }
}

/// Share of the frames that may differ from the reference's. Codec2 in C and in Rust round
/// differently where a parameter is near the middle of two steps. Three modes code pitch and energy
/// as one vector.
fn other_share(mode: Codec2Mode) -> f64 {
    match mode {
        _ if cfg!(feature = "codec2-system") => 0.0,
        Codec2Mode::Mode1200 | Codec2Mode::Mode1400 | Codec2Mode::Mode2400 => 0.25,
        _ => 0.05,
    }
}

fn supported() -> impl Iterator<Item = Codec2Mode> {
    Codec2Mode::ALL.into_iter().filter(|mode| mode.is_supported())
}

/// Returns every second sample of the first three seconds of a 16 kHz file.
fn narrow_speech() -> Vec<i16> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/speech.wav");
    let wav = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let data = wav.windows(4).position(|name| name == b"data").expect("a chunk of samples") + 8;
    let (samples, _) = wav[data..].as_chunks();
    samples.iter().copied().map(i16::from_le_bytes).take(48_000).step_by(2).collect()
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
