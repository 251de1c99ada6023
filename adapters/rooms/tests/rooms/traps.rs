//! The traps of the protocol, one test each. Those of the order of messages are in the replays.

use std::time::Duration;

use lxst_core::wire::{Codec, Frame};
use lxst_core::{Class, LinkEvent, LinkId};
use lxst_rooms::wire::{Action, AnnouncedRoom, ClientMessage, Hello, RoomKey, encode_announce};
use lxst_rooms::{
    Input, MemberId, RoomConfig, RoomId, RoomProfile, ServerCommand, ServerConfig, ServerEvent,
};

use crate::hall::{FRAME, Hall, hello, identity};

#[test]
fn a_member_that_says_it_is_muted_is_relayed_and_one_that_an_operator_muted_is_not() {
    let mut hall = Hall::new(lobby().operators([identity(LinkId(1))]));
    let ((ann, _), (bob, bob_id)) = (hall.join("ann"), hall.join("bob"));
    hall.say(bob, &ClientMessage::State { is_muted: true, is_deaf: false });
    hall.sent.clear();
    hall.speak(bob, 1, &[FRAME]);
    assert_eq!(hall.heard(ann), ["1 frames of 2 from 1"]);
    hall.say(ann, &ClientMessage::Admin { action: Action::Mute, on: bob_id });
    hall.sent.clear();
    hall.speak(bob, 2, &[FRAME]);
    hall.say(bob, &ClientMessage::TalkEnd);
    assert_eq!(hall.heard(ann), [""; 0]);
    assert_eq!(hall.server.counters().voice_refused, 1);
}

#[test]
fn a_deaf_member_gets_text_and_neither_frames_nor_their_end() {
    let mut hall = Hall::new(lobby());
    let ((ann, _), (bob, _)) = (hall.join("ann"), hall.join("bob"));
    hall.say(ann, &ClientMessage::State { is_muted: true, is_deaf: true });
    hall.sent.clear();
    hall.speak(bob, 1, &[FRAME]);
    hall.say(bob, &ClientMessage::TalkEnd);
    hall.say(bob, &ClientMessage::Text("hello"));
    assert_eq!(hall.heard(ann), ["2 writes hello"]);
}

#[test]
fn the_mode_of_codec2_is_not_that_of_the_profile() {
    // 400 ms: ten frames of 40 ms of 700C, and of 1200.
    let (of_700c, of_1200) = ([&[0][..], &[7; 40]].concat(), [&[1][..], &[7; 60]].concat());
    let frame = |payload| Frame { codec: Codec::Codec2, payload };
    assert!(RoomProfile::Codec2At1200.accepts(frame(&of_700c)));
    assert!(RoomProfile::Codec2At1200.accepts(frame(&of_1200)));
    assert!(!RoomProfile::Codec2At2400.accepts(frame(&of_1200)));
}

#[test]
fn two_who_talk_at_once_are_both_relayed() {
    let mut hall = Hall::new(lobby());
    let ((ann, _), (bob, _), (cid, _)) = (hall.join("ann"), hall.join("bob"), hall.join("cid"));
    hall.sent.clear();
    hall.speak(ann, 1, &[FRAME]);
    hall.speak(bob, 9, &[FRAME; 3]);
    assert_eq!(hall.heard(cid), ["1 frames of 1 from 1", "3 frames of 2 from 9"]);
    assert_eq!(hall.heard(ann), ["3 frames of 2 from 9"]);
}

#[test]
fn a_packet_with_one_bad_frame_is_dropped_whole_and_takes_nothing_of_the_members_rate() {
    let mut hall = Hall::new(lobby());
    let ((ann, _), (bob, _)) = (hall.join("ann"), hall.join("bob"));
    hall.sent.clear();
    let bad = Frame { codec: Codec::Opus, payload: &[0x78; 41] };
    for _ in 0..1_000 {
        hall.speak(bob, 1, &[FRAME, bad]);
        hall.packet(bob, b"\x81\x01\x92\xc4\x02\x01\x78\xc0");
        hall.packet(bob, b"\x81\x01\x90");
    }
    hall.speak(bob, 1, &[FRAME; 65]);
    assert_eq!(hall.server.counters().voice_malformed, 3_001);
    hall.speak(bob, 1, &[FRAME; 64]);
    assert_eq!(hall.heard(ann), ["64 frames of 2 from 1"]);
}

