//! Packets and announces of stations, of arbitrary bytes.

#![no_main]

#[path = "../../adapters/rooms/tests/hostile/stations.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile::check(data));
