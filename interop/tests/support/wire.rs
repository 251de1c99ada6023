//! What Python saw on the wire.

use lxst_interop::{Direction, PacketKind, PacketRecord};

/// Returns the signals that a peer exchanged, in order: `>` sent and `<` received by it.
pub(crate) fn signalling(packets: &[PacketRecord]) -> Vec<String> {
    let words = |packet: &PacketRecord| {
        let arrow = if packet.direction == Direction::Tx { '>' } else { '<' };
        match packet.kind {
            PacketKind::Signal => Some(format!("{arrow} {:?}", packet.signals)),
            PacketKind::Identify => Some(format!("{arrow} identify")),
            _ => None,
        }
    };
    packets.iter().filter_map(words).collect()
}

/// Checks the rules of every live call with Opus on the wire. Returns the number of our media
/// packets.
pub(crate) fn check_wire(packets: &[PacketRecord], byte_ceiling: usize) -> usize {
    let ours = check_wire_of(OPUS, 1, packets);
    for packet in packets.iter().filter(|packet| is_our_media(packet)) {
        let payload = payload_bytes(packet);
        assert!(payload <= byte_ceiling, "{payload} bytes exceed {byte_ceiling}");
    }
    ours
}

/// Checks that, in a call without a switch, no Opus frame of ours has less audio bandwidth than one
/// of Python's.
pub(crate) fn check_bandwidth(packets: &[PacketRecord]) {
    let bandwidths = |is_ours: bool| {
        let media = packets.iter().filter(move |packet| packet.kind == PacketKind::Media);
        media.filter(move |packet| is_our_media(packet) == is_ours).map(audio_khz)
    };
    let (ours, pythons) = (bandwidths(true).min(), bandwidths(false).max());
    println!("audio of at least {ours:?} kHz from us, of at most {pythons:?} kHz from python");
    assert!(ours >= pythons, "a frame of {ours:?} kHz, and python sends {pythons:?} kHz");
}

/// Returns the audio bandwidth of a single Opus frame, by the upper five bits of its first byte
/// (RFC 6716, table 2).
fn audio_khz(packet: &PacketRecord) -> u32 {
    let bytes = packet.bytes.as_ref().expect("it decrypts");
    match bytes[PAYLOAD] >> 3 {
        0..=3 | 16..=19 => 4,
        4..=7 => 6,
        8..=11 | 20..=23 => 8,
        12 | 13 | 24..=27 => 12,
        _ => 20,
    }
}

/// Checks that nobody proves packets, that Python sends one frame per packet and we this many, and
/// the codec of all of them. Returns the number of our media packets.
pub(crate) fn check_wire_of(codec: u8, our_frames: usize, packets: &[PacketRecord]) -> usize {
    for packet in packets {
        assert!(!packet.is_proof(), "a proof: {packet:?}");
        if packet.kind == PacketKind::Media {
            let frames = if is_our_media(packet) { our_frames } else { 1 };
            assert_eq!((packet.frames, packet.codec), (frames, Some(codec)), "{packet:?}");
        }
    }
    packets.iter().filter(|packet| is_our_media(packet)).count()
}

/// Returns whether it is media that Python received from us.
pub(crate) fn is_our_media(packet: &PacketRecord) -> bool {
    (packet.kind, packet.direction) == (PacketKind::Media, Direction::Rx)
}

/// Returns the length of a single frame, without its codec byte.
fn payload_bytes(packet: &PacketRecord) -> usize {
    let bytes = packet.bytes.as_ref().expect("it decrypts");
    bytes.len() - PAYLOAD
}

/// {1: bin8}: four bytes before the codec byte.
const PAYLOAD: usize = 5;

/// Checks that Python got our mark with each packet of the set-up of ours that carries it, and no
/// key but that of its frames with any media packet.
pub(crate) fn check_mark(packets: &[PacketRecord]) {
    let received = packets.iter().filter(|packet| packet.direction == Direction::Rx);
    let (mut marked, mut media) = (0, 0);
    for packet in received {
        let bytes = packet.bytes.as_deref().unwrap_or_default();
        match packet.kind {
            PacketKind::Signal => marked += usize::from(bytes.ends_with(&[0x20, 0x00])),
            PacketKind::Media => {
                assert_eq!(bytes.first(), Some(&0x81), "{packet:?}");
                media += 1;
            }
            _ => {}
        }
    }
    assert!(marked == 2 && media > 0, "{marked} packets with a mark, {media} of media");
}

pub(crate) const RAW: u8 = 0;
pub(crate) const OPUS: u8 = 1;
pub(crate) const CODEC2: u8 = 2;
