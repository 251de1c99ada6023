//! Packets of pages, of arbitrary bytes, and arbitrary bytes that are sealed.

#![no_main]

#[path = "../../adapters/rooms/tests/hostile/pages.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile::check(data));
