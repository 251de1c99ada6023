//! Several destinations and broadcast channels of our endpoint and of our phone, with Python's RNS
//! over UDP.

use lxst_interop::{Command, Event as PythonEvent, PythonPeer, free_udp_ports};
use lxst_phone::reticulum::{
    Channel, Class, Destination, DestinationConfig, Event, GroupKey, NameHash, limits, name_hash,
};
use lxst_phone::{DisplayName, Event as PhoneEvent, IdentityHash, LinkMessage, Settings};

use crate::endpoint::{Ours, incoming};
use crate::networks::udp;
use crate::phone::{PATIENCE, Setup, attached};
use crate::scene::{Scene, on_both_runtimes};

on_both_runtimes![
    an_app_serves_opens_and_broadcasts_through_its_phone,
    names_in_announces_are_heard_both_ways,
    plain_packets_pass_a_shared_instance_both_ways,
];

fn an_app_serves_opens_and_broadcasts_through_its_phone(scene: &Scene) {
    let (here, there) = free_udp_ports();
    let mut python = scene.python().udp(there, here).spawn();
    let rust = scene.connected(udp(here, there));
    let destinations = &rust.destinations;
    let packet = |data: &[u8]| Some(LinkMessage::Packet(data.to_vec()));

    python.send(&Command::Hear(ROOM));
    python.send(&Command::ServeApp(DESK));
    // Commands are done in order, so it hears the announces from here on.
    python.expect("app_served", PATIENCE);
    let served = destinations.serve(DestinationConfig::new(name_hash(ROOM)));
    let room = rust.block_on(served).expect("there is room");
    rust.block_on(room.set_app_data(b"lobby")).expect("it fits");
    rust.block_on(room.announce()).expect("the phone runs");
    let announced = python.expect("app_announce", PATIENCE);
    assert_eq!(announced.identity(), Some(rust.identity()));
    assert_eq!(said(&announced), (ROOM, b"lobby".to_vec()));
    python.send(&Command::OpenApp { name: ROOM, identity: rust.identity() });
    let visit = rust.await_work("link", room.next()).expect("the phone runs");
    python.expect("app_link", PATIENCE);
    python.send(&Command::SendApp { name: ROOM, data: b"hello".to_vec() });
    assert_eq!(rust.await_work("packet", visit.next()), packet(b"hello"));
    rust.block_on(visit.send(Class::Signal, b"welcome")).expect("the link stands");
    let answer = python.expect("app_data", PATIENCE);
    assert_eq!(said(&answer), (ROOM, b"welcome".to_vec()));

    let desk = Destination { identity: IdentityHash(python.identity()), name: name_hash(DESK) };
    let link = rust.await_work("link", destinations.open(desk)).expect("it comes up");
    python.expect("app_link", PATIENCE);
    rust.block_on(link.identify()).expect("the link stands");
    let identified = python.expect("app_identified", PATIENCE);
    assert_eq!(identified.identity(), Some(rust.identity()));
    rust.block_on(link.send(Class::Signal, b"knock")).expect("the link stands");
    let asked = python.expect("app_data", PATIENCE);
    assert_eq!(said(&asked), (DESK, b"knock".to_vec()));
    python.send(&Command::SendApp { name: DESK, data: b"come in".to_vec() });
    assert_eq!(rust.await_work("packet", link.next()), packet(b"come in"));

    let channel = rust.block_on(destinations.join(Channel::Plain(name_hash(PLAIN))));
    let channel = channel.expect("there is room");
    python.send(&Command::Join { name: PLAIN, key: None });
    python.expect("joined", PATIENCE);
    assert_eq!(rust.block_on(channel.send(Class::Signal, b"all")), Ok(1));
    let heard = python.expect("broadcast", PATIENCE);
    assert_eq!(said(&heard), (PLAIN, b"all".to_vec()));
    python.send(&Command::Broadcast { name: PLAIN, data: b"here".to_vec() });
    assert_eq!(rust.await_work("broadcast", channel.next()), Some(b"here".to_vec()));
}

fn plain_packets_pass_a_shared_instance_both_ways(scene: &Scene) {
    let rnsd = scene.rnsd().spawn();
    let mut python = scene.python().shared_instance(&rnsd).spawn();
    let rust = scene.connected(attached(&rnsd));
    let channel = rust.block_on(rust.destinations.join(Channel::Plain(name_hash(PLAIN))));
    let channel = channel.expect("there is room");
    python.send(&Command::Join { name: PLAIN, key: None });
    python.expect("joined", PATIENCE);
    for data in [b"all".to_vec(), vec![7; channel.mdu()]] {
        assert_eq!(rust.block_on(channel.send(Class::Media, data.clone())), Ok(1));
        let heard = python.expect("broadcast", PATIENCE);
        assert_eq!(said(&heard), (PLAIN, data.clone()));
        python.send(&Command::Broadcast { name: PLAIN, data: data.clone() });
        assert_eq!(rust.await_work("broadcast", channel.next()), Some(data));
    }
}

fn names_in_announces_are_heard_both_ways(scene: &Scene) {
    let (here, there) = free_udp_ports();
    let mut python = scene.python().udp(there, here).spawn();
    let name = DisplayName::new("Ada Lovelace").expect("it is a name");
    let settings = Settings::default().display_name(name);
    let mut rust = scene.connected_as(Setup { settings, ..Setup::on(udp(here, there)) });
    let announced = python.expect("announce", PATIENCE);
    assert_eq!(announced.json["name"], "Ada Lovelace");
    python.send(&Command::AnnounceAs("B\u{202e}ob\n"));
    let (who, name) = rust.expect("an announce with a name", |event| match event {
        PhoneEvent::Announced { identity, name: Some(name), .. } => Some((*identity, *name)),
        _ => None,
    });
    assert_eq!((who, name.as_str()), (IdentityHash(python.identity()), "Bob"));
}

