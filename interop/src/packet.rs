//! Packets of a telephony link as Python LXST sees them.

use core::time::Duration;

use serde_json::Value;

use crate::hex;

/// The hash of a Reticulum identity.
pub type IdentityHash = [u8; 16];

/// Which way a packet went, as seen by the peer that noted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The peer sent it.
    Tx,
    /// The peer received it.
    Rx,
}

impl Direction {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "tx" => Some(Self::Tx),
            "rx" => Some(Self::Rx),
            _ => None,
        }
    }
}

/// What a packet is, by its Reticulum header and by the LXST fields that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PacketKind {
    /// Asks for a link.
    LinkRequest,
    /// Proves a link, in answer to the request.
    LinkProof,
    /// Tells the round-trip time; the link is up.
    LinkRtt,
    /// Names the initiator of the link.
    Identify,
    /// Link data with the LXST signalling field, and no frames.
    Signal,
    /// Link data with the LXST frames field.
    Media,
    /// Closes the link.
    LinkClose,
    /// Keeps the link alive.
    Keepalive,
    /// Any proof but the link's own: a telephone sends none.
    Proof,
    /// Any other link data.
    Data,
}

impl PacketKind {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "linkrequest" => Self::LinkRequest,
            "lrproof" => Self::LinkProof,
            "lrrtt" => Self::LinkRtt,
            "identify" => Self::Identify,
            "signal" => Self::Signal,
            "media" => Self::Media,
            "linkclose" => Self::LinkClose,
            "keepalive" => Self::Keepalive,
            "proof" => Self::Proof,
            "data" => Self::Data,
            _ => return None,
        })
    }
}

/// A packet that a live Python peer sent or received.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketRecord {
    /// When, on the machine's monotonic clock: comparable between peers.
    pub at: Duration,
    /// Which way it went.
    pub direction: Direction,
    /// What it is.
    pub kind: PacketKind,
    /// The link's id; `None` for a link request and for a proof outside any link.
    pub link: Option<[u8; 16]>,
    /// Link data in plain text, anything else as it was on the wire; `None` if it did not decrypt.
    pub bytes: Option<Vec<u8>>,
    /// The signals that it holds, as far as they are integers.
    pub signals: Vec<u64>,
    /// The number of media frames that it holds.
    pub frames: usize,
    /// The first frame's codec byte: 0 Raw, 1 Opus, 2 Codec2.
    pub codec: Option<u8>,
}

impl PacketRecord {
    /// Reports whether this is a proof of a packet, which no telephone should send.
    pub fn is_proof(&self) -> bool {
        self.kind == PacketKind::Proof
    }

    /// Reads a `packet` event of the peer, or returns `None` if it is another event or lacks a
    /// field.
    pub(crate) fn parse(at: Duration, json: &Value) -> Option<Self> {
        if json["event"] != "packet" {
            return None;
        }
        Some(Self {
            at,
            direction: Direction::parse(json["dir"].as_str()?)?,
            kind: PacketKind::parse(json["kind"].as_str()?)?,
            link: json["link"].as_str().and_then(hex::decode_array),
            bytes: json["hex"].as_str().and_then(hex::decode),
            signals: json["signals"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_u64)
                .collect(),
            frames: json["frames"].as_u64().and_then(|frames| frames.try_into().ok()).unwrap_or(0),
            codec: json["codec"].as_u64().and_then(|codec| codec.try_into().ok()),
        })
    }
}
