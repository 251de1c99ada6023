//! Neural decoding at each level: what is no speech stays what it is, and nothing falls silent.

use std::f64::consts::TAU;
use std::sync::Arc;

use ::opus::{Application as Coding, Bitrate, Encoder as Libopus, Signal};
use lxst_codecs::{
    Application, Bandwidth, Channels, Codec, CodecSettings, Decoder, Encoding, NeuralDecoding,
    NeuralLevel, OpusConfig, Tempo,
};

use crate::signal::{
    PROFILES, encode, envelope_correlation, largest_step, rms, sine, speech, spoken,
};

#[test]
fn a_decoder_that_is_off_is_the_plain_one() {
    for (name, encoding, samples) in PROFILES {
        let sent = encode(encoding, &speech(1.0), samples);
        let plain = hear(&mut Decoder::default(), &sent);
        assert_eq!(plain, heard_at(NeuralLevel::Off, &sent), "{name}");
    }
}

#[test]
fn each_network_changes_the_speech_of_wide_band_silk() {
    let (_, low_latency) = low_latency(&spoken(0..96_000));
    let heard = NeuralLevel::ALL.map(|level| heard_at(level, &low_latency));
    let [off, concealment, others @ ..] = &heard;
    assert_eq!(off, concealment, "nothing is lost");
    let mut before = off;
    for (heard, level) in others.iter().zip([NeuralLevel::Lace, NeuralLevel::NoLace, EXTENDED]) {
        assert_ne!(before, heard, "{level}");
        before = heard;
    }
    let [plain, extended] = [off, before].map(|heard| power_above_8_khz(heard));
    assert!(extended > 100.0 * plain, "{extended:e}, {plain:e} without");
}

#[test]
fn speech_keeps_its_envelope_and_loudness_in_every_profile_at_each_level() {
    let voice = spoken(0..240_000);
    for (name, encoding, samples) in PROFILES {
        let sent = encode(encoding, &voice, samples);
        for level in NeuralLevel::ALL {
            let heard = heard_at(level, &sent);
            let correlation = envelope_correlation(&voice, &heard);
            assert!(correlation > 0.95, "{name}, {level}: {correlation:.3}");
            let loudness = rms(&heard) / rms(&voice);
            assert!((0.7..1.3).contains(&loudness), "{name}, {level}: {loudness:.3}");
        }
    }
}

/// DTMF and ringback, as telephones of many countries have them, and a chord. The networks are made
/// for speech: they may leave less of DTMF than the plain decoder does, which at Low Latency makes
/// something else of `#`, with 6 % of its power at the pitches.
#[test]
fn tones_and_music_keep_their_pitches_at_each_level() {
    let sounds: [(&str, &[f64]); 4] = [
        ("dtmf 1", &[697.0, 1_209.0]),
        ("dtmf #", &[941.0, 1_477.0]),
        ("ringback", &[440.0, 480.0]),
        ("a chord", &[261.6, 329.6, 392.0, 523.3, 784.0]),
    ];
    for (name, pitches) in sounds {
        let sound = chord(pitches, 96_000);
        for (profile, encoding, samples) in PROFILES {
            let sent = encode(encoding, &sound, samples);
            let heard = NeuralLevel::ALL.map(|level| heard_at(level, &sent));
            let of_pitches = |pcm: &[f32]| pitches.iter().map(|hz| power_at(*hz, pcm)).sum::<f64>();
            let all = |pcm: &[f32]| rms(&pcm[LATE..]).powi(2);
            let plain = &heard[0];
            for (heard, level) in heard.iter().zip(NeuralLevel::ALL) {
                let what = format!("{name}, {profile}, {level}");
                let [share, of_plain] = [heard, plain].map(|pcm| of_pitches(pcm) / all(pcm));
                assert!(share > 0.55 * of_plain, "{what}: {share:.2}, {of_plain:.2} without");
                let gain = decibels(all(heard) / all(plain));
                assert!(gain.abs() < 6.0, "{what}: {gain:.1} dB");
            }
        }
    }
}

