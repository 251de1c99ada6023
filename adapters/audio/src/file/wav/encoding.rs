//! The encodings of samples.

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
    pub(super) const fn of(tag: u16, container_bits: u16) -> Option<Self> {
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

pub(super) const PCM: u16 = 1;
pub(super) const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
