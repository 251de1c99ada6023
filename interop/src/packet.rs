//! The packets of a telephony link, as Python LXST sees them.

use core::time::Duration;

use serde_json::Value;

use crate::hex;

/// The hash of a Reticulum identity.
pub type IdentityHash = [u8; 16];

/// The direction of a packet, as seen by the peer that recorded it.
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

/// The kind of a packet, by its Reticulum header and its LXST fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PacketKind {
    /// Requests a link.
    LinkRequest,
    /// Proves a link, as the answer to the request.
    LinkProof,
    /// Reports the round-trip time; the link is up.
    LinkRtt,
    /// Identifies the initiator of the link.
    Identify,
    /// Link data with the LXST signalling field, and no frames.
    Signal,
    /// Link data with the LXST frames field.
    Media,
    /// Closes the link.
    LinkClose,
    /// Keeps the link alive.
    Keepalive,
    /// Any proof but that of a link. A telephone sends none.
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
    /// On the machine's monotonic clock: comparable between peers.
    pub at: Duration,
    /// The direction.
    pub direction: Direction,
    /// The kind.
    pub kind: PacketKind,
    /// The link's id; `None` for a link request, and for a proof without a link.
    pub link: Option<[u8; 16]>,
    /// The plaintext of link data, or the bytes on the wire of others; `None` if decryption failed.
    pub bytes: Option<Vec<u8>>,
    /// Its signals, if they are integers.
    pub signals: Vec<u64>,
    /// Number of its media frames.
    pub frames: usize,
    /// The first frame's codec byte: 0 Raw, 1 Opus, 2 Codec2.
    pub codec: Option<u8>,
}

impl PacketRecord {
    /// Returns whether this is a proof of a packet, which no telephone may send.
    pub fn is_proof(&self) -> bool {
        self.kind == PacketKind::Proof
    }

    /// Reads a `packet` event of the peer; `None` if it is another event or lacks a field.
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
