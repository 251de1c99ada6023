//! The events of a Python peer.

use core::fmt;
use core::time::Duration;

use serde_json::Value;

use crate::hex;
use crate::packet::{IdentityHash, PacketRecord};

/// One line of a Python peer's standard output; `peer.py --help` lists them.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// On the machine's monotonic clock: comparable between peers.
    pub at: Duration,
    /// The kind: `ringing`, `established`, `ended`, `packet`, ..
    pub name: String,
    /// All fields, as the peer wrote them.
    pub json: Value,
}

impl Event {
    /// Reads a line; `None` if it is no event.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(line).ok()?;
        let at = Duration::try_from_secs_f64(json["t"].as_f64()?).ok()?;
        Some(Self { at, name: json["event"].as_str()?.to_owned(), json })
    }

    /// Returns the identity that the event names, if any.
    pub fn identity(&self) -> Option<IdentityHash> {
        self.json["identity"].as_str().and_then(hex::decode_array)
    }

    /// Returns the packet of a `packet` event.
    pub fn packet(&self) -> Option<PacketRecord> {
        PacketRecord::parse(self.at, &self.json)
    }
}

/// Writes the line, with long packets cut.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.json.to_string();
        match text.char_indices().nth(LINE_CHARACTERS) {
            Some((end, _)) => write!(f, "{}..", &text[..end]),
            None => f.write_str(&text),
        }
    }
}

/// The counters of a Python peer since its start, and the state of its telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Media packets sent.
    pub media_tx: u64,
    /// Media packets received.
    pub media_rx: u64,
    /// Signal packets sent.
    pub signal_tx: u64,
    /// Signal packets received.
    pub signal_rx: u64,
    /// Proofs sent, without those of links.
    pub proof_tx: u64,
    /// Proofs received, without those of links.
    pub proof_rx: u64,
    /// The telephone's status: a value of the LXST status signals, 3 when idle.
    pub status: Option<u64>,
    /// The profile of the call.
    pub profile: Option<u64>,
    /// The mode of the call: 1 full duplex, 2 half duplex.
    pub mode: Option<u64>,
}

impl Stats {
    pub(crate) fn parse(json: &Value) -> Self {
        let count = |key: &str| json[key].as_u64().unwrap_or(0);
        Self {
            media_tx: count("media_tx"),
            media_rx: count("media_rx"),
            signal_tx: count("signal_tx"),
            signal_rx: count("signal_rx"),
            proof_tx: count("proof_tx"),
            proof_rx: count("proof_rx"),
            status: json["status"].as_u64(),
            profile: json["profile"].as_u64(),
            mode: json["mode"].as_u64(),
        }
    }
}

const LINE_CHARACTERS: usize = 220;
