//! Optional keys of media packets: who speaks, the number of the first frame, and the end of a talk
//! spurt.
//!
//! ```text
//! {1: frames,                    FIELD_FRAMES: a bare frame, or an array of several
//!  2: 7,                         FIELD_SPEAKER, where a server relays    (SpeakerId)
//!  16: 40_321}                   FIELD_SEQUENCE, of the first frame      (Sequence)
//!
//! {19: true}   or   {19: 7}      FIELD_TALK_END                          (TalkEnd)
//! ```
//!
//! *Source*: the keys of Partyline 1.0.5, protocol 1. The reference ignores them: it reads the
//! fields 0 and 1 only (`LinkSource` in LXST/Network.py).

use super::frame::Frame;
use super::msgpack::{Token, Writer};
use super::{FIELD_FRAMES, Overflow, Packet};

/// The number of a frame in the stream of its sender. The number after 65535 is 0.
///
/// A packet carries the number of its first frame. Frames that are not sent, in pauses (DTX), have
/// no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sequence(pub u16);

impl Sequence {
    /// Returns the number of the frame that is `frames` later.
    #[must_use]
    pub const fn plus(self, frames: u16) -> Self {
        Self(self.0.wrapping_add(frames))
    }

    /// Returns how many frames later than `earlier` this one is; negative if it is earlier. Of the
    /// two ways round, the shorter one counts.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i16 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

/// A speaker whose frames somebody else relays, as the relay numbers them. Without it, the peer at
/// the other end of the link speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId(pub u64);

/// The end of a talk spurt: its speaker sends nothing more until the next one.
///
/// It tells receivers to play out what they have, without concealment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TalkEnd {
    /// The speaker whose talk is over; `None` for the peer.
    pub speaker: Option<SpeakerId>,
}

/// The frames of a packet, with the optional keys of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media<'a> {
    /// The frames, in the order of their capture.
    pub frames: &'a [Frame<'a>],
    /// Who speaks; `None` for the sender of the packet.
    pub speaker: Option<SpeakerId>,
    /// The number of the first frame. The others follow it one by one.
    pub sequence: Option<Sequence>,
}

impl Packet<'_> {
    /// Returns who speaks in the frames; `None` for the sender of the packet.
    ///
    /// *Bounds*: a value that is no integer of zero or above counts as missing.
    #[must_use]
    pub fn speaker(&self) -> Option<SpeakerId> {
        self.speaker
    }

    /// Returns the number of the first frame.
    ///
    /// *Bounds*: a value that is no integer of 0 to 65535 counts as missing.
    #[must_use]
    pub fn sequence(&self) -> Option<Sequence> {
        self.sequence
    }

    /// Returns whose talk is over, if the packet tells so. Handle it after the frames.
    ///
    /// *Bounds*: a value of any type ends the talk of the sender, as `true` does. An integer of
    /// zero or above names the speaker.
    #[must_use]
    pub fn talk_end(&self) -> Option<TalkEnd> {
        self.talk_end
    }

    /// Keeps the value of a key other than frames and signals.
    pub(super) fn on_optional_key(&mut self, key: Token<'_>, value: Token<'_>) {
        let number = value.unsigned();
        if key == Token::Unsigned(FIELD_SPEAKER) {
            self.speaker = number.map(SpeakerId);
        } else if key == Token::Unsigned(FIELD_SEQUENCE) {
            let number = number.and_then(|number| u16::try_from(number).ok());
            self.sequence = number.map(Sequence);
        } else if key == Token::Unsigned(FIELD_TALK_END) {
            self.talk_end = Some(TalkEnd { speaker: number.map(SpeakerId) });
        }
    }
}

/// Encodes a packet of frames with the optional keys. Returns its length in bytes.
///
/// *Shape*: a single frame is bare, several are an array. A packet of one numbered frame:
///
/// ```text
/// 82                map of two pairs
///    01             FIELD_FRAMES
///    c4 <len>       binary of 1 + payload bytes (c5 and two bytes of length from 256 on)
///       <codec> <payload>
///    10             FIELD_SEQUENCE
///    cd <number>    two bytes (one byte below 128, cc and one byte below 256)
/// ```
///
/// Without speaker and number, the packet is that of [`encode_frame`](super::encode_frame) or
/// [`encode_frames`](super::encode_frames). A speaker stands between frames and number.
///
/// # Errors
/// [`Overflow`] if the buffer is too small or a payload is longer than 65534 bytes. The content of
/// the buffer is then unspecified.
pub fn encode_media(media: Media<'_>, out: &mut [u8]) -> Result<usize, Overflow> {
    let Media { frames, speaker, sequence } = media;
    let pairs = [true, speaker.is_some(), sequence.is_some()];
    let pairs = pairs.into_iter().map(u8::from).fold(0_u8, u8::saturating_add);
    let mut writer = Writer::new(out);
    writer.map(pairs)?;
    writer.unsigned(FIELD_FRAMES)?;
    if let [frame] = frames {
        frame.write(&mut writer)?;
    } else {
        writer.array(frames.len())?;
        for frame in frames {
            frame.write(&mut writer)?;
        }
    }
    if let Some(SpeakerId(speaker)) = speaker {
        writer.unsigned(FIELD_SPEAKER)?;
        writer.unsigned(speaker)?;
    }
    if let Some(Sequence(number)) = sequence {
        writer.unsigned(FIELD_SEQUENCE)?;
        writer.unsigned(number.into())?;
    }
    Ok(writer.length())
}

