//! The payload of one Reticulum link packet: a MessagePack map of signals and frames.
//!
//! ```text
//! {0: [signal, ...],      FIELD_SIGNALLING, steers the call       (Signal)
//!  1: frame,              FIELD_FRAMES, encoded audio             (Frame)
//!  32: percent,           FIELD_LOSS, lost packets                (append_loss)
//!  33: frame}             FIELD_COPY, the frame before            (append_copy)
//! ```
//!
//! Voice without a call has optional keys besides: [`Media`], [`TalkEnd`].
//!
//! A packet is sent as the reference sends it: one field, signals as an array, a single frame bare.
//! Several frames are an array, which the reference accepts. The fields 32 and 33 are ours: a
//! packet of a call's set-up has the first, with 0, as the mark of a phone that reads both. Other
//! packets have them only towards a peer who sent the mark, and only while packets are lost.
//! A packet is received as the reference receives it: either field as a bare value or an array,
//! both fields in one packet, integers of any width, other keys with any value, trailing bytes.
//!
//! *Bounds*: no allocation, no recursion, constant stack, work linear in the packet's length. At
//! most [`MAX_KEYS`] keys and [`MAX_SIGNALS`] signals of a packet count.
//!
//! *Source*: LXST/Network.py, and the MessagePack decoder that it uses.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod codec;
mod display_name;
mod frame;
mod loss;
pub mod msgpack;
mod signal;
mod talk;

pub use codec::{Codec, CodecSet};
pub use display_name::{DisplayName, DisplayNameError, is_invisible};
pub use frame::{BadFrame, Frame, Frames, MEDIA_OVERHEAD, encode_frame, encode_frames};
pub use loss::{append_copy, append_loss, encode_loss};
pub use signal::{MAX_SIGNALS, Signal, Signals, encode_signals};
pub use talk::{
    Media, SEQUENCE_OVERHEAD, Sequence, SpeakerId, TalkEnd, encode_media, encode_talk_end,
};

use loss::{FIELD_COPY, FIELD_LOSS};
use msgpack::{Reader, Token};

/// A received packet, checked as a whole and read in place.
///
/// Handle the frames before the signals, whatever their order in the map, as the reference does
/// while its media is open (`LinkSource._packet`). The reference then skips the rest of the packet
/// after a bad frame, signals included; before its media is open it reads the signals only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'p> {
    signals: Items<'p>,
    frames: Items<'p>,
    speaker: Option<SpeakerId>,
    sequence: Option<Sequence>,
    talk_end: Option<TalkEnd>,
    loss: Option<u8>,
    copies: Items<'p>,
}

impl<'p> Packet<'p> {
    const EMPTY: Self = Self {
        signals: Items::NONE,
        frames: Items::NONE,
        speaker: None,
        sequence: None,
        talk_end: None,
        loss: None,
        copies: Items::NONE,
    };

    /// Parses a whole packet, or nothing of it.
    ///
    /// Stricter than the reference in two points: a field's key is the integer 0 or 1, not a
    /// boolean or float that equals it, and there are at most [`MAX_KEYS`] keys. Laxer in three
    /// points, all of them in values of other keys: keys of nested maps are not compared, any depth
    /// of nesting is accepted, and the content of extension types is not checked.
    ///
    /// # Errors
    /// [`Malformed`]: drop and count the packet.
    #[inline]
    pub fn parse(data: &'p [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(data);
        let Token::Map(pairs) = reader.token()? else {
            return Err(Malformed::NotMap);
        };
        let mut packet = Self::EMPTY;
        let mut seen = heapless::Vec::<Token<'_>, MAX_KEYS>::new();
        for _ in 0..pairs {
            let key = reader.key()?;
            let (value, items) = Items::of_value(&mut reader)?;
            let Some(key) = key else { continue };
            if seen.iter().any(|earlier| earlier.is_same_key(key)) {
                return Err(Malformed::DuplicateKey);
            }
            seen.push(key).map_err(|_| Malformed::TooManyKeys)?;
            if key == Token::Unsigned(FIELD_SIGNALLING) {
                packet.signals = items;
            } else if key == Token::Unsigned(FIELD_FRAMES) {
                packet.frames = items;
            } else if key == Token::Unsigned(FIELD_COPY) {
                packet.copies = items;
            } else if key == Token::Unsigned(FIELD_LOSS) {
                packet.loss = loss::percent(value);
            } else {
                packet.on_optional_key(key, value);
            }
        }
        Ok(packet)
    }

