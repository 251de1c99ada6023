//! What holds of every packet of `lxst.room`, whatever is in it. The fuzzer and its corpus run this.

use std::time::Duration;

use lxst_core::{Destination, IdentityHash, Instant, LinkEvent, LinkId, NameHash};
use lxst_rooms::wire::{AnnouncedRoom, ClientMessage, ServerMessage, encode_announce};
use lxst_rooms::{
    Client, ClientCommand, ClientConfig, Input, Join, Output, Server, ServerConfig, limits,
};

/// Reads the bytes as a packet of either side, and gives them to a server and a client.
///
/// # Panics
/// If an invariant does not hold.
pub(crate) fn check(data: &[u8]) {
    let mut out = vec![0; 2 * data.len() + 64];
    for message in ClientMessage::parse(data).unwrap_or_default() {
        if matches!(message, ClientMessage::DialIn | ClientMessage::Config) {
            continue;
        }
        if let Ok(length) = message.encode(&mut out) {
            let again = ClientMessage::parse(&out[..length]).expect("what was written is read");
            assert!(same(&again, &message), "{again:?} {message:?}");
        }
    }
    for message in ServerMessage::parse(data).unwrap_or_default() {
        if let Ok(length) = message.encode(&mut out) {
            let again = ServerMessage::parse(&out[..length]).expect("what was written is read");
            assert_eq!(again.len(), 1, "{message:?}");
        }
    }
    if let Some(room) = AnnouncedRoom::from_app_data(data) {
        let mut out = [0; 300];
        assert!(encode_announce(&room, &mut out).is_ok());
    }
    to_server(data);
    to_client(data);
}

/// Voice is read as far as its frames are good.
fn same(again: &[ClientMessage<'_>], message: &ClientMessage<'_>) -> bool {
    match (again, message) {
        ([ClientMessage::Voice(again)], ClientMessage::Voice(voice)) => {
            let good = voice.frames.clone().flatten();
            again.frames.clone().flatten().eq(good) && again.sequence == voice.sequence
        }
        ([again], message) => again == message,
        _ => false,
    }
}

/// A visitor's first packet, and the same of a member that others hear.
fn to_server(data: &[u8]) {
    let config = ServerConfig::new("Test").expect("a name");
    let mut server = Server::new(config, Instant::ORIGIN);
    let (one, other) = (LinkId(1), LinkId(2));
    let on = Destination { identity: IdentityHash([0; 16]), name: NameHash([0; 10]) };
    for link in [one, other] {
        let event = LinkEvent::Incoming { on, rtt: None, mdu: Some(500) };
        give(&mut server, Input::Link { link, event });
    }
    let hello = b"\x81\x05\x81\xa3ver\x01";
    give(&mut server, Input::Packet { link: other, data: hello });
    give(&mut server, Input::Packet { link: one, data });
    give(&mut server, Input::Packet { link: one, data: hello });
    give(&mut server, Input::Packet { link: one, data });
    assert!(server.members().all(|member| member.name.len() <= limits::NAME));
    let later = Instant::ORIGIN + Duration::from_secs(60);
    server.handle_input(later, Input::Timeout).expect("the outputs are drained");
    assert_eq!(server.poll_timeout().filter(|due| *due <= later), None);
}

fn give(server: &mut Server, input: Input<'_, lxst_rooms::ServerCommand>) {
    server.handle_input(Instant::ORIGIN, input).expect("the outputs are drained");
    while let Some(output) = server.poll_output() {
        if let Output::Transmit { data, .. } = output {
            let said = ServerMessage::parse(&data).expect("what a server sends is read");
            assert_eq!(said.len(), 1);
        }
    }
}

/// A packet before WELCOME, and after it.
fn to_client(data: &[u8]) {
    let mut client = Client::new(ClientConfig::new("ann").expect("a name"));
    let (link, now) = (LinkId(1), Instant::ORIGIN);
    let server = Destination { identity: IdentityHash([0; 16]), name: NameHash([0; 10]) };
    let join = Join::default();
    let command = ClientCommand::Join { link, server, hops: None, join };
    let event = LinkEvent::Up { rtt: None, mdu: None };
    let welcome = b"\x81\x06\x82\xa3sid\x01\xa3ver\x01";
    for input in [
        Input::Command(command),
        Input::Link { link, event },
        Input::Packet { link, data },
        Input::Packet { link, data: welcome },
        Input::Packet { link, data },
    ] {
        client.handle_input(now, input).expect("the outputs are drained");
        while let Some(output) = client.poll_output() {
            if let Output::Transmit { data, .. } = output {
                let said = ClientMessage::parse(&data).expect("what a client sends is read");
                assert_eq!(said.len(), 1);
            }
        }
    }
    assert!(client.members().count() <= limits::ROSTER);
    assert!(client.members().all(|member| member.name.len() <= limits::NAME));
}
