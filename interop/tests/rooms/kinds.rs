//! Push-to-talk rooms, which batch for slow links, and music rooms, with Partyline both ways.

use core::f32::consts::TAU;
use core::time::Duration;

use lxst_codecs::{CodecProfile, Encoder, SAMPLE_RATE_HZ};
use lxst_core::wire::{Codec, Frame, Packet};
use lxst_core::{IdentityHash, limits};
use lxst_interop::{Partyline, free_udp_ports};
use lxst_rooms::{
    ClientCommand, ClientEvent, Join, JoinRoom, RoomConfig, RoomProfile, ServerCommand,
    ServerConfig, ServerEvent,
};
use serde_json::json;

use crate::guest::Guest;
use crate::host::Host;
use crate::{PATIENCE, swap};

#[test]
fn clients_of_partyline_talk_in_a_push_to_talk_room_of_ours() {
    let test = "clients_of_partyline_talk_in_a_push_to_talk_room_of_ours";
    let room = RoomConfig::new("Radio", RoomProfile::Codec2At700).unwrap();
    let room = room.push_to_talk(Duration::from_secs(4)).unwrap();
    let config = ServerConfig::new("Rust").unwrap().room(room).unwrap();
    let (to_ann, to_bob) = (free_udp_ports(), free_udp_ports());
    let host = Host::new(config, &[to_ann, to_bob]);

    let hash = host.hash();
    let mut bob = Partyline::client(test, "bob", swap(to_bob), &hash, &["--listen"]);
    bob.expect("push-to-talk slow mode with a 4 s buffer", PATIENCE);
    let mut ann = Partyline::client(test, "ann", swap(to_ann), &hash, &["--tone", "200"]);
    ann.expect("push-to-talk slow mode with a 4 s buffer", PATIENCE);

    // Nine frames fill the packet: 3.6 s, more than the jitter buffer's own bound.
    let frames = 9;
    assert!(RoomProfile::Codec2At700.frame_ms() * frames > bound_ms());
    let is_full = |packet: &Packet<'_>| packet.frames().count() == frames as usize;
    host.until_relayed("a full packet", is_full);
    ann.say("/mute");
    host.until_relayed("the end of the talk", |packet| packet.talk_end().is_some());
    // Bob plays what he has.
    std::thread::sleep(Duration::from_secs(3));
    bob.say("/quit");
    bob.expect("from 1 members, 0 bad frames, 0 dropped, 0 lost", PATIENCE);
    let heard = bob.expect("heard", PATIENCE);
    assert!(!heard.contains("peaks []"), "{heard}");
}

#[test]
fn our_client_talks_in_a_push_to_talk_room_of_partyline() {
    let test = "our_client_talks_in_a_push_to_talk_room_of_partyline";
    let (ours, of_ann, of_bob) = (free_udp_ports(), free_udp_ports(), free_udp_ports());
    let radio =
        json!({ "name": "Radio", "profile": "opus-low", "ptt": true, "ptt_jitter_ms": 2_000 });
    let config = json!({ "name": "Python", "rooms": [radio] });
    let interfaces = [swap(ours), swap(of_ann), swap(of_bob)];
    let mut server = Partyline::server(test, "server", &interfaces, &config);
    let hash = destination(&mut server);
    let mut bob = Partyline::joined_client(test, "bob", of_bob, &hash, &["--listen"]);
    let mut ann = Partyline::joined_client(test, "ann", of_ann, &hash, &["--tone", "440"]);

    let mut guest = Guest::new("cid", ours);
    guest.join(Join::default());
    guest.until_listed(&["bob", "ann", "cid"]);
    let mut said = 0;
    while said < 40 {
        let data = guest.until("voice", |event| match event {
            ClientEvent::Voice { data, .. } => Some(data),
            _ => None,
        });
        let packet = Packet::parse(&data).unwrap();
        let frames: Result<Vec<_>, _> = packet.frames().collect();
        let frames = frames.unwrap();
        assert!(frames.len() >= 8, "{frames:?}");
        frames.iter().for_each(|frame| guest.command(ClientCommand::Speak(*frame)));
        said += frames.len();
    }
    guest.command(ClientCommand::EndTalk);
    let (last, full) = guest.spoken.split_last().unwrap();
    assert!(full.iter().all(|frames| *frames >= 8) && *last > 0, "{:?}", guest.spoken);
    assert_eq!(guest.spoken.iter().sum::<usize>(), said);

    ann.say("/mute");
    guest
        .until("the end of a talk", |event| matches!(event, ClientEvent::TalkEnd(_)).then_some(()));
    bob.say("/quit");
    bob.expect("from 2 members, 0 bad frames", PATIENCE);
    let heard = bob.expect("heard", PATIENCE);
    assert!(heard.contains("peaks [4"), "{heard}");
    guest.command(ClientCommand::Leave);
    let left = server.expect("left, 1 on server", PATIENCE);
    assert!(left.contains("(rejected 0 frames, rate limited 0)"), "{left}");
}

