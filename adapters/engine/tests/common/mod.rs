//! What tests of engines share: endpoints whose every byte a seed decides, and two phones on them.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod lossy;
pub(crate) mod pair;

use lxst_core::Instant;
use lxst_engine::{Engine, InterfaceOrigin};
use lxst_reticulum::{
    Config, Endpoint, EndpointLinks, Identity, InterfaceConfig, InterfaceId, Rng, UnixTime,
};
use lxst_sim::random::Seeded;

/// What the calendar says.
pub(crate) const WALL: UnixTime = UnixTime(1_700_000_000);

pub(crate) fn network(seed: u64) -> EndpointLinks {
    let mut rng = SeededRng(Seeded(seed));
    let identity = Identity::generate(&mut rng);
    let endpoint = Endpoint::new(identity, Config::default(), Box::new(rng));
    EndpointLinks::new(endpoint)
}

/// The interfaces of an engine's endpoint.
pub(crate) trait Wired {
    fn interface_up(
        &mut self,
        now: Instant,
        from: InterfaceOrigin,
        of: InterfaceConfig,
    ) -> InterfaceId;
    fn handle_bytes(&mut self, now: Instant, id: InterfaceId, bytes: &[u8]);
    fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        wall: UnixTime,
        id: InterfaceId,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]>;
}

impl Wired for Engine<EndpointLinks> {
    fn interface_up(
        &mut self,
        now: Instant,
        from: InterfaceOrigin,
        of: InterfaceConfig,
    ) -> InterfaceId {
        let id = self.with_stack(now, |links| links.endpoint_mut().interface_up(now, of));
        self.network_up(now, from);
        id
    }

    fn handle_bytes(&mut self, now: Instant, id: InterfaceId, bytes: &[u8]) {
        self.with_stack(now, |links| links.endpoint_mut().handle_bytes(now, id, bytes));
    }

    fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        wall: UnixTime,
        id: InterfaceId,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        self.stack_mut().endpoint_mut().poll_transmit(now, wall, id, buffer)
    }
}

/// The seeded generator as the endpoint's source of bytes.
pub(crate) struct SeededRng(pub(crate) Seeded);

impl Rng for SeededRng {
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }
}
