//! A receive stream under what a network does to it: loss, nonsense, codecs that change.

use crate::signal::{PROFILES, rms, speech, white_noise};
use lxst_codecs::{
    Codec, CodecError, Decoder, Encoder, Encoding, Level, MAX_OPUS_SAMPLES, OpusConfig, RawConfig,
    RawDepth,
};
use proptest::prelude::*;

#[test]
fn lost_opus_frames_are_continued_and_then_fade() {
    let voice = speech(0.9);
    for (name, encoding, samples) in PROFILES {
        let (mut encoder, mut decoder) = (Encoder::new(encoding).unwrap(), Decoder::new().unwrap());
        let (mut payload, mut heard, mut filled) = (Vec::new(), Vec::new(), Vec::new());
        for frame in voice.chunks_exact(samples) {
            payload.clear();
            encoder.encode(frame, &mut payload).unwrap();
            decoder.decode(Codec::Opus, &payload, &mut heard).unwrap();
        }
        let before = rms(&heard[heard.len() - 960..]);
        for _ in 0..100 {
            let played = decoder.conceal(480, &mut filled).unwrap();
            assert_eq!(played.samples, 480);
            assert_eq!(played.level, Level::of(&filled[filled.len() - 480..]));
        }
        assert!(rms(&filled[..960]) > before / 4.0, "{name} goes on");
        for (earlier, later) in filled.chunks(960).zip(filled[960..].chunks(960)) {
            assert!(rms(later) < rms(earlier).max(before / 4.0), "{name} fades");
        }
        assert_eq!(filled[MAX_OPUS_SAMPLES..], [0.0; 48_000 - MAX_OPUS_SAMPLES], "{name}");

        // A packet that comes after all ends the fade.
        decoder.decode(Codec::Opus, &payload, &mut heard).unwrap();
        filled.clear();
        let played = decoder.conceal(480, &mut filled).unwrap();
        assert_ne!(played.level, Level::SILENCE, "{name} goes on again");
    }
}

#[test]
fn concealment_has_any_length() {
    for codec in [None, Some(Codec::Raw), Some(Codec::Opus)] {
        let mut decoder = Decoder::new().unwrap();
        let mut pcm = Vec::new();
        match codec {
            Some(Codec::Opus) => {
                decoder.decode(Codec::Opus, &opus_payloads(&speech(0.1))[0], &mut pcm).unwrap();
            }
            Some(Codec::Raw) => {
                decoder.decode(Codec::Raw, &raw_payload(&[0.5]), &mut pcm).unwrap();
            }
            None => {}
        }
        for samples in [0, 1, 24, 119, 120, 121, 480, 2880, 5760, 5761, 20_000] {
            pcm.clear();
            let played = decoder.conceal(samples, &mut pcm).unwrap();
            assert_eq!((played.samples, pcm.len()), (samples, samples as usize), "{codec:?}");
        }
    }
}

#[test]
fn lost_raw_frames_fade_from_the_last_sample_to_silence() {
    let mut decoder = Decoder::new().unwrap();
    let mut pcm = Vec::new();
    decoder.decode(Codec::Raw, &raw_payload(&[0.0, -0.5]), &mut pcm).unwrap();
    let mut filled = Vec::new();
    decoder.conceal(100, &mut filled).unwrap();
    decoder.conceal(400, &mut filled).unwrap();
    let mut last = -0.5;
    for &sample in &filled {
        assert!(last <= sample && sample <= 0.0 && sample - last < 0.02);
        last = sample;
    }
    assert!(filled[240].abs() < 0.001);
    assert_eq!(filled[499], 0.0);
    assert_eq!(decoder.conceal(480, &mut filled).unwrap().level, Level::SILENCE);
}

#[test]
fn a_stream_that_has_not_begun_conceals_with_silence() {
    let mut pcm = Vec::new();
    let played = Decoder::new().unwrap().conceal(2880, &mut pcm).unwrap();
    assert_eq!(played.level, Level::SILENCE);
    assert_eq!(pcm, vec![0.0; 2880]);
}

#[test]
fn each_frame_is_decoded_by_its_own_codec() {
    let payloads = opus_payloads(&speech(0.5));
    let raw = raw_payload(&[0.25; 480]);
    let mut decoder = Decoder::new().unwrap();
    let mut pcm = Vec::new();
    decoder.decode(Codec::Opus, &payloads[1], &mut pcm).unwrap();
    pcm.clear();
    decoder.decode(Codec::Raw, &raw, &mut pcm).unwrap();
    assert_eq!(pcm, [0.25; 480]);

    // Opus after another codec is a new stream.
    let mut fresh = Vec::new();
    Decoder::new().unwrap().decode(Codec::Opus, &payloads[2], &mut fresh).unwrap();
    pcm.clear();
    decoder.decode(Codec::Opus, &payloads[2], &mut pcm).unwrap();
    assert_eq!(pcm, fresh);
}

