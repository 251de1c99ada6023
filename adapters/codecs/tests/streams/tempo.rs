//! Speech played faster, slower and with frames left out.

use std::f64::consts::TAU;

use crate::signal::{Raw, envelope_correlation, largest_step, rms, sine, speech, white_noise};
use lxst_codecs::{Level, MAX_HELD_SAMPLES, Samples, Tempo};
use lxst_core::limits::UNHELD_FRAME;

const MS: usize = 48;

#[test]
fn normal_tempo_passes_every_sample_as_it_is() {
    let voice = speech(1.0);
    for length in FRAMES {
        let mut decoder = Raw::new();
        for frame in voice.chunks(length) {
            let mut heard = Vec::new();
            decoder.play(frame, Tempo::Normal, &mut heard);
            assert_eq!(heard, frame);
        }
    }
}

#[test]
fn faster_speech_is_shorter_by_a_quarter_at_most() {
    let voice = speech(10.0);
    for length in FRAMES {
        let shorter = 1.0
            - play(&voice, length, Tempo::Faster { most: Samples(u64::MAX) }).len() as f64
                / voice.len() as f64;
        assert!((0.15..=0.25).contains(&shorter), "{length}: {shorter:.3}");
    }
}

#[test]
fn slower_speech_is_longer_by_a_quarter_at_most() {
    let voice = speech(10.0);
    for length in FRAMES {
        let longer = play(&voice, length, Tempo::Slower).len() as f64 / voice.len() as f64 - 1.0;
        assert!((0.15..=0.25).contains(&longer), "{length}: {longer:.3}");
    }
}

#[test]
fn a_frame_leaves_out_no_more_than_it_may() {
    let voice = speech(4.0);
    let frames = voice.len().div_ceil(2_880);
    let left = play(&voice, 2_880, Tempo::Faster { most: Samples(480) }).len();
    let shed = voice.len() - left;
    assert!((frames * 120..=frames * 480 + MAX_HELD_SAMPLES).contains(&shed), "{shed} of {frames}");
    assert_eq!(
        play(&voice, 2_880, Tempo::Faster { most: Samples(0) }).len() / 1_440,
        voice.len() / 1_440
    );
}

#[test]
fn the_length_of_short_frames_changes_no_sample_of_faster_speech() {
    let voice = speech(4.0);
    let expected = play(&voice, 480, Tempo::Faster { most: Samples(u64::MAX) });
    for length in FRAMES.into_iter().filter(|length| !is_long(*length)) {
        assert_eq!(
            play(&voice, length, Tempo::Faster { most: Samples(u64::MAX) }),
            expected,
            "{length}"
        );
    }
}

#[test]
fn no_stretch_of_a_second_changes_by_much_more_than_a_quarter() {
    // Speech after noise, in which no period is found: what was not edited is not made up for.
    let mut sound = white_noise(96_000);
    sound.extend(speech(4.0));
    for (tempo, bounds) in
        [(Tempo::Faster { most: Samples(u64::MAX) }, 0.73..1.01), (Tempo::Slower, 0.99..1.27)]
    {
        let mut decoder = Raw::new();
        let mut lengths = Vec::new();
        for frame in sound.chunks(480) {
            lengths.push(decoder.play(frame, tempo, &mut Vec::new()).samples);
        }
        // The first second fills what is held back.
        for second in lengths[100..].windows(100) {
            let share = f64::from(second.iter().sum::<u32>()) / 48_000.0;
            assert!(bounds.contains(&share), "{tempo:?}: {share:.3}");
        }
    }
}

#[test]
fn pauses_change_as_fast_as_speech() {
    let pause: Vec<f32> = white_noise(96_000).iter().map(|sample| sample * 0.002).collect();
    let faster = play(&pause, 2_880, Tempo::Faster { most: Samples(u64::MAX) }).len() as f64
        / pause.len() as f64;
    let slower = play(&pause, 2_880, Tempo::Slower).len() as f64 / pause.len() as f64;
    assert!((0.75..0.8).contains(&faster), "{faster:.3}");
    assert!((1.2..1.25).contains(&slower), "{slower:.3}");
}

#[test]
fn pitch_stays() {
    for hz in [80.0, 123.4, 200.0, 350.0] {
        let tone = sine(hz, 48_000, 96_000);
        for tempo in [Tempo::Faster { most: Samples(u64::MAX) }, Tempo::Slower] {
            for length in FRAMES {
                let heard = play(&tone, length, tempo);
                let cycles =
                    heard.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
                let found = cycles as f64 * 48_000.0 / heard.len() as f64;
                assert!((found / hz - 1.0).abs() < 0.02, "{tempo:?}, {length}: {found} for {hz}");
            }
        }
    }
}

#[test]
fn timbre_stays() {
    let voice = speech(8.0);
    for tempo in [Tempo::Faster { most: Samples(u64::MAX) }, Tempo::Slower] {
        for length in [10 * MS, 200 * MS] {
            let heard = play(&voice, length, tempo);
            for hz in [150.0, 300.0, 500.0, 800.0, 1_400.0, 2_000.0, 2_700.0, 3_500.0] {
                let change = 20.0 * (band(&heard, hz) / band(&voice, hz)).log10();
                assert!(change.abs() < 1.0, "{tempo:?}, {length}: {change:.2} dB at {hz} Hz");
            }
            let loudness = 20.0 * (rms(&heard) / rms(&voice)).log10();
            assert!(loudness.abs() < 0.5, "{tempo:?}, {length}: {loudness:.2} dB");
        }
    }
}