#[test]
fn silence_stays_silent_at_each_level_and_after_speech() {
    let (voice, silence) = (speech(1.2), vec![0.0; 96_000]);
    for (name, encoding, samples) in PROFILES {
        for level in NeuralLevel::ALL {
            let heard = heard_at(level, &encode(encoding, &silence, samples));
            assert!(rms(&heard) < 1e-4, "{name}, {level}: {}", rms(&heard));
            let sent = encode(encoding, &[&voice[..], &silence].concat(), samples);
            let heard = heard_at(level, &sent);
            let end = rms(&heard[heard.len() - 24_000..]);
            assert!(end < 1e-3, "{name}, {level}: {end} after speech");
        }
    }
}

#[test]
fn a_level_may_change_with_each_frame_of_a_call() {
    let voice = spoken(0..240_000);
    for (name, encoding, samples) in PROFILES {
        let sent = encode(encoding, &voice, samples);
        let neural = NeuralDecoding::new(NeuralLevel::Off);
        let mut decoder = decoder(&neural);
        let mut heard = Vec::new();
        let levels = [4, 0, 3, 1, 2, 4, 2, 0, 4, 3].map(|level| NeuralLevel::ALL[level]);
        for (packet, level) in sent.iter().zip(levels.iter().cycle()) {
            neural.set(*level);
            heard.extend(hear(&mut decoder, std::slice::from_ref(packet)));
        }
        let correlation = envelope_correlation(&voice, &heard);
        assert!(correlation > 0.95, "{name}: {correlation:.3}");
        let [step, plain] =
            [&heard, &heard_at(NeuralLevel::Off, &sent)].map(|pcm| largest_step(pcm));
        assert!(step < 2.0 * plain, "{name}: a step of {step}, {plain} at one level");
    }
}

/// Each way of coding after each other: SILK of three bands, hybrid, CELT; mono and stereo.
#[test]
fn a_stream_goes_on_through_every_change_of_coding_at_each_level() {
    let voice = spoken(0..48_000);
    let codings: Vec<Vec<Vec<u8>>> = [
        OpusConfig::VOICE_LOW,
        OpusConfig { bandwidth: Bandwidth::Medium, ..OpusConfig::VOICE_MEDIUM_60_MS },
        OpusConfig::VOICE_MEDIUM_60_MS,
        OpusConfig { channels: Channels::Stereo, ..wide(24_000) },
        OpusConfig::VOICE_HIGH,
        OpusConfig::VOICE_MAX,
        OpusConfig { channels: Channels::Mono, ..OpusConfig::AUDIO_HIGH },
        OpusConfig::AUDIO_MEDIUM,
    ]
    .map(|config| encode(Encoding::Opus(config), &voice, 2_880))
    .to_vec();
    for first in &codings {
        for second in &codings {
            let sent = [&first[..], second, first].concat();
            let plain = heard_at(NeuralLevel::Off, &sent);
            for level in NeuralLevel::ALL {
                assert_as_loud_throughout(&heard_at(level, &sent), &plain, &level.to_string());
            }
        }
    }
}

/// libopus 1.6.1 would skip each frame of CELT after one of SILK whose bandwidth it extended.
#[test]
fn celt_is_heard_after_silk_whose_bandwidth_was_extended() {
    let voice = spoken(0..96_000);
    let (_, silk) = low_latency(&voice);
    let mono = OpusConfig { channels: Channels::Mono, ..OpusConfig::AUDIO_HIGH };
    let celt = encode(Encoding::Opus(mono), &voice, 960);
    assert!(silk.iter().all(|packet| packet[0] >> 3 < 12));
    assert!(celt.iter().all(|packet| packet[0] >> 3 >= 16));
    let sent = [&silk[..], &celt].concat();
    let plain = heard_at(NeuralLevel::Off, &sent);
    assert_as_loud_throughout(&heard_at(EXTENDED, &sent), &plain, "celt after silk");
}

