//! Nodes and how they work together.

mod common;

use common::{level_at, pull_all, sine};
use lxst_audio::{
    Agc, AgcConfig, BandPass, Block, Channels, Effect, Filter, FilterError, Gain, Limiter, Meter,
    Mixer, RateConverter, ReferenceBandPass, ReferenceChain, SILENCE_DBFS, Silence, Sink, SoftClip,
    Source, amplitude, dbfs, port,
};
use lxst_core::Samples;

/// Plays samples once, to all channels.
struct Take(std::vec::IntoIter<f32>);

impl Take {
    fn of(samples: &[f32]) -> Self {
        Self(Vec::from(samples).into_iter())
    }
}

impl Source for Take {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let given = self.0.len().min(block.moments());
        block.fill_mono(|| self.0.next().unwrap_or_default());
        given
    }
}

/// What an effect makes of sound in blocks of 480.
fn effected(effect: &mut impl Effect, sound: &[f32]) -> Vec<f32> {
    let mut sound = sound.to_vec();
    sound.chunks_mut(480).for_each(|block| effect.apply(&mut Block::mono(block)));
    sound
}

/// The response to a sine, in dB, after half a second.
fn response(effect: &mut impl Effect, hertz: f64) -> f64 {
    let sound = sine(hertz, 0.1, 72_000);
    let out = effected(effect, &sound);
    level_at(&out[24_000..], hertz) - level_at(&sound[24_000..], hertz)
}

#[test]
fn decibels_are_of_amplitude() {
    for (decibels, factor) in [(0.0, 1.0), (20.0, 10.0), (-20.0, 0.1), (6.0206, 2.0)] {
        assert!((amplitude(decibels) - factor).abs() < 1e-4);
        assert!((dbfs(factor) - decibels).abs() < 1e-3);
    }
    assert_eq!(dbfs(0.0), SILENCE_DBFS);
}

#[test]
fn a_gain_changes_in_a_straight_line_whatever_the_blocks_are() {
    let mut gain = Gain::default();
    gain.set(-20.0, Samples(900));
    let mut sound = vec![1.0; 2_000];
    for block in sound.chunks_mut(77) {
        gain.apply(&mut Block::mono(block));
    }
    let steps: Vec<f32> = sound.windows(2).map(|pair| pair[0] - pair[1]).collect();
    assert!(steps[..898].iter().all(|step| (step - 0.001).abs() < 1e-5));
    assert!(sound[899..].iter().all(|&sample| (sample - 0.1).abs() < 1e-6));
    gain.fade_out(Samples::ZERO);
    assert!(gain.is_silent());
}

#[test]
fn a_mixer_begins_its_inputs_at_their_sample_and_keeps_those_that_have_ended_silent() {
    for length in [1, 7, 480, 1_000] {
        let mut mixer = Mixer::new();
        let first = mixer.add(Take::of(&[0.1; 1_500]), Gain::default());
        let second = mixer.add_at(Samples(1_234), Take::of(&[0.2; 600]), Gain::new(-6.0206));
        let sound = pull_all(&mut mixer, 3_000, length);
        for (at, sample) in sound.iter().enumerate() {
            let mut expected = 0.0;
            expected += if at < 1_500 { 0.1 } else { 0.0 };
            expected += if (1_234..1_834).contains(&at) { 0.1 } else { 0.0 };
            assert!((sample - expected).abs() < 1e-5, "{length}: {sample} at {at}");
        }
        assert!(mixer.has_ended(first) && mixer.has_ended(second));
        assert_eq!(mixer.inputs().count(), 2);
        assert!(mixer.remove(first).is_some() && mixer.remove(first).is_none());
        assert_eq!(mixer.now(), Samples(3_000));
    }
}

#[test]
fn a_mix_of_many_loud_inputs_stays_below_full_scale_and_a_quiet_one_is_left_alone() {
    let loud = sine(440.0, 0.9, 4_800);
    let mut mixer = Mixer::new();
    for _ in 0..20 {
        mixer.add(Take::of(&loud), Gain::default());
    }
    let sound = pull_all(&mut mixer, 4_800, 480);
    assert!(sound.iter().all(|sample| sample.abs() <= 1.0));
    assert!(sound.iter().any(|sample| sample.abs() > 0.99));

    let quiet = sine(440.0, 0.7, 4_800);
    assert_eq!(effected(&mut SoftClip, &quiet), quiet);
    assert_eq!(effected(&mut SoftClip, &[f32::NAN, f32::INFINITY]), [0.0, 1.0]);
}

#[test]
fn filters_have_3_db_at_their_frequency_and_fall_12_db_an_octave() {
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 0.3, "{found}");
    near(response(&mut Filter::high_pass(1_000.0).unwrap(), 1_000.0), -3.01);
    near(response(&mut Filter::high_pass(1_000.0).unwrap(), 250.0), -24.1);
    near(response(&mut Filter::high_pass(1_000.0).unwrap(), 8_000.0), 0.0);
    near(response(&mut Filter::low_pass(1_000.0).unwrap(), 1_000.0), -3.01);
    near(response(&mut Filter::low_pass(1_000.0).unwrap(), 4_000.0), -24.6);
    near(response(&mut Filter::low_pass(1_000.0).unwrap(), 100.0), 0.0);
    let band = BandPass::new(300.0, 3_400.0).unwrap();
    for (hertz, expected) in [(50.0, -31.1), (300.0, -3.0), (1_000.0, 0.0), (3_400.0, -3.0)] {
        near(response(&mut band.clone(), hertz), expected);
    }
}

