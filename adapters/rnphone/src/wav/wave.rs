//! The chunks of a WAV file before its samples, and the encodings of samples.

use std::io::{self, ErrorKind, Read};

/// Why a file has no usable samples.
#[derive(Debug)]
pub(super) enum Problem {
    Io(io::Error),
    /// What was found in its place.
    Kind(String),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Kind("it breaks off before any sound".into()),
            _ => Self::Io(error),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) encoding: Encoding,
    pub(super) channels: u16,
    pub(super) rate_hz: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Encoding {
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
    ALaw,
    MuLaw,
}

impl Encoding {
    const fn of(tag: u16, container_bits: u16) -> Option<Self> {
        Some(match (tag, container_bits) {
            (PCM, 8) => Self::Unsigned8,
            (PCM, 16) => Self::Signed16,
            (PCM, 24) => Self::Signed24,
            (PCM, 32) => Self::Signed32,
            (FLOAT, 32) => Self::Float32,
            (FLOAT, 64) => Self::Float64,
            (A_LAW, 8) => Self::ALaw,
            (MU_LAW, 8) => Self::MuLaw,
            _ => return None,
        })
    }

    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 | Self::ALaw | Self::MuLaw => 1,
            Self::Signed16 => 2,
            Self::Signed24 => 3,
            Self::Signed32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// Reads a sample of [`bytes`](Self::bytes), -1.0 to 1.0. NaN is silence.
    pub(super) fn sample(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::Unsigned8, [byte]) => (f32::from(*byte) - 128.0) / 128.0,
            (Self::ALaw, [byte]) => a_law(*byte),
            (Self::MuLaw, [byte]) => mu_law(*byte),
            (Self::Signed16, [a, b]) => f32::from(i16::from_le_bytes([*a, *b])) / 32_768.0,
            (Self::Signed24, [a, b, c]) => signed32([0, *a, *b, *c]),
            (Self::Signed32, [a, b, c, d]) => signed32([*a, *b, *c, *d]),
            (Self::Float32, [a, b, c, d]) => finite(f32::from_le_bytes([*a, *b, *c, *d])),
            (Self::Float64, [a, b, c, d, e, f, g, h]) => {
                finite(f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as f32)
            }
            _ => 0.0, // a sample has as many bytes as its encoding says
        }
    }
}

/// Reads up to the first byte of the samples. Returns the largest number of bytes that follow.
pub(super) fn find_sound(source: &mut impl Read) -> Result<(Format, u64), Problem> {
    let mut head = [0; 12];
    source.read_exact(&mut head[..4])?;
    if !matches!(&head[..4], b"RIFF" | b"RF64") {
        return Err(Problem::Kind(stranger(&head)));
    }
    source.read_exact(&mut head[4..])?;
    if &head[8..] != b"WAVE" {
        return Err(Problem::Kind("not a WAV file".into()));
    }
    let end = 8 + u64::from(number(&head[4..8]));
    let mut place = 12;
    let mut format = None;
    loop {
        let mut head = [0; 8];
        source.read_exact(&mut head)?;
        place += 8;
        let length = u64::from(number(&head[4..]));
        match &head[..4] {
            b"fmt " => {
                let mut bytes = Vec::new();
                source.by_ref().take(length.min(MAX_FORMAT)).read_to_end(&mut bytes)?;
                format = Some(read_format(&bytes)?);
                skip(source, length + length % 2 - bytes.len() as u64)?;
            }
            b"data" => {
                let format =
                    format.ok_or_else(|| Problem::Kind("sound stands before its format".into()))?;
                // A program that could not seek back to write the length left a 0, unless more
                // chunks follow, or more than there is.
                let is_unknown = length == 0 && (end <= place || end >= UNKNOWN);
                return Ok((format, if is_unknown { u64::MAX } else { length }));
            }
            _ => skip(source, length + length % 2)?,
        }
        place += length + length % 2;
    }
}

fn read_format(bytes: &[u8]) -> Result<Format, Problem> {
    let refused = |what: String| Err(Problem::Kind(what));
    let field = |at: usize| {
        let pair = bytes.get(at..at + 2).and_then(|pair| pair.first_chunk());
        pair.map(|pair| u16::from_le_bytes(*pair))
    };
    let (Some(mut tag), Some(channels), Some(low), Some(high), Some(unit), Some(bits)) =
        (field(0), field(2), field(4), field(6), field(12), field(14))
    else {
        return refused("its format is cut".into());
    };
    if tag == EXTENSIBLE
        && let Some(sub_format) = field(24)
    {
        tag = sub_format;
    }
    if channels == 0 {
        return refused("sound of 0 channels".into());
    }
    // A sample of 20 bits is in the upper bits of 24.
    let container = if tag == PCM && unit % channels == 0 { unit / channels * 8 } else { bits };
    let Some(encoding) = Encoding::of(tag, container.max(bits)) else {
        return refused(match tag {
            PCM => format!("PCM of {bits} bits; 8, 16, 24 and 32 are read"),
            FLOAT => format!("floats of {bits} bits; 32 and 64 are read"),
            _ => format!("its sound is encoded as {}", name(tag)),
        });
    };
    Ok(Format { encoding, channels, rate_hz: u32::from(high) << 16 | u32::from(low) })
}

