//! Signals: numbers that steer a call.

use super::{
    FIELD_SIGNALLING, Items, Overflow,
    msgpack::{Token, Writer},
};

/// One signal of the telephony protocol.
///
/// *Shape*: a non-negative integer on the wire. [`Signal::value`] is the inverse of
/// [`Signal::from_value`].
///
/// *Source*: `Signalling` in LXST/Primitives/Telephony.py.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// The line is taken (STATUS_BUSY 0x00).
    Busy,
    /// The callee declined (STATUS_REJECTED 0x01).
    Rejected,
    /// A caller is dialling (STATUS_CALLING 0x02): a local state of the reference, never sent.
    Calling,
    /// The line is free, and the caller may identify (STATUS_AVAILABLE 0x03).
    Available,
    /// The caller is accepted, and the callee rings (STATUS_RINGING 0x04).
    Ringing,
    /// The callee answered, and sets up its media (STATUS_CONNECTING 0x05).
    Connecting,
    /// Media may flow (STATUS_ESTABLISHED 0x06).
    Established,
    /// Proposes a call mode (PREFERRED_MODE 0xF0 plus the mode).
    ///
    /// *Bounds*: a mode is at most 14. A larger one collides with [`Signal::PreferredProfile`].
    PreferredMode(u8),
    /// Proposes a profile (PREFERRED_PROFILE 0xFF plus the profile's id).
    PreferredProfile(u16),
    /// A number without a meaning, ignored: 0x07 to 0xEF, or above 0xFF + 65535.
    Unknown(u64),
}

impl Signal {
    /// Returns the signal with this number on the wire.
    #[must_use]
    pub const fn from_value(value: u64) -> Self {
        match value {
            0x00 => Self::Busy,
            0x01 => Self::Rejected,
            0x02 => Self::Calling,
            0x03 => Self::Available,
            0x04 => Self::Ringing,
            0x05 => Self::Connecting,
            0x06 => Self::Established,
            PREFERRED_MODE..PREFERRED_PROFILE => {
                Self::PreferredMode(value.saturating_sub(PREFERRED_MODE) as u8)
            }
            PREFERRED_PROFILE..=LAST_PROFILE => {
                Self::PreferredProfile(value.saturating_sub(PREFERRED_PROFILE) as u16)
            }
            0x07..PREFERRED_MODE | PAST_PROFILES.. => Self::Unknown(value),
        }
    }

    /// Returns the signal's number on the wire.
    #[must_use]
    pub const fn value(self) -> u64 {
        match self {
            Self::Busy => 0x00,
            Self::Rejected => 0x01,
            Self::Calling => 0x02,
            Self::Available => 0x03,
            Self::Ringing => 0x04,
            Self::Connecting => 0x05,
            Self::Established => 0x06,
            Self::PreferredMode(mode) => PREFERRED_MODE.saturating_add(mode as u64),
            Self::PreferredProfile(id) => PREFERRED_PROFILE.saturating_add(id as u64),
            Self::Unknown(value) => value,
        }
    }
}

/// The signals of a packet, in the order sent.
///
/// Elements that are no non-negative integers are skipped, booleans and floats included. This is
/// our choice: the reference takes a boolean or float for the integer that it equals, and skips the
/// rest of the list at any other type.
///
/// *Bounds*: the first [`MAX_SIGNALS`] signals. Skipped elements are counted by
/// [`Packet::signals_dropped`](super::Packet::signals_dropped).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signals<'p> {
    items: Items<'p>,
    room: usize,
}

impl<'p> Signals<'p> {
    pub(super) const fn new(items: Items<'p>) -> Self {
        Self { items, room: MAX_SIGNALS }
    }
}

impl Iterator for Signals<'_> {
    type Item = Signal;

    #[inline]
    fn next(&mut self) -> Option<Signal> {
        let room = self.room.checked_sub(1)?;
        let value = self.items.find_map(Token::unsigned)?;
        self.room = room;
        Some(Signal::from_value(value))
    }
}

impl core::iter::FusedIterator for Signals<'_> {}

/// Encodes a packet of signals. Returns its length in bytes.
///
/// *Shape*: `{0: [signal, ...]}`, always an array, each number in the fewest bytes, as the
/// reference sends it:
///
/// ```text
/// 81       map of one pair
///    00    FIELD_SIGNALLING
///    92    array of two (dc and two bytes of count from 16 on)
///       cd 01 3f    PREFERRED_PROFILE + 0x40
///       cc f1       PREFERRED_MODE + 1
/// ```
///
/// # Errors
/// [`Overflow`] if the buffer is too small. Its content is then unspecified.
#[inline]
pub fn encode_signals(signals: &[Signal], out: &mut [u8]) -> Result<usize, Overflow> {
    let mut writer = Writer::new(out);
    writer.map(1)?;
    writer.unsigned(FIELD_SIGNALLING)?;
    writer.array(signals.len())?;
    for signal in signals {
        writer.unsigned(signal.value())?;
    }
    Ok(writer.length())
}

/// Upper bound of the signals of one packet. Further ones are skipped and counted.
pub const MAX_SIGNALS: usize = 16;

const PREFERRED_MODE: u64 = 0xf0;
const PREFERRED_PROFILE: u64 = 0xff;
const LAST_PROFILE: u64 = PREFERRED_PROFILE + u16::MAX as u64;
const PAST_PROFILES: u64 = LAST_PROFILE + 1;
