//! Glare: our phone and Python's dial each other at the same time.

use core::cmp::Ordering;

use lxst_interop::{Command, Direction, PacketKind, PacketRecord, PythonPeer};
use lxst_phone::{Call, EndReason, IdentityHash, Profile};

use crate::phone::{PATIENCE, RustPhone, Setup};
use crate::scene::{Scene, on_both_runtimes};

on_both_runtimes![
    one_call_stands_where_pythons_hash_is_the_higher_one,
    one_call_stands_where_pythons_hash_is_the_lower_one,
];

fn one_call_stands_where_pythons_hash_is_the_higher_one(scene: &Scene) {
    dial_at_once(scene, Ordering::Less);
}

fn one_call_stands_where_pythons_hash_is_the_lower_one(scene: &Scene) {
    dial_at_once(scene, Ordering::Greater);
}

/// Dials as soon as Python's link request is on its way. If Python's call rings here before that,
/// there was no glare, and it tries again.
fn dial_at_once(scene: &Scene, side: Ordering) {
    let mut python = scene.python().spawn();
    let mut rust = scene.start(Setup::on_the_side(&python, side));
    // Python must know the path already: it counts as busy during a path search.
    python.send(&Command::AwaitPath { identity: rust.identity(), timeout: PATIENCE });
    python.expect("path", PATIENCE);
    for _ in 0..TRIES {
        let before = requests(&python);
        python.send(&Command::call(rust.identity()));
        python.expect_packets(PacketKind::LinkRequest, Direction::Tx, before + 1, PATIENCE);
        let to = IdentityHash(python.identity());
        match rust.block_on(rust.phone.dial(to, Profile::MediumQuality)) {
            Ok(call) => return check_glare(&mut python, &mut rust, &call),
            Err(_) => {
                let incoming = rust.expect_incoming(&python);
                rust.hang_up(incoming);
                assert_eq!(rust.expect_end(), EndReason::Rejected);
                python.expect_where("rejected or ended", PATIENCE, |event| {
                    ["rejected", "ended"].contains(&event.name.as_str())
                });
            }
        }
    }
    panic!("no glare in {TRIES} tries");
}

/// Returns the number of link requests that Python has sent.
fn requests(python: &PythonPeer) -> usize {
    let is_request = |packet: &PacketRecord| {
        (packet.kind, packet.direction) == (PacketKind::LinkRequest, Direction::Tx)
    };
    python.packets().iter().filter(|packet| is_request(packet)).count()
}

fn check_glare(python: &mut PythonPeer, rust: &mut RustPhone, call: &Call) {
    rust.expect_established();
    assert_eq!(python.expect("established", PATIENCE).identity(), Some(rust.identity()));
    assert_eq!(rust.phone.state().call.map(|status| status.call), Some(call.id()));

    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}

const TRIES: usize = 10;
