//! Rooms with Partyline 1.0.5: its clients in a room of our server, our client in a room of its.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod guest;
mod host;
mod kinds;
mod node;
mod telephone;

use core::time::Duration;

use lxst_core::wire::{Packet, Sequence};
use lxst_interop::{Partyline, free_udp_ports};
use lxst_rooms::wire::Action;
use lxst_rooms::{
    ClientCommand, ClientEvent, CloseReason, Join, RoomConfig, RoomId, RoomProfile, ServerCommand,
    ServerConfig, ServerEvent,
};
use serde_json::json;

use guest::Guest;
use host::Host;

#[test]
fn clients_of_partyline_talk_and_write_in_a_room_of_ours() {
    let test = "clients_of_partyline_talk_and_write_in_a_room_of_ours";
    let room = |name| RoomConfig::new(name, RoomProfile::OpusHigh).unwrap();
    let secret = room("Secret").password("swordfish").unwrap();
    let config = ServerConfig::new("Rust").unwrap().motd("Welcome").unwrap();
    let config = config.room(room("Lobby")).unwrap().room(secret).unwrap();
    let (to_ann, to_bob) = (free_udp_ports(), free_udp_ports());
    let host = Host::new(config, &[to_ann, to_bob]);

    let hash = host.hash();
    let mut bob = Partyline::client(test, "bob", swap(to_bob), &hash, &["--listen"]);
    bob.expect("now in room 'Lobby'", PATIENCE);
    let mut ann = Partyline::client(test, "ann", swap(to_ann), &hash, &["--tone", "440"]);
    ann.expect("now in room 'Lobby'", PATIENCE);
    let names: Vec<_> = host.members().into_iter().map(|member| member.name).collect();
    assert_eq!(names, ["bob", "ann"]);

    ann.say("hello from ann");
    bob.expect("<ann> hello from ann", PATIENCE);
    bob.say("hello from bob");
    ann.expect("<bob> hello from bob", PATIENCE);

    // Bob hears Ann's tone for two seconds.
    std::thread::sleep(Duration::from_secs(2));
    bob.say("/quit");
    bob.expect("from 1 members, 0 bad frames", PATIENCE);
    let heard = bob.expect("heard", PATIENCE);
    assert!(heard.contains("peaks [4"), "{heard}");
    host.until("bob leaves", |event| matches!(event, ServerEvent::Left { .. }));

    ann.say("/join Secret wrong");
    ann.expect("wrong password", PATIENCE);
    ann.say("/join Secret swordfish");
    ann.expect("now in room 'Secret'", PATIENCE);
    let ann_id = host.members()[0].id;
    assert_eq!(host.members()[0].room, Some(RoomId(2)));

    host.command(ServerCommand::Operate { action: Action::Kick, on: ann_id });
    ann.expect("kicked by the server", PATIENCE);
    assert!(host.members().is_empty());
}

#[test]
fn our_client_talks_and_writes_in_a_room_of_partyline() {
    let test = "our_client_talks_and_writes_in_a_room_of_partyline";
    let (ours, of_ann, of_bob) = (free_udp_ports(), free_udp_ports(), free_udp_ports());
    let config = json!({
        "name": "Python",
        "motd": "Welcome",
        "rooms": [{ "name": "Lobby" }, { "name": "Secret", "password": "swordfish" }],
    });
    let interfaces = [swap(ours), swap(of_ann), swap(of_bob)];
    let mut server = Partyline::server(test, "server", &interfaces, &config);
    let hash = server.expect("Room destination: ", PATIENCE);
    let hash = hash.rsplit(' ').next().unwrap();
    let mut bob = Partyline::joined_client(test, "bob", of_bob, hash, &["--listen"]);
    let mut ann = Partyline::joined_client(test, "ann", of_ann, hash, &["--tone", "440"]);

    let mut guest = Guest::new("cid", ours);
    guest.join(Join::default());
    let welcome = guest.until("WELCOME", |event| match event {
        ClientEvent::Joined { server, motd, app, .. } => Some((server, motd, app)),
        _ => None,
    });
    assert_eq!(welcome, ("Python".into(), "Welcome".into(), "1.0.5".into()));
    guest.until("our record", |event| matches!(event, ClientEvent::Entered(_)).then_some(()));
    guest.until_listed(&["bob", "ann", "cid"]);
    server.expect("cid", PATIENCE);

    // Bob hears two talkers.
    echo(&mut guest, 100);
    guest.command(ClientCommand::EndTalk);
    guest.command(ClientCommand::Text("hello from cid"));
    ann.expect("<cid> hello from cid", PATIENCE);
    bob.say("hello from bob");
    let written = guest.until("text", |event| match event {
        ClientEvent::Text { text, .. } => Some(text),
        _ => None,
    });
    assert_eq!(written, "hello from bob");
    bob.say("/quit");
    bob.expect("from 2 members, 0 bad frames", PATIENCE);

    enter_secret(&mut guest);
    guest.command(ClientCommand::Leave);
    let closed = guest.until("the end", |event| match event {
        ClientEvent::Closed { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(closed, CloseReason::Left);
    let left = server.expect("left, 1 on server", PATIENCE);
    assert!(left.contains("(rejected 0 frames, rate limited 0)"), "{left}");
}

/// Hears so many packets of voice, each with its number, and says their frames again.
#[track_caller]
fn echo(guest: &mut Guest, packets: usize) {
    let mut last: Option<Sequence> = None;
    for _ in 0..packets {
        let data = guest.until("voice", |event| match event {
            ClientEvent::Voice { data, .. } => Some(data),
            _ => None,
        });
        let packet = Packet::parse(&data).unwrap();
        let sequence = packet.sequence().unwrap();
        assert!(last.is_none_or(|last| sequence.since(last) > 0), "{last:?} {sequence:?}");
        last = Some(sequence);
        for frame in packet.frames() {
            guest.command(ClientCommand::Speak(frame.unwrap()));
        }
    }
}

/// Is refused by a room with a wrong password, and enters it with the right one.
#[track_caller]
fn enter_secret(guest: &mut Guest) {
    let to = |password: &str| ClientCommand::Move {
        room: RoomId(2),
        password: Some(password.to_owned()),
    };
    guest.command(to("wrong"));
    let refused = guest.until("a refusal", |event| match event {
        ClientEvent::Refused { room, reason } => Some((room, reason)),
        _ => None,
    });
    assert_eq!(refused, (Some(RoomId(2)), "wrong password".to_owned()));
    guest.command(to("swordfish"));
    let entered = guest.until("the room", |event| match event {
        ClientEvent::Entered(room) => Some(room),
        _ => None,
    });
    assert_eq!(entered, Some(RoomId(2)));
}

/// Returns whether a client of Partyline heard a tone in the last second of what it tells.
fn has_tone(heard: &str, hz: u32) -> bool {
    let peaks = heard.split(['[', ']']).nth(1).unwrap_or_default();
    let mut peaks = peaks.split(", ").filter_map(|peak| peak.parse::<u32>().ok());
    peaks.any(|peak| peak.abs_diff(hz) <= 20)
}

/// The ports of the other end.
fn swap((one, other): (u16, u16)) -> (u16, u16) {
    (other, one)
}

const PATIENCE: Duration = Duration::from_secs(60);
