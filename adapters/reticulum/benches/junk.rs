//! Wall time of packets that mean nothing: what a flood costs, one packet at a time.

use divan::Bencher;
use lxst_reticulum::{
    Config, DestinationConfig, DropReason, Endpoint, Identity, Ifac, Instant, InterfaceConfig,
    InterfaceId, Rng,
};
use lxst_sim::random::Seeded;

fn main() {
    divan::main();
}

#[divan::bench(args = [5, 60, 500, 1_000])]
fn junk(bencher: Bencher, bytes: usize) {
    flood(bencher, InterfaceConfig::UDP, |packet| packet.truncate(bytes));
}

#[divan::bench(args = [5, 60, 500, 1_000])]
fn junk_with_an_access_code(bencher: Bencher, bytes: usize) {
    let ifac = Ifac::new(Some("mesh"), None, Ifac::SIZE).expect("a name and a size");
    flood(bencher, InterfaceConfig::UDP.with_ifac(ifac), |packet| {
        packet.truncate(bytes);
        packet[0] |= 0x80;
    });
}

/// Hands an endpoint packets of random bytes, a millisecond apart.
fn flood(bencher: Bencher, config: InterfaceConfig, shape: impl Fn(&mut Vec<u8>)) {
    let (mut endpoint, interface) = endpoint(config);
    let mut random = Seeded(7);
    let packets: Vec<_> = (0..1_024)
        .map(|_| {
            let mut packet = random.bytes(1_000);
            shape(&mut packet);
            packet
        })
        .collect();
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let now = Instant::from_millis(number as u64);
        endpoint.handle_bytes(now, interface, &packets[number % packets.len()]);
    });
    let dropped = DropReason::ALL.map(|reason| endpoint.counters().dropped(reason));
    assert_eq!(dropped.iter().sum::<u64>(), number as u64, "all of it is dropped");
}

fn endpoint(config: InterfaceConfig) -> (Endpoint, InterfaceId) {
    let mut rng = SeededRng(Seeded(1));
    let identity = Identity::generate(&mut rng);
    let mut endpoint = Endpoint::new(identity, Config::default(), Box::new(rng));
    endpoint.register(DestinationConfig::telephony()).expect("it is the first");
    let interface = endpoint.interface_up(Instant::ORIGIN, config);
    (endpoint, interface)
}

/// The generator of the simulations as an endpoint's source of bytes.
struct SeededRng(Seeded);

impl Rng for SeededRng {
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }
}
