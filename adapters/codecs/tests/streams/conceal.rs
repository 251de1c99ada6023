//! Frames that do not come: what is made up, and how the call goes on.

use crate::signal::{PROFILES, Raw, encode, largest_step, rms, speech};
use lxst_codecs::{Codec, Decoder, Encoded, Encoder, Level, MAX_OPUS_SAMPLES, Samples, Tempo};

#[test]
fn a_lost_raw_frame_is_continued_by_its_pitch() {
    let voice = steady_voice(9_600);
    let (mut decoder, mut heard) = (Raw::new(), Vec::new());
    decoder.play(&voice[..4_800], Tempo::Normal, &mut heard);
    heard.clear();
    decoder.conceal(960, &mut heard);
    let error: Vec<f32> = heard.iter().zip(&voice[4_800..]).map(|(a, b)| a - b).collect();
    assert!(rms(&error) < 0.1 * rms(&heard), "{:.3} of {:.3}", rms(&error), rms(&heard));
}

#[test]
fn a_lost_raw_stream_fades_to_silence_over_120_ms() {
    for step in [192, 480, 2_880] {
        let (mut decoder, mut filled) = (Raw::new(), Vec::new());
        decoder.play(&steady_voice(9_600), Tempo::Normal, &mut Vec::new());
        while filled.len() < 48_000 {
            let played = decoder.conceal(step, &mut filled);
            assert_eq!(played.samples, step);
            let made_up = &filled[filled.len() - step as usize..];
            assert_eq!(played.level, Level::of(made_up));
        }
        let levels: Vec<f64> = filled[..5_760].chunks(960).map(rms).collect();
        assert!(levels[0] > 0.9 * rms(&steady_voice(9_600)), "{levels:?}");
        assert!(levels.windows(2).all(|pair| pair[1] < pair[0]), "{levels:?}");
        assert!(filled[5_760..].iter().all(|&sample| sample == 0.0));
    }
}

#[test]
fn nothing_clicks_where_raw_frames_go_missing_or_come_back() {
    let voice = speech(6.0);
    let most = 1.2 * largest_step(&voice);
    for length in [192, 480, 960, 2_880, 19_200] {
        for missing in [1, 2, 5, 40] {
            let (mut decoder, mut heard) = (Raw::new(), Vec::new());
            for (n, frame) in voice.chunks_exact(length).enumerate() {
                if n % (missing + 3) >= 3 {
                    decoder.conceal(length as u32, &mut heard);
                } else {
                    decoder.play(frame, Tempo::Normal, &mut heard);
                }
            }
            let step = largest_step(&heard);
            assert!(step < most, "{length}, {missing}: {step:.3} against {most:.3}");
        }
    }
}

#[test]
fn nothing_clicks_where_opus_frames_go_missing_or_come_back() {
    let voice = speech(6.0);
    for (name, encoding, length) in PROFILES {
        let payloads = encode(encoding, &voice, length);
        let hear = |is_lost: &dyn Fn(usize) -> bool, piece: usize, tempo: Tempo| {
            let (mut decoder, mut heard) = (Decoder::default(), Vec::new());
            for (n, payload) in payloads.iter().enumerate() {
                if is_lost(n) {
                    for rest in (0..length).step_by(piece).map(|done| length - done) {
                        decoder.conceal(rest.min(piece) as u32, &mut heard).unwrap();
                    }
                } else {
                    let tempo = if n % 11 == 10 { tempo } else { Tempo::Normal };
                    decoder.decode(Codec::Opus, payload, tempo, &mut heard).unwrap();
                }
            }
            heard
        };
        let most = 1.5 * largest_step(&hear(&|_| false, length, Tempo::Normal));
        for missing in [1, 2, 5, 20] {
            let is_lost = |n| n % (missing + 3) >= 3;
            for tempo in [Tempo::Normal, Tempo::Skip, Tempo::Faster { most: Samples(u64::MAX) }] {
                for piece in [length, 331] {
                    let step = largest_step(&hear(&is_lost, piece, tempo));
                    assert!(
                        step < most,
                        "{name}, {missing} by {piece}, {tempo:?}: {step:.3} of {most:.3}"
                    );
                }
            }
        }
    }
}

#[test]
fn lost_opus_frames_are_continued_and_then_fade() {
    let voice = speech(0.9);
    for (name, encoding, samples) in PROFILES {
        let (mut encoder, mut decoder) = (Encoder::new(encoding).unwrap(), Decoder::default());
        let (mut payload, mut heard, mut filled) = (Vec::new(), Vec::new(), Vec::new());
        for frame in voice.chunks_exact(samples) {
            payload.clear();
            let encoded = encoder.encode(frame, &mut payload).unwrap();
            assert_eq!(encoded, Encoded::Payload(payload.len()));
            decoder.decode(Codec::Opus, &payload, Tempo::Normal, &mut heard).unwrap();
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
        decoder.decode(Codec::Opus, &payload, Tempo::Normal, &mut heard).unwrap();
        filled.clear();
        let played = decoder.conceal(480, &mut filled).unwrap();
        assert_ne!(played.level, Level::SILENCE, "{name} goes on again");
    }
}

#[test]
fn concealment_has_any_length() {
    for codec in [None, Some(Codec::Raw), Some(Codec::Opus)] {
        let mut decoder = Raw::new();
        let mut pcm = Vec::new();
        match codec {
            Some(Codec::Opus) => {
                // A 20 ms frame of SILK without content.
                decoder.0.decode(Codec::Opus, &[0x08], Tempo::Normal, &mut pcm).unwrap();
            }
            Some(Codec::Raw) => {
                decoder.play(&[0.5], Tempo::Normal, &mut pcm);
            }
            Some(Codec::Codec2 | Codec::Other(_)) | None => {}
        }
        for samples in [0, 1, 24, 119, 120, 121, 480, 2880, 5760, 5761, 20_000] {
            pcm.clear();
            let played = decoder.conceal(samples, &mut pcm);
            assert_eq!((played.samples, pcm.len()), (samples, samples as usize), "{codec:?}");
        }
    }
}

#[test]
fn what_was_held_back_comes_first_and_counts() {
    let voice = steady_voice(9_600);
    let (mut decoder, mut heard) = (Raw::new(), Vec::new());
    decoder.play(&voice[..960], Tempo::Faster { most: Samples(u64::MAX) }, &mut heard);
    assert!(heard.is_empty());
    assert_eq!(decoder.conceal(480, &mut heard).samples, 960);
    assert_eq!(heard, voice[..960]);
    assert_eq!(decoder.conceal(480, &mut heard).samples, 480);
}

#[test]
fn a_stream_that_has_not_begun_conceals_with_silence_and_then_fades_in() {
    let (mut decoder, mut pcm) = (Raw::new(), Vec::new());
    assert_eq!(decoder.conceal(2880, &mut pcm).level, Level::SILENCE);
    assert_eq!(pcm, vec![0.0; 2880]);
    decoder.play(&[0.5; 960], Tempo::Normal, &mut pcm);
    assert!(largest_step(&pcm) < 0.003);
    assert_eq!(pcm[2880 + 240..], [0.5; 720]);
}

/// A vowel of 125 Hz that goes on.
fn steady_voice(samples: usize) -> Vec<f32> {
    (0..samples)
        .map(|n| {
            let t = (n % 384) as f32;
            0.4 * (-t / 90.0).exp() * (t * 0.09).sin()
        })
        .collect()
}
