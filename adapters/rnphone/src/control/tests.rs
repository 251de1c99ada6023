use lxst_phone::{IdentityHash, Mode, Profile};
use proptest::prelude::*;

use super::*;
use crate::contacts::PeerName;

#[test]
fn a_request_is_read_as_it_is_written() {
    let command = Command::Dial {
        to: "mary".to_owned(),
        profile: Some(Profile::LowLatency),
        mode: Mode::HalfDuplex,
    };
    let request = Request { id: 7, command };
    let line = request.to_line();
    assert_eq!(
        line,
        "{\"command\":\"dial\",\"id\":7,\"mode\":\"half_duplex\",\
         \"profile\":\"latency_low\",\"to\":\"mary\"}\n"
    );
    assert_eq!(Request::from_line(line.as_bytes()), Ok(request));
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let request = Request::from_line(br#"{"id":1,"command":"dial","to":"mary"}"#);
    let dial = Command::Dial { to: "mary".to_owned(), profile: None, mode: Mode::FullDuplex };
    assert_eq!(request.map(|request| request.command), Ok(dial));
    let request = Request::from_line(br#"{"id":1,"command":"answer"}"#);
    assert_eq!(request.map(|request| request.command), Ok(Command::Answer { call: None }));
}

#[test]
fn what_is_no_request_is_refused_with_its_number_and_the_reason() {
    for (line, id, reason) in [
        ("dial mary", 0, "no JSON"),
        ("[1]", 0, "no JSON"),
        (r#"{"command":"answer"}"#, 0, "a number as its id"),
        (r#"{"id":-1,"command":"answer"}"#, 0, "a number as its id"),
        (r#"{"id":4,"command":"mut","on":true}"#, 4, "unknown variant `mut`"),
        (r#"{"id":5,"command":"mute"}"#, 5, "missing field `on`"),
        (r#"{"id":6,"command":"answer","cal":3}"#, 6, "unknown field `cal`"),
        (r#"{"id":7,"command":"profile","profile":"best"}"#, 7, "profile"),
    ] {
        let bad = Request::from_line(line.as_bytes()).expect_err(line);
        assert_eq!(bad.id, id, "{line}");
        assert!(bad.reason.contains(reason), "{line}: {}", bad.reason);
    }
}

#[test]
fn replies_and_events_are_read_as_they_are_written() {
    let hash = IdentityHash([7; 16]);
    let peer = Peer::new(hash, &PeerName::Unknown(hash));
    for message in [
        Message::Reply { id: 1, result: Ok(Reply::Done) },
        Message::Reply { id: 2, result: Ok(Reply::Call(9)) },
        Message::Reply { id: 3, result: Err("there is no call".to_owned()) },
        Message::Event(Event::Incoming { call: 9, peer, is_waiting: true }),
        Message::Event(Event::Stopped {}),
    ] {
        assert_eq!(Message::from_line(message.to_line().as_bytes()), Some(message));
    }
}

#[test]
fn what_a_later_version_tells_is_left_out() {
    assert_eq!(Message::from_line(br#"{"event":"levitated","call":1}"#), None);
    let later = br#"{"event":"ringing","call":1,"colour":"red"}"#;
    assert_eq!(Message::from_line(later), Some(Message::Event(Event::Ringing { call: 1 })));
}

proptest! {
    #[test]
    fn no_line_makes_a_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Request::from_line(&line);
        let _ = Message::from_line(&line);
    }
}

#[test]
fn every_command_that_can_be_typed_is_read_as_it_is_written() {
    let arguments = [
        "",
        "mary",
        "full",
        "mq",
        "6",
        "csv",
        "keep",
        "auto",
        "f3e8c3359b39d36f3baff0a616a73d3e Mary",
        "a = b",
    ];
    for word in crate::words::commands() {
        let lines = arguments.map(|text| format!("{} {text}", word.names[0]));
        let commands: Vec<_> =
            lines.iter().filter_map(|line| crate::words::parse(line).ok()).collect();
        assert!(!commands.is_empty(), "{}", word.names[0]);
        for command in commands {
            let request = Request { id: 3, command };
            assert_eq!(Request::from_line(request.to_line().as_bytes()), Ok(request));
        }
    }
}
