//! The tones that a call plays to its user, by the custom of countries.

use super::{Cadence, segment};

/// The tones of a call, as one country knows them.
///
/// *Units*: as for [`Tone`](super::Tone). Each is at -28 dBFS, as in the reference, and one of two
/// frequencies at -31 dBFS each; an app sets the loudness by a [`Gain`](crate::Gain). An app makes
/// a set of its own from one of these: `CallTones { busy, ..CallTones::EUROPE }`.
///
/// *Bounds*: ringback and call waiting repeat until they are stopped. The others end by themselves:
/// busy, rejected, congestion and no path within 5 s, connected and ended within 0.5 s.
///
/// *Source*: ITU-T E.180 and its supplement 2 for the frequencies and cadences of countries. Where
/// they have none, our choice: connected, ended, and how often a tone repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct CallTones {
    /// The peer's phone rings.
    pub ringback: Cadence,
    /// The peer is in another call.
    pub busy: Cadence,
    /// The peer rejected the call.
    pub rejected: Cadence,
    /// The network could not carry the call: a lost link, a limit, a time-out.
    pub congestion: Cadence,
    /// No path to the peer was found: the special information tone.
    pub no_path: Cadence,
    /// The call was answered.
    pub connected: Cadence,
    /// The call is over.
    pub ended: Cadence,
    /// Somebody else calls.
    pub call_waiting: Cadence,
}

impl CallTones {
    /// The sounds of Python LXST: 382 Hz.
    ///
    /// *Source*: LXST/Primitives/Telephony.py for ringback and busy. Its busy tone starts with the
    /// silence and lasts 4.25 s; here the tone comes first. It has no other tones: these are our
    /// choice.
    pub const REFERENCE: Self = Self {
        ringback: Cadence::forever(&[segment(&[(382.0, LEVEL)], 2_000, 5_000)]),
        busy: Cadence::times(&[segment(&[(382.0, LEVEL)], 250, 250)], 8),
        rejected: Cadence::times(&[segment(&[(382.0, LEVEL)], 250, 250)], 8),
        congestion: Cadence::times(&[segment(&[(382.0, LEVEL)], 125, 125)], 16),
        no_path: NO_PATH,
        connected: CONNECTED,
        ended: ENDED,
        call_waiting: Cadence::forever(&[
            segment(&[(382.0, LEVEL)], 200, 200),
            segment(&[(382.0, LEVEL)], 200, 5_000),
        ]),
    };

    /// Most of Europe: 425 Hz. Call waiting as in Germany.
    pub const EUROPE: Self = Self {
        ringback: Cadence::forever(&[segment(&[(425.0, LEVEL)], 1_000, 4_000)]),
        busy: Cadence::times(&[segment(&[(425.0, LEVEL)], 500, 500)], 4),
        rejected: Cadence::times(&[segment(&[(425.0, LEVEL)], 500, 500)], 4),
        congestion: Cadence::times(&[segment(&[(425.0, LEVEL)], 250, 250)], 8),
        no_path: NO_PATH,
        connected: CONNECTED,
        ended: ENDED,
        call_waiting: Cadence::forever(&[
            segment(&[(425.0, LEVEL)], 200, 200),
            segment(&[(425.0, LEVEL)], 200, 5_000),
        ]),
    };

    /// The United States and Canada: pairs of 440 to 620 Hz.
    pub const NORTH_AMERICA: Self = Self {
        ringback: Cadence::forever(&[segment(&[(440.0, PAIR), (480.0, PAIR)], 2_000, 4_000)]),
        busy: Cadence::times(&[segment(&[(480.0, PAIR), (620.0, PAIR)], 500, 500)], 4),
        rejected: Cadence::times(&[segment(&[(480.0, PAIR), (620.0, PAIR)], 500, 500)], 4),
        congestion: Cadence::times(&[segment(&[(480.0, PAIR), (620.0, PAIR)], 250, 250)], 8),
        no_path: NO_PATH,
        connected: CONNECTED,
        ended: ENDED,
        call_waiting: Cadence::forever(&[segment(&[(440.0, LEVEL)], 300, 10_000)]),
    };

    /// The United Kingdom: 400 Hz, and a double ring.
    pub const UNITED_KINGDOM: Self = Self {
        ringback: Cadence::forever(&[
            segment(&[(400.0, PAIR), (450.0, PAIR)], 400, 200),
            segment(&[(400.0, PAIR), (450.0, PAIR)], 400, 2_000),
        ]),
        busy: Cadence::times(&[segment(&[(400.0, LEVEL)], 375, 375)], 6),
        rejected: Cadence::times(&[segment(&[(400.0, LEVEL)], 375, 375)], 6),
        congestion: Cadence::times(
            &[segment(&[(400.0, LEVEL)], 400, 350), segment(&[(400.0, LEVEL)], 225, 525)],
            3,
        ),
        no_path: NO_PATH,
        connected: CONNECTED,
        ended: ENDED,
        call_waiting: Cadence::forever(&[segment(&[(400.0, LEVEL)], 100, 4_000)]),
    };

    /// Japan: 400 Hz, the ringback and call waiting modulated by 16 Hz, written as a carrier with
    /// both sidebands.
    pub const JAPAN: Self = Self {
        ringback: Cadence::forever(&[segment(&MODULATED, 1_000, 2_000)]),
        busy: Cadence::times(&[segment(&[(400.0, LEVEL)], 500, 500)], 4),
        rejected: Cadence::times(&[segment(&[(400.0, LEVEL)], 500, 500)], 4),
        congestion: Cadence::times(&[segment(&[(400.0, LEVEL)], 500, 500)], 4),
        no_path: NO_PATH,
        connected: CONNECTED,
        ended: ENDED,
        call_waiting: Cadence::forever(&[segment(&MODULATED, 500, 8_000)]),
    };
}

/// The peak of a single sine, in dBFS: amplitude 0.04 in the reference.
const LEVEL: f32 = -28.0;
/// The peak of each of two, so that both have the power of one.
const PAIR: f32 = -31.0;

const MODULATED: [(f32, f32); 3] = [(384.0, LEVEL - 6.0), (400.0, LEVEL), (416.0, LEVEL - 6.0)];

/// The special information tone: three rising sines of 330 ms, and 1 s of silence.
const NO_PATH: Cadence = Cadence::times(
    &[
        segment(&[(950.0, LEVEL)], 330, 0),
        segment(&[(1_400.0, LEVEL)], 330, 0),
        segment(&[(1_800.0, LEVEL)], 330, 1_000),
    ],
    2,
);
const CONNECTED: Cadence =
    Cadence::times(&[segment(&[(600.0, LEVEL)], 80, 20), segment(&[(900.0, LEVEL)], 120, 0)], 1);
const ENDED: Cadence =
    Cadence::times(&[segment(&[(600.0, LEVEL)], 120, 30), segment(&[(400.0, LEVEL)], 200, 0)], 1);
