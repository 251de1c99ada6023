//! Frames: a codec byte and encoded audio.

use super::codec::{Codec, CodecSet};
use super::msgpack::{Token, Writer};
use super::{FIELD_FRAMES, Items, Overflow};

/// One frame of encoded audio.
///
/// *Shape*: a binary value that begins with the codec byte. A packet of one frame:
///
/// ```text
/// 81                map of one pair
///    01             FIELD_FRAMES
///    c4 <len>       binary of 1 + payload bytes (c5 and two bytes of length from 256 on)
///       <codec>     0 Raw, 1 Opus, 2 Codec2, others by agreement of two apps
///       <payload>
/// ```
///
/// *Bounds*: the payload may be empty, or as long as the packet allows. It is not checked here.
///
/// *Source*: `codec_header_byte` in LXST/Codecs/__init__.py, `Packetizer` and `LinkSource` in
/// LXST/Network.py.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame<'p> {
    /// The codec of the payload.
    pub codec: Codec,
    /// The bytes behind the codec byte.
    pub payload: &'p [u8],
}

/// Why an element of a packet's frames is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFrame {
    /// It is no binary value. A string is not one.
    #[error("frame is not a binary value")]
    NotBinary,
    /// It is an empty binary value, without a codec byte.
    #[error("frame is empty")]
    Empty,
    /// Its codec is not among those of the receiver: see [`Frames::known`].
    #[error("frame of unknown codec {0:#04x}")]
    UnknownCodec(u8),
}

/// The frames of a packet, in the order sent.
///
/// A bad frame is an `Err` and the last item: the reference plays the frames before it, and none
/// after it. Every codec byte is accepted, unless [`known`](Self::known) restricts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames<'p> {
    items: Items<'p>,
    known: CodecSet,
}

impl<'p> Frames<'p> {
    pub(super) const fn new(items: Items<'p>) -> Self {
        Self { items, known: CodecSet::ALL }
    }

    /// Returns the frames with all other codecs rejected as [`BadFrame::UnknownCodec`].
    #[must_use]
    pub const fn known(mut self, codecs: CodecSet) -> Self {
        self.known = codecs;
        self
    }
}

impl<'p> Iterator for Frames<'p> {
    type Item = Result<Frame<'p>, BadFrame>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let frame = Frame::from_token(self.items.next()?, self.known);
        if frame.is_err() {
            self.items = Items::NONE;
        }
        Some(frame)
    }
}

impl core::iter::FusedIterator for Frames<'_> {}

impl<'p> Frame<'p> {
    #[inline]
    fn from_token(token: Token<'p>, known: CodecSet) -> Result<Self, BadFrame> {
        let Token::Bin(bytes) = token else {
            return Err(BadFrame::NotBinary);
        };
        let (&byte, payload) = bytes.split_first().ok_or(BadFrame::Empty)?;
        let codec = Codec::from_byte(byte);
        if !known.contains(codec) {
            return Err(BadFrame::UnknownCodec(byte));
        }
        Ok(Self { codec, payload })
    }

    #[inline]
    pub(super) fn write(self, writer: &mut Writer<'_>) -> Result<(), Overflow> {
        writer.bin(self.payload.len().saturating_add(1))?;
        writer.bytes(&[self.codec.byte()])?;
        writer.bytes(self.payload)
    }
}

/// Encodes a packet of one frame, `{1: frame}`, as the reference sends it. Returns its length in
/// bytes: at most [`MEDIA_OVERHEAD`] more than the payload's.
///
/// # Errors
/// [`Overflow`] if the buffer is too small or the payload is longer than 65534 bytes. The content
/// of the buffer is then unspecified.
#[inline]
pub fn encode_frame(frame: Frame<'_>, out: &mut [u8]) -> Result<usize, Overflow> {
    let mut writer = Writer::new(out);
    writer.map(1)?;
    writer.unsigned(FIELD_FRAMES)?;
    frame.write(&mut writer)?;
    Ok(writer.length())
}

/// Encodes a packet of several frames, `{1: [frame, ...]}`. Returns its length in bytes. The
/// reference accepts this form, but sends each frame in a packet of its own.
///
/// # Errors
/// As [`encode_frame`].
#[inline]
pub fn encode_frames(frames: &[Frame<'_>], out: &mut [u8]) -> Result<usize, Overflow> {
    let mut writer = Writer::new(out);
    writer.map(1)?;
    writer.unsigned(FIELD_FRAMES)?;
    writer.array(frames.len())?;
    for frame in frames {
        frame.write(&mut writer)?;
    }
    Ok(writer.length())
}

/// Upper bound of the bytes that [`encode_frame`] adds to a payload: map, key, three bytes of
/// binary head, codec byte. For payloads below 255 bytes it is one less.
pub const MEDIA_OVERHEAD: usize = 6;