#[test]
fn filters_that_cannot_be_had_are_refused() {
    for hertz in [0.0, -5.0, 24_000.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Filter::low_pass(hertz), Err(FilterError::Frequency { .. })));
        assert!(matches!(Filter::high_pass(hertz), Err(FilterError::Frequency { .. })));
    }
    let band = BandPass::new(3_400.0, 300.0).unwrap_err();
    assert_eq!(band.to_string(), "band from 3400 to 300 Hz is empty: the first must be the lower");
}

#[test]
fn what_is_no_number_does_not_stay_in_a_filter() {
    let check = |effect: &mut dyn Effect| {
        let mut block = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5];
        effect.apply(&mut Block::mono(&mut block));
        let mut block = [0.1; 9_600];
        effect.apply(&mut Block::mono(&mut block));
        assert!(block.iter().all(|sample| sample.is_finite()));
    };
    check(&mut BandPass::new(300.0, 3_400.0).unwrap());
    check(&mut Limiter::new(-1.0));
    check(&mut Agc::new(AgcConfig::REFERENCE));
    check(&mut ReferenceChain::new());
}

#[test]
fn the_channels_of_a_filter_do_not_mix() {
    let tone = sine(440.0, 0.5, 4_800);
    let mut stereo: Vec<[f32; 2]> = tone.iter().map(|&sample| [sample, 0.0]).collect();
    Filter::low_pass(2_000.0).unwrap().apply(&mut Block::stereo(&mut stereo));
    let alone = effected(&mut Filter::low_pass(2_000.0).unwrap(), &tone);
    assert!(stereo.iter().zip(alone).all(|(&[left, right], mono)| left == mono && right == 0.0));
}

/// Measured on LXST 0.5.4 at 48 kHz.
#[test]
fn the_band_of_the_reference_is_as_wide_as_it_was_measured() {
    let measured = [
        (50.0, -14.2),
        (100.0, -8.6),
        (200.0, -4.2),
        (250.0, -3.1),
        (300.0, -2.4),
        (500.0, -1.1),
        (1_000.0, -0.5),
        (2_000.0, -0.7),
        (3_400.0, -1.4),
        (5_000.0, -2.5),
        (6_000.0, -3.2),
        (8_000.0, -4.5),
        (12_000.0, -6.6),
        (20_000.0, -8.8),
    ];
    for (hertz, expected) in measured {
        let found = response(&mut ReferenceBandPass::new(250.0, 8_500.0), hertz);
        assert!((found - expected).abs() < 0.06, "{hertz} Hz: {found} not {expected} dB");
    }
}

#[test]
fn the_chain_of_the_reference_brings_loud_and_quiet_voices_to_30_dbfs() {
    for amplitude in [0.5, 0.05, 0.01] {
        let mut chain = ReferenceChain::new();
        let sound = effected(&mut chain, &sine(1_000.0, amplitude, 48_000 * 8));
        let found = level_at(&sound[48_000 * 7..], 1_000.0) - 3.01;
        assert!((found + 30.0).abs() < 0.2, "{amplitude}: {found} dBFS");
    }
    // Nobody speaks: noise is not made a voice.
    let sound = effected(&mut ReferenceChain::new(), &sine(1_000.0, 0.003, 48_000 * 8));
    let found = level_at(&sound[48_000 * 7..], 1_000.0);
    assert!((found - -50.9).abs() < 0.5, "{found}");
}

#[test]
fn gain_control_makes_no_step() {
    let mut agc = Agc::new(AgcConfig::REFERENCE);
    let sound: Vec<f32> = [sine(200.0, 0.01, 48_000), sine(200.0, 0.8, 48_000)].concat().to_vec();
    let out = effected(&mut agc, &sound);
    let steps = |sound: &[f32]| sound.windows(2).map(|p| (p[1] - p[0]).abs()).fold(0.0, f32::max);
    // The loudest that may be: what the highest gain so far makes of the loud tone.
    assert!(steps(&out) <= steps(&sound) * 4.0, "{} {}", steps(&out), steps(&sound));
}

#[test]
fn a_limiter_lets_nothing_above_its_ceiling_and_leaves_the_rest_as_it_was() {
    let mut sound = sine(300.0, 0.3, 48_000);
    for (at, sample) in sound.iter_mut().enumerate().skip(9_600) {
        if at % 9_600 < 320 {
            *sample *= 9.0;
        }
    }
    let mut limiter = Limiter::new(-6.0206);
    let out = effected(&mut limiter, &sound);
    assert!(out.iter().all(|sample| sample.abs() <= 0.500_01));
    let delay = Limiter::DELAY.0 as usize;
    let before = out[delay..9_000].iter().zip(&sound);
    assert!(before.clone().all(|(out, sound)| (out - sound).abs() < 1e-4));
    assert!(out[..delay].iter().all(|&sample| sample == 0.0));
    // The gain moves, and does not jump.
    let steps = out.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(steps < 0.15, "{steps}");
}