#[test]
fn switching_tempo_never_clicks() {
    let voice = speech(8.0);
    let most = 1.1 * largest_step(&voice);
    let tempos = [
        Tempo::Normal,
        Tempo::Faster { most: Samples(u64::MAX) },
        Tempo::Slower,
        Tempo::Faster { most: Samples(u64::MAX) },
        Tempo::Normal,
    ];
    for length in FRAMES {
        for every in [1, 2, 7] {
            let mut decoder = Raw::new();
            let mut heard = Vec::new();
            for (n, frame) in voice.chunks(length).enumerate() {
                decoder.play(frame, tempos[n / every % tempos.len()], &mut heard);
            }
            let step = largest_step(&heard);
            assert!(step < most, "{length}, {every}: {step:.3} against {most:.3}");
        }
    }
}

#[test]
fn what_faster_holds_back_is_bounded_and_comes_with_the_next_normal_frame() {
    let voice = speech(2.0);
    for length in FRAMES {
        let (mut decoder, mut heard) = (Raw::new(), Vec::new());
        let mut frames = voice.chunks(length);
        let first = frames.next().unwrap();
        let appended = decoder
            .play(first, Tempo::Faster { most: Samples(u64::MAX) }, &mut heard)
            .samples as usize;
        let missing = length - appended;
        let held = if is_long(length) { 0 } else { MAX_HELD_SAMPLES };
        assert!(missing <= held + length / 4, "{length}: {appended}");
        let next = frames.next().unwrap();
        let appended = decoder.play(next, Tempo::Normal, &mut heard).samples as usize;
        assert!(appended >= length && appended <= length + held);
        let end = 2 * length;
        assert_eq!(heard[heard.len() - length..], voice[end - length..end]);
        assert!(heard.len() >= end - length / 4);
    }
}

#[test]
fn slower_holds_nothing_back_of_frames_of_ten_milliseconds() {
    for length in [10 * MS, 20 * MS, 60 * MS, 400 * MS] {
        let mut decoder = Raw::new();
        for frame in speech(2.0).chunks_exact(length) {
            let appended = decoder.play(frame, Tempo::Slower, &mut Vec::new()).samples;
            assert!(appended as usize >= length);
        }
    }
}

#[test]
fn a_skipped_frame_is_not_heard_and_what_follows_joins_without_a_click() {
    let voice = speech(4.0);
    let most = 1.2 * largest_step(&voice);
    for length in [4 * MS, 10 * MS, 20 * MS, 60 * MS] {
        let (mut decoder, mut heard) = (Raw::new(), Vec::new());
        for (n, frame) in voice.chunks_exact(length).enumerate() {
            let tempo = if n % 5 == 4 { Tempo::Skip } else { Tempo::Normal };
            let played = decoder.play(frame, tempo, &mut heard);
            assert_eq!(played.samples as usize, if tempo == Tempo::Skip { 0 } else { length });
            assert_eq!(played.level, Level::of(frame));
        }
        let step = largest_step(&heard);
        assert!(step < most, "{length}: {step:.3} against {most:.3}");
    }
}

#[test]
fn a_faster_call_is_the_same_speech() {
    // Half a second at each tempo: the lengths nearly cancel, and the envelope stays.
    let voice = speech(8.0);
    let (mut decoder, mut heard) = (Raw::new(), Vec::new());
    for frame in voice[..24_000].chunks(480) {
        decoder.play(frame, Tempo::Faster { most: Samples(u64::MAX) }, &mut heard);
    }
    let caught_up = 24_000 - heard.len();
    for frame in voice[24_000..].chunks(480) {
        decoder.play(frame, Tempo::Normal, &mut heard);
    }
    let lead = voice.len() - heard.len();
    assert!(lead > 2_400 && lead <= caught_up, "{lead}");
    assert!(envelope_correlation(&heard[48_000..], &voice[48_000 + lead - 960..]) > 0.999);
}

/// From 4 ms, the usual raw frame, to 400 ms, the longest of Codec2.
const FRAMES: [usize; 7] = [4 * MS, 10 * MS, 20 * MS, 60 * MS, 200 * MS, 320 * MS, 400 * MS];

fn is_long(length: usize) -> bool {
    length as u64 >= UNHELD_FRAME.0
}

fn play(pcm: &[f32], length: usize, tempo: Tempo) -> Vec<f32> {
    let (mut decoder, mut heard) = (Raw::new(), Vec::new());
    for frame in pcm.chunks(length) {
        decoder.play(frame, tempo, &mut heard);
    }
    // What is held back comes first.
    decoder.conceal(0, &mut heard);
    heard
}

/// The amplitude of a narrow band, by the mean over blocks of 20 ms.
fn band(pcm: &[f32], hz: f64) -> f64 {
    let power = |block: &[f32]| {
        let (mut sin, mut cos) = (0.0, 0.0);
        for (n, &sample) in block.iter().enumerate() {
            let window = 0.5 - 0.5 * (TAU * n as f64 / block.len() as f64).cos();
            let angle = TAU * hz * n as f64 / 48_000.0;
            sin += window * f64::from(sample) * angle.sin();
            cos += window * f64::from(sample) * angle.cos();
        }
        sin * sin + cos * cos
    };
    let blocks = pcm.windows(960).step_by(480);
    let count = blocks.len() as f64;
    (blocks.map(power).sum::<f64>() / count).sqrt()
}
