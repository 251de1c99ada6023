//! Packets of rooms, of arbitrary bytes.

#![no_main]

#[path = "../../adapters/rooms/tests/hostile/rooms.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile::check(data));
