//! Several destinations of one endpoint, in virtual time.

mod common;

use std::time::Duration;

use common::{A, B, Net, START, SeededRng, TELEPHONY, WALL, Wire, framed, phone, unframed};
use lxst_reticulum::{
    BoundError, Config, Destination, DestinationConfig, DestinationHash, DropReason, Event,
    Identity, IdentityHash, InterfaceConfig, LinkEvent, LinkFailed, NameHash, limits, name_hash,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn each_destination_announces_itself_with_app_data_of_its_own() {
    let mut net = Net::with_configs(80, Wire::GOOD, &[InterfaceConfig::TCP; 3]);
    serve_room(&mut net, B, |room| room);
    net.nodes[A].endpoint.hear(room()).unwrap();
    for name in [TELEPHONY, room()] {
        net.nodes[B].endpoint.announce(net.now, name);
    }
    net.run_for(SECOND);
    let b = net.nodes[B].endpoint.identity();
    let (phone, lobby) = ((b, TELEPHONY, None), (b, room(), Some(b"lobby".to_vec())));
    assert_eq!(announced(&net, A), [phone.clone(), lobby.clone()]);
    assert_eq!(announced(&net, STRANGER), std::slice::from_ref(&phone), "it hears no rooms");

    net.nodes[B].endpoint.announce(net.now, room());
    net.run_for(SECOND);
    assert_eq!(announced(&net, A), [phone, lobby.clone(), lobby]);
}

#[test]
fn an_announce_that_is_put_off_is_that_of_its_own_destination() {
    let mut net = Net::new(81, Wire::GOOD);
    serve_room(&mut net, B, |room| room);
    net.nodes[A].endpoint.hear(room()).unwrap();
    net.nodes[B].endpoint.announce(net.now, room());
    net.nodes[B].endpoint.announce(net.now, room());
    net.nodes[B].endpoint.announce(net.now, TELEPHONY);
    net.run_for(SECOND / 2);
    let names = |net: &Net| announced(net, A).into_iter().map(|(_, name, _)| name);
    assert_eq!(names(&net).collect::<Vec<_>>(), [room(), TELEPHONY]);
    net.run_for(SECOND);
    assert_eq!(names(&net).collect::<Vec<_>>(), [room(), TELEPHONY, room()]);
}

#[test]
fn an_incoming_link_tells_which_destination_its_peer_asked_for() {
    let mut net = Net::new(82, Wire::GOOD);
    serve_room(&mut net, B, |room| room);
    let identity = net.nodes[B].endpoint.identity();
    let (phone, lobby) = (Destination::telephony(identity), Destination { identity, name: room() });
    for to in [lobby, phone] {
        net.nodes[A].endpoint.open(net.now, to);
        net.run_for(SECOND);
    }
    net.nodes[A].endpoint.open_at(net.now, lobby.into());
    net.run_for(SECOND);
    assert_eq!(incoming(&net, B), [lobby, phone, lobby]);
    // The path to the room was searched: its answer is an announce with its app data.
    let told = announced(&net, A);
    assert!(told.contains(&(identity, room(), Some(b"lobby".to_vec()))), "{told:?}");
}

#[test]
fn a_link_to_an_app_that_nobody_serves_fails() {
    let mut net = Net::acquainted(83, Wire::GOOD);
    let identity = net.nodes[B].endpoint.identity();
    let lobby = Destination { identity, name: room() };
    let link = net.nodes[A].endpoint.open(net.now, lobby);
    net.run_for(limits::PATH_SEARCH + SECOND);
    assert_eq!(net.link_events(A, link), [LinkEvent::Failed(LinkFailed::NoPath)]);

    serve_room(&mut net, B, |room| room);
    let link = net.nodes[A].endpoint.open(net.now, lobby);
    net.run_for(SECOND);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
    net.nodes[B].endpoint.unregister(room());
    net.nodes[B].endpoint.announce(net.now, room());
    let another = net.nodes[A].endpoint.open(net.now, lobby);
    net.run_for(SECOND);
    assert_eq!(net.link_events(A, another), []);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]), "what stood stands");
}

