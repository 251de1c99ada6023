//! Link packets of arbitrary bytes.

#![no_main]

#[path = "../invariants/wire.rs"]
mod wire;

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire::check(data));
