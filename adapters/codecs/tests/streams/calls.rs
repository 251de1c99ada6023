//! What passes through a call beside steady speech: tones of keys, changes of level, stereo, and
//! changes of the codec.

use std::f64::consts::TAU;

use crate::signal::{PROFILES, envelope_correlation, largest_step, rms, speech};
use lxst_codecs::{
    Codec, Decoder, Encoder, Encoding, MAX_FRAME_SAMPLES, RawConfig, RawDepth, Tempo,
};

#[test]
fn keys_of_a_telephone_are_told_apart_at_medium_and_super_high_quality() {
    // SILK in frames of 20 ms, and 10 bytes of CELT, change one key in ten into another.
    for (name, encoding, length) in [PROFILES[0], PROFILES[2]] {
        for (row, low) in LOW.into_iter().enumerate() {
            for (column, high) in HIGH.into_iter().enumerate() {
                let key: Vec<f32> = (0..14_400)
                    .map(|n| {
                        let tone = |hz: f64| (TAU * hz * f64::from(n) / 48_000.0).sin();
                        (0.2 * tone(low) + 0.2 * tone(high)) as f32
                    })
                    .collect();
                let heard = pass(encoding, &key, length);
                let strongest = |all: [f64; 4]| {
                    let powers = all.map(|hz| power_at(hz, &heard[4_800..]));
                    (0..4).max_by(|one, other| powers[*one].total_cmp(&powers[*other]))
                };
                assert_eq!(
                    (strongest(LOW), strongest(HIGH)),
                    (Some(row), Some(column)),
                    "{name}: {low} and {high} Hz"
                );
            }
        }
    }
}

#[test]
fn a_voice_that_becomes_quiet_and_loud_is_heard_so() {
    let voice = speech(2.0);
    let gains = [1.0, 0.05, 1.0, 0.02, 0.5];
    let sent: Vec<f32> =
        gains.iter().flat_map(|gain| voice.iter().map(move |sample| sample * gain)).collect();
    for (name, encoding, length) in PROFILES {
        let heard = pass(encoding, &sent, length);
        let loudest = |pcm: &[f32]| pcm.chunks(960).map(rms).fold(0.0, f64::max);
        for (n, gain) in gains.iter().enumerate() {
            // The first tenth of a second may still adapt.
            let part = n * voice.len() + 4_800..(n + 1) * voice.len() - 2_880;
            let ratio = 20.0 * (loudest(&heard[part.clone()]) / loudest(&sent[part])).log10();
            assert!((-5.0..3.0).contains(&ratio), "{name}, gain {gain}: {ratio:.1} dB");
        }
    }
}

#[test]
fn both_channels_of_a_peer_are_heard() {
    let [left, right] = [440.0, 1_200.0]
        .map(|hz: f64| move |n: usize| 0.3 * (TAU * hz * n as f64 / 48_000.0).sin());
    let interleaved: Vec<f32> =
        (0..48_000).flat_map(|n| [left(n) as f32, right(n) as f32]).collect();
    let (rate, both) = (48_000, opus::Channels::Stereo);
    let mut encoder = opus::Encoder::new(rate, both, opus::Application::Voip).unwrap();
    encoder.set_bitrate(opus::Bitrate::Bits(32_000)).unwrap();
    let (mut decoder, mut heard) = (Decoder::default(), Vec::new());
    for frame in interleaved.chunks_exact(2 * 960) {
        let mut payload = vec![0; 80];
        let size = encoder.encode_float(frame, &mut payload).unwrap();
        decoder.decode(Codec::Opus, &payload[..size], Tempo::Normal, &mut heard).unwrap();
    }
    let [low, high, none] = [440.0, 1_200.0, 800.0].map(|hz| power_at(hz, &heard[9_600..]));
    assert!(low > 100.0 * none && high > 100.0 * none, "{low}, {high}, {none}");
    assert!((0.3..3.0).contains(&(low / high)), "{low}, {high}");
}

#[test]
fn speech_goes_on_through_every_change_of_profile_and_codec() {
    let voice = speech(9.0);
    let raw = Encoding::Raw(RawConfig { depth: RawDepth::Float16, channels: 1 });
    let opus = PROFILES.map(|(_, encoding, length)| (Codec::Opus, encoding, length));
    let mut turns: Vec<_> = opus.into_iter().collect();
    turns.insert(3, (Codec::Raw, raw, 480));
    turns.push((Codec::Raw, raw, 480));
    let mut decoder = Decoder::default();
    let (mut sent, mut heard) = (0, Vec::new());
    // Each for a second, twice over.
    for (codec, encoding, length) in turns.iter().cycle().take(9) {
        let mut encoder = Encoder::new(*encoding).unwrap();
        let until = (sent + 46_080).min(voice.len());
        while sent + length <= until {
            let mut payload = Vec::new();
            encoder.encode(&voice[sent..sent + length], &mut payload).unwrap();
            decoder.decode(*codec, &payload, Tempo::Normal, &mut heard).unwrap();
            sent += length;
        }
    }
    assert!(heard.len() <= MAX_FRAME_SAMPLES * 9);
    let likeness = envelope_correlation(&voice[..sent], &heard);
    assert!(likeness > 0.85, "{likeness:.3}");
    let most = 2.0 * largest_step(&voice);
    assert!(largest_step(&heard) < most, "{:.3} against {most:.3}", largest_step(&heard));
}

#[test]
fn silence_is_silent_before_and_after_speech_in_every_profile() {
    let mut sent = vec![0.0; 48_000];
    sent.extend(speech(1.0));
    sent.resize(192_000, 0.0);
    for (name, encoding, length) in PROFILES {
        let heard = pass(encoding, &sent, length);
        for part in [4_800..45_000, 120_000..180_000] {
            let level = 20.0 * rms(&heard[part.clone()]).max(1e-9).log10();
            assert!(level < -70.0, "{name}, {part:?}: {level:.1} dBov");
        }
    }
}

fn pass(encoding: Encoding, pcm: &[f32], length: usize) -> Vec<f32> {
    let (mut encoder, mut decoder) = (Encoder::new(encoding).unwrap(), Decoder::default());
    let (mut payload, mut heard) = (Vec::new(), Vec::new());
    for frame in pcm.chunks_exact(length) {
        payload.clear();
        encoder.encode(frame, &mut payload).unwrap();
        decoder.decode(Codec::Opus, &payload, Tempo::Normal, &mut heard).unwrap();
    }
    heard
}

/// The power of a pitch, by Goertzel's sum.
fn power_at(hz: f64, pcm: &[f32]) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let phase = TAU * hz * n as f64 / 48_000.0;
        real += f64::from(*sample) * phase.cos();
        imaginary += f64::from(*sample) * phase.sin();
    }
    (real.powi(2) + imaginary.powi(2)) / (pcm.len() as f64).powi(2)
}

/// The pitches of a row and of a column of keys: ITU-T Q.23.
const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
