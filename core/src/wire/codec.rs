//! Codecs, by their bytes on the wire.

use core::fmt;

/// A codec, by the byte that leads its frames on the wire.
///
/// *Source*: `codec_header_byte` in LXST/Codecs/__init__.py. The reference drops frames of
/// [`Other`](Self::Other) codecs, and the frames after them in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// Uncompressed samples (RAW 0x00).
    Raw,
    /// Opus (OPUS 0x01).
    Opus,
    /// Codec2 (CODEC2 0x02).
    Codec2,
    /// A codec that the two apps agree on, under a byte that the reference does not use: 0x03 to
    /// 0xFE.
    Other(u8),
}

impl Codec {
    /// Returns the codec of this byte: [`Other`](Self::Other) for a byte that the reference does
    /// not use.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0x00 => Self::Raw,
            0x01 => Self::Opus,
            0x02 => Self::Codec2,
            other => Self::Other(other),
        }
    }

    /// Returns the codec's byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Raw => 0x00,
            Self::Opus => 0x01,
            Self::Codec2 => 0x02,
            Self::Other(byte) => byte,
        }
    }
}

impl fmt::Display for Codec {
    /// Writes `raw`, `opus`, `codec2`, or the byte of another codec: `0x0a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.write_str("raw"),
            Self::Opus => f.write_str("opus"),
            Self::Codec2 => f.write_str("codec2"),
            Self::Other(byte) => write!(f, "{byte:#04x}"),
        }
    }
}

/// A set of codecs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodecSet([u64; 4]);

#[expect(clippy::indexing_slicing, reason = "the two highest bits of a byte are 0 to 3")]
impl CodecSet {
    /// The codecs of the reference: Raw, Opus and Codec2.
    pub const REFERENCE: Self = Self([0b111, 0, 0, 0]);

    /// No codec.
    pub const EMPTY: Self = Self([0; 4]);

    /// The codecs of every byte.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// Returns the set with a codec added.
    #[must_use]
    pub const fn with(mut self, codec: Codec) -> Self {
        let (word, bit) = Self::place(codec);
        self.0[word] |= bit;
        self
    }

    /// Returns whether the codec is in the set.
    #[must_use]
    #[inline]
    pub const fn contains(&self, codec: Codec) -> bool {
        let (word, bit) = Self::place(codec);
        self.0[word] & bit != 0
    }

    /// Returns the codecs of the set, in the order of their bytes.
    pub fn iter(self) -> impl Iterator<Item = Codec> {
        (0..=u8::MAX).map(Codec::from_byte).filter(move |codec| self.contains(*codec))
    }

    #[inline]
    const fn place(codec: Codec) -> (usize, u64) {
        let byte = codec.byte();
        ((byte >> 6) as usize, 1 << (byte & 0x3f))
    }
}

impl fmt::Debug for CodecSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
