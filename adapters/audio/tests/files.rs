//! Files that this crate writes play elsewhere, and those of others play here.

#![cfg(feature = "opus")]
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;
mod hostile;

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;

use common::{level_at, sine};
use lxst_audio::{
    Channels, FileError, OpusProfile, OpusReader, OpusWriter, SoundReader, SoundWriter, Tags,
    WavDepth, WavReader, WavWriter,
};
use lxst_core::Samples;

const PROFILES: [OpusProfile; 9] = [
    OpusProfile::VoiceLow,
    OpusProfile::VoiceMedium,
    OpusProfile::VoiceHigh,
    OpusProfile::VoiceMax,
    OpusProfile::AudioMin,
    OpusProfile::AudioLow,
    OpusProfile::AudioMedium,
    OpusProfile::AudioHigh,
    OpusProfile::AudioMax,
];

#[test]
fn file_of_every_profile_plays_in_opusfile_and_ffmpeg_with_its_exact_duration() {
    for profile in PROFILES {
        let moments = 48_000 + 1_234;
        let path = write_file(&format!("{profile:?}.opus"), profile, moments);
        let channels = width(profile.channels());

        let wav = path.with_extension("opusfile.wav");
        run(Command::new("opusdec").args(["--float", "--quiet"]).arg(&path).arg(&wav));
        let raw = path.with_extension("raw");
        run(Command::new("ffmpeg")
            .args(["-v", "error", "-xerror", "-y", "-i"])
            .arg(&path)
            .args(["-f", "f32le"])
            .arg(&raw));
        let ours = read_all(&mut OpusReader::open(&path).unwrap(), 777);
        let heard_by_ffmpeg: Vec<f32> = fs::read(&raw)
            .unwrap()
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        let heard_by_opusfile = hound::WavReader::open(&wav)
            .unwrap()
            .into_samples::<f32>()
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        for heard in [&ours, &heard_by_ffmpeg, &heard_by_opusfile] {
            assert_eq!(heard.len(), moments * channels, "{profile:?}");
            let mono: Vec<_> = heard.iter().step_by(channels).copied().collect();
            // In short pieces: the least of bitrates keep no phase.
            let levels = mono[9_600..38_400].chunks(2_400).map(|piece| level_at(piece, 440.0));
            let level = levels.sum::<f64>() / 12.0;
            assert!((level - -12.0).abs() < 5.0, "{profile:?}: {level} dB");
        }
    }
}

#[test]
fn opusinfo_finds_no_fault_and_shows_the_tags() {
    let path = write_file("tags.opus", OpusProfile::VoiceMax, 96_000);
    let told = run(Command::new("opusinfo").arg(&path));
    assert!(!told.contains("WARNING"), "{told}");
    assert!(told.contains("Playback length: 0m:02.000s"), "{told}");
    assert!(told.contains("LXST_PEER=b1d1c0de"), "{told}");
    assert!(told.contains("LXST_DIRECTION=incoming"), "{told}");
    // A packet to a page.
    let sixty = "60.0ms (max),   60.0ms (avg),   60.0ms (min)";
    assert!(told.contains(&format!("Packet duration:   {sixty}")), "{told}");
    assert!(told.contains(&format!("Page duration:     {sixty}")), "{told}");
    let reader = OpusReader::open(&path).unwrap();
    assert_eq!(reader.tags().get("lxst_peer"), Some("b1d1c0de"));
    assert_eq!(reader.tags().get("DATE"), Some("2026-11-26T21:45:00Z"));
}

#[test]
fn files_of_opusenc_and_ffmpeg_play_here_with_their_exact_duration() {
    let folder = folder();
    let wav = folder.join("theirs.wav");
    let mut writer = WavWriter::create(&wav, Channels::Mono, 48_000, WavDepth::Int16).unwrap();
    writer.write(&sine(440.0, 0.25, 300_000)).unwrap();
    writer.finish().unwrap();
    let by_opusenc = folder.join("opusenc.opus");
    run(Command::new("opusenc").args(["--quiet", "--framesize", "2.5"]).arg(&wav).arg(&by_opusenc));
    let by_ffmpeg = folder.join("ffmpeg.opus");
    run(Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(&wav)
        .args(["-c:a", "libopus"])
        .arg(&by_ffmpeg));
    for path in [by_opusenc, by_ffmpeg] {
        let mut reader = OpusReader::open(&path).unwrap();
        assert_eq!(reader.length(), Samples(300_000), "{path:?}");
        let sound = read_all(&mut reader, 1_000);
        assert_eq!(sound.len(), 300_000);
        assert!((level_at(&sound[48_000..96_000], 440.0) - -12.0).abs() < 0.5);
        assert_eq!(reader.faults(), lxst_audio::Faults::default());
    }
}

