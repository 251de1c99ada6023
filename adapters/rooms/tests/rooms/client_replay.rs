//! Recorded rooms, replayed by our client: given what a client of Partyline received, and its
//! user's commands, it sends what that client sent, byte for byte, and lists whom that listed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lxst_core::wire::Packet;
use lxst_core::{
    Destination, Direction, IdentityHash, Instant, LinkClosed, LinkEvent, LinkId, LinkRequest,
    Mute, NameHash,
};
use lxst_rooms::wire::{Action, ClientMessage, Hello, ServerMessage};
use lxst_rooms::{
    Client, ClientCommand, ClientConfig, ClientEvent, CloseReason, Input, InputError, Join,
    JoinRoom, MemberId, Output, RoomId,
};

use crate::capture::{Capture, Record};

#[test]
fn a_client_sends_what_partyline_sent_and_lists_whom_it_listed() {
    let mut sent = 0;
    for scenario in Capture::scenarios() {
        let capture = Capture::load(&scenario);
        // The client that speaks protocol 2 is not ours.
        for peer in peers(&capture).into_iter().filter(|_| scenario != "wrong_version") {
            let mut replay = Replay::new(&capture, &peer);
            replay.run();
            assert_eq!(replay.sent, replay.recorded(), "{scenario} {peer}");
            assert_eq!(replay.listed, replay.recorded_members(), "{scenario} {peer}");
            sent += replay.sent.len();
        }
    }
    assert!(sent > 150, "{sent}");
}

#[test]
fn a_client_that_is_refused_for_good_closes_its_link_and_is_not_told_to_come_again() {
    for (scenario, peer, reason) in [
        ("server_full", "C", "server is full"),
        ("server_password", "B", "wrong server password"),
        ("server_allow_list", "B", "you are not on this server's allow list"),
        ("guests_refused", "B", "this server requires an identified user"),
        ("admin", "C", "kicked by alice"),
        ("admin", "B", "banned by alice"),
        ("admin", "B2", "you are banned from this server"),
    ] {
        let capture = Capture::load(scenario);
        let mut replay = Replay::new(&capture, peer);
        replay.run();
        let closed = (CloseReason::Refused(reason.to_owned()), None);
        assert_eq!(replay.closed, [closed], "{scenario} {peer}");
    }
}

#[test]
fn a_client_whose_server_ends_is_told_when_to_come_again() {
    let capture = Capture::load("server_shutdown");
    for peer in peers(&capture) {
        let mut replay = Replay::new(&capture, &peer);
        replay.run();
        let reason = CloseReason::Closed(LinkClosed::Peer);
        assert_eq!(replay.closed, [(reason, Some(Duration::from_secs(3)))], "{peer}");
    }
}

/// Our client in the place of a recorded one.
struct Replay {
    records: Vec<Record>,
    client: Client,
    now: Instant,
    link: LinkId,
    sent: Vec<Vec<u8>>,
    /// The members that were listed when the session ended.
    listed: BTreeSet<String>,
    closed: Vec<(CloseReason, Option<Duration>)>,
}

impl Replay {
    fn new(capture: &Capture, peer: &str) -> Self {
        let of_peer = capture.records.iter().filter(|record| record.peer == peer);
        // The resources at the end of `small_mtu` are not ours.
        let last = if capture.scenario == "small_mtu" { 9_000 } else { 1_000_000 };
        let mut records: Vec<_> =
            of_peer.filter(|record| record.at < Instant::from_millis(last)).cloned().collect();
        // Frames that wait for the end of the talk were spoken before the microphone was muted.
        for at in 1..records.len() {
            if records[at].kind == "media" && records[at - 1].json["command"] == "mute" {
                records.swap(at - 1, at);
            }
        }
        let frames = if capture.scenario == "frames_batched" { 3 } else { 1 };
        let config = hello(&records, |hello| {
            let config = ClientConfig::new(hello.name).unwrap().app(hello.app).unwrap();
            let config = config.frames_per_packet(frames).unwrap();
            if hello.is_text_only { config.text_only() } else { config }
        });
        Self {
            records,
            client: Client::new(config),
            now: Instant::ORIGIN,
            link: LinkId(0),
            sent: Vec::new(),
            listed: BTreeSet::new(),
            closed: Vec::new(),
        }
    }

