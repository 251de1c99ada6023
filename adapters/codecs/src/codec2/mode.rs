//! The modes of Codec2 and their lengths.

use crate::limits::SAMPLE_RATE_HZ;

/// A mode of Codec2: its bit rate. The values are those of the mode byte.
///
/// *Source*: `CODEC2_700C` to `CODEC2_3200` in LXST/Codecs/Codec2.py.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec2Mode {
    /// 700 bit/s: Ultra Low Bandwidth. With the feature `codec2-system` only.
    Mode700C = 0,
    /// 1200 bit/s.
    Mode1200 = 1,
    /// 1300 bit/s.
    Mode1300 = 2,
    /// 1400 bit/s.
    Mode1400 = 3,
    /// 1600 bit/s: Very Low Bandwidth.
    Mode1600 = 4,
    /// 2400 bit/s.
    Mode2400 = 5,
    /// 3200 bit/s: Low Bandwidth.
    Mode3200 = 6,
}

impl Codec2Mode {
    /// Every mode.
    pub const ALL: [Self; 7] = [
        Self::Mode700C,
        Self::Mode1200,
        Self::Mode1300,
        Self::Mode1400,
        Self::Mode1600,
        Self::Mode2400,
        Self::Mode3200,
    ];

    /// Returns the samples of a native frame at 48 kHz: 20 or 40 ms. A frame to encode is a whole
    /// number of native frames.
    #[must_use]
    pub const fn native_samples(self) -> usize {
        RATIO * self.frame_samples()
    }

    /// Returns the length of a native frame, in bytes.
    #[must_use]
    pub const fn native_bytes(self) -> usize {
        match self {
            Self::Mode700C => 4,
            Self::Mode1200 | Self::Mode2400 => 6,
            Self::Mode1300 | Self::Mode1400 => 7,
            Self::Mode1600 | Self::Mode3200 => 8,
        }
    }

    /// Returns the length of a payload of `samples`, in bytes, mode byte included.
    #[must_use]
    pub const fn payload_bytes(self, samples: usize) -> usize {
        1 + samples / self.native_samples() * self.native_bytes()
    }

    pub(super) const fn frame_samples(self) -> usize {
        match self {
            Self::Mode2400 | Self::Mode3200 => 160,
            Self::Mode700C | Self::Mode1200 | Self::Mode1300 | Self::Mode1400 | Self::Mode1600 => {
                320
            }
        }
    }
}

pub(super) const RATE_HZ: u32 = 8_000;
const RATIO: usize = (SAMPLE_RATE_HZ / RATE_HZ) as usize;