#[test]
fn sound_behind_a_seek_is_that_of_the_moment() {
    let path = write_file("seek.opus", OpusProfile::AudioHigh, 20 * 48_000);
    let mut reader = OpusReader::open(&path).unwrap();
    let whole = read_all(&mut reader, 4_096);
    for to in [0, 1, 47_999, 500_000, 123_456, 959_000, 5_000_000] {
        reader.seek(Samples(to)).unwrap();
        let from = (to as usize).min(20 * 48_000);
        let rest = read_all(&mut reader, 3_001);
        assert_eq!(rest.len(), whole.len() - 2 * from, "from {to}");
        // The decoder's state differs where it was begun anew.
        let worst =
            rest.iter().zip(&whole[2 * from..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 0.02, "from {to}: {worst}");
    }
}

#[test]
fn damage_is_silence_and_counted_and_what_follows_keeps_its_time() {
    let file = encode(OpusProfile::AudioHigh, 96_000);
    let mut damaged = file.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 300].fill(0x55);
    let mut reader = OpusReader::new(Cursor::new(damaged)).unwrap();
    assert_eq!(reader.length(), Samples(96_000));
    let sound = read_all(&mut reader, 960);
    assert_eq!(sound.len(), 2 * 96_000);
    assert_eq!(reader.faults().damaged_pages, 1);
    assert!(sound.chunks(960).any(|block| block.iter().all(|sample| *sample == 0.0)));
    let whole = read_all(&mut OpusReader::new(Cursor::new(file)).unwrap(), 960);
    let worst = sound[150_000..].iter().zip(&whole[150_000..]).map(|(a, b)| (a - b).abs());
    assert!(worst.fold(0.0, f32::max) < 0.02);
}

#[test]
fn file_of_a_killed_recorder_plays() {
    let mut writer = OpusWriter::new(Vec::new(), OpusProfile::VoiceHigh, &Tags::default()).unwrap();
    writer.write(&sine(440.0, 0.25, 48_000)).unwrap();
    let mut reader = OpusReader::new(Cursor::new(writer.into_inner())).unwrap();
    // All but the packet that is being filled and the one before it.
    assert!(reader.length().0 >= 48_000 - 2 * 2_880 - 480, "{:?}", reader.length());
    assert_eq!(read_all(&mut reader, 960).len() as u64, reader.length().0);

    let path = folder().join("killed.wav");
    let mut writer = WavWriter::create(&path, Channels::Mono, 48_000, WavDepth::Int16).unwrap();
    writer.write(&sine(440.0, 0.25, 100_000)).unwrap();
    std::mem::forget(writer);
    let mut reader = WavReader::open(&path).unwrap();
    assert_eq!(reader.length(), Samples(96_000));
    assert_eq!(read_all(&mut reader, 960).len(), 96_000);
}

#[test]
fn chained_file_plays_its_first_stream_and_counts_the_rest() {
    let mut file = encode(OpusProfile::VoiceHigh, 48_000);
    file.extend(encode(OpusProfile::VoiceHigh, 48_000));
    let mut reader = OpusReader::new(Cursor::new(file)).unwrap();
    assert_eq!(reader.length(), Samples(48_000));
    assert_eq!(read_all(&mut reader, 960).len(), 48_000);
}

#[test]
fn files_that_are_none_are_refused_with_a_reason() {
    let wrong = |bytes: &[u8]| OpusReader::new(Cursor::new(bytes.to_vec())).unwrap_err();
    assert!(matches!(wrong(b""), FileError::Unsupported { .. }));
    assert!(matches!(
        wrong(b"RIFF and so on, and so on, and so on"),
        FileError::Unsupported { .. }
    ));
    let file = encode(OpusProfile::VoiceHigh, 960);
    assert!(matches!(wrong(&file[..60]), FileError::Damaged { .. }));
    assert!(matches!(wrong(&b"OggS\0".repeat(20_000)), FileError::Damaged { .. }));
    let wav = |bytes: &[u8]| WavReader::new(Cursor::new(bytes.to_vec())).unwrap_err();
    assert!(matches!(wav(b""), FileError::Damaged { .. }));
    assert!(matches!(wav(&file), FileError::Unsupported { .. }));
}

