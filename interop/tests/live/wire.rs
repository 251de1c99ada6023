//! What Python saw on the wire.

use lxst_interop::{Direction, PacketKind, PacketRecord};

/// The signals that a peer exchanged, in order, as `>` sent and `<` received by it.
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

/// Checks what every live call must keep to on the wire, and counts our media packets.
pub(crate) fn check_wire(packets: &[PacketRecord], byte_ceiling: usize) -> usize {
    let mut ours = 0;
    for packet in packets {
        assert!(!packet.is_proof(), "a proof: {packet:?}");
        if packet.kind == PacketKind::Media {
            assert_eq!((packet.frames, packet.codec), (1, Some(OPUS)), "{packet:?}");
        }
        if packet.kind == PacketKind::Media && packet.direction == Direction::Rx {
            ours += 1;
            let bytes = packet.bytes.as_ref().expect("it decrypts");
            // {1: bin8}: four bytes before the codec byte.
            let payload = bytes.len() - 5;
            assert!(payload <= byte_ceiling, "{payload} bytes exceed {byte_ceiling}");
        }
    }
    ours
}

const OPUS: u8 = 1;
