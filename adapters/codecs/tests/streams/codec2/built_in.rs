//! Streams of the modes that are built in. Codec2 draws noise from a generator of the process: two
//! decoders never give the same samples.

use super::*;
use crate::signal::{self, envelope_correlation, largest_step, rms};
use lxst_codecs::{Encoded, MAX_FRAME_SAMPLES};

#[test]
fn speech_keeps_its_envelope_in_every_mode() {
    let sent = speech(6.0);
    for mode in supported() {
        let heard = decode(&encode(mode, &sent));
        let correlation = envelope_correlation(&sent, &heard);
        assert!(correlation > 0.8, "{mode:?}: {correlation:.3}");
        let loudness = rms(&heard) / rms(&sent);
        assert!((0.5..1.5).contains(&loudness), "{mode:?}: {loudness:.3}");
        assert!(heard.iter().all(|sample| (-1.0..=1.0).contains(sample)), "{mode:?}");
    }
}

#[test]
fn the_state_of_codec_and_resampler_carries_over_from_frame_to_frame() {
    let sent = speech(1.92);
    for mode in supported() {
        let whole = encode_frames(mode, &sent, sent.len()).concat();
        let parts = encode_frames(mode, &sent, mode.native_samples());
        let native: Vec<u8> = parts.iter().flat_map(|payload| &payload[1..]).copied().collect();
        assert_eq!(native, whole[1..], "{mode:?}");
    }
}

#[test]
fn each_frame_is_decoded_by_its_own_mode() {
    let voice = speech(0.96);
    let mut decoder = Decoder::default();
    for mode in supported().chain(supported()) {
        let mut heard = Vec::new();
        for payload in encode(mode, &voice) {
            decoder.decode(Codec::Codec2, &payload, Tempo::Normal, &mut heard).unwrap();
        }
        assert_eq!(heard.len(), voice.len());
        assert!(envelope_correlation(&voice, &heard) > 0.7, "{mode:?}");
    }
}

#[test]
fn an_unknown_mode_keeps_the_last_and_a_partial_frame_is_ignored() {
    let mode = Codec2Mode::Mode1600;
    let payload = &encode(mode, &speech(0.32))[0];
    let mut decoder = Decoder::default();
    let mut play = |payload: &[u8]| {
        let mut heard = Vec::new();
        decoder.decode(Codec::Codec2, payload, Tempo::Normal, &mut heard).map(|_| heard.len())
    };
    let mut unknown = payload.clone();
    unknown[0] = 7;
    assert_eq!(play(&unknown), Err(CodecError::UnknownMode { header: 7 }));
    assert_eq!(play(payload), Ok(15_360));
    unknown.extend([0; 7]);
    assert_eq!(play(&unknown), Ok(15_360));
    assert_eq!(play(&payload[..8]), Err(CodecError::Empty));
    assert_eq!(play(&[]), Err(CodecError::Empty));
}

#[test]
fn a_payload_of_more_than_two_seconds_is_refused() {
    let mut decoder = Decoder::default();
    let mode = Codec2Mode::Mode1600;
    let longest = mode.payload_bytes(MAX_FRAME_SAMPLES);
    let mut payload = vec![0; longest];
    payload[0] = mode as u8;
    let mut heard = Vec::new();
    decoder.decode(Codec::Codec2, &payload, Tempo::Normal, &mut heard).unwrap();
    assert_eq!(heard.len(), MAX_FRAME_SAMPLES);
    payload.extend([0; 8]);
    let refused = decoder.decode(Codec::Codec2, &payload, Tempo::Normal, &mut heard);
    assert_eq!(refused, Err(CodecError::TooLong { samples: MAX_FRAME_SAMPLES + 1_920 }));
    assert_eq!(heard.len(), MAX_FRAME_SAMPLES);
}

#[test]
fn a_frame_of_no_native_length_is_refused_and_changes_nothing() {
    let sent = speech(0.1);
    for mode in supported() {
        let mut encoder = Encoder::new(Encoding::Codec2(mode)).unwrap();
        let mut out = vec![9];
        for samples in [0, 1, 480, mode.native_samples() - 1, mode.native_samples() + 480] {
            let refused = encoder.encode(&sent[..samples], &mut out);
            assert_eq!(refused, Err(CodecError::FrameLength { samples }));
        }
        assert_eq!(out, [9]);
        let samples = mode.native_samples();
        let encoded = encoder.encode(&sent[..samples], &mut out).unwrap();
        assert_eq!(encoded, Encoded::Payload(1 + mode.native_bytes()));
        assert_eq!(out[1..], encode_frames(mode, &sent[..samples], samples)[0]);
    }
}

#[test]
fn pcm_that_is_no_audio_does_not_poison_the_stream() {
    let voice = speech(1.92);
    for mode in supported() {
        let mut encoder = Encoder::new(Encoding::Codec2(mode)).unwrap();
        for value in [f32::NAN, f32::INFINITY, 1e30] {
            encoder.encode(&[value; 1_920], &mut Vec::new()).unwrap();
        }
        let mut payload = Vec::new();
        encoder.encode(&voice, &mut payload).unwrap();
        let heard = decode(&[payload]);
        assert!(envelope_correlation(&voice[24_000..], &heard[24_000..]) > 0.7, "{mode:?}");
    }
}

#[test]
fn lost_frames_are_continued_and_fade_and_nothing_clicks() {
    const FRAME: usize = 15_360;
    let voice = speech(6.4);
    for mode in supported() {
        let payloads = encode_frames(mode, &voice, FRAME);
        let most = 1.3 * largest_step(&decode(&payloads));
        let (mut decoder, mut heard) = (Decoder::default(), Vec::new());
        for (n, payload) in payloads.iter().enumerate() {
            if n % 3 == 2 {
                decoder.conceal(FRAME as u32, &mut heard).unwrap();
            } else {
                decoder.decode(Codec::Codec2, payload, Tempo::Normal, &mut heard).unwrap();
            }
        }
        assert_eq!(heard.len(), payloads.len() * FRAME);
        // From the last sample before each loss to the end of the joint after it.
        for lost in (2 * FRAME - 1..heard.len() - FRAME).step_by(3 * FRAME) {
            let made_up = &heard[lost..lost + FRAME + 480];
            assert!(largest_step(made_up) < most, "{mode:?}: {}, {most}", largest_step(made_up));
            assert!(made_up[5_761..FRAME].iter().all(|&sample| sample == 0.0));
        }
    }
}

fn supported() -> impl Iterator<Item = Codec2Mode> {
    Codec2Mode::ALL.into_iter().filter(|mode| mode.is_supported())
}

/// Payloads of 320 ms, which is a whole number of native frames in every mode.
fn encode(mode: Codec2Mode, pcm: &[f32]) -> Vec<Vec<u8>> {
    encode_frames(mode, pcm, 15_360)
}

fn encode_frames(mode: Codec2Mode, pcm: &[f32], samples: usize) -> Vec<Vec<u8>> {
    signal::encode(Encoding::Codec2(mode), pcm, samples)
}

fn decode(payloads: &[Vec<u8>]) -> Vec<f32> {
    let (mut decoder, mut heard) = (Decoder::default(), Vec::new());
    for payload in payloads {
        decoder.decode(Codec::Codec2, payload, Tempo::Normal, &mut heard).unwrap();
    }
    heard
}