#[test]
fn a_flood_of_link_requests_at_one_destination_leaves_the_other_answering() {
    let mut net = flooded(84);
    let identity = net.nodes[B].endpoint.identity();
    let lobby = Destination { identity, name: room() };
    for _ in 0..10 {
        for _ in 0..100 {
            net.nodes[STRANGER].endpoint.open(net.now, lobby);
        }
        net.run_for(Wire::GOOD.conditions.delay);
        let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(identity));
        net.run_for(SECOND / 10);
        let events = net.link_events(A, link);
        assert!(matches!(events[..], [LinkEvent::Up { .. }]), "at once: {events:?}");
        net.nodes[A].endpoint.close(net.now, link);
    }
    let counters = net.nodes[B].endpoint.counters();
    assert!(counters.dropped(DropReason::RateLimited) > 0);
    assert!(counters.dropped(DropReason::LinksFull) > 0, "the room holds 4 links");
    let rooms = incoming(&net, B).into_iter().filter(|on| *on == lobby).count();
    assert_eq!(rooms, 4);
}

#[test]
fn a_flood_of_path_requests_for_one_destination_leaves_the_other_answering() {
    let mut net = Net::acquainted(85, Wire::GOOD);
    serve_room(&mut net, B, |room| room);
    let identity = net.nodes[B].endpoint.identity();
    let lobby = DestinationHash::from(Destination { identity, name: room() });
    let for_phone = net.path_request_to(B);
    let mut request = unframed(&for_phone);
    request[19..35].copy_from_slice(&lobby.0);
    let before = net.sent.len();
    for tag in 0..1000_u16 {
        request[35..37].copy_from_slice(&tag.to_be_bytes());
        net.inject(B, &framed(&request));
    }
    assert_eq!(net.sent.len() - before, limits::PATH_REQUESTS.1 as usize);
    net.inject(B, &for_phone);
    assert_eq!(net.sent.len() - before, limits::PATH_REQUESTS.1 as usize + 1);
}

#[test]
fn a_flood_of_announces_of_one_app_leaves_those_of_another_heard() {
    let mut net = Net::new(86, Wire::of_delay(Duration::ZERO));
    net.nodes[A].endpoint.hear(room()).unwrap();
    for n in 0..3 * u64::from(limits::ANNOUNCES.1) {
        net.inject(A, &room_announced_by(1_000 + n));
    }
    assert_eq!(net.announces(A), limits::ANNOUNCES.1 as usize);
    net.nodes[B].endpoint.announce(net.now, TELEPHONY);
    net.run_for(SECOND / 10);
    let b = net.nodes[B].endpoint.identity();
    assert_eq!(announced(&net, A).last(), Some(&(b, TELEPHONY, None)));
}

#[test]
fn known_rooms_push_out_no_known_phone() {
    let mut net = Net::acquainted(87, Wire::GOOD);
    net.nodes[A].endpoint.hear(room()).unwrap();
    let b = net.nodes[B].endpoint.identity();
    for n in 0..limits::KEYS as u64 + 10 {
        net.inject(A, &room_announced_by(10_000 + n));
        net.run_for(SECOND / limits::ANNOUNCES.0);
    }
    assert!(net.announces(A) > limits::KEYS);
    let phones: Vec<_> = net.nodes[A].endpoint.known_phones(net.now).collect();
    assert_eq!(phones.iter().map(|(phone, _)| *phone).collect::<Vec<_>>(), [b]);
    let store = net.nodes[A].export(net.now);
    assert_eq!(store.len(), 7 + 2 * 73, "B and ourselves");
}

