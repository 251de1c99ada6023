//! What an interface does between its up and its down.

mod common;

use common::{TELEPHONY, phone};
use lxst_reticulum::{
    Config, Destination, Endpoint, Event, Identity, Instant, InterfaceConfig, InterfaceId,
    LinkClosed, LinkEvent, LinkHandle, Rng, UnixTime, limits,
};

#[test]
fn a_node_that_connected_to_us_hears_nothing_before_it_is_heard() {
    let mut endpoint = endpoint();
    let id = endpoint.interface_up(START, InterfaceConfig::TCP_ACCEPTED);
    endpoint.announce(START, TELEPHONY);
    let mut buffer = vec![];
    assert_eq!(endpoint.poll_transmit(START, WALL, id, &mut buffer), None);
    assert_eq!(endpoint.poll_timeout(), Some(START + limits::ACCEPTED_HOLD));

    endpoint.handle_bytes(START, id, b"~");
    assert!(endpoint.poll_transmit(START, WALL, id, &mut buffer).is_some());
    assert_eq!(endpoint.poll_timeout(), None);
}

#[test]
fn a_node_that_connected_to_us_and_says_nothing_is_spoken_to_after_a_while() {
    let mut endpoint = endpoint();
    let id = endpoint.interface_up(START, InterfaceConfig::TCP_ACCEPTED);
    endpoint.announce(START, TELEPHONY);
    let mut buffer = vec![];
    let end = START + limits::ACCEPTED_HOLD;
    endpoint.handle_timeout(end);
    assert!(endpoint.poll_transmit(end, WALL, id, &mut buffer).is_some());
    assert_eq!(endpoint.poll_timeout(), None);
}

#[test]
fn a_shared_instance_that_does_not_send_our_announce_back_has_lost_us() {
    let mut endpoint = endpoint();
    let id = endpoint.interface_up(START, InterfaceConfig::SHARED_INSTANCE);
    endpoint.announce(START, TELEPHONY);
    assert_eq!(sent(&mut endpoint, id).len(), 1);
    let end = START + limits::INSTANCE_SILENCE;
    assert_eq!(endpoint.poll_timeout(), Some(end));
    assert!(!endpoint.is_deaf(id));
    endpoint.handle_timeout(end);
    assert!(endpoint.is_deaf(id));
    assert_eq!(endpoint.poll_timeout(), None);
    endpoint.handle_bytes(end, id, &[0x7e]);
    assert!(!endpoint.is_deaf(id));
}

#[test]
fn nobody_has_lost_us_who_said_something_or_has_nothing_to_send_back() {
    let mut endpoint = endpoint();
    let ids =
        [InterfaceConfig::SHARED_INSTANCE, InterfaceConfig::TCP, InterfaceConfig::TCP_ACCEPTED]
            .map(|config| endpoint.interface_up(START, config));
    endpoint.handle_timeout(START + limits::INSTANCE_SILENCE);
    assert!(ids.iter().all(|id| !endpoint.is_deaf(*id)), "nothing was announced");
    endpoint.announce(START, TELEPHONY);
    let heard = endpoint.interface_up(START, InterfaceConfig::SHARED_INSTANCE);
    endpoint.handle_bytes(START, heard, &[0x7e]);
    endpoint.handle_timeout(START + limits::INSTANCE_SILENCE * 2);
    assert!(ids.iter().chain([&heard]).all(|id| !endpoint.is_deaf(*id)));
    assert_eq!(endpoint.poll_timeout(), None);
}

#[test]
fn announces_and_searches_go_out_on_every_interface() {
    let (mut a, [x, y, z]) = with_interfaces(endpoint());
    a.announce(START, TELEPHONY);
    let announce = sent(&mut a, x);
    assert_eq!(announce.len(), 1);
    assert_eq!(sent(&mut a, y), announce);
    assert_eq!(sent(&mut a, z), announce);
    a.open(START, Destination::telephony("00112233445566778899aabbccddeeff".parse().unwrap()));
    let request = sent(&mut a, x);
    assert_eq!(request.len(), 1);
    assert_eq!(sent(&mut a, y), request);
    assert_eq!(sent(&mut a, z), request);
}

