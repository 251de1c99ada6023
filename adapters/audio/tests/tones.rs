//! Tones as they are heard: rendered and measured.

mod common;

use common::{level_at, pull_all};
use lxst_audio::{
    Block, Cadence, CallTones, MAX_TONE_HZ, Ringtone, Segment, Source, Tone, ToneError, ToneSource,
    amplitude, dtmf,
};
use lxst_core::Samples;

#[test]
fn ringback_of_the_reference_is_382_hz_for_2_s_of_each_7() {
    let sound = pull_all(&mut CallTones::REFERENCE.ringback.source(), 14 * 48_000, 480);
    assert_eq!(on_times_ms(&sound).len(), 2);
    for ((on, until), expected) in on_times_ms(&sound).into_iter().zip([0.0, 7_000.0]) {
        assert!((on - expected).abs() < 10.0, "{on}");
        assert!((until - expected - 2_000.0).abs() < 10.0, "{until}");
    }
    let middle = &sound[12_000..84_000];
    let crossings = middle.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    assert!((crossings as f64 / 1.5 / 382.0 - 1.0).abs() < 0.01, "{crossings}");
    assert!((level_at(middle, 382.0) + 28.0).abs() < 0.5);
}

#[test]
fn tones_of_countries_have_their_frequencies_and_cadences() {
    let (reference, europe) = (CallTones::REFERENCE, CallTones::EUROPE);
    let (america, kingdom) = (CallTones::NORTH_AMERICA, CallTones::UNITED_KINGDOM);
    let japan = CallTones::JAPAN;
    // Frequencies of the first tone, then times on and off in ms, as the standards print them.
    type Row<'a> = (Cadence, &'a [f64], &'a [u64]);
    let table: &[Row<'_>] = &[
        (reference.busy, &[382.0], &[250, 250]),
        (reference.congestion, &[382.0], &[125, 125]),
        (reference.call_waiting, &[382.0], &[200, 200, 200, 5_000]),
        (europe.ringback, &[425.0], &[1_000, 4_000]),
        (europe.busy, &[425.0], &[500, 500]),
        (europe.rejected, &[425.0], &[500, 500]),
        (europe.congestion, &[425.0], &[250, 250]),
        (europe.call_waiting, &[425.0], &[200, 200, 200, 5_000]),
        (america.ringback, &[440.0, 480.0], &[2_000, 4_000]),
        (america.busy, &[480.0, 620.0], &[500, 500]),
        (america.congestion, &[480.0, 620.0], &[250, 250]),
        (america.call_waiting, &[440.0], &[300, 10_000]),
        (kingdom.ringback, &[400.0, 450.0], &[400, 200, 400, 2_000]),
        (kingdom.busy, &[400.0], &[375, 375]),
        (kingdom.congestion, &[400.0], &[400, 350, 225, 525]),
        (kingdom.call_waiting, &[400.0], &[100, 4_000]),
        (japan.ringback, &[384.0, 400.0, 416.0], &[1_000, 2_000]),
        (japan.busy, &[400.0], &[500, 500]),
        (japan.call_waiting, &[384.0, 400.0, 416.0], &[500, 8_000]),
    ];
    for (cadence, frequencies, times) in table {
        let mut expected = Vec::new();
        let mut at = 0;
        for pair in [*times, *times].concat().chunks(2) {
            expected.push((at as f64, (at + pair[0]) as f64));
            at += pair[0] + pair[1];
        }
        let sound = pull_all(&mut cadence.clone().source(), at as usize * 48, 960);
        let heard = on_times_ms(&sound);
        assert_eq!(heard.len(), expected.len(), "{frequencies:?} {times:?}: {heard:?}");
        for (heard, expected) in heard.iter().zip(&expected) {
            let off = (heard.0 - expected.0).abs().max((heard.1 - expected.1).abs());
            assert!(off < 10.0, "{frequencies:?} {times:?}: {heard:?} for {expected:?}");
        }
        check_frequencies(&sound[..times[0] as usize * 48], frequencies, cadence);
    }
}

#[test]
fn no_path_is_the_special_information_tone() {
    let sound = pull_all(&mut CallTones::EUROPE.no_path.source(), 2 * 95_520, 480);
    for (place, hertz) in [950.0, 1_400.0, 1_800.0].into_iter().enumerate() {
        let part = &sound[place * 15_840 + 480..][..14_880];
        assert!((level_at(part, hertz) + 28.0).abs() < 0.5, "{hertz}");
        assert!(level_at(part, hertz * 1.02) < -45.0, "{hertz}");
    }
    assert!(sound[47_520..95_520].iter().all(|sample| *sample == 0.0));
}

