//! A receive stream under what a network does to it: loss, nonsense, codecs that change.

use crate::signal::{encode, speech, white_noise};
use lxst_codecs::{
    Codec, CodecError, Decoder, Encoded, Encoder, Encoding, MAX_FRAME_SAMPLES, MAX_HELD_SAMPLES,
    MAX_OPUS_SAMPLES, OpusConfig, RawConfig, RawDepth, Samples, Tempo,
};
use proptest::prelude::*;

#[test]
fn each_frame_is_decoded_by_its_own_codec() {
    let payloads = opus_payloads(&speech(0.5));
    let raw = raw_payload(&[0.25; 480]);
    let mut decoder = Decoder::default();
    let mut pcm = Vec::new();
    decoder.decode(Codec::Opus, &payloads[1], Tempo::Normal, &mut pcm).unwrap();
    pcm.clear();
    decoder.decode(Codec::Raw, &raw, Tempo::Normal, &mut pcm).unwrap();
    assert_eq!(pcm[JOINT..], [0.25; JOINT]);

    // Opus after another codec is a new stream.
    let mut fresh = Vec::new();
    Decoder::default().decode(Codec::Opus, &payloads[2], Tempo::Normal, &mut fresh).unwrap();
    pcm.clear();
    decoder.decode(Codec::Opus, &payloads[2], Tempo::Normal, &mut pcm).unwrap();
    assert_eq!(pcm[JOINT..], fresh[JOINT..]);

    // Raw after a concealment that Opus did not finish is raw as it was sent.
    decoder.conceal(100, &mut pcm).unwrap();
    decoder.decode(Codec::Raw, &raw, Tempo::Normal, &mut pcm).unwrap();
    pcm.clear();
    decoder.decode(Codec::Raw, &raw, Tempo::Normal, &mut pcm).unwrap();
    assert_eq!(pcm, [0.25; 480]);
}

/// Over how much a frame fades in that does not continue the one before.
const JOINT: usize = 240;

#[test]
fn a_bad_packet_is_an_error_and_leaves_the_stream_as_it_was() {
    let payloads = opus_payloads(&speech(1.0));
    // Code 3 without its count byte, with no frames, with 2.5 s of them, and with more than there
    // is.
    let bad: [&[u8]; 6] = [&[], &[0x7B], &[0x7B, 0], &[0x7B, 0x3F, 1], &[0x39, 1], &[0x3A, 9]];
    let (mut clean, mut disturbed) = (Decoder::default(), Decoder::default());
    let (mut expected, mut heard) = (Vec::new(), Vec::new());
    for payload in &payloads {
        clean.decode(Codec::Opus, payload, Tempo::Normal, &mut expected).unwrap();
        disturbed.decode(Codec::Opus, payload, Tempo::Normal, &mut heard).unwrap();
        for bad in bad {
            let error = disturbed.decode(Codec::Opus, bad, Tempo::Normal, &mut heard).unwrap_err();
            assert!(matches!(error, CodecError::Opus { .. } | CodecError::Empty), "{error}");
        }
        let partial = disturbed.decode(Codec::Raw, &[0x01, 0, 0, 0], Tempo::Normal, &mut heard);
        assert_eq!(partial, Err(CodecError::Partial { length: 3, unit: 4 }));
    }
    assert_eq!(heard, expected);
}

#[test]
fn a_packet_of_120_ms_is_the_longest() {
    // Code 3, two or three frames of 60 ms SILK, which are too short to hold anything.
    let mut pcm = Vec::new();
    let mut decoder = Decoder::default();
    let played = decoder.decode(Codec::Opus, &[0x1B, 0x02], Tempo::Normal, &mut pcm).unwrap();
    assert_eq!(played.samples as usize, MAX_OPUS_SAMPLES);
    assert!(decoder.decode(Codec::Opus, &[0x1B, 0x03], Tempo::Normal, &mut pcm).is_err());
    assert_eq!(pcm.len(), MAX_OPUS_SAMPLES);
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
        let encoded = encoder.encode(&sent, &mut payload).unwrap();
        assert_eq!(encoded, Encoded::Payload(encoding.max_payload_bytes(480)));
        let played =
            Decoder::default().decode(Codec::Raw, &payload, Tempo::Normal, &mut heard).unwrap();
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
        frames in prop::collection::vec(
            (0..4_u8, 0..4_usize, prop::collection::vec(any::<u8>(), 0..1300)),
            1..20
        )
    ) {
        let mut decoder = Decoder::default();
        let mut pcm = Vec::new();
        for (byte, tempo, payload) in frames {
            pcm.clear();
            let codec = Codec::from_byte(byte);
            let faster = Tempo::Faster { most: Samples(u64::MAX) };
            let tempo = [Tempo::Normal, faster, Tempo::Slower, Tempo::Skip][tempo];
            match decoder.decode(codec, &payload, tempo, &mut pcm) {
                Ok(played) => {
                    prop_assert_eq!(played.samples as usize, pcm.len());
                    let bound = match codec {
                        Codec::Opus => MAX_OPUS_SAMPLES,
                        Codec::Raw => payload.len() / 2,
                        Codec::Codec2 | Codec::Other(_) => MAX_FRAME_SAMPLES,
                    };
                    prop_assert!(pcm.len() <= bound + bound / 4 + MAX_HELD_SAMPLES);
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
        let mut decoder = Decoder::default();
        let mut pcm = Vec::new();
        for payload in opus_payloads(&white_noise(2 * 2880)) {
            let mut payload = payload;
            for (index, byte) in &damage {
                let at = index.index(payload.len());
                payload[at] ^= byte;
            }
            payload.truncate(cut.index(payload.len()) + 1);
            // Whether it decodes is a matter of the damage.
            let _ = decoder.decode(Codec::Opus, &payload, Tempo::Normal, &mut pcm);
        }
        prop_assert!(pcm.iter().all(|sample| (-1.0..=1.0).contains(sample)));
    }
}

fn opus_payloads(pcm: &[f32]) -> Vec<Vec<u8>> {
    encode(Encoding::Opus(OpusConfig::VOICE_MEDIUM_60_MS), pcm, 2_880)
}

fn raw_payload(pcm: &[f32]) -> Vec<u8> {
    let config = RawConfig { depth: RawDepth::Float32, channels: 1 };
    encode(Encoding::Raw(config), pcm, pcm.len()).concat()
}