#[test]
fn a_hello_that_needs_an_identity_waits_for_it_and_a_second_one_is_ignored() {
    let mut hall = Hall::new(lobby().allow([identity(LinkId(1)), identity(LinkId(2))]));
    let early = hall.visit(431);
    hall.hello(early, &hello("ann"));
    hall.pass(Duration::from_millis(1_999));
    hall.hello(early, &hello("other"));
    assert_eq!(hall.heard(early), [""; 0]);
    hall.identify(early);
    assert_eq!(hall.server.members().next().unwrap().name, "ann");

    let silent = hall.visit(431);
    hall.hello(silent, &hello("bob"));
    hall.pass(Duration::from_secs(2));
    assert_eq!(hall.heard(silent), ["denied None: you are not on this server's allow list"]);
}

#[test]
fn links_that_are_not_admitted_get_nothing_of_the_room_and_are_closed_in_time() {
    let mut hall = Hall::new(lobby().banned([identity(LinkId(2))]));
    let (ann, _) = hall.join("ann");
    let refused = hall.visit(431);
    hall.identify(refused);
    let silent = hall.visit(431);
    let (bob, _) = hall.join("bob");
    hall.sent.retain(|sent| sent.link == refused || sent.link == silent);
    hall.speak(ann, 1, &[FRAME]);
    hall.speak(silent, 1, &[FRAME]);
    hall.say(bob, &ClientMessage::Text("hello"));
    assert_eq!(hall.heard(refused), ["denied None: you are banned from this server"]);
    hall.pass(Duration::from_millis(500));
    assert_eq!(hall.heard(refused), ["close"]);
    hall.pass(Duration::from_millis(24_499));
    assert_eq!(hall.heard(silent), [""; 0]);
    hall.pass(Duration::from_millis(1));
    assert_eq!(hall.heard(silent), ["close"]);
    assert_eq!(hall.server.poll_timeout(), None);
}

#[test]
fn the_identity_that_joins_again_ends_its_older_session_and_keeps_its_name() {
    let mut hall = Hall::new(lobby());
    let (old, _) = hall.join("ann");
    let new = hall.visit(431);
    hall.link(new, LinkEvent::Identified(identity(old)));
    hall.hello(new, &hello("ANN"));
    assert_eq!(hall.heard(old).last().unwrap(), "close");
    assert_eq!(hall.heard(new)[..2], ["1 left", "welcome"]);
    let members: Vec<_> = hall.server.members().map(|member| member.name.to_owned()).collect();
    assert_eq!(members, ["ANN"]);
    // What the old link still says is nobody's.
    hall.say(old, &ClientMessage::Text("hello"));
    assert_eq!(hall.server.counters().packets, 1);
}

#[test]
fn a_demoted_operator_is_told_to_the_app_and_asks_in_vain() {
    let mut hall = Hall::new(lobby().operators([identity(LinkId(1))]));
    let ((ann, ann_id), (bob, bob_id)) = (hall.join("ann"), hall.join("bob"));
    hall.say(ann, &ClientMessage::Admin { action: Action::Promote, on: bob_id });
    hall.say(bob, &ClientMessage::Admin { action: Action::Demote, on: ann_id });
    let [.., promoted, demoted] = hall.events.as_slice() else { panic!("{:?}", hall.events) };
    assert_eq!(*promoted, ServerEvent::Promoted(identity(bob)));
    assert_eq!(*demoted, ServerEvent::Demoted(identity(ann)));
    hall.sent.clear();
    hall.say(ann, &ClientMessage::Admin { action: Action::Kick, on: bob_id });
    assert_eq!(hall.heard(ann), ["notice: operators only"]);
}

#[test]
fn a_name_finds_the_first_of_equal_rooms_and_a_move_to_ones_own_room_is_not_answered() {
    let twin = || RoomConfig::new("Twin", RoomProfile::OpusLow).unwrap();
    let config = lobby().room(room()).unwrap().room(twin()).unwrap().room(twin()).unwrap();
    let mut hall = Hall::new(config);
    let ann = hall.visit(8_000);
    hall.hello(ann, &Hello { room: Some(RoomKey::Name(" tWIN ")), ..hello("ann") });
    assert!(hall.heard(ann).contains(&"in Some(2)".to_owned()));
    hall.say(ann, &ClientMessage::Move { room: RoomKey::Id(2), password: None });
    assert_eq!(hall.heard(ann), [""; 0]);
    hall.say(ann, &ClientMessage::Move { room: RoomKey::Name("Twin"), password: None });
    assert_eq!(hall.heard(ann), ["denied Some(Name(\"Twin\")): no such room"]);
}

