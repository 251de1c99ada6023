//! Our phone and Python's dial each other at the same time.

use core::cmp::Ordering;

use lxst_interop::{Command, PythonPeer};
use lxst_tokio::{EndReason, Profile};

use crate::support::{PATIENCE, RustPhone, python, turn};

#[test]
fn one_call_stands_where_pythons_hash_is_the_higher_one() {
    let _turn = turn();
    let mut python = python("crossing_below").spawn();
    let rust = RustPhone::on_the_side(&python, Ordering::Less);
    cross(&mut python, rust);
}

#[test]
fn one_call_stands_where_pythons_hash_is_the_lower_one() {
    let _turn = turn();
    let mut python = python("crossing_above").spawn();
    let rust = RustPhone::on_the_side(&python, Ordering::Greater);
    cross(&mut python, rust);
}

fn cross(python: &mut PythonPeer, mut rust: RustPhone) {
    // Python must know the path already: it counts as busy while it searches one.
    python.send(&Command::AwaitPath { identity: rust.identity(), timeout: PATIENCE });
    python.expect("path", PATIENCE);
    python.send(&Command::call(rust.identity()));
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    assert_eq!(python.expect("established", PATIENCE).identity(), Some(rust.identity()));
    let status = rust.block_on(rust.phone.status()).expect("the phone runs");
    assert_eq!(status.map(|status| status.call), Some(call.id()));

    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}
