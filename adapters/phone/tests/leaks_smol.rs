//! What a long life of phones leaves behind on smol.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod leaks;
mod support;

use lxst_smol::Smol;

#[test]
fn a_long_life_leaves_nothing_behind() {
    // The executor does not tell how many tasks it has; each of ours holds a thread or a socket.
    smol::block_on(leaks::a_long_life_leaves_nothing_behind(Smol, || 0));
}