/// Encodes the end of a talk spurt: `{19: true}` for our own, `{19: speaker}` for a speaker whom we
/// relay. Returns its length in bytes.
///
/// # Errors
/// [`Overflow`] if the buffer is too small. Its content is then unspecified.
pub fn encode_talk_end(end: TalkEnd, out: &mut [u8]) -> Result<usize, Overflow> {
    let mut writer = Writer::new(out);
    writer.map(1)?;
    writer.unsigned(FIELD_TALK_END)?;
    match end.speaker {
        Some(SpeakerId(speaker)) => writer.unsigned(speaker)?,
        None => writer.boolean(true)?,
    }
    Ok(writer.length())
}

/// Upper bound of the bytes that a number adds to a packet: key, and three bytes of integer.
pub const SEQUENCE_OVERHEAD: usize = 4;

const FIELD_SPEAKER: u64 = 0x02;
const FIELD_SEQUENCE: u64 = 0x10;
const FIELD_TALK_END: u64 = 0x13;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::{Codec, encode_frame, encode_frames};
    use super::*;

    const FRAME: Frame<'_> = Frame { codec: Codec::Opus, payload: &[7, 8] };

    #[test]
    fn a_numbered_frame_and_a_relayed_one_are_sent_as_partyline_sends_them() {
        let (speaker, sequence) = (Some(SpeakerId(2)), Some(Sequence(1)));
        let bare = [0xc4, 3, 1, 7, 8];
        assert_eq!(
            media(&[FRAME], None, sequence),
            [&[0x82, 1][..], &bare, &[0x10, 1]].concat(),
            "client"
        );
        assert_eq!(
            media(&[FRAME], speaker, sequence),
            [&[0x83, 1][..], &bare, &[2, 2, 0x10, 1]].concat(),
            "server"
        );
        assert_eq!(
            media(&[FRAME; 2], None, Some(Sequence(0x1234))),
            [&[0x82, 1, 0x92][..], &bare, &bare, &[0x10, 0xcd, 0x12, 0x34]].concat()
        );
    }

    #[test]
    fn without_optional_keys_the_packet_is_the_references() {
        let mut out = [0; 32];
        let length = encode_frame(FRAME, &mut out).unwrap();
        assert_eq!(media(&[FRAME], None, None), out[..length]);
        let length = encode_frames(&[FRAME; 3], &mut out).unwrap();
        assert_eq!(media(&[FRAME; 3], None, None), out[..length]);
    }

    #[test]
    fn what_was_sent_is_read_back() {
        for number in [0, 0x7f, 0x80, 0xff, 0x100, u16::MAX] {
            let (speaker, sequence) = (Some(SpeakerId(1 << 40)), Some(Sequence(number)));
            let bytes = media(&[FRAME; 2], speaker, sequence);
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!((packet.speaker(), packet.sequence()), (speaker, sequence));
            assert!(packet.frames().eq([Ok(FRAME); 2]));
            assert_eq!(packet.talk_end(), None);
            let least = media(&[FRAME; 2], speaker, None).len();
            assert!(bytes.len() <= least + SEQUENCE_OVERHEAD);
        }
    }

    #[test]
    fn an_end_of_talk_is_true_or_names_its_speaker() {
        let mut out = [0; 8];
        let (peer, relayed) = (None, Some(SpeakerId(300)));
        for (speaker, bytes) in
            [(peer, &[0x81, 0x13, 0xc3][..]), (relayed, &[0x81, 0x13, 0xcd, 1, 44])]
        {
            let end = TalkEnd { speaker };
            let length = encode_talk_end(end, &mut out).unwrap();
            assert_eq!(out[..length], *bytes);
            assert_eq!(Packet::parse(bytes).unwrap().talk_end(), Some(end));
        }
    }

    #[test]
    fn optional_values_of_another_type_count_as_missing() {
        for value in [&[0xc0][..], &[0xc3], &[0xff], &[0xa1, b'7'], &[0x91, 7], &[0xc4, 1, 7]] {
            let bytes = [&[0x83, 2][..], value, &[0x10], value, &[0x13], value].concat();
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!((packet.speaker(), packet.sequence()), (None, None), "{value:?}");
            assert_eq!(packet.talk_end(), Some(TalkEnd { speaker: None }), "{value:?}");
        }
        let beyond = Packet::parse(&[0x81, 0x10, 0xce, 0, 1, 0, 0]).unwrap();
        assert_eq!(beyond.sequence(), None);
    }

    #[test]
    fn numbers_go_round_the_shorter_way() {
        assert_eq!(Sequence(u16::MAX).plus(3), Sequence(2));
        assert_eq!(Sequence(2).since(Sequence(u16::MAX)), 3);
        assert_eq!(Sequence(u16::MAX).since(Sequence(2)), -3);
        assert_eq!(Sequence(0x8000).since(Sequence(0)), i16::MIN);
    }

    #[test]
    fn every_buffer_shorter_than_the_packet_is_refused() {
        let whole = Media {
            frames: &[FRAME; 2],
            speaker: Some(SpeakerId(5)),
            sequence: Some(Sequence(500)),
        };
        for room in 0..19 {
            let refused = encode_media(whole, &mut std::vec![0; room]);
            assert_eq!(refused, Err(Overflow { room }));
        }
        assert_eq!(encode_media(whole, &mut [0; 19]), Ok(19));
        assert_eq!(
            encode_talk_end(TalkEnd { speaker: None }, &mut [0; 2]),
            Err(Overflow { room: 2 })
        );
    }

    fn media(
        frames: &[Frame<'_>],
        speaker: Option<SpeakerId>,
        sequence: Option<Sequence>,
    ) -> Vec<u8> {
        let mut out = std::vec![0; 64];
        let length = encode_media(Media { frames, speaker, sequence }, &mut out).unwrap();
        out.truncate(length);
        out
    }
}
