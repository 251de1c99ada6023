//! What an interface does between its up and its down.

use lxst_reticulum::{Config, Endpoint, Identity, InterfaceConfig, Now, Rng, limits};

#[test]
fn a_node_that_connected_to_us_hears_nothing_before_it_is_heard() {
    let mut endpoint = endpoint();
    let id = endpoint.interface_up(START, InterfaceConfig::TCP_ACCEPTED);
    endpoint.announce(START);
    let mut buffer = vec![];
    assert_eq!(endpoint.poll_transmit(START, id, &mut buffer), None);
    assert_eq!(endpoint.poll_timeout(), Some(START + limits::ACCEPTED_HOLD));

    endpoint.handle_bytes(START, id, b"~");
    assert!(endpoint.poll_transmit(START, id, &mut buffer).is_some());
    assert_eq!(endpoint.poll_timeout(), None);
}

#[test]
fn a_node_that_connected_to_us_and_says_nothing_is_spoken_to_after_a_while() {
    let mut endpoint = endpoint();
    let id = endpoint.interface_up(START, InterfaceConfig::TCP_ACCEPTED);
    endpoint.announce(START);
    let mut buffer = vec![];
    let end = START + limits::ACCEPTED_HOLD;
    endpoint.handle_timeout(end);
    assert!(endpoint.poll_transmit(end, id, &mut buffer).is_some());
    assert_eq!(endpoint.poll_timeout(), None);
}

fn endpoint() -> Endpoint {
    let mut rng = Counting(0);
    let identity = Identity::generate(&mut rng);
    Endpoint::new(identity, Config::default(), Box::new(rng))
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

const START: Now = Now::from_secs(1_800_000_000);
