//! The wire codec, against every packet of the recordings.

use crate::capture::{Capture, Record};
use lxst_core::wire::Frame;
use lxst_rooms::RoomProfile;
use lxst_rooms::wire::{ClientMessage, Hello, RoomKey, ServerMessage};

#[test]
fn what_clients_sent_is_read_and_written_byte_for_byte() {
    let mut packets = 0;
    for scenario in Capture::scenarios() {
        let capture = Capture::load(&scenario);
        for record in capture.packets("S", "rx") {
            // Another type of room number, changes of settings, and a frame that is none.
            if ["move by name", "CONFIG"].contains(&by_hand(record)) {
                continue;
            }
            let data = record.data.as_deref().unwrap();
            let messages = ClientMessage::parse(data).unwrap();
            let [message] = messages.as_slice() else { panic!("{scenario}: {record:?}") };
            let mut out = vec![0; data.len()];
            assert_eq!(message.encode(&mut out), Ok(data.len()), "{scenario}: {record:?}");
            assert_eq!(out, data, "{scenario}: {record:?}");
            packets += 1;
        }
    }
    assert!(packets > 100, "{packets}");
}

#[test]
fn what_the_server_sent_is_read_and_written_byte_for_byte() {
    let mut packets = 0;
    for scenario in Capture::scenarios() {
        let capture = Capture::load(&scenario);
        for record in capture.packets("S", "tx") {
            if by_hand(record) == "CONFIG" {
                continue;
            }
            let data = record.data.as_deref().unwrap();
            let messages = ServerMessage::parse(data).unwrap();
            let [message] = messages.as_slice() else { panic!("{scenario}: {record:?}") };
            let mut out = vec![0; data.len()];
            assert_eq!(message.encode(&mut out), Ok(data.len()), "{scenario}: {record:?}");
            assert_eq!(out, data, "{scenario}: {record:?}");
            packets += 1;
        }
    }
    assert!(packets > 300, "{packets}");
}

#[test]
fn the_frames_of_each_profile_pass_the_servers_check_and_no_other_profile_of_another_length() {
    for profile in RoomProfile::ALL {
        let capture = Capture::load(&format!("frames_{profile}"));
        let mut frames = 0;
        for record in capture.packets("A", "tx").filter(|record| record.kind == "media") {
            let messages = ClientMessage::parse(record.data.as_deref().unwrap()).unwrap();
            let [ClientMessage::Voice(voice)] = messages.as_slice() else { panic!("{record:?}") };
            for frame in voice.frames.clone() {
                let frame = frame.unwrap();
                assert!(profile.accepts(frame), "{profile} {record:?}");
                for other in RoomProfile::ALL {
                    let fits =
                        other.codec() == profile.codec() && other.frame_ms() == profile.frame_ms();
                    assert!(fits || !other.accepts(frame), "{other} {record:?}");
                }
                frames += 1;
            }
        }
        assert!(frames > 0, "{profile}");
    }
}

#[test]
fn a_frame_beyond_the_size_of_its_profile_is_refused() {
    let codec = RoomProfile::OpusHigh.codec();
    let mut payload = vec![0; 41];
    payload[0] = 0x78;
    assert!(RoomProfile::OpusHigh.accepts(Frame { codec, payload: &payload[..40] }));
    assert!(!RoomProfile::OpusHigh.accepts(Frame { codec, payload: &payload }));
    assert!(!RoomProfile::OpusHigh.accepts(Frame { codec, payload: &[] }));
}

#[test]
fn messages_of_one_packet_come_in_the_order_of_the_reference() {
    // {13: [true, false], 12: "a", 10: [1, nil]}
    let packet = b"\x83\x0d\x92\xc3\xc2\x0c\xa1a\x0a\x92\x01\xc0";
    let messages = ClientMessage::parse(packet).unwrap();
    assert_eq!(
        messages,
        [
            ClientMessage::Move { room: RoomKey::Id(1), password: None },
            ClientMessage::Text("a"),
            ClientMessage::State { is_muted: true, is_deaf: false },
        ]
    );
}

#[test]
fn a_flat_record_and_a_list_of_records_are_told_apart() {
    let flat = b"\x81\x07\x99\x01\xa1a\xa7c2-1200\xcd\x01\x90\x00\xa0\xc0\xcd\x17\x70\x00";
    let parsed = ServerMessage::parse(flat).unwrap();
    let [ServerMessage::Rooms(rooms)] = parsed.as_slice() else { panic!("{parsed:?}") };
    assert_eq!((rooms[0].frame_ms, rooms[0].ptt_jitter_ms), (400, 6_000));
    // Six elements are enough.
    let short = b"\x81\x08\x96\x01\xa1a\xc0\xc0\xc2\xc2";
    let parsed = ServerMessage::parse(short).unwrap();
    let [ServerMessage::Member(member)] = parsed.as_slice() else { panic!("{parsed:?}") };
    assert!(member.can_speak && !member.is_operator);
    // Five are not: the message is left out.
    assert_eq!(
        ServerMessage::parse(b"\x81\x08\x95\x01\xa1a\xc0\xc0\xc2"),
        Ok(vec![ServerMessage::Members(vec![])])
    );
}

#[test]
fn a_hello_of_odd_values_counts_what_it_can() {
    let hello = |map: &[u8]| {
        let packet = [b"\x81\x05", map].concat();
        let messages = ClientMessage::parse(&packet).unwrap();
        let [ClientMessage::Hello(hello)] = messages.as_slice() else { panic!("{messages:?}") };
        hello.map(|hello: Hello<'_>| (hello.version, hello.rtt_ms, hello.hops))
    };
    assert_eq!(hello(b"\xc0"), None);
    assert_eq!(hello(b"\x80"), Some((None, None, None)));
    // A round trip time of 12.5 ms, and 256 hops.
    let odd = b"\x83\xa3rtt\xcb\x40\x29\x00\x00\x00\x00\x00\x00\xa3ver\x01\xa4hops\xcd\x01\x00";
    assert_eq!(hello(odd), Some((Some(1), Some(12), None)));
    assert_eq!(hello(b"\x81\xa3rtt\xce\x00\x0f\x42\x40"), Some((None, None, None)));
}

/// What the recording says that a person made by hand, or settings.
fn by_hand(record: &Record) -> &'static str {
    let names = record.json["names"].to_string();
    let data = record.data.as_deref().unwrap();
    if names.contains("CONFIG") {
        "CONFIG"
    } else if data.starts_with(b"\x81\x0a\x92\xa5") {
        "move by name"
    } else {
        ""
    }
}
