//! Recorded rooms, replayed by our server: given what Partyline's server received, it sends each
//! link the bytes that Partyline's sent, in their order. Where it differs, a test names the
//! difference.

use std::collections::BTreeMap;
use std::time::Duration;

use lxst_core::{
    Destination, IdentityHash, Instant, LinkClosed, LinkEvent, LinkId, LinkRequest, NameHash,
};
use lxst_rooms::wire::{ClientMessage, ServerMessage};
use lxst_rooms::{Input, Output, RoomConfig, Server, ServerCommand, ServerConfig};
use serde_json::Value;

use crate::capture::{Capture, Record};

#[test]
fn the_server_sends_what_partyline_sent() {
    let mut sent = 0;
    for scenario in Capture::scenarios() {
        // It ends by a signal to the server.
        if scenario == "server_shutdown" || scenario.starts_with("frames_") {
            continue;
        }
        let capture = Capture::load(&scenario);
        let ours = Replay::new(&capture).run(&capture);
        let theirs = recorded(&capture);
        for (link, theirs) in &theirs {
            assert_eq!(ours.get(link), Some(theirs), "{scenario}, {link:?}");
            sent += theirs.len();
        }
        assert_eq!(ours.len(), theirs.len(), "{scenario}");
    }
    assert!(sent > 300, "{sent}");
}

/// Partyline closes its links one after the other, and tells the members that are left.
#[test]
fn a_server_that_is_closed_closes_its_links_and_tells_nobody() {
    let capture = Capture::load("server_shutdown");
    let mut replay = Replay::new(&capture);
    let closes = |record: &&Record| record.direction == "tx" && record.kind == "linkclose";
    let closed = capture.records.iter().position(|record| closes(&record)).unwrap();
    for record in capture.records.iter().take(closed).filter(|record| record.peer == "S") {
        replay.give(record);
    }
    replay.sent.clear();
    replay.input(Input::Command(ServerCommand::Close));
    assert!(replay.sent.values().all(|sent| *sent == [Sent::Close]), "{:?}", replay.sent);
    assert_eq!(replay.sent.len(), 2);
    assert_eq!(replay.server.poll_timeout(), None);
}

/// Partyline relays the voice of a kicked member until its link is closed.
#[test]
fn a_kicked_member_is_gone_at_once_and_its_link_half_a_second_later() {
    let capture = Capture::load("admin");
    let mut replay = Replay::new(&capture);
    let kick = |record: &Record| {
        let parsed = record.data.as_deref().and_then(|data| ClientMessage::parse(data).ok());
        record.peer == "S" && record.link == LinkId(1) && parsed.is_some_and(|parsed| {
            matches!(parsed.as_slice(), [ClientMessage::Admin { on, .. }] if on.0 == 3)
        })
    };
    // Carol is moved, promoted, demoted, and then kicked.
    let kicked = capture.records.iter().rposition(kick).unwrap();
    for record in capture.records.iter().take(kicked + 1).filter(|record| record.peer == "S") {
        replay.give(record);
    }
    let now = replay.now;
    assert!(replay.server.members().all(|member| member.id.0 != 3));
    assert_eq!(replay.server.poll_timeout(), Some(now + Duration::from_millis(500)));
}

/// Our server in the place of a recorded one.
pub(crate) struct Replay {
    pub(crate) server: Server,
    now: Instant,
    mdu: usize,
    sent: BTreeMap<LinkId, Vec<Sent>>,
}

/// What a link gets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    Packet(Vec<u8>),
    Close,
}

impl Replay {
    pub(crate) fn new(capture: &Capture) -> Self {
        let mdu = if capture.scenario == "small_mtu" { 431 } else { 8_000 };
        let server = Server::new(config(&capture.server), Instant::ORIGIN);
        Self { server, now: Instant::ORIGIN, mdu, sent: BTreeMap::new() }
    }

    fn run(mut self, capture: &Capture) -> BTreeMap<LinkId, Vec<Sent>> {
        for record in in_scope(capture) {
            self.give(record);
        }
        self.sent
    }

    /// Gives the server what a record says that it got.
    pub(crate) fn give(&mut self, record: &Record) {
        while let Some(due) = self.server.poll_timeout().filter(|due| *due <= record.at) {
            self.now = due;
            self.input(Input::Timeout);
        }
        self.now = record.at;
        let link = record.link;
        let on = Destination { identity: IdentityHash([0; 16]), name: NameHash([0; 10]) };
        let (rtt, mdu) = (Some(Duration::from_millis(1)), Some(self.mdu));
        match (record.direction.as_str(), record.kind.as_str()) {
            ("rx", "lrrtt") => {
                self.input(Input::Link { link, event: LinkEvent::Incoming { on, rtt, mdu } });
            }
            ("rx", "identify") => {
                let identity = record.json["identity"].as_str().unwrap().parse().unwrap();
                self.input(Input::Link { link, event: LinkEvent::Identified(identity) });
            }
            ("rx", "linkclose") => {
                let event = LinkEvent::Closed(LinkClosed::Peer);
                self.input(Input::Link { link, event });
            }
            ("rx", _) => {
                let data = record.data.as_deref().unwrap();
                self.input(Input::Packet { link, data });
            }
            _ => {}
        }
    }