#[test]
fn announces_tell_of_the_servers_password_and_list_and_not_of_its_rooms() {
    let locked = room().password("secret").unwrap();
    let config = lobby().about("for all", "", "").unwrap().room(locked).unwrap();
    assert_eq!(announced(&config), b"\x94\x01\xa4Test\x00\xa7for all");
    let config = config.password("secret").unwrap().allow([]);
    assert_eq!(announced(&config), b"\x94\x01\xa4Test\x06\xa7for all");
    let read = AnnouncedRoom::from_app_data(&announced(&config)).unwrap();
    assert_eq!(read, config.announced());
    assert_eq!(announced(&config.hidden()), b"\x93\x01\xa0\x07");
    for odd in [&b"\x93\xc0\xa1a\x00"[..], b"\x90", b"\x81\x01\x02", b"", b"\x93\x01\xa1"] {
        assert_eq!(AnnouncedRoom::from_app_data(odd), None, "{odd:?}");
    }
    let bare = AnnouncedRoom::from_app_data(b"\x91\x01").unwrap();
    assert_eq!((bare.name.as_str(), bare.is_hidden), ("", false));
}

#[test]
fn an_end_of_talk_is_relayed_once_for_each_spurt_behind_its_frames() {
    let mut hall = Hall::new(lobby());
    let ((ann, _), (bob, _)) = (hall.join("ann"), hall.join("bob"));
    hall.sent.clear();
    hall.say(bob, &ClientMessage::TalkEnd);
    hall.speak(bob, 1, &[FRAME]);
    hall.say(bob, &ClientMessage::TalkEnd);
    hall.say(bob, &ClientMessage::TalkEnd);
    assert!(hall.sent.iter().all(|sent| sent.class == Class::Media));
    assert_eq!(hall.heard(ann), ["1 frames of 2 from 1", "end of 2"]);
}

#[test]
fn requests_for_what_this_server_does_not_do_are_answered() {
    let mut hall = Hall::new(lobby().operators([identity(LinkId(1))]));
    let ((ann, _), (bob, _)) = (hall.join("ann"), hall.join("bob"));
    hall.sent.clear();
    hall.packet(ann, b"\x81\x15\x92\xa4motd\xa1a");
    hall.packet(ann, b"\x81\x14\x92\xa4list\xc0");
    hall.packet(bob, b"\x81\x15\x92\xa4motd\xa1a");
    assert_eq!(
        hall.heard(ann),
        ["notice: settings are changed at the server", "notice: this server takes no telephones"]
    );
    assert_eq!(hall.heard(bob), ["notice: operators only"]);
}

#[test]
fn a_packet_that_a_link_does_not_hold_is_split_with_the_numbers_of_its_frames() {
    let mut hall = Hall::new(lobby());
    let (ann, _) = hall.join("ann");
    let near = hall.visit(431);
    hall.hello(near, &hello("near"));
    hall.sent.clear();
    hall.speak(ann, u16::MAX - 8, &[FRAME; 20]);
    assert!(hall.sent.iter().all(|sent| sent.data.as_ref().unwrap().len() <= 431 - 8));
    // 9 times 44 bytes, and 12 more, fit in 423.
    assert_eq!(
        hall.heard(near),
        ["9 frames of 1 from 65527", "9 frames of 1 from 0", "2 frames of 1 from 9"]
    );
}

#[test]
fn members_of_a_removed_room_are_in_the_default_room_or_in_none() {
    let listed = room().allow([identity(LinkId(1))]);
    let other = RoomConfig::new("Other", RoomProfile::OpusLow).unwrap();
    let mut hall = Hall::new(lobby().room(listed).unwrap().room(other).unwrap());
    let (ann, _) = hall.join("ann");
    hall.say(ann, &ClientMessage::Move { room: RoomKey::Id(2), password: None });
    let bob = hall.visit(8_000);
    hall.hello(bob, &Hello { room: Some(RoomKey::Id(2)), ..hello("bob") });
    hall.sent.clear();
    hall.input(Input::Command(ServerCommand::RemoveRoom(RoomId(2))));
    let gone = ["room 2 gone", "in Some(1)", "notice: Other was removed.", "1 is ann", "2 is bob"];
    assert_eq!(hall.heard(ann), gone);
    assert_eq!(
        hall.heard(bob),
        ["room 2 gone", "1 is ann", "in None", "notice: Other was removed.", "2 is bob"]
    );
    let refused =
        hall.server.handle_input(hall.now, Input::Command(ServerCommand::RemoveRoom(RoomId(1))));
    assert!(refused.is_err());
    let missing = ServerCommand::Operate { action: Action::Kick, on: MemberId(9) };
    assert!(hall.server.handle_input(hall.now, Input::Command(missing)).is_err());
}

fn announced(config: &ServerConfig) -> Vec<u8> {
    let mut out = vec![0; 300];
    let length = encode_announce(&config.announced(), &mut out).unwrap();
    out.truncate(length);
    out
}

fn lobby() -> ServerConfig {
    ServerConfig::new("Test").unwrap()
}

fn room() -> RoomConfig {
    RoomConfig::new("Lobby", RoomProfile::OpusHigh).unwrap()
}
