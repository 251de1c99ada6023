//! What becomes of received audio on good and bad networks, ours beside the reference.

#[test]
fn receive_paths() {
    insta::assert_snapshot!(lxst_sim::receive::table());
}
