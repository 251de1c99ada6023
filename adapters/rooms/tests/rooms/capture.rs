//! Recorded rooms.

use std::fs;
use std::path::{Path, PathBuf};

use lxst_core::{Instant, LinkId};
use serde_json::Value;

/// A recorded session.
pub(crate) struct Capture {
    pub(crate) scenario: String,
    /// The server's settings.
    pub(crate) server: Value,
    pub(crate) records: Vec<Record>,
}

/// One line of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) at: Instant,
    pub(crate) peer: String,
    /// `tx`, `rx`, or nothing.
    pub(crate) direction: String,
    pub(crate) kind: String,
    /// The number of the link at the peer.
    pub(crate) link: LinkId,
    /// The plaintext of a packet.
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) json: Value,
}

impl Capture {
    pub(crate) fn load(scenario: &str) -> Self {
        let text = fs::read_to_string(folder().join(format!("{scenario}.jsonl"))).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let meta = lines.next().unwrap();
        let records = lines.filter(|json| json["kind"] != "summary").map(Record::new).collect();
        Self { scenario: scenario.to_owned(), server: meta["server"].clone(), records }
    }

    /// The names of all recordings.
    pub(crate) fn scenarios() -> Vec<String> {
        let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
        let of_rooms = files.filter(|path| path.extension().is_some_and(|ext| ext == "jsonl"));
        let mut names: Vec<_> =
            of_rooms.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// The packets of a peer in a direction.
    pub(crate) fn packets<'c>(
        &'c self,
        peer: &'c str,
        direction: &'c str,
    ) -> impl Iterator<Item = &'c Record> {
        self.records.iter().filter(move |record| {
            record.peer == peer && record.direction == direction && record.data.is_some()
        })
    }
}

impl Record {
    fn new(json: Value) -> Self {
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let is_packet = json["kind"] == "data" || json["kind"] == "media";
        // Before the first command there is a fraction of a second.
        let micros = json["t_ms"].as_f64().unwrap().max(0.0) * 1_000.0;
        Self {
            at: Instant::from_micros(micros as u64),
            link: LinkId(json["link"].as_u64().unwrap_or_default()),
            peer: text("peer"),
            direction: text("dir"),
            kind: text("kind"),
            data: is_packet.then(|| json["hex"].as_str().map(bytes)).flatten(),
            json,
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}