#[test]
fn python_hears_our_plain_and_group_packets() {
    let (mut python, mut ours) = meet("python_hears_our_plain_and_group_packets");
    let channels = join_both(&mut python, &mut ours);
    for (name, channel, mdu) in channels {
        for data in [b"hello".to_vec(), vec![7; mdu]] {
            let now = ours.now();
            let sent = ours.endpoint.broadcast(now, channel.hash(), Class::Signal, &data);
            assert_eq!(sent, Ok(1));
            ours.flush();
            let heard = python.expect("broadcast", PATIENCE);
            assert_eq!((&heard.json["name"], bytes_of(&heard.json["data"])), (&name.into(), data));
        }
    }
}

#[test]
fn we_hear_plain_and_group_packets_of_python() {
    let (mut python, mut ours) = meet("we_hear_plain_and_group_packets_of_python");
    for (name, channel, mdu) in join_both(&mut python, &mut ours) {
        for data in [b"hello".to_vec(), vec![7; mdu]] {
            python.send(&Command::Broadcast { name, data: data.clone() });
            let heard = ours.until("a broadcast", |event| match event {
                Event::Broadcast { channel, data, .. } => Some((channel, data)),
                _ => None,
            });
            assert_eq!(heard, (channel.hash(), data));
        }
    }
}

#[test]
fn python_tells_our_destinations_apart() {
    let (mut python, mut ours) = meet("python_tells_our_destinations_apart");
    let identity = ours.endpoint.identity();
    let room = name_hash(ROOM);
    let config = DestinationConfig::new(room).app_data(b"lobby").expect("it is short");
    ours.endpoint.register(config).expect("there is room");
    ours.endpoint.register(DestinationConfig::telephony()).expect("there is room");
    python.send(&Command::Hear(ROOM));
    // Commands are done in order.
    python.send(&Command::Join { name: PLAIN, key: None });
    python.expect("joined", PATIENCE);

    for name in [room, NameHash::TELEPHONY] {
        ours.announce(name);
    }
    let mut heard = [None, None];
    for event in &mut heard {
        *event = Some(python.expect_where("an announce", PATIENCE, |event| {
            matches!(&event.name[..], "announce" | "app_announce")
        }));
    }
    let heard = heard.map(|event| event.expect("two were heard"));
    assert!(heard.iter().all(|event| event.identity() == Some(identity.0)), "{heard:?}");
    let app_data = heard.iter().find(|event| event.name == "app_announce");
    let app_data = app_data.map(|event| bytes_of(&event.json["data"]));
    assert_eq!(app_data.as_deref(), Some(&b"lobby"[..]));

    python.send(&Command::OpenApp { name: ROOM, identity: identity.0 });
    let (visitor, on) = ours.until("a link", incoming);
    assert_eq!(on, Destination { identity, name: room });
    python.expect("app_link", PATIENCE);
    python.send(&Command::call(identity.0));
    let (_, on) = ours.until("a link", incoming);
    assert_eq!(on, Destination::telephony(identity));

    python.send(&Command::SendApp { name: ROOM, data: b"hello".to_vec() });
    let said = ours.until("a packet", |event| match event {
        Event::Packet { link, data } => Some((link, data)),
        _ => None,
    });
    assert_eq!(said, (visitor, b"hello".to_vec()));
    let now = ours.now();
    ours.endpoint.send(now, visitor, Class::Signal, b"welcome").expect("the link stands");
    ours.flush();
    let answer = python.expect("app_data", PATIENCE);
    assert_eq!(bytes_of(&answer.json["data"]), b"welcome");
}

/// A Python peer and an endpoint of ours, joined by UDP.
fn meet(test: &str) -> (PythonPeer, Ours) {
    let (here, there) = free_udp_ports();
    let python = PythonPeer::builder(test, "python").udp(there, here).spawn();
    (python, Ours::new(here, there))
}

/// Joins a PLAIN channel, and a GROUP channel of the peer's identity, on both sides.
fn join_both(python: &mut PythonPeer, ours: &mut Ours) -> [(&'static str, Channel, usize); 2] {
    let key: Vec<u8> = (0..64).collect();
    let group = || {
        let identity = IdentityHash(python.identity());
        let destination = Destination { identity, name: name_hash(GROUP) };
        Channel::Group(destination, GroupKey::from_bytes(&key).expect("64 bytes"))
    };
    let plain = || Channel::Plain(name_hash(PLAIN));
    let channels = [(PLAIN, plain(), limits::PLAIN_MDU), (GROUP, group(), limits::GROUP_MDU)];
    for channel in [plain(), group()] {
        ours.endpoint.join(channel).expect("there is room");
    }
    for ((name, channel, _), key) in channels.iter().zip([None, Some(key.clone())]) {
        python.send(&Command::Join { name, key });
        let joined = python.expect("joined", PATIENCE);
        assert_eq!(joined.json["destination"], channel.hash().to_string());
    }
    channels
}

/// Returns what a Python peer received, and its app or channel.
fn said(event: &PythonEvent) -> (&str, Vec<u8>) {
    (event.json["name"].as_str().expect("a name"), bytes_of(&event.json["data"]))
}

fn bytes_of(hex: &serde_json::Value) -> Vec<u8> {
    let hex = hex.as_str().expect("hex digits").as_bytes();
    let digit = |digit: u8| (digit as char).to_digit(16).expect("a hex digit") as u8;
    hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

const DESK: &str = "lxst.desk";
const ROOM: &str = "lxst.room";
const PLAIN: &str = "lxst.intercom";
const GROUP: &str = "lxst.net";