/// An encoder that changes from SILK to CELT sends the first 5 ms of CELT in the last packet of
/// SILK, where it has the bytes.
#[test]
fn celt_is_heard_after_extended_silk_that_carries_its_beginning() {
    let voice = spoken(0..192_000);
    let (sent, changes) = silk_and_celt_in_turn(&voice);
    assert!(changes >= 4, "{changes} changes");
    let plain = heard_at(NeuralLevel::Off, &sent);
    let heard = heard_at(EXTENDED, &sent);
    assert_as_loud_throughout(&heard, &plain, "celt after redundancy");
    // CELT is what the plain decoder makes of it, but for where it follows SILK.
    let mut equal = 0;
    let windows = plain.chunks_exact(960).zip(heard.chunks_exact(960));
    for ((plain, heard), packet) in windows.zip(&sent) {
        let difference: Vec<f32> = plain.iter().zip(heard).map(|(a, b)| a - b).collect();
        equal += usize::from(packet[0] >> 3 >= 16 && rms(&difference) < 1e-3);
    }
    let celt = sent.iter().filter(|packet| packet[0] >> 3 >= 16).count();
    assert!(equal + changes >= celt, "{equal} of {celt} frames are as the plain decoder's");
}

#[test]
fn what_is_lost_is_made_up_at_each_level_and_ends_in_silence() {
    let voice = spoken(0..96_000);
    for (name, encoding, samples) in PROFILES {
        let sent = encode(encoding, &voice, samples);
        let loud = (sent.len() / 4..sent.len() / 2)
            .max_by(|a, b| {
                let at = |n: usize| rms(&voice[n * samples..][..samples]);
                at(*a).total_cmp(&at(*b))
            })
            .unwrap();
        for level in NeuralLevel::ALL {
            let mut decoder = decoder(&NeuralDecoding::new(level));
            let before = hear(&mut decoder, &sent[..=loud]);
            let mut lost = Vec::new();
            decoder.conceal(9_600, &mut lost).unwrap();
            let [made_up, last] = [&lost[..960], &before[before.len() - 480..]].map(rms);
            assert!(made_up > last / 10.0, "{name}, {level}: {made_up} after {last}");
            assert!(lost[5_760..].iter().all(|sample| *sample == 0.0), "{name}, {level}");
            let after = hear(&mut decoder, &sent[loud + 1..]);
            assert_eq!(after.len(), (sent.len() - loud - 1) * samples);
            assert!(rms(&after) > 0.01, "{name}, {level}");
        }
    }
}

#[test]
fn any_bytes_are_refused_or_heard_and_the_stream_goes_on() {
    let (_, sent) = low_latency(&spoken(0..48_000));
    for level in NeuralLevel::ALL {
        let mut decoder = decoder(&NeuralDecoding::new(level));
        for first in 0..=255_u8 {
            for length in [1, 2, 3, 40, 1_275] {
                let payload: Vec<u8> =
                    (0..length).map(|n| if n == 0 { first } else { (n * 31) as u8 }).collect();
                let _ = decoder.decode(Codec::Opus, &payload, Tempo::Normal, &mut Vec::new());
            }
        }
        assert!(rms(&hear(&mut decoder, &sent)) > 0.01, "{level}");
    }
}

#[test]
fn a_measurement_gives_the_highest_level_that_fits() {
    assert_eq!(NeuralLevel::measured(0.0), Ok(NeuralLevel::Off));
    assert_eq!(NeuralLevel::measured(f32::INFINITY), Ok(EXTENDED));
}

#[test]
fn levels_are_read_as_they_are_written_and_go_down_to_off() {
    for level in NeuralLevel::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    assert!("full".parse::<NeuralLevel>().is_err());
    let mut all: Vec<_> = std::iter::successors(Some(EXTENDED), |level| {
        (*level != NeuralLevel::Off).then(|| level.lower())
    })
    .collect();
    all.reverse();
    assert_eq!(all, NeuralLevel::ALL);
}

/// Stretches of 60 ms where the plain decoder is heard are neither silent nor much louder.
fn assert_as_loud_throughout(heard: &[f32], plain: &[f32], what: &str) {
    assert_eq!(heard.len(), plain.len());
    for (n, (heard, plain)) in heard.chunks(2_880).zip(plain.chunks(2_880)).enumerate() {
        let [heard, plain] = [heard, plain].map(rms);
        if plain > 0.01 {
            let gain = decibels((heard / plain).powi(2));
            assert!((-9.0..9.0).contains(&gain), "{what}: {gain:.1} dB at {} ms", n * 60);
        }
    }
}

