//! A server and its visitors in virtual time.

use std::time::Duration;

use bytes::Bytes;
use lxst_core::wire::{Codec, Frame, Media, Sequence, encode_media};
use lxst_core::{
    Class, Destination, IdentityHash, Instant, LinkClosed, LinkEvent, LinkId, LinkRequest, NameHash,
};
use lxst_rooms::wire::{ClientMessage, Hello, ServerMessage, VERSION};
use lxst_rooms::{Input, MemberId, Output, Server, ServerCommand, ServerConfig, ServerEvent};

/// A server, and what it sent.
pub(crate) struct Hall {
    pub(crate) server: Server,
    pub(crate) now: Instant,
    pub(crate) sent: Vec<Sent>,
    pub(crate) events: Vec<ServerEvent>,
    links: u64,
}

/// A packet, or the close of a link when there is none.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) link: LinkId,
    pub(crate) class: Class,
    pub(crate) data: Option<Bytes>,
}

impl Hall {
    pub(crate) fn new(config: ServerConfig) -> Self {
        let now = Instant::from_millis(1_000);
        let server = Server::new(config, now);
        Self { server, now, sent: Vec::new(), events: Vec::new(), links: 0 }
    }

    /// A link with this MDU, which says nothing.
    pub(crate) fn visit(&mut self, mdu: usize) -> LinkId {
        self.links += 1;
        let (link, rtt) = (LinkId(self.links), Some(Duration::from_millis(10)));
        let on = Destination { identity: IdentityHash([0; 16]), name: NameHash([0; 10]) };
        self.link(link, LinkEvent::Incoming { on, rtt, mdu: Some(mdu) });
        link
    }

    /// A member with an identity of its own, in the default room.
    pub(crate) fn join(&mut self, name: &str) -> (LinkId, MemberId) {
        let link = self.visit(8_000);
        self.identify(link);
        self.hello(link, &hello(name));
        (link, self.member(name))
    }

    pub(crate) fn identify(&mut self, link: LinkId) {
        self.link(link, LinkEvent::Identified(identity(link)));
    }

    pub(crate) fn hello(&mut self, link: LinkId, hello: &Hello<'_>) {
        self.say(link, &ClientMessage::Hello(Some(*hello)));
    }

    pub(crate) fn say(&mut self, link: LinkId, message: &ClientMessage<'_>) {
        let mut data = vec![0; 2_000];
        let length = message.encode(&mut data).unwrap();
        self.packet(link, &data[..length]);
    }

    /// Speaks frames of `opus-high`, or what is given.
    pub(crate) fn speak(&mut self, link: LinkId, sequence: u16, frames: &[Frame<'_>]) {
        let mut data = vec![0; 30_000];
        let media = Media { frames, speaker: None, sequence: Some(Sequence(sequence)) };
        let length = encode_media(media, &mut data).unwrap();
        self.packet(link, &data[..length]);
    }

    pub(crate) fn packet(&mut self, link: LinkId, data: &[u8]) {
        self.input(Input::Packet { link, data });
    }

    pub(crate) fn link(&mut self, link: LinkId, event: LinkEvent) {
        self.input(Input::Link { link, event });
    }

    pub(crate) fn close(&mut self, link: LinkId) {
        self.link(link, LinkEvent::Closed(LinkClosed::Peer));
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..10_000 {
            let Some(due) = self.server.poll_timeout().filter(|due| *due <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(due);
            self.input(Input::Timeout);
        }
        panic!("a deadline stays due");
    }

    pub(crate) fn input(&mut self, input: Input<'_, ServerCommand>) {
        self.server.handle_input(self.now, input).unwrap();
        while let Some(output) = self.server.poll_output() {
            let at = self.now;
            match output {
                Output::Transmit { link, class, data } => {
                    self.sent.push(Sent { at, link, class, data: Some(data) });
                }
                Output::Link { link, request: LinkRequest::Close } => {
                    self.sent.push(Sent { at, link, class: Class::Signal, data: None });
                }
                Output::Link { request, .. } => panic!("{request:?}"),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// What a link got since it was last asked, in words.
    pub(crate) fn heard(&mut self, link: LinkId) -> Vec<String> {
        let of_link = |sent: &mut Sent| sent.link == link;
        let heard: Vec<_> = self.sent.extract_if(.., of_link).collect();
        heard.iter().map(Sent::words).collect()
    }

    pub(crate) fn member(&self, name: &str) -> MemberId {
        self.server.members().find(|member| member.name == name).unwrap().id
    }
}

impl Sent {
    fn words(&self) -> String {
        let Some(data) = &self.data else { return "close".to_owned() };
        let messages = ServerMessage::parse(data).unwrap();
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        match message {
            ServerMessage::Voice { speaker, voice } => {
                let frames = voice.frames.clone().count();
                let first = voice.sequence.map_or("none".to_owned(), |first| first.0.to_string());
                format!("{frames} frames of {speaker} from {first}")
            }
            ServerMessage::TalkEnd(of) => format!("end of {of}"),
            ServerMessage::Left(of) => format!("{of} left"),
            ServerMessage::Member(of) => format!("{} is {}", of.id, of.name),
            ServerMessage::Members(of) => format!("{} members", of.len()),
            ServerMessage::Rooms(of) => format!("{} rooms", of.len()),
            ServerMessage::Denied { room, reason } => format!("denied {room:?}: {reason}"),
            ServerMessage::Notice(text) => format!("notice: {text}"),
            ServerMessage::Text { from, text } => format!("{from} writes {text}"),
            ServerMessage::Poke { from, text } => format!("{from} pokes {text}"),
            ServerMessage::Entered(of) => format!("in {:?}", of.map(|of| of.room.0)),
            ServerMessage::RoomGone(of) => format!("room {of} gone"),
            ServerMessage::Motd(text) => format!("motd: {text}"),
            ServerMessage::Welcome(_) => "welcome".to_owned(),
            ServerMessage::Synced => "synced".to_owned(),
        }
    }
}

/// A HELLO for the default room.
pub(crate) fn hello(name: &str) -> Hello<'_> {
    Hello {
        name,
        room: None,
        password: None,
        server_password: None,
        is_text_only: false,
        is_muted: false,
        is_deaf: false,
        hops: Some(1),
        rtt_ms: None,
        version: Some(VERSION),
        app: "",
    }
}

/// The identity that a link proves.
pub(crate) fn identity(link: LinkId) -> IdentityHash {
    IdentityHash([link.0 as u8; 16])
}

/// 20 ms of Opus.
pub(crate) const FRAME: Frame<'_> = Frame { codec: Codec::Opus, payload: &[0x78; 40] };
