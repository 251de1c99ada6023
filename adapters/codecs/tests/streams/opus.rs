//! The Opus profiles, from PCM to payload to PCM.

use crate::signal::{
    PROFILES, encode, envelope_correlation, rms, speech, spoken, square_wave, white_noise,
    wideband_speech,
};
use lxst_codecs::{
    Application, Bandwidth, Codec, CodecError, Decoder, Encoded, Encoder, Encoding,
    OPUS_FRAME_SAMPLES, OpusConfig, Profile, RateControl, SendFormat, Tempo,
};

#[test]
fn speech_keeps_its_envelope_in_every_profile() {
    let sent = speech(6.0);
    for (name, encoding, samples) in PROFILES {
        let heard = decode(&encode(encoding, &sent, samples), samples);
        let correlation = envelope_correlation(&sent, &heard);
        assert!(correlation > 0.95, "{name}: {correlation:.3}");
        let loudness = rms(&heard) / rms(&sent);
        assert!((0.7..1.3).contains(&loudness), "{name}: {loudness:.3}");
    }
}

#[test]
fn payloads_stay_within_the_ceiling_of_every_profile_and_duration() {
    let signals = [speech(0.6), white_noise(24_000), vec![0.0; 24_000], square_wave(24_000)];
    for config in ALL {
        for rate_control in [RateControl::Variable, RateControl::Constant] {
            let encoding = Encoding::Opus(OpusConfig { rate_control, ..config });
            for samples in OPUS_FRAME_SAMPLES {
                let ceiling = config.ceiling(samples);
                for signal in &signals {
                    for payload in encode(encoding, signal, samples) {
                        let length = payload.len();
                        assert!(
                            (1..=ceiling).contains(&length),
                            "{length}, {encoding:?}, {samples}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn frames_of_telephony_fill_the_padding_of_their_packets() {
    for profile in Profile::ALL {
        let encoding = Encoding::from(SendFormat::Profile(profile));
        let samples = profile.frame().0 as usize;
        assert_eq!(encoding.max_payload_bytes(samples), profile.byte_ceiling(), "{profile}");
    }
}

#[test]
fn constant_rate_fills_the_ceiling_and_variable_rate_saves_in_pauses() {
    let silence = vec![0.0; 48_000];
    for (name, encoding, samples) in PROFILES {
        let Encoding::Opus(config) = encoding else { unreachable!("the profiles speak Opus") };
        let constant = OpusConfig { rate_control: RateControl::Constant, ..config };
        let ceiling = config.ceiling(samples);
        for payload in encode(Encoding::Opus(constant), &speech(2.0), samples) {
            assert_eq!(payload.len(), ceiling, "{name}");
        }
        let variable = OpusConfig { rate_control: RateControl::Variable, ..config };
        let silent = encode(Encoding::Opus(variable), &silence, samples);
        let bytes: usize = silent.iter().map(Vec::len).sum();
        assert!(bytes < silent.len() * ceiling, "{name}: {bytes} bytes");
    }
}

#[test]
fn packets_are_stereo_in_super_high_quality_only() {
    for (name, encoding, samples) in PROFILES {
        for payload in encode(encoding, &speech(1.0), samples) {
            assert_eq!(payload[0] & 4 != 0, name == "super high quality", "{name}");
        }
    }
}

#[test]
fn no_frame_of_a_profile_is_narrower_than_those_of_the_reference() {
    let voice = wideband_speech(6.0);
    let recorded = spoken(0..240_000);
    let quiet: Vec<f32> = voice.iter().map(|sample| sample / 100.0).collect();
    let signals = [
        voice.clone(),
        recorded,
        quiet,
        vec![0.0; 48_000],
        white_noise(48_000),
        [vec![0.0; 48_000], voice].concat(),
    ];
    for (config, samples, reference) in BANDWIDTHS {
        for rate_control in [RateControl::Variable, RateControl::Constant] {
            let encoding = Encoding::Opus(OpusConfig { rate_control, ..config });
            for (signal, pcm) in signals.iter().enumerate() {
                for (frame, payload) in encode(encoding, pcm, samples).iter().enumerate() {
                    let sent = bandwidth_of(payload[0]);
                    assert!(
                        sent >= reference,
                        "{sent:?} in frame {frame} of signal {signal}, {samples} samples, \
                         {config:?}"
                    );
                    assert!(payload.len() <= config.ceiling(samples));
                }
            }
        }
    }
}

#[test]
fn every_profile_of_telephony_is_held_against_the_reference() {
    for (name, encoding, samples) in PROFILES {
        let is_held = |&(config, frame, _): &(OpusConfig, usize, Bandwidth)| {
            (Encoding::Opus(config), frame) == (encoding, samples)
        };
        assert!(BANDWIDTHS.iter().any(is_held), "{name}");
    }
}

#[test]
fn packets_have_the_bandwidth_that_was_asked_for_when_the_bitrate_suffices() {
    for bandwidth in [
        Bandwidth::Narrow,
        Bandwidth::Medium,
        Bandwidth::Wide,
        Bandwidth::SuperWide,
        Bandwidth::Full,
    ] {
        let config = OpusConfig { bandwidth, bitrate_bps: 24_000, ..OpusConfig::VOICE_HIGH };
        for payload in encode(Encoding::Opus(config), &speech(1.0), 2880) {
            assert_eq!(bandwidth_of(payload[0]), bandwidth);
        }
    }
}

/// First bytes from 0x80 on are CELT's, those below SILK's and the hybrid's (RFC 6716, table 2).
#[test]
fn the_application_chooses_between_speech_and_audio_coding() {
    let speaking = OpusConfig { application: Application::Voip, ..OpusConfig::AUDIO_HIGH };
    for (config, is_celt) in [(speaking, false), (OpusConfig::AUDIO_HIGH, true)] {
        for payload in encode(Encoding::Opus(config), &white_noise(48_000), 960) {
            assert_eq!(payload[0] >= 0x80, is_celt, "{config:?}");
        }
    }
}

#[test]
fn one_encoder_serves_frames_of_60_20_and_10_ms() {
    let sent = speech(3.0);
    let mut encoder = Encoder::new(Encoding::Opus(OpusConfig::VOICE_MEDIUM_60_MS)).unwrap();
    let mut decoder = Decoder::default();
    let mut heard = Vec::new();
    let mut rest = sent.as_slice();
    for samples in [2880, 960, 480].into_iter().cycle() {
        let Some((frame, later)) = rest.split_at_checked(samples) else {
            break;
        };
        rest = later;
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload).unwrap();
        let played = decoder.decode(Codec::Opus, &payload, Tempo::Normal, &mut heard).unwrap();
        assert_eq!(played.samples as usize, samples);
    }
    assert_eq!(encoder.codec(), Codec::Opus);
    assert!(envelope_correlation(&sent, &heard) > 0.9);
}

#[test]
fn two_encoders_fed_the_same_frames_give_the_same_bytes() {
    let sent = speech(2.0);
    for (name, encoding, samples) in PROFILES {
        let mut encoder = Encoder::new(encoding).unwrap();
        let mut appended = Vec::new();
        for frame in sent.chunks_exact(samples) {
            let before = appended.len();
            let encoded = encoder.encode(frame, &mut appended).unwrap();
            assert_eq!(encoded, Encoded::Payload(appended.len() - before));
        }
        assert_eq!(appended, encode(encoding, &sent, samples).concat(), "{name}");
    }
}

#[test]
fn a_frame_that_opus_does_not_know_is_refused_and_changes_nothing() {
    let sent = speech(0.3);
    let mut encoder = Encoder::new(Encoding::Opus(OpusConfig::VOICE_MAX)).unwrap();
    let mut out = vec![1, 2, 3];
    for samples in [0, 1, 479, 1440, 3840, 5760] {
        let refused = encoder.encode(&sent[..samples], &mut out);
        assert_eq!(refused, Err(CodecError::FrameLength { samples }));
    }
    assert_eq!(out, [1, 2, 3]);
    out.clear();
    encoder.encode(&sent[..2880], &mut out).unwrap();
    assert_eq!(out, encode(Encoding::Opus(OpusConfig::VOICE_MAX), &sent[..2880], 2880)[0]);
}

#[test]
fn bitrates_outside_of_the_bounds_are_refused() {
    for bitrate_bps in [0, 5_999, 128_001, u32::MAX] {
        let config = OpusConfig { bitrate_bps, ..OpusConfig::VOICE_HIGH };
        let refused = Encoder::new(Encoding::Opus(config)).unwrap_err();
        assert_eq!(refused, CodecError::UnsupportedBitrate { bitrate_bps });
        let expected = format!("bitrate of {bitrate_bps} bit/s is outside of 6000 to 128000");
        assert_eq!(refused.to_string(), expected);
    }
}

#[test]
fn pcm_that_is_no_audio_does_not_poison_the_stream() {
    let voice = speech(2.0);
    for (name, encoding, samples) in PROFILES {
        let mut sent = vec![f32::NAN; samples];
        sent.extend(vec![f32::INFINITY; samples]);
        sent.extend(vec![1e30; samples]);
        sent.extend(&voice);
        let heard = decode(&encode(encoding, &sent, samples), samples);
        assert!(heard.iter().all(|sample| (-1.0..=1.0).contains(sample)), "{name}");
        let after = &heard[3 * samples + 24_000..];
        assert!(envelope_correlation(&voice[24_000..], after) > 0.9, "{name}");
    }
}

#[test]
fn decoded_pcm_never_exceeds_full_scale() {
    for (name, encoding, samples) in PROFILES {
        for signal in [square_wave(48_000), white_noise(48_000)] {
            let heard = decode(&encode(encoding, &signal, samples), samples);
            assert!(heard.iter().all(|sample| (-1.0..=1.0).contains(sample)), "{name}");
            assert!(rms(&heard) > 0.1, "{name}");
        }
    }
}

#[test]
fn an_encoder_and_a_decoder_may_move_to_a_codec_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Encoder>();
    assert_send::<Decoder>();
}

const ALL: [OpusConfig; 12] = [
    OpusConfig::VOICE_LOW,
    OpusConfig::VOICE_MEDIUM_60_MS,
    OpusConfig::VOICE_MEDIUM_20_MS,
    OpusConfig::VOICE_MEDIUM_10_MS,
    OpusConfig::VOICE_FULL_BAND_10_MS,
    OpusConfig::VOICE_HIGH,
    OpusConfig::VOICE_MAX,
    OpusConfig::AUDIO_MIN,
    OpusConfig::AUDIO_LOW,
    OpusConfig::AUDIO_MEDIUM,
    OpusConfig::AUDIO_HIGH,
    OpusConfig::AUDIO_MAX,
];

/// The widest frames that Python LXST 0.5.4 was seen to send, of speech and of noise: the
/// configuration, the samples of a frame, the bandwidth.
const BANDWIDTHS: [(OpusConfig, usize, Bandwidth); 19] = [
    (OpusConfig::VOICE_MEDIUM_60_MS, 2_880, Bandwidth::Medium),
    (OpusConfig::VOICE_MEDIUM_20_MS, 960, Bandwidth::Wide),
    (OpusConfig::VOICE_MEDIUM_10_MS, 480, Bandwidth::SuperWide),
    (OpusConfig::VOICE_FULL_BAND_10_MS, 480, Bandwidth::Full),
    (OpusConfig::VOICE_HIGH, 2_880, Bandwidth::Full),
    (OpusConfig::VOICE_HIGH, 960, Bandwidth::Full),
    (OpusConfig::VOICE_MAX, 2_880, Bandwidth::Full),
    (OpusConfig::VOICE_MAX, 960, Bandwidth::Full),
    (OpusConfig::VOICE_LOW, 2_880, Bandwidth::Narrow),
    (OpusConfig::VOICE_LOW, 960, Bandwidth::Narrow),
    (OpusConfig::AUDIO_MIN, 2_880, Bandwidth::Narrow),
    (OpusConfig::AUDIO_LOW, 2_880, Bandwidth::Medium),
    (OpusConfig::AUDIO_LOW, 960, Bandwidth::Medium),
    (OpusConfig::AUDIO_MEDIUM, 2_880, Bandwidth::SuperWide),
    (OpusConfig::AUDIO_MEDIUM, 960, Bandwidth::SuperWide),
    (OpusConfig::AUDIO_HIGH, 2_880, Bandwidth::Full),
    (OpusConfig::AUDIO_HIGH, 960, Bandwidth::Full),
    (OpusConfig::AUDIO_MAX, 2_880, Bandwidth::Full),
    (OpusConfig::AUDIO_MAX, 960, Bandwidth::Full),
];

/// What the configuration in the upper five bits of a packet's first byte says (RFC 6716, table 2).
fn bandwidth_of(first_byte: u8) -> Bandwidth {
    match first_byte >> 3 {
        0..=3 | 16..=19 => Bandwidth::Narrow,
        4..=7 => Bandwidth::Medium,
        8..=11 | 20..=23 => Bandwidth::Wide,
        12 | 13 | 24..=27 => Bandwidth::SuperWide,
        _ => Bandwidth::Full,
    }
}

fn decode(payloads: &[Vec<u8>], samples: usize) -> Vec<f32> {
    let mut decoder = Decoder::default();
    let mut pcm = Vec::new();
    for payload in payloads {
        let played = decoder.decode(Codec::Opus, payload, Tempo::Normal, &mut pcm).unwrap();
        assert_eq!(played.samples as usize, samples);
    }
    pcm
}
