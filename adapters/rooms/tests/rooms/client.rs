//! The client, against traps of the protocol.

use std::time::Duration;

use lxst_core::wire::{Codec, Frame, Packet, Sequence};
use lxst_core::{
    Class, Destination, Direction, IdentityHash, Instant, LinkClosed, LinkEvent, LinkFailed,
    LinkId, Mute, NameHash,
};
use lxst_rooms::wire::{Access, Entered, MemberRecord, RoomRecord, ServerMessage, Welcome};
use lxst_rooms::{
    Client, ClientCommand, ClientConfig, ClientEvent, CloseReason, Input, InputError, Join,
    MemberId, Output, RoomId, limits,
};

use crate::hall::FRAME;

#[test]
fn the_length_of_frames_is_that_of_the_room_whatever_its_profile_is_called() {
    let mut guest = Guest::joined(8_000);
    guest.enter(1, "opus-of-tomorrow", 40, 0);
    assert_eq!(guest.speak(FRAME), Err(InputError::BadFrame));
    // Two frames of 20 ms.
    assert_eq!(guest.speak(Frame { payload: &[0x79; 200], ..FRAME }), Ok(()));
    assert_eq!(guest.packets().len(), 1);
}

#[test]
fn a_push_to_talk_room_fills_packets_of_a_standard_link_whatever_a_link_takes() {
    let mut guest = Guest::joined(8_000);
    guest.enter(1, "c2-1200", 400, 6_000);
    let payload = [&[1][..], &[7; 60]].concat();
    let frame = Frame { codec: Codec::Codec2, payload: &payload };
    for _ in 0..13 {
        guest.speak(frame).unwrap();
    }
    guest.command(ClientCommand::EndTalk).unwrap();
    let packets = guest.packets();
    let numbers = packets.iter().map(|packet| {
        let packet = Packet::parse(packet).unwrap();
        (packet.frames().count(), packet.sequence(), packet.talk_end().is_some())
    });
    assert_eq!(
        numbers.collect::<Vec<_>>(),
        [
            (6, Some(Sequence(1)), false),
            (6, Some(Sequence(7)), false),
            (1, Some(Sequence(13)), false),
            (0, None, true),
        ]
    );
    assert!(packets.iter().all(|packet| packet.len() <= 431));
    // After HELLO.
    assert_eq!(guest.classes[1..], [Class::Media; 4]);
}

#[test]
fn numbers_run_on_between_rooms_of_one_profile_and_begin_anew_with_another() {
    let mut guest = Guest::joined(431);
    for (room, profile, first) in
        [(1, "opus-high", 1), (2, "opus-high", 2), (3, "opus-low", 1), (1, "opus-high", 1)]
    {
        let frame_ms = if profile == "opus-high" { 20 } else { 60 };
        guest.enter(room, profile, frame_ms, 0);
        // 20 ms in the hybrid mode, or 60 ms in the SILK mode.
        let payload = if frame_ms == 20 { [0x78; 40] } else { [0x18; 40] };
        guest.speak(Frame { codec: Codec::Opus, payload: &payload }).unwrap();
        let packets = guest.packets();
        let sequence = Packet::parse(&packets[0]).unwrap().sequence();
        assert_eq!(sequence, Some(Sequence(first)), "{profile}");
    }
}

#[test]
fn a_state_that_the_server_does_not_tell_is_sent_again_until_it_does() {
    let mut guest = Guest::joined(431);
    guest.command(ClientCommand::Mute(Direction::Receive, Mute::Muted)).unwrap();
    assert_eq!(guest.packets(), [b"\x81\x0d\x92\xc3\xc3"]);
    guest.pass(limits::STATE_AGAIN);
    assert_eq!(guest.packets(), [b"\x81\x0d\x92\xc3\xc3"]);
    // Somebody else is, and then we are, as we said.
    for (member, packets) in [(2, 1), (1, 0)] {
        let member = MemberRecord { is_muted: true, is_deaf: true, ..member_record(member) };
        guest.hear(&ServerMessage::Member(member));
        guest.pass(limits::STATE_AGAIN);
        assert_eq!(guest.packets().len(), packets);
    }
    // A server that never tells it is told so often.
    guest.command(ClientCommand::Mute(Direction::Send, Mute::Unmuted)).unwrap();
    guest.pass(Duration::from_secs(3_600));
    assert_eq!(guest.packets(), vec![b"\x81\x0d\x92\xc2\xc2"; 1 + limits::STATES_AGAIN as usize]);
}

