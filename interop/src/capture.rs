//! Recorded calls between Python LXST telephones; `captures/README.md` describes the files.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::hex;
use crate::packet::{Direction, IdentityHash, PacketKind};

/// One recorded scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// The file's name without its extension.
    pub scenario: String,
    /// What happens in it, in words.
    pub note: String,
    /// The telephones.
    pub identities: BTreeMap<PeerName, IdentityHash>,
    /// In the order of time.
    pub records: Vec<Record>,
    /// The media packets that each peer sent and received, those that are not in `records`
    /// included.
    pub media_packets: BTreeMap<(PeerName, Direction), u64>,
}

/// One line of a capture.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Time since the first command.
    pub at: Duration,
    /// The peer that recorded it.
    pub peer: PeerName,
    /// The content.
    pub body: Body,
}

/// A telephone in a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerName {
    /// The caller.
    A,
    /// The callee.
    B,
    /// Another caller.
    C,
}

/// The content of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A packet.
    Packet(CapturedPacket),
    /// A command of the user.
    Command {
        /// `call`, `answer`, `hangup`, `switch_profile`, `switch_mode`.
        name: String,
        /// The profile's id, if given.
        profile: Option<u8>,
        /// The mode, if given.
        mode: Option<u8>,
    },
    /// An event of the telephone.
    Event {
        /// `ringing`, `established`, `ended`, `busy`.
        name: String,
        /// The identity it names, if any.
        identity: Option<IdentityHash>,
        /// The call's profile, with `established`.
        profile: Option<u8>,
        /// The call's mode, with `established`.
        mode: Option<u8>,
    },
    /// A remark of the recorder.
    Note(String),
}

/// A packet of a capture.
#[derive(Clone, Debug, PartialEq)]
pub struct CapturedPacket {
    /// The direction, as seen by the peer that recorded it.
    pub direction: Direction,
    /// The kind of packet.
    pub kind: PacketKind,
    /// The link's number in this capture; `None` for a link request.
    pub link: Option<u32>,
    /// The plaintext; `None` for a received link proof.
    pub bytes: Option<Vec<u8>>,
    /// Length of the whole Reticulum packet.
    pub raw_len: usize,
    /// The signals in it.
    pub signals: Vec<u16>,
    /// A media packet's number on its link and direction, from 1.
    pub number: Option<u64>,
}

/// Why a capture could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError {
    path: PathBuf,
    line: usize,
    message: String,
}

impl Capture {
    /// Reads a capture by its scenario's name, such as `normal_call`.
    ///
    /// # Errors
    /// [`CaptureError`] with file, line and reason.
    pub fn load(scenario: &str) -> Result<Self, CaptureError> {
        let path = directory().join(format!("{scenario}.jsonl"));
        let text = fs::read_to_string(&path).map_err(|error| CaptureError {
            path: path.clone(),
            line: 0,
            message: error.to_string(),
        })?;
        Self::parse(scenario, &path, &text)
    }

    /// Returns the names of all captures, sorted.
    ///
    /// # Errors
    /// [`CaptureError`] if the folder cannot be read.
    pub fn scenarios() -> Result<Vec<String>, CaptureError> {
        let path = directory();
        let entries = fs::read_dir(&path).map_err(|error| CaptureError {
            path: path.clone(),
            line: 0,
            message: error.to_string(),
        })?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| {
                entry.ok()?.file_name().to_str()?.strip_suffix(".jsonl").map(str::to_owned)
            })
            .collect();
        names.sort();
        Ok(names)
    }

    /// Returns the packets that one peer sent or received, with their times.
    pub fn packets(
        &self,
        peer: PeerName,
        direction: Direction,
    ) -> impl Iterator<Item = (Duration, &CapturedPacket)> {
        self.records.iter().filter(move |record| record.peer == peer).filter_map(move |record| {
            match &record.body {
                Body::Packet(packet) if packet.direction == direction => Some((record.at, packet)),
                Body::Packet(_) | Body::Command { .. } | Body::Event { .. } | Body::Note(_) => None,
            }
        })
    }

    fn parse(scenario: &str, path: &Path, text: &str) -> Result<Self, CaptureError> {
        let mut capture = Self {
            scenario: scenario.to_owned(),
            note: String::new(),
            identities: BTreeMap::new(),
            records: Vec::new(),
            media_packets: BTreeMap::new(),
        };
        for (index, line) in text.lines().enumerate() {
            capture.read_line(line).map_err(|message| CaptureError {
                path: path.to_owned(),
                line: index + 1,
                message,
            })?;
        }
        Ok(capture)
    }

    fn read_line(&mut self, line: &str) -> Result<(), String> {
        let json: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        match string(&json, "kind")? {
            "meta" => {
                self.note = string(&json, "note")?.to_owned();
                for (name, identity) in object(&json, "ids")? {
                    let identity = identity
                        .as_str()
                        .and_then(hex::decode_array)
                        .ok_or("identity is not 16 bytes")?;
                    self.identities.insert(peer(name)?, identity);
                }
            }
            "summary" => {
                for (name, counts) in object(&json, "media")? {
                    for (text, direction) in [("tx", Direction::Tx), ("rx", Direction::Rx)] {
                        let packets =
                            counts[text]["packets"].as_u64().ok_or("media without packets")?;
                        self.media_packets.insert((peer(name)?, direction), packets);
                    }
                }
            }
            kind => {
                let millis = json["t_ms"].as_f64().ok_or("no t_ms")?;
                let at = Duration::try_from_secs_f64(millis / 1000.0)
                    .map_err(|error| error.to_string())?;
                let record =
                    Record { at, peer: peer(string(&json, "peer")?)?, body: body(kind, &json)? };
                self.records.push(record);
            }
        }
        Ok(())
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

impl core::error::Error for CaptureError {}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

fn body(kind: &str, json: &Value) -> Result<Body, String> {
    Ok(match kind {
        "command" => Body::Command {
            name: string(json, "command")?.to_owned(),
            profile: byte(json, "profile"),
            mode: byte(json, "mode"),
        },
        "event" => Body::Event {
            name: string(json, "event")?.to_owned(),
            identity: json["identity"].as_str().and_then(hex::decode_array),
            profile: byte(json, "profile"),
            mode: byte(json, "mode"),
        },
        "note" => Body::Note(string(json, "note")?.to_owned()),
        "mark" => Body::Note(string(json, "text")?.to_owned()),
        _ => Body::Packet(packet(kind, json)?),
    })
}

fn packet(kind: &str, json: &Value) -> Result<CapturedPacket, String> {
    let bytes = match json["hex"].as_str() {
        Some(text) => Some(hex::decode(text).ok_or("hex is not hexadecimal")?),
        None => None,
    };
    let plain_len = json["plain_len"].as_u64().ok_or("no plain_len")?;
    if bytes.as_ref().is_some_and(|bytes| bytes.len() as u64 != plain_len) {
        return Err(format!("hex is not plain_len {plain_len} bytes"));
    }
    let signals = json["signals"].as_array().map_or(&[][..], Vec::as_slice).iter();
    Ok(CapturedPacket {
        direction: Direction::parse(string(json, "dir")?).ok_or("dir is neither tx nor rx")?,
        kind: PacketKind::parse(kind).ok_or_else(|| format!("unknown kind {kind}"))?,
        link: json["link"].as_u64().and_then(|link| link.try_into().ok()),
        bytes,
        raw_len: json["raw_len"]
            .as_u64()
            .and_then(|length| length.try_into().ok())
            .ok_or("no raw_len")?,
        signals: signals
            .map(|signal| signal.as_u64().and_then(|signal| signal.try_into().ok()))
            .collect::<Option<_>>()
            .ok_or("a signal is not a u16")?,
        number: json["n"].as_u64(),
    })
}

fn peer(name: &str) -> Result<PeerName, String> {
    match name {
        "A" => Ok(PeerName::A),
        "B" => Ok(PeerName::B),
        "C" => Ok(PeerName::C),
        _ => Err(format!("unknown peer {name}")),
    }
}

fn string<'v>(json: &'v Value, key: &str) -> Result<&'v str, String> {
    json[key].as_str().ok_or_else(|| format!("no {key}"))
}

