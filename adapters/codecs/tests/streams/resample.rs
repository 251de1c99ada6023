//! The resampler's promises: pass band, stop band, state, counts.

use std::f64::consts::TAU;

use crate::signal::{rms, sine, speech};
use lxst_codecs::{CodecError, MAX_RATE_HZ, MIN_RATE_HZ, Resampler};

/// The rates of files and devices, and three that share hardly a divisor with 48 kHz.
const RATES: [u32; 14] = [
    8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 88_200, 96_000, 192_000, 8_001,
    44_101, 95_999,
];

#[test]
fn tones_in_the_pass_band_keep_their_level_and_gain_no_others() {
    for (from, to) in pairs() {
        for share in [0.05, 0.25, 0.5, 0.8] {
            let hz = share * f64::from(from.min(to)) / 2.0;
            let pcm = settled(from, to, hz);
            let (level, residue) = split_tone(&pcm, hz, to);
            let gain_db = decibels(level / 0.5);
            assert!(gain_db.abs() < 0.01, "{from} to {to}: {gain_db:.4} dB at {hz} Hz");
            let residue_db = decibels(residue / 0.5);
            assert!(residue_db < -90.0, "{from} to {to}: residue {residue_db:.1} dB at {hz} Hz");
        }
    }
}

#[test]
fn one_kilohertz_keeps_its_level_within_a_tenth_of_a_decibel() {
    for (from, to) in pairs() {
        let (level, _) = split_tone(&settled(from, to, 1000.0), 1000.0, to);
        assert!(decibels(level / 0.5).abs() < 0.1, "{from} to {to}");
    }
}

#[test]
fn tones_above_the_nyquist_frequency_do_not_alias() {
    for (from, to) in pairs().filter(|(from, to)| from > to) {
        let nyquist = f64::from(to) / 2.0;
        for share in [1.005, 1.1, 1.5, 1.9] {
            let hz = share * nyquist;
            if hz >= f64::from(from) / 2.0 {
                continue;
            }
            let alias_db = decibels(rms(&settled(from, to, hz)) * 2f64.sqrt() / 0.5);
            assert!(alias_db < -90.0, "{from} to {to}: {alias_db:.1} dB of {hz} Hz");
        }
    }
}

#[test]
fn block_sizes_change_no_bit() {
    let input = speech(0.5);
    for (from, to) in pairs() {
        let whole = resampled(from, to, [input.as_slice()]);
        for block in [1, 7, 480, 4095, 4096, 4097] {
            assert_eq!(
                resampled(from, to, input.chunks(block)),
                whole,
                "{from} to {to} by {block}"
            );
        }
    }
}

#[test]
fn counts_are_exact_after_every_block() {
    for (from, to) in pairs() {
        let mut resampler = Resampler::new(from, to).unwrap();
        let (mut taken, mut out) = (0usize, Vec::new());
        for block in [1, 2, 479, 480, 2880, 5000, 1] {
            let before = out.len();
            let appended = resampler.push(&vec![0.1; block], &mut out);
            taken += block;
            assert_eq!(out.len(), before + appended);
            assert_eq!(out.len(), (taken * to as usize).div_ceil(from as usize), "{from} to {to}");
        }
        resampler.flush(&mut out);
        let all = taken + resampler.delay();
        assert_eq!(out.len(), (all * to as usize).div_ceil(from as usize), "{from} to {to}");
    }
}

#[test]
fn a_flush_brings_the_tail_and_starts_anew() {
    for (from, to) in pairs() {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut click = vec![0.0; 1000];
        click[999] = 1.0;
        let (mut first, mut again) = (Vec::new(), Vec::new());
        resampler.push(&click, &mut first);
        let tail = resampler.flush(&mut first);
        let energy = |pcm: &[f32]| rms(pcm).powi(2) * pcm.len() as f64;
        assert!(energy(&first[first.len() - tail..]) > 0.4 * energy(&first), "{from} to {to}");
        resampler.push(&click, &mut again);
        resampler.flush(&mut again);
        assert_eq!(again, first, "{from} to {to}");
    }
}