#[test]
fn a_bad_packet_is_an_error_and_leaves_the_stream_as_it_was() {
    let payloads = opus_payloads(&speech(1.0));
    // Code 3 without its count byte, with no frames, with 2.5 s of them, and with more than there is.
    let bad: [&[u8]; 6] = [&[], &[0x7B], &[0x7B, 0], &[0x7B, 0x3F, 1], &[0x39, 1], &[0x3A, 9]];
    let (mut clean, mut disturbed) = (Decoder::new().unwrap(), Decoder::new().unwrap());
    let (mut expected, mut heard) = (Vec::new(), Vec::new());
    for payload in &payloads {
        clean.decode(Codec::Opus, payload, &mut expected).unwrap();
        disturbed.decode(Codec::Opus, payload, &mut heard).unwrap();
        for bad in bad {
            let error = disturbed.decode(Codec::Opus, bad, &mut heard).unwrap_err();
            assert!(matches!(error, CodecError::Opus { .. } | CodecError::Empty), "{error}");
        }
        let partial = disturbed.decode(Codec::Raw, &[0x01, 0, 0, 0], &mut heard);
        assert_eq!(partial, Err(CodecError::Partial { length: 3, unit: 4 }));
    }
    assert_eq!(heard, expected);
}

#[test]
fn a_packet_of_120_ms_is_the_longest() {
    // Code 3, two or three frames of 60 ms SILK, which are too short to hold anything.
    let mut pcm = Vec::new();
    let mut decoder = Decoder::new().unwrap();
    let played = decoder.decode(Codec::Opus, &[0x1B, 0x02], &mut pcm).unwrap();
    assert_eq!(played.samples as usize, MAX_OPUS_SAMPLES);
    assert!(decoder.decode(Codec::Opus, &[0x1B, 0x03], &mut pcm).is_err());
    assert_eq!(pcm.len(), MAX_OPUS_SAMPLES);
}

#[test]
fn codec_bytes_name_raw_and_opus_and_nothing_else() {
    assert_eq!(Codec::try_from(0), Ok(Codec::Raw));
    assert_eq!(Codec::try_from(1), Ok(Codec::Opus));
    for byte in 2..=255 {
        assert_eq!(Codec::try_from(byte), Err(CodecError::UnsupportedCodec { byte }));
    }
}

#[test]
fn raw_audio_passes_from_encoder_to_decoder() {
    let sent = white_noise(480);
    for (depth, error) in [
        (RawDepth::Float16, 5e-4),
        (RawDepth::Float32, 0.0),
        (RawDepth::Float64, 0.0),
        (RawDepth::Float128, 0.0),
    ] {
        let encoding = Encoding::Raw(RawConfig { depth, channels: 2 });
        let mut encoder = Encoder::new(encoding).unwrap();
        let (mut payload, mut heard) = (Vec::new(), Vec::new());
        let length = encoder.encode(&sent, &mut payload).unwrap();
        assert_eq!(length, encoding.max_payload_bytes(480));
        let played = Decoder::new().unwrap().decode(Codec::Raw, &payload, &mut heard).unwrap();
        assert_eq!(played.samples, 480);
        assert!(sent.iter().zip(&heard).all(|(a, b)| (a - b).abs() <= error), "{depth:?}");
    }
    let encoding = Encoding::Raw(RawConfig { depth: RawDepth::Float16, channels: 1 });
    let empty = Encoder::new(encoding).unwrap().encode(&[], &mut Vec::new());
    assert_eq!(empty, Err(CodecError::FrameLength { samples: 0 }));
}

proptest! {
    #[test]
    fn no_bytes_from_the_network_panic_or_exceed_the_bounds(
        frames in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..1300)), 1..20)
    ) {
        let mut decoder = Decoder::new().unwrap();
        let mut pcm = Vec::new();
        for (is_opus, payload) in frames {
            pcm.clear();
            let codec = if is_opus { Codec::Opus } else { Codec::Raw };
            match decoder.decode(codec, &payload, &mut pcm) {
                Ok(played) => {
                    prop_assert_eq!(played.samples as usize, pcm.len());
                    prop_assert!(!pcm.is_empty());
                    let bound = if is_opus { MAX_OPUS_SAMPLES } else { payload.len() / 2 };
                    prop_assert!(pcm.len() <= bound);
                }
                Err(_) => prop_assert!(pcm.is_empty()),
            }
            decoder.conceal(480, &mut pcm).unwrap();
            prop_assert!(pcm.iter().all(|sample| (-1.0..=1.0).contains(sample)));
        }
    }

    #[test]
    fn no_damage_to_a_real_packet_panics_or_exceeds_full_scale(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut decoder = Decoder::new().unwrap();
        let mut pcm = Vec::new();
        for payload in opus_payloads(&white_noise(2 * 2880)) {
            let mut payload = payload;
            for (index, byte) in &damage {
                let at = index.index(payload.len());
                payload[at] ^= byte;
            }
            payload.truncate(cut.index(payload.len()) + 1);
            // Whether it decodes is a matter of the damage.
            let _ = decoder.decode(Codec::Opus, &payload, &mut pcm);
        }
        prop_assert!(pcm.iter().all(|sample| (-1.0..=1.0).contains(sample)));
    }
}

fn opus_payloads(pcm: &[f32]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(Encoding::Opus(OpusConfig::VOICE_MEDIUM)).unwrap();
    pcm.chunks_exact(2880)
        .map(|frame| {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload).unwrap();
            payload
        })
        .collect()
}

fn raw_payload(pcm: &[f32]) -> Vec<u8> {
    let config = RawConfig { depth: RawDepth::Float32, channels: 1 };
    let mut payload = Vec::new();
    Encoder::new(Encoding::Raw(config)).unwrap().encode(pcm, &mut payload).unwrap();
    payload
}