fn object<'v>(json: &'v Value, key: &str) -> Result<&'v serde_json::Map<String, Value>, String> {
    json[key].as_object().ok_or_else(|| format!("no {key}"))
}

fn byte(json: &Value, key: &str) -> Option<u8> {
    json[key].as_u64().and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capture_loads_and_has_records_of_both_sides() {
        let scenarios = Capture::scenarios().unwrap();
        assert!(scenarios.contains(&"normal_call".to_owned()));
        for scenario in scenarios {
            let capture = Capture::load(&scenario).unwrap_or_else(|error| panic!("{error}"));
            assert!(capture.identities.contains_key(&PeerName::A), "{scenario}");
            assert!(capture.packets(PeerName::A, Direction::Tx).count() > 0, "{scenario}");
            assert!(capture.packets(PeerName::B, Direction::Tx).count() > 0, "{scenario}");
            assert!(capture.records.is_sorted_by_key(|record| record.at), "{scenario}");
        }
    }

    #[test]
    fn normal_call_is_the_known_exchange_of_signals() {
        let capture = Capture::load("normal_call").unwrap();

        assert_eq!(signals(&capture, PeerName::B), [vec![3], vec![4], vec![5], vec![6]]);
        assert_eq!(signals(&capture, PeerName::A), [vec![0x13f, 0xf1], vec![6]]);
        let (_, first) = capture
            .packets(PeerName::B, Direction::Tx)
            .find(|(_, p)| p.kind == PacketKind::Signal)
            .unwrap();
        assert_eq!(first.bytes.as_deref(), Some(&[0x81, 0x00, 0x91, 0x03][..]));
        assert_eq!(first.raw_len, 83);
    }

    #[test]
    fn no_capture_holds_a_packet_proof() {
        for scenario in Capture::scenarios().unwrap() {
            let capture = Capture::load(&scenario).unwrap();
            let is_proof = |record: &Record| {
                let Body::Packet(packet) = &record.body else { return false };
                packet.kind == PacketKind::Proof
            };
            assert!(!capture.records.iter().any(is_proof), "{scenario}");
        }
    }

    #[test]
    fn errors_name_file_and_line() {
        let text = "{\"kind\": \"meta\", \"note\": \"\", \"ids\": {}}\n\
                    {\"kind\": \"signal\", \"t_ms\": 1, \"peer\": \"D\"}";

        let error = Capture::parse("broken", Path::new("broken.jsonl"), text).unwrap_err();

        assert_eq!(error.to_string(), "broken.jsonl:2: unknown peer D");
        assert!(Capture::load("missing").unwrap_err().to_string().contains("missing.jsonl"));
    }

    fn signals(capture: &Capture, peer: PeerName) -> Vec<Vec<u16>> {
        let sent = capture.packets(peer, Direction::Tx).map(|(_, packet)| packet);
        sent.filter(|packet| packet.kind == PacketKind::Signal)
            .map(|packet| packet.signals.clone())
            .collect()
    }
}
