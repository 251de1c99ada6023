//! Link packets of arbitrary bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lxst_sim::invariants::wire::check(data));