    fn input(&mut self, input: Input<'_, ServerCommand>) {
        self.server.handle_input(self.now, input).unwrap();
        while let Some(output) = self.server.poll_output() {
            let (link, sent) = match output {
                Output::Transmit { link, data, .. } => (link, Sent::Packet(data.to_vec())),
                Output::Link { link, request: LinkRequest::Close } => (link, Sent::Close),
                Output::Link { request, .. } => panic!("{request:?}"),
                Output::Event(_) => continue,
            };
            self.sent.entry(link).or_default().push(sent);
        }
    }
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Packet(data) => write!(f, "{:?}", ServerMessage::parse(data)),
            Self::Close => f.write_str("Close"),
        }
    }
}

/// What the recorded server sent to each link. Frames that are left out of the recording are not
/// expected.
fn recorded(capture: &Capture) -> BTreeMap<LinkId, Vec<Sent>> {
    let mut heard = Vec::new();
    for record in in_scope(capture).filter(|record| record.direction == "rx") {
        heard.extend(frames_of(record));
    }
    let mut sent: BTreeMap<LinkId, Vec<Sent>> = BTreeMap::new();
    for record in in_scope(capture).filter(|record| record.direction == "tx") {
        let item = match &record.data {
            Some(data) => Sent::Packet(data.clone()),
            None if record.kind == "linkclose" => Sent::Close,
            None => continue,
        };
        if frames_of(record).is_none_or(|frames| heard.contains(&frames)) {
            sent.entry(record.link).or_default().push(item);
        }
    }
    sent
}

/// The records of the server. The resources at the end of `small_mtu` are not ours to answer.
fn in_scope(capture: &Capture) -> impl Iterator<Item = &Record> {
    let last = if capture.scenario == "small_mtu" { 9_000 } else { u64::MAX / 1_000 };
    let last = Instant::from_millis(last);
    capture.records.iter().filter(move |record| record.peer == "S" && record.at < last)
}

/// The frames of a packet, which a server leaves as they are.
fn frames_of(record: &Record) -> Option<Vec<Vec<u8>>> {
    if record.kind != "media" {
        return None;
    }
    let packet = lxst_core::wire::Packet::parse(record.data.as_deref()?).unwrap();
    Some(packet.frames().map(|frame| frame.unwrap().payload.to_vec()).collect())
}

fn config(server: &Value) -> ServerConfig {
    let profile = profile(server);
    let mut config = ServerConfig::new(server["name"].as_str().unwrap()).unwrap();
    config = config.app("1.0.5").unwrap();
    if let Some(motd) = server["motd"].as_str() {
        config = config.motd(motd).unwrap();
    }
    if let Some(password) = server["password"].as_str() {
        config = config.password(password).unwrap();
    }
    if let Some(members) = server["max_members"].as_u64() {
        config = config.max_members(members as usize).unwrap();
    }
    if server["allow"].is_array() {
        config = config.allow(identities(&server["allow"]));
    }
    config = config.operators(identities(&server["ops"]));
    let default = serde_json::json!([{ "name": "Lobby" }]);
    let rooms = server["rooms"].as_array().unwrap_or(default.as_array().unwrap());
    for room in rooms {
        let mut room = room.clone();
        if server["require_identity"] == true {
            room["require_identity"] = true.into();
        }
        config = config.room(room_config(&room, profile)).unwrap();
    }
    config
}

fn room_config(room: &Value, default: lxst_rooms::RoomProfile) -> RoomConfig {
    let profile = room["profile"].as_str().map_or(default, |name| name.parse().unwrap());
    let mut config = RoomConfig::new(room["name"].as_str().unwrap(), profile).unwrap();
    if let Some(description) = room["description"].as_str() {
        config = config.description(description).unwrap();
    }
    if let Some(password) = room["password"].as_str() {
        config = config.password(password).unwrap();
    }
    if room["require_identity"] == true {
        config = config.identified();
    }
    if room["allow"].is_array() {
        config = config.allow(identities(&room["allow"]));
    }
    if room["music"].is_array() {
        config = config.speakers(identities(&room["music"]));
    }
    if let Some(jitter) = room["ptt_jitter_ms"].as_u64() {
        config = config.push_to_talk(Duration::from_millis(jitter)).unwrap();
    }
    if let Some(members) = room["max_members"].as_u64() {
        config = config.max_members(members as usize).unwrap();
    }
    config
}

fn profile(server: &Value) -> lxst_rooms::RoomProfile {
    server["profile"].as_str().map_or_else(Default::default, |name| name.parse().unwrap())
}

fn identities(list: &Value) -> Vec<IdentityHash> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|hash| hash.as_str().unwrap().parse().unwrap()).collect()
}