fn skip(source: &mut impl Read, length: u64) -> io::Result<()> {
    io::copy(&mut source.take(length), &mut io::sink()).map(drop)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Returns the kind of a file that begins like this.
fn stranger(head: &[u8]) -> String {
    match head {
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file",
        [b'f', b'L', b'a', b'C', ..] => "a FLAC file",
        [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..] => "an MP3 file",
        [b'F', b'O', b'R', b'M', ..] => "an AIFF file",
        [b'.', b's', b'n', b'd', ..] => "an AU file",
        [b'c', b'a', b'f', b'f', ..] => "a CAF file",
        [b'R', b'I', b'F', b'X', ..] => "a WAV file of big-endian numbers",
        _ => "not a WAV file",
    }
    .into()
}

fn name(tag: u16) -> String {
    match tag {
        0x02 => "Microsoft ADPCM",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 6.10",
        0x40 | 0x45 | 0x64 | 0x65 => "G.726 ADPCM",
        0x50 => "MPEG audio",
        0x55 => "MP3",
        0xff | 0x1600 | 0x1610 => "AAC",
        0x160..=0x163 => "Windows Media Audio",
        _ => return format!("format {tag:#06x}"),
    }
    .into()
}

fn signed32(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
}

fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// *Source*: ITU-T G.711, table 2a.
fn mu_law(byte: u8) -> f32 {
    let byte = !byte;
    let magnitude = ((i32::from(byte & 0x0f) * 8 + 132) << (byte >> 4 & 7)) - 132;
    signed(magnitude, byte & 0x80 != 0)
}

/// *Source*: ITU-T G.711, table 1a.
fn a_law(byte: u8) -> f32 {
    let byte = byte ^ 0x55;
    let step = i32::from(byte & 0x0f) * 16 + 8;
    let magnitude = match byte >> 4 & 7 {
        0 => step,
        segment => (step + 256) << (segment - 1),
    };
    signed(magnitude, byte & 0x80 == 0)
}

fn signed(magnitude: i32, is_negative: bool) -> f32 {
    let magnitude = magnitude as f32 / 32_768.0;
    if is_negative { -magnitude } else { magnitude }
}

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xfffe;
/// Bytes of a format chunk that are read.
const MAX_FORMAT: u64 = 64;
/// Lengths from here on mean an unknown length.
const UNKNOWN: u64 = 0x7fff_0000;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a file whose header has this length.
    pub(in super::super) fn wave(length: u32, chunks: &[&[u8]]) -> Vec<u8> {
        [&b"RIFF"[..], &length.to_le_bytes(), b"WAVE", &chunks.concat()].concat()
    }

    pub(in super::super) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap();
        let padding = &[0][..content.len() % 2];
        [&name[..], &length.to_le_bytes(), content, padding].concat()
    }

    pub(in super::super) fn format(
        tag: u16,
        channels: u16,
        rate_hz: u32,
        bits: u16,
        extension: &[u8],
    ) -> Vec<u8> {
        let unit = channels * bits.div_ceil(8);
        let rate = rate_hz * u32::from(unit);
        let mut fmt = [tag, channels].map(u16::to_le_bytes).concat();
        fmt.extend([rate_hz, rate].map(u32::to_le_bytes).concat());
        fmt.extend([unit, bits].map(u16::to_le_bytes).concat());
        fmt.extend(extension);
        chunk(b"fmt ", &fmt)
    }

    #[test]
    fn the_loudest_and_the_softest_of_g711_are_where_its_tables_have_them() {
        let cases = [(0x80, 32_124.0), (0x00, -32_124.0), (0xff, 0.0), (0xfe, 8.0), (0x7e, -8.0)];
        for (byte, wanted) in cases {
            assert_eq!(mu_law(byte) * 32_768.0, wanted, "{byte:#04x}");
        }
        for (byte, wanted) in [(0xaa, 32_256.0), (0x2a, -32_256.0), (0xd5, 8.0), (0x55, -8.0)] {
            assert_eq!(a_law(byte) * 32_768.0, wanted, "{byte:#04x}");
        }
    }
}