#[test]
fn a_meter_knows_peak_and_rms_of_the_louder_channel_since_it_was_read() {
    let mut meter = Meter::new();
    let mut sound: Vec<[f32; 2]> =
        sine(1_000.0, 0.5, 48_000).iter().map(|&sample| [0.1 * sample, sample]).collect();
    meter.take(&Block::stereo(&mut sound));
    let levels = meter.read();
    assert!((levels.peak_dbfs - -6.02).abs() < 0.01, "{levels:?}");
    assert!((levels.rms_dbfs - -9.03).abs() < 0.01, "{levels:?}");
    assert_eq!([meter.read().peak_dbfs, meter.read().rms_dbfs], [SILENCE_DBFS; 2]);
}

#[test]
fn a_tee_shows_its_sink_what_it_gives() {
    let (sink, mut copy) = port(Channels::Mono, Samples(2_000));
    let sound = sine(440.0, 0.5, 1_000);
    let mut tee = Take::of(&sound).tee(sink);
    assert_eq!(pull_all(&mut tee, 1_000, 100), sound);
    assert_eq!(pull_all(&mut copy, 1_000, 300), sound);
}

#[test]
fn a_port_keeps_no_more_than_its_bound_and_counts_what_is_dropped_and_missing() {
    let (mut sink, mut source) = port(Channels::Stereo, Samples(100));
    let mut heard: Vec<[f32; 2]> = (0..150).map(|n| [n as f32, -(n as f32)]).collect();
    sink.take(&Block::stereo(&mut heard));
    let mut block = [[0.0; 2]; 40];
    source.pull(&mut Block::stereo(&mut block));
    assert_eq!((block[0], block[39]), ([50.0, -50.0], [89.0, -89.0]));
    assert_eq!((source.dropped(), source.waiting()), (Samples(50), 60));

    assert_eq!(source.pull(&mut Block::stereo(&mut [[1.0; 2]; 100])), 100);
    assert_eq!(source.missing(), Samples(40));

    for _ in 0..3 {
        sink.take(&Block::stereo(&mut heard));
    }
    assert_eq!(sink.dropped(), Samples(250));
    assert_eq!(source.waiting(), 200);
    source.clear();
    assert_eq!(source.pull(&mut Block::mono(&mut [1.0; 7])), 7);
    drop(sink);
    assert_eq!(source.pull(&mut Block::mono(&mut [1.0; 7])), 0);
}

#[test]
fn a_port_of_one_channel_mixes_two_and_gives_both_of_two_the_same() {
    let (mut sink, mut source) = port(Channels::Mono, Samples(100));
    sink.take(&Block::stereo(&mut [[0.5, 0.1], [0.0, -1.0]]));
    let mut block = [[0.0; 2]; 2];
    source.pull(&mut Block::stereo(&mut block));
    assert_eq!(block, [[0.3, 0.3], [-0.5, -0.5]]);
}

#[test]
fn rates_are_converted_a_channel_at_a_time() {
    let mut converter = RateConverter::new(44_100, 48_000, Channels::Stereo).unwrap();
    let left: Vec<f32> = (0..44_100)
        .map(|n| (n as f64 * 440.0 * core::f64::consts::TAU / 44_100.0).sin() as f32 * 0.5)
        .collect();
    let interleaved: Vec<f32> = left.iter().flat_map(|&sample| [sample, 0.0]).collect();
    let mut out = Vec::new();
    interleaved.chunks(882).for_each(|block| converter.push(block, &mut out));
    assert_eq!(out.len(), 96_000);
    let left: Vec<f32> = out.iter().copied().step_by(2).collect();
    assert!((level_at(&left[4_800..], 440.0) - -6.02).abs() < 0.01);
    assert!(out.iter().skip(1).step_by(2).all(|&sample| sample == 0.0));
    assert!(RateConverter::new(7, 48_000, Channels::Mono).is_err());
}

#[test]
fn silence_passes_everything_as_silence() {
    let mut graph = Silence
        .through((BandPass::new(300.0, 3_400.0).unwrap(), Limiter::new(-1.0)))
        .through(ReferenceChain::new());
    assert!(pull_all(&mut graph, 4_800, 479).iter().all(|&sample| sample == 0.0));
}

#[test]
fn a_block_is_the_whole_moments_of_its_samples() {
    let mut samples = [1.0; 7];
    let mut block = Block::new(&mut samples, Channels::Stereo);
    assert_eq!((block.moments(), block.width()), (3, 2));
    block.silence_from(2);
    assert_eq!(block.part(1, 9).moments(), 2);
    assert_eq!(block.part(5, 9).moments(), 0);
    assert_eq!(samples, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
}
