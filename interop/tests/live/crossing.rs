//! Our phone and Python's dial each other at the same time.

use core::cmp::Ordering;

use lxst_interop::{Command, Direction, PacketKind, PythonPeer};
use lxst_tokio::{Call, EndReason, IdentityHash, Profile};

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

/// Dials as soon as Python's link request is on its way. Where Python's call rings here before that
/// is done, the two did not cross, and they try again.
fn cross(python: &mut PythonPeer, mut rust: RustPhone) {
    // Python must know the path already: it counts as busy while it searches one.
    python.send(&Command::AwaitPath { identity: rust.identity(), timeout: PATIENCE });
    python.expect("path", PATIENCE);
    for _ in 0..TRIES {
        python.send(&Command::call(rust.identity()));
        python.expect_packets(PacketKind::LinkRequest, Direction::Tx, 1, PATIENCE);
        let to = IdentityHash(python.identity());
        match rust.block_on(rust.phone.dial(to, Profile::MediumQuality)) {
            Ok(call) => return check_crossed(python, &mut rust, &call),
            Err(_) => {
                let incoming = rust.expect_incoming(python);
                rust.hang_up(incoming);
                assert_eq!(rust.expect_end(), EndReason::Rejected);
                python.expect_where("rejected or ended", PATIENCE, |event| {
                    ["rejected", "ended"].contains(&event.name.as_str())
                });
            }
        }
    }
    panic!("the two did not cross in {TRIES} tries");
}

fn check_crossed(python: &mut PythonPeer, rust: &mut RustPhone, call: &Call) {
    rust.expect_established();
    assert_eq!(python.expect("established", PATIENCE).identity(), Some(rust.identity()));
    let status = rust.block_on(rust.phone.status()).expect("the phone runs");
    assert_eq!(status.map(|status| status.call), Some(call.id()));

    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}

const TRIES: usize = 10;