#[test]
fn a_muted_microphone_ends_the_talk_and_does_not_speak() {
    let mut guest = Guest::joined(431);
    guest.enter(1, "opus-high", 20, 0);
    guest.speak(FRAME).unwrap();
    guest.command(ClientCommand::Mute(Direction::Send, Mute::Muted)).unwrap();
    let [_, end, state] = <[_; 3]>::try_from(guest.packets()).unwrap();
    assert_eq!(
        (end.as_slice(), state.as_slice()),
        (&b"\x81\x13\xc3"[..], &b"\x81\x0d\x92\xc3\xc2"[..])
    );
    assert_eq!(guest.speak(FRAME), Err(InputError::CannotSpeak));
    guest.command(ClientCommand::EndTalk).unwrap();
    assert_eq!(guest.packets(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_move_that_no_server_answers_is_answered_here() {
    let mut guest = Guest::joined(431);
    guest.enter(1, "opus-high", 20, 0);
    guest.hear(&ServerMessage::Rooms(vec![room_record(2, "opus-high", 20, 0)]));
    guest.events.clear();
    let to = |room| ClientCommand::Move { room: RoomId(room), password: None };
    guest.command(to(1)).unwrap();
    assert_eq!(guest.events, [ClientEvent::Entered(Some(RoomId(1)))]);
    assert_eq!(guest.packets().len(), 0);
    guest.command(to(2)).unwrap();
    guest.events.clear();
    guest.pass(limits::WELCOME_TIME);
    assert!(matches!(guest.events[..], [ClientEvent::Refused { room: Some(RoomId(2)), .. }]));
    assert_eq!(guest.command(to(3)), Err(InputError::UnknownRoom));
}

#[test]
fn each_lost_link_lengthens_the_pause_and_a_welcome_ends_that() {
    let mut guest = Guest::new(431);
    for seconds in [3, 5, 10, 20, 30, 30] {
        guest.join();
        guest.link(LinkEvent::Failed(LinkFailed::NoPath));
        let reason = CloseReason::Failed(LinkFailed::NoPath);
        guest.expect_closed(reason, Some(seconds));
    }
    guest.join();
    guest.up();
    guest.pass(limits::WELCOME_TIME);
    guest.expect_closed(CloseReason::NoAnswer, Some(30));
    guest.join();
    guest.up();
    guest.welcome(1);
    guest.link(LinkEvent::Closed(LinkClosed::Timeout));
    guest.expect_closed(CloseReason::Closed(LinkClosed::Timeout), Some(3));
    assert_eq!(guest.command(ClientCommand::Text("hello")), Err(InputError::NotJoined));
}

/// Partyline's server loses a HELLO that comes before it listens to the link.
#[test]
fn a_hello_without_an_answer_is_said_again() {
    let mut guest = Guest::new(431);
    guest.join();
    guest.up();
    let hello = guest.packets();
    guest.pass(limits::HELLO_AGAIN - Duration::from_micros(1));
    assert_eq!(guest.packets().len(), 0);
    guest.pass(Duration::from_micros(1));
    assert_eq!(guest.packets(), hello);
    guest.welcome(1);
    guest.pass(limits::WELCOME_TIME);
    assert_eq!(guest.packets().len(), 0);
}

#[test]
fn a_server_of_another_version_is_left() {
    let mut guest = Guest::new(431);
    guest.join();
    guest.up();
    guest.welcome(2);
    guest.expect_closed(CloseReason::Version(Some(2)), None);
}

#[test]
fn lists_of_a_hostile_server_are_bounded_and_its_texts_are_clean() {
    let mut guest = Guest::joined(431);
    for id in 1..=2 * limits::ROSTER as u32 {
        let name = "\u{1b}[2J\u{202e} long ".repeat(20);
        guest.hear(&ServerMessage::Member(MemberRecord { name: &name, ..member_record(id) }));
        guest.hear(&ServerMessage::Rooms(vec![room_record(id, &name, 20, 0)]));
        guest.events.clear();
    }
    assert_eq!(guest.client.members().count(), limits::ROSTER);
    assert_eq!(guest.client.rooms().count(), limits::ROOMS_LISTED);
    let is_clean = |text: &str| text.len() <= limits::NAME && !text.contains('\u{1b}');
    assert!(guest.client.members().all(|member| is_clean(member.name)));
    assert!(guest.client.rooms().all(|room| is_clean(room.profile)));
}

/// A client on a link whose other end the test is.
struct Guest {
    client: Client,
    now: Instant,
    mdu: usize,
    link: LinkId,
    sent: Vec<Vec<u8>>,
    classes: Vec<Class>,
    events: Vec<ClientEvent>,
}

impl Guest {
    fn new(mdu: usize) -> Self {
        let client = Client::new(ClientConfig::new("ann").unwrap());
        let (now, link) = (Instant::from_millis(1_000), LinkId(0));
        let (sent, classes, events) = Default::default();
        Self { client, now, mdu, link, sent, classes, events }
    }

    fn joined(mdu: usize) -> Self {
        let mut guest = Self::new(mdu);
        guest.join();
        guest.up();
        guest.welcome(1);
        guest.packets();
        guest
    }

    fn join(&mut self) {
        self.link = LinkId(self.link.0 + 1);
        let (link, join) = (self.link, Join::default());
        let server = Destination { identity: IdentityHash([9; 16]), name: NameHash([7; 10]) };
        self.command(ClientCommand::Join { link, server, hops: None, join }).unwrap();
    }

    fn up(&mut self) {
        self.link(LinkEvent::Up { rtt: None, mdu: Some(self.mdu) });
    }

    fn welcome(&mut self, version: u64) {
        let (name, motd, app) = ("Test", "", "");
        let version = Some(version);
        let welcome = Welcome { name, member: MemberId(1), motd, version, app };
        self.hear(&ServerMessage::Welcome(welcome));
    }

    fn enter(&mut self, room: u32, profile: &str, frame_ms: u32, ptt_jitter_ms: u32) {
        let record = room_record(room, profile, frame_ms, ptt_jitter_ms);
        self.hear(&ServerMessage::Rooms(vec![record]));
        let entered = Entered { room: RoomId(room), profile, frame_ms, can_speak: true };
        self.hear(&ServerMessage::Entered(Some(entered)));
    }

    fn hear(&mut self, message: &ServerMessage<'_>) {
        let mut data = vec![0; 2_000];
        let length = message.encode(&mut data).unwrap();
        let (link, data) = (self.link, &data[..length]);
        self.input(Input::Packet { link, data }).unwrap();
    }

    fn link(&mut self, event: LinkEvent) {
        self.input(Input::Link { link: self.link, event }).unwrap();
    }

    fn speak(&mut self, frame: Frame<'_>) -> Result<(), InputError> {
        self.command(ClientCommand::Speak(frame))
    }

    fn command(&mut self, command: ClientCommand<'_>) -> Result<(), InputError> {
        self.input(Input::Command(command))
    }

    fn input(&mut self, input: Input<'_, ClientCommand<'_>>) -> Result<(), InputError> {
        let taken = self.client.handle_input(self.now, input);
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Transmit { data, class, .. } => {
                    self.sent.push(data.to_vec());
                    self.classes.push(class);
                }
                Output::Event(event) => self.events.push(event),
                Output::Link { .. } => {}
            }
        }
        taken
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.client.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.input(Input::Timeout).unwrap();
        }
        self.now = end;
    }

    /// What was sent since this was last asked.
    fn packets(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sent)
    }

    #[track_caller]
    fn expect_closed(&mut self, reason: CloseReason, seconds: Option<u64>) {
        let again = seconds.map(Duration::from_secs);
        assert_eq!(self.events.last(), Some(&ClientEvent::Closed { reason, again }));
    }
}

fn room_record(id: u32, profile: &str, frame_ms: u32, ptt_jitter_ms: u32) -> RoomRecord<'_> {
    RoomRecord {
        id: RoomId(id),
        name: "Room",
        profile,
        frame_ms,
        access: Access::default(),
        description: "",
        dial_in: None,
        ptt_jitter_ms,
        is_broadcast: false,
    }
}

fn member_record(id: u32) -> MemberRecord<'static> {
    MemberRecord {
        id: MemberId(id),
        name: "ann",
        identity: None,
        room: None,
        is_muted: false,
        is_deaf: false,
        hops: None,
        rtt_ms: None,
        is_operator: false,
        is_server_muted: false,
        is_text_only: false,
        can_speak: true,
    }
}