#[test]
fn any_damage_gives_an_error_or_sound_of_bounded_length() {
    let opus = encode(OpusProfile::VoiceLow, 30_000);
    let mut out = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut out, Channels::Stereo, 44_100, WavDepth::Int24).unwrap();
    writer.write(&sine(440.0, 0.25, 4_000)).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let wav = out.into_inner();
    let mut random = 1_u64;
    for round in 0..2_000 {
        let mut next = |below: usize| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % below
        };
        let mut file = if round % 2 == 0 { opus.clone() } else { wav.clone() };
        for _ in 0..1 + next(4) {
            // Headers are the more interesting part.
            let at = if next(2) == 0 { next(120) } else { next(file.len()) };
            file[at] = next(256) as u8;
        }
        file.truncate(file.len() - if next(3) == 0 { next(file.len()) } else { 0 });
        hostile::check(&file);
    }
}

#[test]
fn corpus_of_files_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/sound_file");
    let mut files = 0;
    for file in fs::read_dir(corpus).unwrap() {
        hostile::check(&fs::read(file.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 1, "the corpus is there");
}

#[test]
fn wav_of_any_rate_and_depth_keeps_tone_and_duration() {
    let depths =
        [WavDepth::Int8, WavDepth::Int16, WavDepth::Int24, WavDepth::Int32, WavDepth::Float];
    for (rate_hz, depth) in [8_000, 11_025, 44_100, 48_000, 192_000].into_iter().zip(depths) {
        let mut out = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut out, Channels::Mono, rate_hz, depth).unwrap();
        let sound = sine(440.0, 0.25, 96_000);
        sound.chunks(701).for_each(|block| writer.write(block).unwrap());
        writer.finish().unwrap();
        drop(writer);
        let mut reader = WavReader::new(Cursor::new(out.into_inner())).unwrap();
        assert_eq!(reader.length(), Samples(96_000), "{rate_hz} Hz");
        let heard = read_all(&mut reader, 1_001);
        assert_eq!(heard.len(), 96_000, "{rate_hz} Hz, {depth:?}");
        assert!((level_at(&heard[9_600..86_400], 440.0) - -12.04).abs() < 0.1, "{rate_hz} Hz");
        let worst = heard[4_800..91_200].iter().zip(&sound[4_800..]).map(|(a, b)| (a - b).abs());
        let worst = worst.fold(0.0, f32::max);
        assert!(worst < 0.06, "{rate_hz} Hz, {depth:?}: {worst}");
        reader.seek(Samples(48_000)).unwrap();
        assert_eq!(read_all(&mut reader, 997).len(), 48_000);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_an_error() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    assert!(OpusWriter::new(full(), OpusProfile::VoiceMax, &Tags::default()).is_err());
    assert!(WavWriter::new(full(), Channels::Mono, 48_000, WavDepth::Int16).is_err());
}

fn encode(profile: OpusProfile, moments: usize) -> Vec<u8> {
    let tags = Tags::call("b1d1c0de", true, "2026-11-26T21:45:00Z").unwrap();
    let mut writer = OpusWriter::new(Vec::new(), profile, &tags).unwrap();
    let width = width(profile.channels());
    let tone = sine(440.0, 0.25, moments);
    let sound: Vec<f32> = tone.iter().flat_map(|sample| vec![*sample; width]).collect();
    sound.chunks(1_000).for_each(|block| writer.write(block).unwrap());
    writer.finish().unwrap();
    writer.into_inner()
}

fn write_file(name: &str, profile: OpusProfile, moments: usize) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, encode(profile, moments)).unwrap();
    path
}

fn width(channels: Channels) -> usize {
    if channels == Channels::Mono { 1 } else { 2 }
}

fn read_all(reader: &mut impl SoundReader, block: usize) -> Vec<f32> {
    let width = width(reader.channels());
    let mut sound = Vec::new();
    let mut buffer = vec![9.0; block * width];
    loop {
        let read = reader.read(&mut buffer).unwrap();
        sound.extend_from_slice(&buffer[..read * width]);
        if read < block {
            return sound;
        }
    }
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("files");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(command: &mut Command) -> String {
    let output =
        command.output().expect("opus-tools and ffmpeg are there: run interop/setup sound");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?}: {told}");
    told
}