#[test]
fn each_key_has_its_row_and_column() {
    let rows = ["123A", "456B", "789C", "*0#D"];
    for (keys, row) in rows.into_iter().zip([697.0, 770.0, 852.0, 941.0]) {
        for (key, column) in keys.chars().zip([1_209.0, 1_336.0, 1_477.0, 1_633.0]) {
            let mut source = dtmf(key).unwrap().source();
            let sound = pull_all(&mut source, 9_600, 160);
            assert_eq!(source.pull(&mut Block::mono(&mut [0.0; 10])), 0, "{key} plays once");
            check_frequencies(&sound[..4_800], &[row, column], &dtmf(key).unwrap());
            assert!(sound[4_800..].iter().all(|sample| *sample == 0.0));
        }
    }
    assert_eq!(dtmf('a'), dtmf('A'));
    assert_eq!(dtmf('E'), None);
    assert_eq!(dtmf('١'), None);
}

#[test]
fn no_tone_clicks() {
    let mut all = vec![];
    for tones in [
        CallTones::REFERENCE,
        CallTones::EUROPE,
        CallTones::NORTH_AMERICA,
        CallTones::UNITED_KINGDOM,
        CallTones::JAPAN,
    ] {
        all.extend([tones.ringback, tones.busy, tones.rejected, tones.congestion]);
        all.extend([tones.no_path, tones.connected, tones.ended, tones.call_waiting]);
    }
    all.extend(Ringtone::ALL.map(Ringtone::cadence));
    all.extend("0123456789ABCD*#".chars().map(|key| dtmf(key).unwrap()));
    for cadence in all {
        let sound = pull_all(&mut cadence.clone().source(), 8 * 48_000, 480);
        let mut start = 0;
        for segment in cadence.segments.iter() {
            // What a steady tone steps at most, and in the first half millisecond a tenth of it.
            let steepest: f32 = segment
                .tone
                .sines()
                .map(|(hertz, level)| amplitude(level) * hertz * std::f32::consts::TAU / 48_000.0)
                .sum();
            let on = segment.on.0 as usize;
            let heard = &sound[start..start + on];
            assert!(largest_step(heard) <= steepest * 1.01, "{segment:?}");
            for edge in [&heard[..24], &heard[on - 24..]] {
                assert!(largest_step(edge) <= steepest * 0.1, "{segment:?}");
            }
            assert_eq!((heard[0], heard[on - 1].abs() < 1e-6), (0.0, true));
            start += on + segment.off.0 as usize;
        }
    }
}

#[test]
fn a_cadence_ends_when_its_repeats_end() {
    let mut source = CallTones::REFERENCE.busy.source();
    let mut block = [9.0; 1_000];
    let mut given = 0;
    loop {
        let now = source.pull(&mut Block::mono(&mut block));
        given += now;
        if now < block.len() {
            assert!(block[now..].iter().all(|sample| *sample == 0.0));
            break;
        }
    }
    assert_eq!(Some(Samples(given as u64)), CallTones::REFERENCE.busy.duration());
    assert!(source.has_ended());
    assert_eq!(source.pull(&mut Block::mono(&mut block)), 0);
    assert_eq!(CallTones::REFERENCE.ringback.duration(), None);
    for ended in [CallTones::JAPAN.connected, CallTones::JAPAN.ended] {
        assert!(ended.duration().unwrap() <= Samples::from_millis(500));
    }
}

#[test]
fn a_cadence_without_length_ends_at_once() {
    let none = Segment::default();
    for segments in [vec![], vec![none], vec![none; 3]] {
        let cadence = Cadence { segments: segments.into(), repeats: None };
        assert_eq!(cadence.duration(), Some(Samples::ZERO));
        assert_eq!(cadence.source().pull(&mut Block::mono(&mut [9.0; 8])), 0);
    }
    let tone = Tone::new(&[(1_000.0, 0.0)]).unwrap();
    let cadence = Cadence {
        segments: vec![none, Segment { tone, on: Samples(1), off: Samples(2) }].into(),
        repeats: Some(2),
    };
    assert_eq!(cadence.source().pull(&mut Block::mono(&mut [9.0; 8])), 6);
    let never = Cadence { repeats: Some(0), ..CallTones::EUROPE.busy };
    assert_eq!(never.source().pull(&mut Block::mono(&mut [9.0; 8])), 0);
}

