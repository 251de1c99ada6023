//! What tests of drivers share: endpoints whose every byte a seed decides, and two phones on them.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod lossy;
pub(crate) mod pair;

use lxst_engine::Network;
use lxst_engine::reticulum::{Config, Endpoint, Identity, Rng, UnixTime};

/// What the calendar says.
pub(crate) const WALL: UnixTime = UnixTime(1_700_000_000);

pub(crate) fn network(seed: u64) -> Network {
    let mut rng = Seeded(seed);
    let identity = Identity::generate(&mut rng);
    let endpoint = Endpoint::new(identity, Config::default(), Box::new(rng));
    Network::Endpoint(endpoint)
}

/// SplitMix64.
#[derive(Clone)]
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Rng for Seeded {
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.fill_with(|| self.next() as u8);
    }
}
