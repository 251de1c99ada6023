//! The chunks of a WAV file before its samples.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use super::encoding::{Encoding, FLOAT, PCM};
use crate::file::FileError;

/// What a file says of its samples, and where they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) encoding: Encoding,
    pub(super) channels: u16,
    pub(super) rate_hz: u32,
    /// The first byte of the samples.
    pub(super) start: u64,
    /// Whole moments that the file has, whatever it says.
    pub(super) moments: u64,
}

impl Header {
    /// Reads up to the first byte of the samples.
    pub(super) fn read(source: &mut (impl Read + Seek)) -> Result<Self, FileError> {
        let (mut header, promised) = find_sound(source).map_err(|error| match error {
            FileError::Io(cause) if cause.kind() == ErrorKind::UnexpectedEof => {
                FileError::Damaged { what: "it breaks off before any sound" }
            }
            other => other,
        })?;
        header.start = source.stream_position()?;
        let there = source.seek(SeekFrom::End(0))?.saturating_sub(header.start);
        source.seek(SeekFrom::Start(header.start))?;
        header.moments = promised.min(there) / header.moment_bytes() as u64;
        Ok(header)
    }

    pub(super) fn moment_bytes(&self) -> usize {
        usize::from(self.channels) * self.encoding.bytes()
    }
}

/// Reads up to the first byte of the samples. Returns the largest number of bytes that follow.
fn find_sound(source: &mut (impl Read + Seek)) -> Result<(Header, u64), FileError> {
    let mut head = [0; 12];
    source.read_exact(&mut head[..4])?;
    if !matches!(&head[..4], b"RIFF" | b"RF64") {
        return Err(FileError::Unsupported { what: stranger(&head) });
    }
    source.read_exact(&mut head[4..])?;
    if &head[8..] != b"WAVE" {
        return Err(FileError::Unsupported { what: stranger(&[]) });
    }
    let end = 8 + u64::from(number(&head[4..8]));
    let mut place = 12;
    let mut header = None;
    loop {
        let mut head = [0; 8];
        source.read_exact(&mut head)?;
        place += 8;
        let length = u64::from(number(&head[4..]));
        match &head[..4] {
            b"fmt " => {
                let mut bytes = Vec::new();
                source.by_ref().take(length.min(MAX_FORMAT)).read_to_end(&mut bytes)?;
                header = Some(read_format(&bytes)?);
                let rest = length + length % 2 - bytes.len() as u64;
                source.seek_relative(rest.cast_signed())?;
            }
            b"data" => {
                let what = "sound stands before its format";
                let header = header.ok_or(FileError::Damaged { what })?;
                // A program that could not seek back to write the length left a 0, unless more
                // chunks follow, or more than there is.
                let is_unknown = length == 0 && (end <= place || end >= UNKNOWN);
                // 4 GiB and more have no length there.
                let is_unknown = is_unknown || length == u32::MAX.into();
                return Ok((header, if is_unknown { u64::MAX } else { length }));
            }
            _ => source.seek_relative((length + length % 2).cast_signed())?,
        }
        place += length + length % 2;
    }
}

fn read_format(bytes: &[u8]) -> Result<Header, FileError> {
    let field = |at: usize| {
        let pair = bytes.get(at..at + 2).and_then(|pair| pair.first_chunk());
        pair.map(|pair| u16::from_le_bytes(*pair))
    };
    let (Some(mut tag), Some(channels), Some(low), Some(high), Some(unit), Some(bits)) =
        (field(0), field(2), field(4), field(6), field(12), field(14))
    else {
        return Err(FileError::Damaged { what: "its format is cut" });
    };
    if tag == EXTENSIBLE
        && let Some(sub_format) = field(24)
    {
        tag = sub_format;
    }
    if channels == 0 {
        return Err(FileError::Damaged { what: "sound of 0 channels" });
    }
    // A sample of 20 bits is in the upper bits of 24.
    let container =
        if tag == PCM && unit % channels == 0 { (unit / channels).saturating_mul(8) } else { bits };
    let Some(encoding) = Encoding::of(tag, container.max(bits)) else {
        return Err(FileError::Unsupported {
            what: match tag {
                PCM => "PCM of other than 8, 16, 24 and 32 bits",
                FLOAT => "floats of other than 32 and 64 bits",
                _ => name(tag),
            },
        });
    };
    let rate_hz = u32::from(high) << 16 | u32::from(low);
    Ok(Header { encoding, channels, rate_hz, start: 0, moments: 0 })
}

fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Returns the kind of a file that begins like this.
const fn stranger(head: &[u8]) -> &'static str {
    match head {
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file",
        [b'f', b'L', b'a', b'C', ..] => "a FLAC file",
        [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..] => "an MP3 file",
        [b'F', b'O', b'R', b'M', ..] => "an AIFF file",
        [b'.', b's', b'n', b'd', ..] => "an AU file",
        [b'c', b'a', b'f', b'f', ..] => "a CAF file",
        [b'R', b'I', b'F', b'X', ..] => "a WAV file of big-endian numbers",
        _ => "a file that is not WAV",
    }
}

const fn name(tag: u16) -> &'static str {
    match tag {
        0x02 => "Microsoft ADPCM",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 6.10",
        0x40 | 0x45 | 0x64 | 0x65 => "G.726 ADPCM",
        0x50 => "MPEG audio",
        0x55 => "MP3",
        0xff | 0x1600 | 0x1610 => "AAC",
        0x160..=0x163 => "Windows Media Audio",
        _ => "an unknown encoding of a WAV file",
    }
}

const EXTENSIBLE: u16 = 0xfffe;
/// Bytes of a format chunk that are read.
const MAX_FORMAT: u64 = 64;
/// Lengths from here on mean an unknown length.
const UNKNOWN: u64 = 0x7fff_0000;
