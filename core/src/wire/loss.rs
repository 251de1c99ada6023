//! What two phones of this project send beside signals and frames: loss reports, and copies of
//! frames.
//!
//! ```text
//! {0: [signal, ...], 32: 0}             a packet of the set-up: the mark
//! {1: frame, 32: percent}               a media packet with a loss report
//! {32: percent}                         a loss report alone
//! {1: frame, 33: frame}                 a media packet with a copy of the frame before
//! {1: [frame, ...], 33: [frame, ...]}   with copies of the frames of the packet before
//! ```
//!
//! *Source*: our choice. Python LXST 0.5.4 and Partyline 1.0.5 use no key above 22 and skip the
//! keys that they do not know (`LinkSource._packet` in LXST/Network.py).

use super::Overflow;
use super::msgpack::{Token, Writer};

/// Adds a loss report to the packet in the first `length` bytes of the buffer. Returns the
/// new length in bytes: two more for a share of up to 127 %.
///
/// *Shape*: the last pair of the packet's map.
///
/// ```text
/// 20         FIELD_LOSS
///    <n>     lost packets in percent, 0 to 100; 0 in the set-up of a call: the mark
/// ```
///
/// # Errors
/// [`Overflow`] if the buffer is too small, or the first byte is not the head of a map of at most
/// 14 pairs. The bytes up to `length` are then unchanged.
pub fn append_loss(percent: u8, packet: &mut [u8], length: usize) -> Result<usize, Overflow> {
    append(packet, length, |writer| {
        writer.unsigned(FIELD_LOSS)?;
        writer.unsigned(percent.into())
    })
}

/// Adds copies of frames to the packet in the first `length` bytes of the buffer. Returns the
/// new length in bytes: one more than `value` has.
///
/// *Shape*: the last pair of the packet's map. `value` is what stood behind FIELD_FRAMES in the
/// packet before, as encoded by [`encode_frame`](super::encode_frame) or
/// [`encode_frames`](super::encode_frames): their packets without the first two bytes.
///
/// ```text
/// 21         FIELD_COPY
///    c4 ..   one frame, or an array of several, as behind FIELD_FRAMES
/// ```
///
/// # Errors
/// As [`append_loss`].
pub fn append_copy(value: &[u8], packet: &mut [u8], length: usize) -> Result<usize, Overflow> {
    append(packet, length, |writer| {
        writer.unsigned(FIELD_COPY)?;
        writer.bytes(value)
    })
}

/// Encodes a packet that is a loss report alone. Returns its length in bytes.
///
/// # Errors
/// [`Overflow`] if the buffer is too small.
pub fn encode_loss(percent: u8, out: &mut [u8]) -> Result<usize, Overflow> {
    let mut writer = Writer::new(out);
    writer.map(0)?;
    let length = writer.length();
    append_loss(percent, out, length)
}

/// Returns the share that the value of [`FIELD_LOSS`] tells.
pub(super) fn percent(value: Token<'_>) -> Option<u8> {
    let percent = value.unsigned().filter(|percent| *percent <= 100)?;
    u8::try_from(percent).ok()
}

fn append(
    packet: &mut [u8],
    length: usize,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), Overflow>,
) -> Result<usize, Overflow> {
    let overflow = Overflow { room: packet.len() };
    let (&mut head, _) = packet.split_first_mut().ok_or(overflow)?;
    let longer = match head {
        0x80..0x8f => head.saturating_add(1),
        _ => return Err(overflow),
    };
    let free = packet.get_mut(length..).ok_or(overflow)?;
    let mut writer = Writer::new(free);
    write(&mut writer).map_err(|_| overflow)?;
    let length = length.saturating_add(writer.length());
    if let Some(head) = packet.first_mut() {
        *head = longer;
    }
    Ok(length)
}

/// The key of a loss report: 32.
pub(super) const FIELD_LOSS: u64 = 0x20;

/// The key of the copies: 33.
pub(super) const FIELD_COPY: u64 = 0x21;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Codec, Frame, Packet, Signal, encode_frame, encode_frames, encode_signals};

    #[test]
    fn the_mark_is_two_bytes_behind_the_signals_of_a_set_up() {
        let mut out = [0; 16];
        let length = encode_signals(&[Signal::Ringing], &mut out).unwrap();
        let length = append_loss(0, &mut out, length).unwrap();
        assert_eq!(out[..length], [0x82, 0x00, 0x91, 0x04, 0x20, 0x00]);
        let packet = Packet::parse(&out[..length]).unwrap();
        assert_eq!(packet.loss(), Some(0));
        assert!(packet.signals().eq([Signal::Ringing]));
    }

    #[test]
    fn a_report_alone_and_one_beside_a_frame_are_read() {
        let mut out = [0; 16];
        let length = encode_loss(12, &mut out).unwrap();
        assert_eq!(out[..length], [0x81, 0x20, 12]);
        assert_eq!(Packet::parse(&out[..length]).unwrap().loss(), Some(12));

        let frame = Frame { codec: Codec::Codec2, payload: &[6, 7] };
        let length = encode_frame(frame, &mut out).unwrap();
        let length = append_loss(100, &mut out, length).unwrap();
        assert_eq!(out[..length], [0x82, 0x01, 0xc4, 3, 2, 6, 7, 0x20, 100]);
        let packet = Packet::parse(&out[..length]).unwrap();
        assert_eq!((packet.loss(), packet.frames().next()), (Some(100), Some(Ok(frame))));
    }

    #[test]
    fn a_copy_is_read_as_the_frames_of_the_packet_before() {
        let frame = |payload| Frame { codec: Codec::Opus, payload };
        let (first, second) = ([frame(&[1; 3]), frame(&[2; 300])], frame(&[3; 5]));
        let mut before = [0; 400];
        let of_two = encode_frames(&first, &mut before).unwrap();
        let mut out = [0; 400];
        let length = encode_frame(second, &mut out).unwrap();
        let length = append_copy(&before[2..of_two], &mut out, length).unwrap();
        assert_eq!(length, 10 + 1 + of_two - 2);
        let packet = Packet::parse(&out[..length]).unwrap();
        assert!(packet.frames().eq([Ok(second)]));
        assert!(packet.copies().eq(first.map(Ok)));
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut out = [0; 8];
        let length = encode_signals(&[Signal::Ringing], &mut out).unwrap();
        let before = out;
        assert!(append_copy(&[0xc4, 2, 1, 9], &mut out, length).is_err());
        assert_eq!(out[..length], before[..length]);
        assert!(append_loss(1, &mut out[..length], length).is_err());
        let mut full = [0x8f, 0, 0, 0];
        assert!(append_loss(1, &mut full, 1).is_err());
        assert_eq!(full[0], 0x8f);
    }

    #[test]
    fn a_report_that_is_no_share_is_none_and_the_packet_stands() {
        for value in [&[101][..], &[0xff], &[0x91, 5], &[0xc3], &[0xca, 0x41, 0x20, 0, 0], &[0xc0]]
        {
            let bytes = [&[0x82, 0x00, 0x91, 0x04, 0x20], value].concat();
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!(packet.loss(), None, "{value:02x?}");
            assert!(packet.signals().eq([Signal::Ringing]));
        }
    }
}