    /// Returns the signals; none if the packet has no such field.
    #[must_use]
    #[inline]
    pub fn signals(&self) -> Signals<'p> {
        Signals::new(self.signals.clone())
    }

    /// Returns how many elements of the field [`Packet::signals`] skips.
    #[must_use]
    pub fn signals_dropped(&self) -> u64 {
        let given = self.signals().count();
        self.signals.left.saturating_sub(given as u64)
    }

    /// Returns the frames; none if the packet has no such field.
    #[must_use]
    #[inline]
    pub fn frames(&self) -> Frames<'p> {
        Frames::new(self.frames.clone())
    }

    /// Returns the share of packets that the peer lost, in percent: [`append_loss`]. `None` if the
    /// packet has no such field, or a value that is no integer of at most 100.
    #[must_use]
    pub const fn loss(&self) -> Option<u8> {
        self.loss
    }

    /// Returns the frames of the packet before this one; none if the packet has no such field.
    #[must_use]
    pub fn copies(&self) -> Frames<'p> {
        Frames::new(self.copies.clone())
    }
}

/// Why a whole packet is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The bytes end before the map does.
    #[error("packet is cut short")]
    Truncated,
    /// The first value is not a map.
    #[error("packet is not a map")]
    NotMap,
    /// The packet holds the byte 0xc1, which MessagePack never uses.
    #[error("packet holds the reserved code 0xc1")]
    ReservedCode,
    /// The packet holds a string that is not UTF-8.
    #[error("packet holds a string that is not UTF-8")]
    InvalidUtf8,
    /// Two keys are equal, in whatever width they are encoded.
    #[error("packet holds a key twice")]
    DuplicateKey,
    /// A key is a map, or an array with a map in it.
    #[error("packet holds a map as a key")]
    UnhashableKey,
    /// The packet holds more than [`MAX_KEYS`] keys, arrays not counted.
    #[error("packet holds more than {MAX_KEYS} keys")]
    TooManyKeys,
}

/// A packet exceeds the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("packet exceeds the buffer of {room} bytes")]
pub struct Overflow {
    /// The length of the buffer in bytes.
    pub room: usize,
}

/// The elements of a field: those of an array, or a bare value as the only one.
///
/// Its bytes were parsed once before it was made, so reading them again cannot fail.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Items<'p> {
    left: u64,
    reader: Reader<'p>,
}

impl<'p> Items<'p> {
    const NONE: Self = Self { left: 0, reader: Reader::new(&[]) };

    /// Moves the reader past a value. Returns its token, and its elements.
    #[inline]
    fn of_value(reader: &mut Reader<'p>) -> Result<(Token<'p>, Self), Malformed> {
        let start = *reader;
        let token = reader.token()?;
        let inside = *reader;
        reader.pass_rest_of(token)?;
        if let Token::Array(left) = token {
            return Ok((token, Self { left, reader: inside }));
        }
        Ok((token, Self { left: 1, reader: start }))
    }
}

impl<'p> Iterator for Items<'p> {
    type Item = Token<'p>;

    #[inline]
    fn next(&mut self) -> Option<Token<'p>> {
        self.left = self.left.checked_sub(1)?;
        self.reader.value().ok()
    }
}

/// Upper bound of the keys of a packet, arrays not counted. Each key is compared with those before
/// it, so this bounds the work. The protocol has two keys, and ours two more.
pub const MAX_KEYS: usize = 16;

const FIELD_SIGNALLING: u64 = 0x00;
const FIELD_FRAMES: u64 = 0x01;

#[cfg(test)]
mod tests;
