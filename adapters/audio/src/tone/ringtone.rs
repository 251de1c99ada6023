//! Sounds that tell of a call.

use super::{Cadence, Segment, falling, segment};

/// Ringtones of this crate. They repeat until they are stopped.
///
/// Peaks are at most -6 dBFS; an app sets the loudness by a [`Gain`](crate::Gain).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ringtone {
    /// Two bells with a clapper: 2 s of ringing, 4 s of silence.
    #[default]
    Bell,
    /// Four notes that die away: one round in 4 s.
    Chime,
    /// Two short warbles in turns of 40 ms: one round in 3 s.
    Warble,
}

impl Ringtone {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bell, Self::Chime, Self::Warble];

    /// Returns the name for lists and settings: one word of lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bell => "bell",
            Self::Chime => "chime",
            Self::Warble => "warble",
        }
    }

    /// Returns what is played.
    #[must_use]
    pub const fn cadence(self) -> Cadence {
        Cadence::forever(match self {
            Self::Bell => &BELL,
            Self::Chime => &CHIME,
            Self::Warble => &WARBLE,
        })
    }
}

static BELL: [Segment; 40] = {
    let high = falling(&[(1_320.0, -14.0), (3_180.0, -22.0), (880.0, -20.0)], 120.0, 50, 0);
    let low = falling(&[(1_056.0, -14.0), (2_540.0, -22.0), (704.0, -20.0)], 120.0, 50, 0);
    let mut bell = in_turns(high, low);
    bell[39].off = lxst_core::Samples::from_millis(4_000);
    bell
};

static CHIME: [Segment; 4] = [
    falling(&[(523.25, -12.0), (1_046.5, -24.0), (2_093.0, -32.0)], 40.0, 300, 0),
    falling(&[(659.25, -12.0), (1_318.5, -24.0), (2_637.0, -32.0)], 40.0, 300, 0),
    falling(&[(880.0, -12.0), (1_760.0, -24.0), (3_520.0, -32.0)], 40.0, 300, 0),
    falling(&[(783.99, -12.0), (1_567.98, -24.0), (3_135.96, -32.0)], 30.0, 1_500, 1_600),
];

static WARBLE: [Segment; 20] = {
    let high = segment(&[(1_000.0, -12.0), (2_000.0, -20.0)], 40, 0);
    let low = segment(&[(800.0, -12.0), (1_600.0, -20.0)], 40, 0);
    let mut warble = in_turns(high, low);
    warble[9].off = lxst_core::Samples::from_millis(200);
    warble[19].off = lxst_core::Samples::from_millis(2_000);
    warble
};

const fn in_turns<const LENGTH: usize>(one: Segment, other: Segment) -> [Segment; LENGTH] {
    let mut segments = [one; LENGTH];
    let mut place = 1;
    while place < LENGTH {
        segments[place] = other;
        place += 2;
    }
    segments
}