    fn run(&mut self) {
        for record in self.records.clone() {
            while let Some(due) = self.client.poll_timeout().filter(|due| *due <= record.at) {
                self.now = due;
                self.input(Input::Timeout).unwrap();
            }
            self.now = record.at;
            self.give(&record);
        }
        self.list();
    }

    fn give(&mut self, record: &Record) {
        let link = self.link;
        match (record.direction.as_str(), record.kind.as_str()) {
            ("", "command") => self.on_command(record),
            ("tx", "lrrtt") => {
                let rtt = hello(&self.records, |hello| hello.rtt_ms).map(u64::from);
                let event = LinkEvent::Up { rtt: rtt.map(Duration::from_millis), mdu: None };
                self.input(Input::Link { link, event }).unwrap();
            }
            ("tx", "media") => {
                let packet = Packet::parse(record.data.as_deref().unwrap()).unwrap();
                for frame in packet.frames() {
                    let spoken = self.command(ClientCommand::Speak(frame.unwrap()));
                    let by_hand = record.json["n"] == 1 && spoken == Err(InputError::CannotSpeak);
                    assert!(by_hand || spoken == Ok(()), "{spoken:?}");
                }
            }
            ("rx", "linkclose") => {
                self.list();
                let event = LinkEvent::Closed(LinkClosed::Peer);
                self.input(Input::Link { link, event }).unwrap();
            }
            ("rx", "data" | "media") => {
                let data = record.data.as_deref().unwrap();
                self.input(Input::Packet { link, data }).unwrap();
            }
            _ => {}
        }
    }

    fn on_command(&mut self, record: &Record) {
        let text = |key: &str| record.json[key].as_str().map(str::to_owned);
        match record.json["command"].as_str().unwrap() {
            "connect" => {
                let join = Join {
                    room: text("room").map(JoinRoom::Name),
                    password: text("password"),
                    server_password: text("server_password"),
                };
                self.link = LinkId(self.link.0 + 1);
                let (link, hops) = (self.link, hello(&self.records, |hello| hello.hops));
                self.command(ClientCommand::Join { link, server: SERVER, hops, join }).unwrap();
            }
            "quit" => {
                self.list();
                let left = self.command(ClientCommand::Leave);
                assert!(left == Ok(()) || left == Err(InputError::NotJoined));
            }
            "text" => {
                let written = self.command(ClientCommand::Text(&text("text").unwrap()));
                assert!(self.client.room().is_none() || written == Ok(()), "{written:?}");
            }
            "poke" => {
                let to = self.member(record);
                let text = text("text").filter(|text| !text.is_empty());
                let text = text.unwrap_or_else(|| "poke".to_owned());
                self.command(ClientCommand::Poke { to, text: &text }).unwrap();
            }
            "move" => {
                let room = self.room(&text("room").unwrap());
                self.command(ClientCommand::Move { room, password: text("password") }).unwrap();
            }
            "mute" | "deaf" => {
                let direction = match record.json["command"] == "mute" {
                    true => Direction::Send,
                    false => Direction::Receive,
                };
                let mute = if record.json["on"] == true { Mute::Muted } else { Mute::Unmuted };
                self.command(ClientCommand::Mute(direction, mute)).unwrap();
            }
            "admin" => {
                let action = match record.json["action"].as_str().unwrap() {
                    "kick" => Action::Kick,
                    "ban" => Action::Ban,
                    "mute" => Action::Mute,
                    "unmute" => Action::Unmute,
                    "op" => Action::Promote,
                    "deop" => Action::Demote,
                    "move" => Action::Move(record.json["argument"].as_u64().unwrap()),
                    other => panic!("{other}"),
                };
                let on = self.member(record);
                self.command(ClientCommand::Operate { action, on }).unwrap();
            }
            "raw" => {}
            other => panic!("{other}"),
        }
    }