#[test]
fn a_tone_is_the_same_whatever_the_blocks_are() {
    for cadence in Ringtone::ALL.map(Ringtone::cadence) {
        let whole = pull_all(&mut cadence.clone().source(), 96_000, 96_000);
        let pieces = pull_all(&mut cadence.clone().source(), 96_000, 77);
        assert_eq!(whole, pieces);
        let mut stereo = vec![[9.0; 2]; 96_000];
        cadence.source().pull(&mut Block::stereo(&mut stereo));
        assert!(stereo.iter().zip(&whole).all(|(moment, sample)| *moment == [*sample; 2]));
    }
}

#[test]
fn ringtones_ring_in_their_cadence_and_below_6_dbfs() {
    let rounds = [(0, 6_000), (1, 4_000), (2, 3_000)];
    for (ringtone, (place, round_ms)) in Ringtone::ALL.into_iter().zip(rounds) {
        assert_eq!(ringtone, Ringtone::ALL[place]);
        let round = round_ms * 48;
        let sound = pull_all(&mut ringtone.cadence().source(), 2 * round, 480);
        assert_eq!(sound[..round], sound[round..], "{}", ringtone.name());
        let peak = sound.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak < amplitude(-6.0) && peak > amplitude(-20.0), "{}: {peak}", ringtone.name());
        let silence = sound[..round].iter().rev().take_while(|sample| **sample == 0.0).count();
        assert!(silence > 48 * 1_500, "{} leaves silence", ringtone.name());
    }
    let chime = pull_all(&mut Ringtone::Chime.cadence().source(), 48_000, 480);
    for (note, hertz) in [523.25, 659.25, 880.0].into_iter().enumerate() {
        // A note is strongest at its frequency within 1 %, and falls by 40 dB a second.
        let part = &chime[note * 14_400..][..14_400];
        let level = level_at(part, hertz);
        assert!(level > level_at(part, hertz * 1.01) && level > level_at(part, hertz * 0.99));
        let (early, late) =
            (level_at(&part[480..5_280], hertz), level_at(&part[7_680..12_480], hertz));
        assert!((early - late - 6.0).abs() < 0.5, "{early} {late}");
    }
}

#[test]
fn a_tone_that_cannot_be_had_is_refused() {
    for frequency_hz in [0.0, -1.0, 24_000.0, f32::INFINITY] {
        let refused = Tone::new(&[(frequency_hz, -20.0)]);
        assert_eq!(refused, Err(ToneError::Frequency { frequency_hz }));
    }
    assert!(Tone::new(&[(f32::NAN, -20.0)]).is_err());
    assert!(Tone::new(&[(400.0, f32::NAN)]).is_err());
    assert_eq!(Tone::new(&[(400.0, 0.1)]), Err(ToneError::Level { level_dbfs: 0.1 }));
    assert_eq!(Tone::new(&[(400.0, -20.0); 5]), Err(ToneError::TooManySines { sines: 5 }));
    let tone = Tone::new(&[(MAX_TONE_HZ, 0.0)]).unwrap();
    assert_eq!(tone.falling(-1.0), Err(ToneError::Fall { db_per_second: -1.0 }));
}

/// Each sine is there within 0.5 dB, and strongest within 1 % of its frequency.
fn check_frequencies(on: &[f32], frequencies: &[f64], cadence: &Cadence) {
    // Without the eased edges.
    let ease = ToneSource::EASE.0 as usize;
    let steady = &on[ease..on.len() - ease];
    let sines: Vec<_> = cadence.segments[0].tone.sines().collect();
    assert_eq!(sines.len(), frequencies.len());
    for (hertz, (_, level_dbfs)) in frequencies.iter().zip(sines) {
        let level = level_at(steady, *hertz);
        assert!((level - f64::from(level_dbfs)).abs() < 0.5, "{hertz} Hz: {level} dBFS");
        for beside in [0.99, 1.01] {
            assert!(level_at(steady, hertz * beside) < level, "{hertz} Hz");
        }
    }
}

/// From when until when it sounds, in ms. Beats may be silent for less than 50 ms.
fn on_times_ms(sound: &[f32]) -> Vec<(f64, f64)> {
    let mut times: Vec<(f64, f64)> = vec![];
    for (n, sample) in sound.iter().enumerate() {
        if sample.abs() < amplitude(-50.0) {
            continue;
        }
        let at = n as f64 / 48.0;
        match times.last_mut() {
            Some((_, until)) if at - *until < 50.0 => *until = at,
            _ => times.push((at, at)),
        }
    }
    times
}

fn largest_step(sound: &[f32]) -> f32 {
    sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}
