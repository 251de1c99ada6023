//! What becomes of received audio on good and bad networks, ours beside the reference.

#[path = "../../core/tests/playout/simulator/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests of the core, which use all of it"
)]
mod simulator;

#[test]
fn receive_paths() {
    insta::assert_snapshot!(simulator::table());
}