#[test]
fn a_client_of_partyline_plays_music_in_a_room_of_ours() {
    let test = "a_client_of_partyline_plays_music_in_a_room_of_ours";
    let room = |name, profile| RoomConfig::new(name, profile).unwrap();
    let config = ServerConfig::new("Rust").unwrap();
    let config = config.room(room("Lobby", RoomProfile::OpusHigh)).unwrap();
    let (to_ann, to_bob, to_dan) = (free_udp_ports(), free_udp_ports(), free_udp_ports());
    let host = Host::new(config, &[to_ann, to_bob, to_dan]);

    let hash = host.hash();
    let mut ann = Partyline::client(test, "ann", swap(to_ann), &hash, &["--tone", "440"]);
    let told = ann.expect("Our identity hash: ", PATIENCE);
    let identity: IdentityHash = told.rsplit(' ').next().unwrap().parse().unwrap();
    let music = room("Music", RoomProfile::MusicHigh).speakers([identity]);
    host.command(ServerCommand::AddRoom(music));
    ann.expect("now in room 'Lobby'", PATIENCE);
    enter_music(&mut ann);
    let client = |name, udp, arguments: &[&str]| {
        // One that entered the lobby first would be heard there.
        let arguments = [&["--room", "Music"], arguments].concat();
        Partyline::client(test, name, swap(udp), &hash, &arguments)
    };
    let mut bob = client("bob", to_bob, &["--listen"]);
    let mut dan = client("dan", to_dan, &["--tone", "880"]);
    for listener in [&mut bob, &mut dan] {
        let entered = listener.expect("now in room", PATIENCE);
        assert!(entered.contains("'Music'") && entered.contains("listen only"), "{entered}");
    }

    // Bob hears Ann for two seconds, and not Dan.
    host.until_relayed("stereo", is_stereo);
    std::thread::sleep(Duration::from_secs(2));
    bob.say("/quit");
    bob.expect("from 1 members, 0 bad frames", PATIENCE);
    let heard = bob.expect("heard", PATIENCE);
    assert!(heard.contains("peaks [4") && !heard.contains(" 8"), "{heard}");
    host.until("bob leaves", |event| matches!(event, ServerEvent::Left { .. }));
}

#[test]
fn our_client_plays_music_in_a_room_of_partyline() {
    let test = "our_client_plays_music_in_a_room_of_partyline";
    let (ours, of_ann, of_bob) = (free_udp_ports(), free_udp_ports(), free_udp_ports());
    let mut guest = Guest::new("cid", ours);
    let speaker = guest.identity().to_string();
    let music = json!({ "name": "Music", "profile": "music-high", "music": [speaker] });
    let config = json!({ "name": "Python", "rooms": [{ "name": "Lobby" }, music] });
    let interfaces = [swap(ours), swap(of_ann), swap(of_bob)];
    let mut server = Partyline::server(test, "server", &interfaces, &config);
    let hash = destination(&mut server);
    let listen = ["--room", "Music", "--listen"];
    let mut bob = Partyline::joined_client(test, "bob", of_bob, &hash, &listen);
    // Ann is no speaker of the room.
    let tone = ["--room", "Music", "--tone", "880"];
    let _ann = Partyline::joined_client(test, "ann", of_ann, &hash, &tone);

    let room = Some(JoinRoom::Name("Music".to_owned()));
    guest.join(Join { room, ..Join::default() });
    guest.until("the room", |event| matches!(event, ClientEvent::Entered(Some(_))).then_some(()));
    for payload in tone_of_music(440.0, 75) {
        let frame = Frame { codec: Codec::Opus, payload: &payload };
        guest.command(ClientCommand::Speak(frame));
        guest.pass(Duration::from_millis(40));
    }
    guest.command(ClientCommand::EndTalk);
    guest.pass(Duration::from_millis(200));
    bob.say("/quit");
    bob.expect("from 1 members, 0 bad frames", PATIENCE);
    let heard = bob.expect("heard", PATIENCE);
    assert!(heard.contains("peaks [4") && !heard.contains(" 8"), "{heard}");
    guest.command(ClientCommand::Leave);
    let left = server.expect("left, 1 on server", PATIENCE);
    assert!(left.contains("(rejected 0 frames, rate limited 0)"), "{left}");
}

/// Enters the room, of which the client may not have heard yet.
#[track_caller]
fn enter_music(client: &mut Partyline) -> String {
    for _ in 0..100 {
        client.say("/join Music");
        let answer = client.expect_one_of(&["now in room 'Music'", "no such room"], PATIENCE);
        if answer.contains("now in room") {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the room is not listed")
}

/// The destination hash of a server.
#[track_caller]
fn destination(server: &mut Partyline) -> String {
    let told = server.expect("Room destination: ", PATIENCE);
    told.rsplit(' ').next().unwrap().to_owned()
}

/// Returns whether the first frame is Opus in stereo.
fn is_stereo(packet: &Packet<'_>) -> bool {
    let frame = packet.frames().next().and_then(Result::ok);
    frame.is_some_and(|frame| frame.payload.first().is_some_and(|toc| toc & 0x04 != 0))
}

/// So many frames of a tone, in the profile of `music-high`.
fn tone_of_music(hz: f32, frames: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(CodecProfile::AudioHigh.into()).unwrap();
    let samples = 1_920;
    let encoded = (0..frames).map(|frame| {
        let times = (frame * samples..(frame + 1) * samples)
            .map(|sample| sample as f32 / SAMPLE_RATE_HZ as f32);
        let pcm: Vec<_> = times.map(|seconds| 0.3 * (TAU * hz * seconds).sin()).collect();
        let mut payload = Vec::new();
        encoder.encode(&pcm, &mut payload).unwrap();
        payload
    });
    encoded.collect()
}

/// The jitter buffer's own bound.
fn bound_ms() -> u32 {
    limits::MAX_PLAYOUT.duration().as_millis() as u32
}