#[test]
fn the_delay_is_what_it_says() {
    for (from, to) in pairs() {
        let resampler = Resampler::new(from, to).unwrap();
        let mut click = vec![0.0; 1000 + 2 * resampler.delay()];
        click[1000] = 1.0;
        let out = resampled(from, to, [click.as_slice()]);
        let loudest = (0..out.len()).max_by(|&a, &b| out[a].total_cmp(&out[b])).unwrap();
        let expected = (1000 + resampler.delay()) as f64 * f64::from(to) / f64::from(from);
        assert!((loudest as f64 - expected).abs() <= 1.0, "{from} to {to}: {loudest}, {expected}");
    }
}

#[test]
fn equal_rates_copy_without_delay() {
    let input = speech(0.1);
    let resampler = Resampler::new(48_000, 48_000).unwrap();
    assert_eq!(resampler.delay(), 0);
    assert_eq!(resampled(48_000, 48_000, input.chunks(17)), input);
}

#[test]
fn there_and_back_keeps_speech() {
    let input = speech(2.0);
    let low = resampled(48_000, 16_000, input.chunks(480));
    let back = resampled(16_000, 48_000, low.chunks(160));
    let delay = Resampler::new(48_000, 16_000).unwrap().delay()
        + 3 * Resampler::new(16_000, 48_000).unwrap().delay();
    let error: Vec<f32> =
        input.iter().zip(&back[delay..]).map(|(before, after)| after - before).collect();
    assert!(rms(&error) < 0.02 * rms(&input));
}

#[test]
fn rates_outside_of_the_bounds_are_refused() {
    for rate_hz in [0, MIN_RATE_HZ - 1, MAX_RATE_HZ + 1, u32::MAX] {
        let refused = CodecError::UnsupportedRate { rate_hz };
        assert_eq!(Resampler::new(rate_hz, 48_000).unwrap_err(), refused);
        assert_eq!(Resampler::new(48_000, rate_hz).unwrap_err(), refused);
    }
    for rate_hz in [MIN_RATE_HZ, MAX_RATE_HZ] {
        let resampler = Resampler::new(rate_hz, 48_000).unwrap();
        assert_eq!((resampler.from_hz(), resampler.to_hz()), (rate_hz, 48_000));
    }
}

fn pairs() -> impl Iterator<Item = (u32, u32)> {
    RATES.into_iter().flat_map(|rate| [(rate, 48_000), (48_000, rate)])
}

fn resampled<'a>(from: u32, to: u32, blocks: impl IntoIterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut resampler = Resampler::new(from, to).unwrap();
    let mut out = Vec::new();
    for block in blocks {
        resampler.push(block, &mut out);
    }
    out
}

/// A quarter of a second of a tone at half scale, without its first and last 50 ms.
fn settled(from: u32, to: u32, hz: f64) -> Vec<f32> {
    let out = resampled(from, to, [sine(hz, from, from as usize / 4).as_slice()]);
    let edge = to as usize / 20;
    out[edge..out.len() - edge].to_vec()
}

/// The amplitude of the tone in `pcm`, by least squares, and that of what is left without it.
fn split_tone(pcm: &[f32], hz: f64, rate_hz: u32) -> (f64, f64) {
    let angle = |n: usize| TAU * hz * n as f64 / f64::from(rate_hz);
    let mut sums = [0.0; 5];
    for (n, &sample) in pcm.iter().enumerate() {
        let (sin, cos) = angle(n).sin_cos();
        let sample = f64::from(sample);
        let terms = [sin * sin, sin * cos, cos * cos, sample * sin, sample * cos];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    let [ss, sc, cc, xs, xc] = sums;
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant);
    let residue: Vec<f32> = pcm
        .iter()
        .enumerate()
        .map(|(n, &sample)| (f64::from(sample) - a * angle(n).sin() - b * angle(n).cos()) as f32)
        .collect();
    (a.hypot(b), rms(&residue) * 2f64.sqrt())
}

fn decibels(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}