/// Packets of one encoder that codes speech and music in turn, and how often it changed to CELT.
fn silk_and_celt_in_turn(voice: &[f32]) -> (Vec<Vec<u8>>, usize) {
    let mut encoder = Libopus::new(48_000, ::opus::Channels::Mono, Coding::Audio).unwrap();
    encoder.set_bitrate(Bitrate::Bits(28_000)).unwrap();
    encoder.set_bandwidth(::opus::Bandwidth::Wideband).unwrap();
    let mut sent = Vec::new();
    for (n, frame) in voice.chunks_exact(960).enumerate() {
        let is_music = n / 20 % 2 == 1;
        encoder.set_signal(if is_music { Signal::Music } else { Signal::Voice }).unwrap();
        sent.push(encoder.encode_vec_float(frame, 1_275).unwrap());
    }
    let is_celt = |packet: &Vec<u8>| packet[0] >> 3 >= 16;
    let changes = sent.windows(2).filter(|pair| !is_celt(&pair[0]) && is_celt(&pair[1])).count();
    (sent, changes)
}

fn heard_at(level: NeuralLevel, sent: &[Vec<u8>]) -> Vec<f32> {
    hear(&mut decoder(&NeuralDecoding::new(level)), sent)
}

fn hear(decoder: &mut Decoder, sent: &[Vec<u8>]) -> Vec<f32> {
    let mut heard = Vec::new();
    for packet in sent {
        decoder.decode(Codec::Opus, packet, Tempo::Normal, &mut heard).unwrap();
    }
    heard
}

fn decoder(neural: &NeuralDecoding) -> Decoder {
    Decoder::new(Arc::new(CodecSettings::new().neural_decoding(neural.clone())))
}

fn low_latency(voice: &[f32]) -> (Encoding, Vec<Vec<u8>>) {
    let encoding = Encoding::Opus(OpusConfig::VOICE_MEDIUM_20_MS);
    (encoding, encode(encoding, voice, 960))
}

fn wide(bitrate_bps: u32) -> OpusConfig {
    OpusConfig { bitrate_bps, application: Application::Voip, ..OpusConfig::VOICE_MEDIUM_60_MS }
}

fn chord(pitches: &[f64], samples: usize) -> Vec<f32> {
    let tones: Vec<_> = pitches.iter().map(|pitch| sine(*pitch, 48_000, samples)).collect();
    let together = |n: usize| tones.iter().map(|tone| tone[n]).sum::<f32>();
    (0..samples).map(|n| together(n) / pitches.len() as f32).collect()
}

/// The power of a pitch, once the decoder has settled: in windows of 80 ms, as it need not keep its
/// phase for longer.
fn power_at(pitch: f64, pcm: &[f32]) -> f64 {
    let windows = pcm[LATE..].chunks_exact(3_840).map(|pcm| {
        let (mut real, mut imaginary, mut window) = (0.0, 0.0, 0.0);
        for (n, sample) in pcm.iter().enumerate() {
            let weight = (TAU / 2.0 * n as f64 / pcm.len() as f64).sin().powi(2);
            let phase = TAU * pitch * n as f64 / 48_000.0;
            real += weight * f64::from(*sample) * phase.cos();
            imaginary += weight * f64::from(*sample) * phase.sin();
            window += weight;
        }
        2.0 * (real.powi(2) + imaginary.powi(2)) / f64::powi(window, 2)
    });
    let (count, sum) = windows.fold((0, 0.0), |(count, sum), power| (count + 1, sum + power));
    sum / f64::from(count)
}

fn power_above_8_khz(pcm: &[f32]) -> f64 {
    let pitches = (0..40).map(|n| 9_000.0 + 230.0 * f64::from(n));
    pitches.map(|pitch| power_at(pitch, pcm)).sum()
}

fn decibels(power: f64) -> f64 {
    10.0 * power.log10()
}

const EXTENDED: NeuralLevel = NeuralLevel::Extended;
/// A quarter of a second.
const LATE: usize = 12_000;
