//! The packet header, which is read before a handler is chosen.
//!
//! ```text
//! [flags 1][hops 1][transport id 16, if header type 2][destination 16][context 1][data ..]
//! flags, from the top: IFAC 1, header type 1, context flag 1, transport type 1,
//!                      destination type 2, packet type 2
//! ```

use alloc::vec::Vec;
use core::net::IpAddr;

use rns_core::constants;
use rns_core::transport::types::PacketBytes;
use rns_crypto::sha256::Sha256;

use crate::counters::DropReason;
use crate::ifac::IFAC_FLAG;

/// A received packet with a parsed header; the data stay in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet<'p> {
    pub(crate) kind: Kind,
    pub(crate) destination: [u8; 16],
    pub(crate) context: u8,
    pub(crate) hops: u8,
    /// Whether it is addressed to one transport node (header type 2).
    pub(crate) transported: bool,
    pub(crate) data: &'p [u8],
    pub(crate) raw: &'p [u8],
    /// The sender's address, if it is known.
    pub(crate) from: Option<IpAddr>,
}

/// The packet types that an endpoint uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Announce,
    LinkRequest,
    LinkData,
    LinkProof,
    PlainData,
    GroupData,
    Other,
}

impl<'p> Packet<'p> {
    pub(crate) fn parse(raw: &'p [u8]) -> Result<Self, DropReason> {
        let [flags, hops, rest @ ..] = raw else {
            return Err(DropReason::Malformed);
        };
        if flags & IFAC_FLAG != 0 {
            return Err(DropReason::Ifac);
        }
        if *hops >= constants::PATHFINDER_M - 1 {
            return Err(DropReason::Malformed);
        }
        let transported = flags & HEADER_2_FLAG != 0;
        let rest = match transported {
            true => rest.get(16..).ok_or(DropReason::Malformed)?,
            false => rest,
        };
        let Some((destination, [context, data @ ..])) = rest.split_first_chunk::<16>() else {
            return Err(DropReason::Malformed);
        };
        if data.is_empty() {
            return Err(DropReason::Malformed);
        }
        let kind = match (flags & 0b11, flags >> 2 & 0b11) {
            (constants::PACKET_TYPE_ANNOUNCE, constants::DESTINATION_SINGLE) => Kind::Announce,
            (constants::PACKET_TYPE_LINKREQUEST, constants::DESTINATION_SINGLE) => {
                Kind::LinkRequest
            }
            (constants::PACKET_TYPE_DATA, constants::DESTINATION_LINK) => Kind::LinkData,
            (constants::PACKET_TYPE_DATA, constants::DESTINATION_PLAIN) => Kind::PlainData,
            (constants::PACKET_TYPE_DATA, constants::DESTINATION_GROUP) => Kind::GroupData,
            (constants::PACKET_TYPE_PROOF, _) if *context == constants::CONTEXT_LRPROOF => {
                Kind::LinkProof
            }
            _ => Kind::Other,
        };
        Ok(Self {
            kind,
            destination: *destination,
            context: *context,
            hops: *hops,
            transported,
            data,
            raw,
            from: None,
        })
    }

    /// Returns the hash for the duplicate filter. Hops and transport headers do not change it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        // A parsed packet has its flags, and 16 more bytes if it is transported.
        hash(self.raw[0], &[&self.raw[if self.transported { 18 } else { 2 }..]])
    }
}

/// A packet that waits to be sent.
#[derive(Clone, Debug)]
pub(crate) enum Outbound {
    /// Header and data in one piece.
    Whole(PacketBytes),
    /// A packet of a link; the body is the cipher's output.
    Link { header: [u8; LINK_HEADER], body: Vec<u8> },
}

impl Outbound {
    /// Returns a packet of a link. It is addressed to the link id at every hop, so it needs no
    /// route.
    pub(crate) fn link(packet_type: u8, link_id: &[u8; 16], context: u8, body: Vec<u8>) -> Self {
        let mut header = [0; LINK_HEADER];
        header[0] = constants::DESTINATION_LINK << 2 | packet_type;
        header[2..18].copy_from_slice(link_id);
        header[18] = context;
        Self::Link { header, body }
    }

    pub(crate) fn parts(&self) -> [&[u8]; 2] {
        match self {
            Self::Whole(bytes) => [bytes, &[]],
            Self::Link { header, body } => [header, body],
        }
    }

    /// Returns the hash with which a link packet's echo would arrive.
    pub(crate) fn hash(&self) -> [u8; 32] {
        match self {
            // We build whole packets, which are never empty.
            Self::Whole(bytes) => hash(bytes[0], &[&bytes[2..]]),
            Self::Link { header, body } => hash(header[0], &[&header[2..], body]),
        }
    }
}

fn hash(flags: u8, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(&[flags & 0x0f]);
    for part in parts {
        hasher.update(part);
    }
    hasher.digest()
}

const HEADER_2_FLAG: u8 = 0x40;
const LINK_HEADER: usize = 19;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use rns_core::packet::RawPacket;

    use super::*;

    #[test]
    fn a_sent_link_packet_parses_and_hashes_like_its_echo() {
        let sent = Outbound::link(constants::PACKET_TYPE_DATA, &[7; 16], 0xfb, vec![1, 2, 3]);
        let raw = sent.parts().concat();
        let echo = Packet::parse(&raw).unwrap();
        assert_eq!(echo.kind, Kind::LinkData);
        assert_eq!((echo.destination, echo.context, echo.data), ([7; 16], 0xfb, &[1, 2, 3][..]));
        assert_eq!(echo.hash(), sent.hash());
        assert_eq!(echo.hash(), RawPacket::unpack(&raw).unwrap().get_hash());
    }

    #[test]
    fn hops_and_transport_headers_do_not_change_the_hash() {
        let direct = [&[0x02, 0][..], &[9; 16], &[0], b"data"].concat();
        let transported = [&[0x52, 3][..], &[1; 16], &[9; 16], &[0], b"data"].concat();
        let direct = Packet::parse(&direct).unwrap();
        let transported = Packet::parse(&transported).unwrap();
        assert!(transported.transported && !direct.transported);
        assert_eq!(direct.hash(), transported.hash());
    }

    #[test]
    fn bytes_that_are_no_packet_are_refused() {
        let packet = [&[0x0c, 0][..], &[9; 16], &[0], b"x"].concat();
        for len in 0..packet.len() {
            assert_eq!(Packet::parse(&packet[..len]).unwrap_err(), DropReason::Malformed);
        }
        let ifac = [&[0x8c][..], &packet[1..]].concat();
        assert_eq!(Packet::parse(&ifac).unwrap_err(), DropReason::Ifac);
        let far = [&[0x0c, 127][..], &packet[2..]].concat();
        assert_eq!(Packet::parse(&far).unwrap_err(), DropReason::Malformed);
    }
}