#[test]
fn settings_beyond_their_bounds_are_errors_that_name_the_bound() {
    let room = || DestinationConfig::new(room());
    let text = |refused: Result<_, BoundError>| refused.map(|_: DestinationConfig| ()).unwrap_err();
    let cases = [
        (text(room().incoming_links(0)), "incoming links: 0 is not within 1 to 1024"),
        (text(room().incoming_links(1_025)), "incoming links: 1025 is not within 1 to 1024"),
        (text(room().link_requests(0, 1)), "link requests per second: 0 is not within 1 to 100"),
        (
            text(room().link_requests(1, 257)),
            "link requests in one burst: 257 is not within 1 to 256",
        ),
        (text(room().app_data(&[0; 317])), "bytes of app data: 317 is not within 0 to 316"),
        (text(room().greeting(&[0; 432])), "bytes of greeting: 432 is not within 0 to 431"),
    ];
    for (error, expected) in cases {
        assert_eq!(error.to_string(), expected);
    }
    let links = Config::default().outgoing_links(257).unwrap_err();
    assert_eq!(links.to_string(), "outgoing links: 257 is not within 1 to 256");

    let mut endpoint =
        phone(Identity::generate(&mut SeededRng::new(1)), Config::default(), SeededRng::new(2));
    for n in 0..limits::APPS as u8 {
        endpoint.hear(NameHash([n; 10])).unwrap();
    }
    let apps = endpoint.register(room()).unwrap_err();
    assert_eq!(apps.to_string(), "apps served or heard: 17 is not within 0 to 16");
    endpoint.register(DestinationConfig::telephony()).expect("telephony has its place");
}

#[test]
fn the_longest_app_data_travels_over_a_node() {
    let mut net = Net::new(88, Wire::GOOD);
    let longest = [7; limits::APP_DATA];
    serve_room(&mut net, B, |room| room.app_data(&longest).unwrap());
    net.nodes[B].endpoint.announce(net.now, room());
    net.run_for(SECOND);
    let packet = unframed(&net.sent.last().unwrap().bytes);
    assert_eq!(
        packet.len() + 16 + 1,
        500,
        "with the id of a node, and the least of an access code"
    );
}

fn room() -> NameHash {
    name_hash("lxst.room")
}

fn serve_room(net: &mut Net, n: usize, set: impl FnOnce(DestinationConfig) -> DestinationConfig) {
    let config = set(DestinationConfig::new(room()).app_data(b"lobby").expect("within its bounds"));
    net.nodes[n].endpoint.register(config).expect("within its bounds");
}

/// B serves calls and a room for 4, which A and a stranger know. The stranger may open many links.
fn flooded(seed: u64) -> Net {
    let mut net = Net::with_configs(seed, Wire::GOOD, &[InterfaceConfig::TCP; 3]);
    let mut rng = SeededRng::new(99);
    let config =
        Config::default().outgoing_links(limits::MAX_OUTGOING_LINKS).expect("within its bounds");
    net.nodes[STRANGER].endpoint = phone(Identity::generate(&mut rng), config, rng);
    net.plug(STRANGER);
    net.nodes[STRANGER].endpoint.hear(room()).expect("within its bounds");
    serve_room(&mut net, B, |room| room.incoming_links(4).expect("within its bounds"));
    for name in [TELEPHONY, room()] {
        net.nodes[B].endpoint.announce(net.now, name);
    }
    net.run_for(SECOND);
    net
}

/// An announce of somebody's room, as framed.
fn room_announced_by(seed: u64) -> Vec<u8> {
    let mut rng = SeededRng::new(seed);
    let mut endpoint = phone(Identity::generate(&mut rng), Config::default(), rng);
    endpoint.register(DestinationConfig::new(room())).expect("within its bounds");
    let interface = endpoint.interface_up(START, InterfaceConfig::TCP);
    endpoint.announce(START, room());
    let mut buffer = vec![];
    endpoint.poll_transmit(START, WALL, interface, &mut buffer).expect("it announces").to_vec()
}

fn announced(net: &Net, n: usize) -> Vec<(IdentityHash, NameHash, Option<Vec<u8>>)> {
    let announced = |(_, event): &(_, Event)| match event {
        Event::Announced { identity, name, app_data, .. } => {
            Some((*identity, *name, app_data.clone()))
        }
        _ => None,
    };
    net.nodes[n].events.iter().filter_map(announced).collect()
}

/// The destinations of the links that came in.
fn incoming(net: &Net, n: usize) -> Vec<Destination> {
    let incoming = |(_, event): &(_, Event)| match event {
        Event::Link { event: LinkEvent::Incoming { on, .. }, .. } => Some(*on),
        _ => None,
    };
    net.nodes[n].events.iter().filter_map(incoming).collect()
}

const STRANGER: usize = 2;