    fn command(&mut self, command: ClientCommand<'_>) -> Result<(), InputError> {
        self.input(Input::Command(command))
    }

    fn input(&mut self, input: Input<'_, ClientCommand<'_>>) -> Result<(), InputError> {
        let taken = self.client.handle_input(self.now, input);
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Transmit { link, data, .. } => {
                    assert_eq!(link, self.link);
                    self.sent.push(data.to_vec());
                }
                Output::Event(ClientEvent::Closed { reason, again }) => {
                    self.closed.push((reason, again));
                }
                Output::Link { request: LinkRequest::Identify | LinkRequest::Close, .. }
                | Output::Event(_) => {}
                Output::Link { request, .. } => {
                    assert_eq!(request, LinkRequest::Open(SERVER));
                }
            }
        }
        taken
    }

    fn list(&mut self) {
        if self.client.member().is_some() {
            self.listed = self.client.members().map(|member| member.name.to_owned()).collect();
        }
    }

    fn member(&self, record: &Record) -> MemberId {
        let name = record.json["user"].as_str().unwrap();
        self.client.members().find(|member| member.name == name).unwrap().id
    }

    fn room(&self, name: &str) -> RoomId {
        self.client.rooms().find(|room| room.name == name).unwrap().id
    }

    /// What the recorded client sent, without what a person made by hand.
    fn recorded(&self) -> Vec<Vec<u8>> {
        let mut by_hand = Vec::new();
        for record in self.records.iter().filter(|record| record.json["command"] == "raw") {
            by_hand.push(record.at);
        }
        let sent = self.records.iter().filter(|record| record.direction == "tx");
        let is_by_hand = |record: &&Record| {
            let after = |raw: &Instant| {
                record.at >= *raw && record.at.since(*raw) < Duration::from_millis(50)
            };
            by_hand.iter().any(after)
        };
        let sent = sent.filter(|record| record.data.is_some() && !is_by_hand(record));
        sent.map(|record| record.data.clone().unwrap()).collect()
    }

    /// The members that the recorded client listed when its session ended: by its events, or for a
    /// client that was put out, by its packets.
    fn recorded_members(&self) -> BTreeSet<String> {
        let mut members = BTreeMap::new();
        let mut is_member = false;
        let heard = self.records.iter().filter(|record| record.direction == "rx");
        for record in heard.filter(|record| record.kind == "data") {
            for message in ServerMessage::parse(record.data.as_deref().unwrap()).unwrap() {
                is_member |= matches!(message, ServerMessage::Welcome(_));
                match message {
                    ServerMessage::Member(member) => {
                        members.insert(member.id, member.name.to_owned());
                    }
                    ServerMessage::Members(list) => {
                        let list = list.iter().map(|member| (member.id, member.name.to_owned()));
                        members.extend(list);
                    }
                    ServerMessage::Left(member) => {
                        members.remove(&member);
                    }
                    // Our client is gone with it.
                    ServerMessage::Denied { room: None, .. } => return BTreeSet::new(),
                    _ => {}
                }
            }
        }
        if is_member { members.into_values().collect() } else { BTreeSet::new() }
    }
}

/// The clients of a recording.
fn peers(capture: &Capture) -> BTreeSet<String> {
    let connects = |record: &&Record| record.json["command"] == "connect";
    capture.records.iter().filter(connects).map(|record| record.peer.clone()).collect()
}

/// What the recorded client said of itself; of one that was refused before HELLO, too.
fn hello<T>(records: &[Record], read: impl Fn(&Hello<'_>) -> T) -> T {
    let sent = records.iter().filter(|record| record.direction == "tx");
    for data in sent.filter_map(|record| record.data.as_deref()) {
        if let [ClientMessage::Hello(Some(hello))] = ClientMessage::parse(data).unwrap().as_slice()
        {
            return read(hello);
        }
    }
    panic!("no HELLO was sent")
}

const SERVER: Destination =
    Destination { identity: IdentityHash([9; 16]), name: NameHash([7; 10]) };
