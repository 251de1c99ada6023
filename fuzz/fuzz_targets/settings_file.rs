//! Files of settings of arbitrary bytes.

#![no_main]

#[path = "../../adapters/rnphone/tests/hostile/mod.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile::check(data));