#[test]
fn a_link_stays_on_the_interface_of_its_path() {
    let (mut a, [x, y, z]) = with_interfaces(endpoint());
    let mut b = other_endpoint();
    let to = b.identity();
    let wire = b.interface_up(START, InterfaceConfig::TCP);
    b.announce(START, TELEPHONY);
    carry(&mut b, wire, &mut a, y);
    let link = a.open(START, Destination::telephony(to));
    assert_eq!((sent(&mut a, x), sent(&mut a, z)), (vec![], vec![]), "nobody else is asked");
    carry(&mut a, y, &mut b, wire);
    carry(&mut b, wire, &mut a, y);
    carry(&mut a, y, &mut b, wire);
    assert!(matches!(link_events(&mut a)[..], [(of, LinkEvent::Up { .. })] if of == link));
    assert!(matches!(link_events(&mut b)[..], [(_, LinkEvent::Incoming { .. })]));

    a.interface_down(START, x);
    let again = a.open(START, Destination::telephony(to));
    a.close(START, again);
    assert_eq!(sent(&mut a, y).len(), 1, "the path over another interface stays");
    assert_eq!(link_events(&mut a), []);
    a.interface_down(START, y);
    assert_eq!(link_events(&mut a), [(link, LinkEvent::Closed(LinkClosed::Interface))]);
    a.open(START, Destination::telephony(to));
    let request = sent(&mut a, z);
    assert_eq!(request[0][1], 0x08, "the path is asked for on what is left");
}

#[test]
fn the_answer_to_a_path_request_goes_out_where_it_was_asked() {
    let (mut a, [x, y, z]) = with_interfaces(endpoint());
    let mut b = other_endpoint();
    let wire = b.interface_up(START, InterfaceConfig::TCP);
    b.open(START, Destination::telephony(a.identity()));
    carry(&mut b, wire, &mut a, z);
    assert_eq!((sent(&mut a, x), sent(&mut a, y)), (vec![], vec![]));
    assert_eq!(sent(&mut a, z).len(), 1);
}

fn with_interfaces(mut endpoint: Endpoint) -> (Endpoint, [InterfaceId; 3]) {
    let interfaces = [(); 3].map(|()| endpoint.interface_up(START, InterfaceConfig::TCP));
    (endpoint, interfaces)
}

fn sent(endpoint: &mut Endpoint, id: InterfaceId) -> Vec<Vec<u8>> {
    let mut sent = vec![];
    let mut buffer = vec![];
    while let Some(bytes) = endpoint.poll_transmit(START, WALL, id, &mut buffer) {
        sent.push(bytes.to_vec());
    }
    sent
}

fn carry(from: &mut Endpoint, of_from: InterfaceId, to: &mut Endpoint, of_to: InterfaceId) {
    for bytes in sent(from, of_from) {
        to.handle_bytes(START, of_to, &bytes);
    }
}

fn link_events(endpoint: &mut Endpoint) -> Vec<(LinkHandle, LinkEvent)> {
    std::iter::from_fn(|| endpoint.poll_event())
        .filter_map(|event| match event {
            Event::Link { link, event } => Some((link, event)),
            _ => None,
        })
        .collect()
}

fn endpoint() -> Endpoint {
    endpoint_from(0)
}

fn other_endpoint() -> Endpoint {
    endpoint_from(100)
}

fn endpoint_from(seed: u8) -> Endpoint {
    let mut rng = Counting(seed);
    let identity = Identity::generate(&mut rng);
    phone(identity, Config::default(), rng)
}

struct Counting(u8);

impl Rng for Counting {
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for byte in dest {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

const START: Instant = Instant::ORIGIN;
const WALL: UnixTime = UnixTime(1_800_000_000);
