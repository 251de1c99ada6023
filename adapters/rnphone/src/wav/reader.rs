//! Reads WAV files, also damaged ones.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use lxst_tokio::codecs::{Resampler, SAMPLE_RATE_HZ, downmix};

use super::SoundError;
use super::wave::{Format, Problem, find_sound};

/// Reads a WAV file as 48 kHz mono, -1.0 to 1.0.
///
/// *Shape*: PCM of 8 to 32 bits, floats of 32 or 64, µ-law, A-law, each also as
/// WAVE_FORMAT_EXTENSIBLE. A file whose header has no length because it was piped, or that was cut,
/// is read to its end. *Bounds*: an hour.
///
/// # Errors
/// [`SoundError`].
pub fn read_wav(path: &Path) -> Result<Vec<f32>, SoundError> {
    let name = || path.display().to_string();
    let failed = |problem| match problem {
        Problem::Io(error) => SoundError::Read { path: name(), error },
        Problem::Kind(problem) => SoundError::Kind { path: name(), problem },
    };
    let shape = |error| SoundError::Shape { path: name(), error };
    let file = File::open(path).map_err(|error| failed(error.into()))?;
    let (format, interleaved) = read(BufReader::new(file)).map_err(failed)?;
    let mut mono = Vec::new();
    downmix(&interleaved, format.channels, &mut mono).map_err(shape)?;
    if format.rate_hz == SAMPLE_RATE_HZ {
        return Ok(mono);
    }
    let mut resampler = Resampler::new(format.rate_hz, SAMPLE_RATE_HZ).map_err(shape)?;
    let mut pcm = Vec::new();
    resampler.push(&mono, &mut pcm);
    resampler.flush(&mut pcm);
    Ok(pcm)
}

/// Reads whole samples of all channels.
fn read(mut source: impl Read) -> Result<(Format, Vec<f32>), Problem> {
    let (format, length) = find_sound(&mut source)?;
    let moment = usize::from(format.channels) * format.encoding.bytes();
    let an_hour = u64::from(format.rate_hz) * moment as u64 * 3_600;
    let mut bytes = Vec::new();
    source.by_ref().take(length.min(an_hour + 1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > an_hour {
        return Err(Problem::Kind("longer than an hour".into()));
    }
    let samples = bytes.chunks_exact(moment).flatten();
    let samples: Vec<u8> = samples.copied().collect();
    let width = format.encoding.bytes();
    Ok((format, samples.chunks_exact(width).map(|bytes| format.encoding.sample(bytes)).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::wave::tests::{chunk, format, wave};
    use super::*;

    #[test]
    fn files_are_read_as_far_as_they_go_whatever_they_say_of_their_length() {
        let sound = [0x00, 0x40, 0x00, 0xc0];
        let is_read = |bytes: &[u8]| {
            let (_, pcm) = read(bytes).unwrap();
            assert_eq!(pcm, [0.5, -0.5], "{bytes:02x?}");
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
        assert!(read(&empty[..]).unwrap().1.is_empty());
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
            for fmt in
                [format(tag, 2, 8_000, bits, &[]), format(0xfffe, 2, 8_000, bits, &extension)]
            {
                let (found, pcm) = read(&wave(0, &[&fmt, &data])[..]).unwrap();
                assert_eq!((found.channels, found.rate_hz), (2, 8_000));
                assert_eq!(pcm.len(), 2);
                assert!(pcm.iter().all(|sample| (sample - 0.5).abs() < 0.02), "{tag} {pcm:?}");
            }
        }
        for nonsense in [f32::NAN, f32::INFINITY] {
            let data = chunk(b"data", &nonsense.to_le_bytes());
            let (_, pcm) = read(&wave(0, &[&format(3, 1, 8_000, 32, &[]), &data])[..]).unwrap();
            assert_eq!(pcm, [0.0]);
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
            (b"these are words".to_vec(), "not a WAV file"),
            (b"RIFF".to_vec(), "breaks off"),
            (wave(0, &[&format(0x55, 1, 8_000, 0, &[]), &data]), "MP3"),
            (wave(0, &[&format(2, 1, 8_000, 4, &[]), &data]), "Microsoft ADPCM"),
            (wave(0, &[&format(1, 1, 8_000, 40, &[]), &data]), "PCM of 40 bits"),
            (wave(0, &[&data]), "sound stands before its format"),
            (wave(0, &[&format(1, 0, 8_000, 16, &[]), &data]), "0 channels"),
        ];
        for (bytes, wanted) in cases {
            let Err(Problem::Kind(problem)) = read(&bytes[..]) else { panic!("{wanted}") };
            assert!(problem.contains(wanted), "{wanted}: {problem}");
        }
    }
}
