//! WAV files of others, also damaged ones.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::io::Cursor;

use lxst_audio::{Channels, SoundReader, WavReader};

#[test]
fn files_are_read_as_far_as_they_go_whatever_they_say_of_their_length() {
    let sound = [0x00, 0x40, 0x00, 0xc0];
    let is_read = |bytes: &[u8]| {
        assert_eq!(read(bytes), [0.5, -0.5], "{bytes:02x?}");
    };
    let format = format(1, 1, 48_000, 16, &[]);
    // As GStreamer and killed recorders leave them, as ffmpeg, arecord and sox pipe them.
    for length in [0_u32, u32::MAX, 0x8000_0000, 0x7fff_ffff, 0x7fff_f000, 6_000] {
        let data = [&b"data"[..], &length.to_le_bytes(), &sound].concat();
        for riff in [0_u32, 36, u32::MAX, 0x7fff_f024] {
            is_read(&wave(riff, &[&format, &data]));
        }
    }
    // With half a sample at the end, tags before and after, and a header for more than 4 GiB.
    let data = chunk(b"data", &sound);
    let tags = chunk(b"LIST", b"INFO of odd length.");
    is_read(&wave(0, &[&format, &chunk(b"data", &[&sound[..], &[1]].concat())]));
    is_read(&wave(100, &[&tags, &format, &tags, &data, &tags]));
    let mut large = wave(u32::MAX, &[&chunk(b"ds64", &[0; 28]), &format, &data]);
    large[..4].copy_from_slice(b"RF64");
    is_read(&large);
    // An empty recording, followed by tags.
    let empty = wave(60, &[&format, &chunk(b"data", &[]), &chunk(b"LIST", b"more")]);
    assert!(read(&empty).is_empty());
}

#[test]
fn every_common_encoding_gives_the_same_sound() {
    let half = 0.5_f32.to_le_bytes();
    let encodings: [(u16, u16, &[u8]); 8] = [
        (1, 8, &[192]),
        (1, 16, &[0, 64]),
        (1, 24, &[0, 0, 64]),
        (1, 32, &[0, 0, 0, 64]),
        (3, 32, &half),
        (3, 64, &0.5_f64.to_le_bytes()),
        (6, 8, &[0xa5]),
        (7, 8, &[0x8f]),
    ];
    for (tag, bits, sample) in encodings {
        // Two equal channels.
        let data = chunk(b"data", &[sample, sample].concat());
        let mut guid = [0; 16];
        guid[..2].copy_from_slice(&tag.to_le_bytes());
        let extension = [&[22, 0, 16, 0, 3, 0, 0, 0][..], &guid].concat();
        for fmt in [format(tag, 2, 48_000, bits, &[]), format(0xfffe, 2, 48_000, bits, &extension)]
        {
            let pcm = read(&wave(0, &[&fmt, &data]));
            assert_eq!(pcm.len(), 2, "{tag}");
            assert!(pcm.iter().all(|sample| (sample - 0.5).abs() < 0.02), "{tag} {pcm:?}");
        }
    }
    for nonsense in [f32::NAN, f32::INFINITY] {
        let data = chunk(b"data", &nonsense.to_le_bytes());
        assert_eq!(read(&wave(0, &[&format(3, 1, 48_000, 32, &[]), &data])), [0.0]);
    }
}

#[test]
fn what_is_not_read_is_refused_by_its_name() {
    let data = chunk(b"data", &[0; 8]);
    let cases: [(Vec<u8>, &str); 12] = [
        (b"OggS\0\x02......".to_vec(), "an Ogg file"),
        (b"fLaC........".to_vec(), "a FLAC file"),
        (b"ID3\x04........".to_vec(), "an MP3 file"),
        (b"FORM....AIFF".to_vec(), "an AIFF file"),
        (b"RIFX....WAVE".to_vec(), "big-endian"),
        (b"these are words".to_vec(), "a file that is not WAV"),
        (b"RIFF".to_vec(), "breaks off"),
        (wave(0, &[&format(0x55, 1, 8_000, 0, &[]), &data]), "MP3"),
        (wave(0, &[&format(2, 1, 8_000, 4, &[]), &data]), "Microsoft ADPCM"),
        (wave(0, &[&format(1, 1, 8_000, 40, &[]), &data]), "PCM of other than 8"),
        (wave(0, &[&data]), "sound stands before its format"),
        (wave(0, &[&format(1, 0, 8_000, 16, &[]), &data]), "0 channels"),
    ];
    for (bytes, wanted) in cases {
        let problem = WavReader::new(Cursor::new(bytes)).unwrap_err().to_string();
        assert!(problem.contains(wanted), "{wanted}: {problem}");
    }
}

#[test]
fn the_loudest_and_the_softest_of_g711_are_where_its_tables_have_them() {
    let decoded = |tag: u16, bytes: &[u8]| -> Vec<f32> {
        let file = wave(0, &[&format(tag, 1, 48_000, 8, &[]), &chunk(b"data", bytes)]);
        read(&file).iter().map(|sample| sample * 32_768.0).collect()
    };
    let mu_law = decoded(7, &[0x80, 0x00, 0xff, 0xfe, 0x7e]);
    assert_eq!(mu_law, [32_124.0, -32_124.0, 0.0, 8.0, -8.0]);
    assert_eq!(decoded(6, &[0xaa, 0x2a, 0xd5, 0x55]), [32_256.0, -32_256.0, 8.0, -8.0]);
}

/// Reads a file of 48 kHz whole.
fn read(file: &[u8]) -> Vec<f32> {
    let mut reader = WavReader::new(Cursor::new(file)).unwrap();
    let width = if reader.channels() == Channels::Stereo { 2 } else { 1 };
    let mut pcm = vec![9.0; 16 * width];
    let moments = reader.read(&mut pcm).unwrap();
    assert_eq!(reader.length().0, moments as u64);
    pcm.truncate(moments * width);
    pcm
}

/// Returns a file whose header has this length.
fn wave(length: u32, chunks: &[&[u8]]) -> Vec<u8> {
    [&b"RIFF"[..], &length.to_le_bytes(), b"WAVE", &chunks.concat()].concat()
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    let padding = &[0][..content.len() % 2];
    [&name[..], &length.to_le_bytes(), content, padding].concat()
}

fn format(tag: u16, channels: u16, rate_hz: u32, bits: u16, extension: &[u8]) -> Vec<u8> {
    let unit = channels * bits.div_ceil(8);
    let rate = rate_hz * u32::from(unit);
    let mut fmt = [tag, channels].map(u16::to_le_bytes).concat();
    fmt.extend([rate_hz, rate].map(u32::to_le_bytes).concat());
    fmt.extend([unit, bits].map(u16::to_le_bytes).concat());
    fmt.extend(extension);
    chunk(b"fmt ", &fmt)
}
