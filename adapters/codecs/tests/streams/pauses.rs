//! Pauses that are not sent, in every codec alike.

use crate::signal::{PROFILES, speech, spoken, white_noise};
use lxst_codecs::{Codec2Mode, Encoded, Encoder, Encoding, RawConfig, RawDepth};

#[test]
fn pauses_are_sent_unless_suppression_is_asked_for() {
    for (_, encoding, samples) in streams() {
        let sent = sent_frames(encoding, false, &[0.0; 96_000], samples);
        assert!(sent.iter().all(|&is_sent| is_sent));
    }
    let encoding = PROFILES[0].1;
    assert!(!Encoder::new(encoding).unwrap().dtx());
    let suppressed = Encoder::new(encoding).unwrap().with_dtx(true).unwrap();
    assert!(suppressed.dtx());
}

#[test]
fn airtime_in_pauses_falls_by_nine_tenths() {
    for noise in [0.0, 0.001, 0.01] {
        let mut sound = spoken(0..96_000);
        sound.extend(white_noise(384_000).iter().map(|sample| sample * noise));
        for (name, encoding, samples) in streams() {
            let sent = sent_frames(encoding, true, &sound, samples);
            // Noise that is new is sent for a second.
            let share = share(&sent[(96_000 + 60_000) / samples..]);
            assert!(share <= 0.1, "{name} at {noise}: {share:.3}");
        }
    }
}

#[test]
fn speech_is_sent_from_its_first_frame_to_its_last() {
    let voice = spoken(0..192_000);
    for noise in [0.0, 0.005] {
        for (name, encoding, samples) in streams() {
            let mut sound: Vec<f32> =
                white_noise(48_000 + voice.len()).iter().map(|sample| sample * noise).collect();
            sound[48_000..].iter_mut().zip(&voice).for_each(|(sample, voice)| *sample += voice);
            let sent = sent_frames(encoding, true, &sound, samples);
            let (mut kept, mut all) = (0.0, 0.0);
            for (frame, is_sent) in sound.chunks_exact(samples).zip(sent).skip(48_000 / samples) {
                let energy: f64 = frame.iter().map(|&sample| f64::from(sample).powi(2)).sum();
                all += energy;
                kept += if is_sent { energy } else { 0.0 };
            }
            assert!(kept > 0.999 * all, "{name} at {noise}: {:.5}", kept / all);
        }
    }
}

#[test]
fn what_is_sent_is_what_would_have_been_sent_anyway() {
    let mut sound = speech(1.0);
    sound.extend([0.0; 96_000]);
    sound.extend(speech(1.0));
    for (name, encoding, samples) in streams() {
        let mut always = Encoder::new(encoding).unwrap();
        let mut seldom = Encoder::new(encoding).unwrap().with_dtx(true).unwrap();
        let mut silent = 0;
        for frame in sound.chunks_exact(samples) {
            let (mut all, mut some) = (Vec::new(), vec![7]);
            always.encode(frame, &mut all).unwrap();
            match seldom.encode(frame, &mut some).unwrap() {
                Encoded::Payload(length) => {
                    assert_eq!(length, all.len());
                    assert_eq!(some[1..], all, "{name}");
                }
                Encoded::NoVoice => {
                    assert_eq!(some, [7]);
                    silent += 1;
                }
            }
        }
        assert!(silent > 0, "{name}");
    }
}

fn streams() -> impl Iterator<Item = (&'static str, Encoding, usize)> {
    let raw = Encoding::Raw(RawConfig { depth: RawDepth::Float16, channels: 1 });
    let codec2 = [
        ("ultra low bandwidth", Codec2Mode::Mode700C, 19_200),
        ("very low bandwidth", Codec2Mode::Mode1600, 15_360),
        ("low bandwidth", Codec2Mode::Mode3200, 9_600),
    ];
    let codec2 = codec2.map(|(name, mode, samples)| (name, Encoding::Codec2(mode), samples));
    let built_in = codec2.into_iter().filter(|(_, encoding, _)| encoding.check().is_ok());
    PROFILES.into_iter().chain([("raw", raw, 192)]).chain(built_in)
}

fn sent_frames(encoding: Encoding, dtx: bool, pcm: &[f32], samples: usize) -> Vec<bool> {
    let mut encoder = Encoder::new(encoding).unwrap().with_dtx(dtx).unwrap();
    pcm.chunks_exact(samples)
        .map(|frame| encoder.encode(frame, &mut Vec::new()).unwrap() != Encoded::NoVoice)
        .collect()
}

fn share(sent: &[bool]) -> f64 {
    sent.iter().filter(|&&is_sent| is_sent).count() as f64 / sent.len() as f64
}
