//! Our phone ends its call and shuts down at once: Python still hears the end of the call. RNS
//! drops received packets that it has not handled when the connection closes.

use core::time::Duration;
use std::thread;

use lxst_interop::{Builder, Command, PythonPeer, free_udp_ports};
use lxst_phone::{Interface, Profile};

use crate::phone::{PATIENCE, RustPhone, attached, on_either};
use crate::scene::{Scene, on_both_runtimes};

on_both_runtimes![
    python_hears_each_of_25_ends_over_tcp,
    python_hears_each_end_over_a_shared_instance,
    python_hears_each_end_over_udp,
    python_hears_each_end_at_our_own_server,
];

/// With the other runtime in parallel: 50 ends.
fn python_hears_each_of_25_ends_over_tcp(scene: &Scene) {
    let heard = thread::scope(|scope| {
        let halves = [("python-1", 12), ("python-2", 13)].map(|(name, rounds)| {
            let setup = scene.python_named(name);
            let scene = scene.beside(name);
            scope.spawn(move || {
                let mut python = spawn(setup);
                let count = (0..rounds).filter(|round| {
                    let rust = scene.connected_to(&python);
                    hears_the_end(&mut python, rust, *round)
                });
                count.count()
            })
        });
        halves.map(|half| half.join().expect("no assertion failed"))
    });
    assert_eq!(heard, [12, 13]);
}

fn python_hears_each_end_over_a_shared_instance(scene: &Scene) {
    let rnsd = scene.rnsd().spawn();
    let mut python = spawn(scene.python().shared_instance(&rnsd));
    for round in 0..ROUNDS {
        let rust = scene.connected(attached(&rnsd));
        assert!(hears_the_end(&mut python, rust, round), "round {round}");
    }
}

fn python_hears_each_end_over_udp(scene: &Scene) {
    let (here, there) = free_udp_ports();
    let mut python = spawn(scene.python().udp(there, here));
    for round in 0..ROUNDS {
        let local = |port| format!("127.0.0.1:{port}");
        let rust = scene.connected(on_either!(Interface::udp(local(here), local(there))));
        assert!(hears_the_end(&mut python, rust, round), "round {round}");
    }
}

fn python_hears_each_end_at_our_own_server(scene: &Scene) {
    let first = scene.listening();
    let port = first.port();
    let mut python = spawn(scene.python().connect(port));
    first.await_connections(1);
    assert!(hears_the_end(&mut python, first, 0));
    // Python comes back after 5 s.
    let second = scene.connected(on_either!(Interface::tcp_server(format!("127.0.0.1:{port}"))));
    assert!(hears_the_end(&mut python, second, 1));
}

fn spawn(python: Builder) -> PythonPeer {
    python.log_media_first(0).spawn()
}

/// Calls Python, ends the call while it rings or when it is established, by hanging up or by
/// shutting down, and shuts down. Returns whether Python heard the end, and not only the loss of
/// the connection.
fn hears_the_end(python: &mut PythonPeer, mut rust: RustPhone, round: usize) -> bool {
    python.forget();
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    python.expect("ringing", PATIENCE);
    rust.expect_ringing();
    if round.is_multiple_of(2) {
        python.send(&Command::Answer);
        rust.expect_established();
        python.expect("established", PATIENCE);
    }
    if round % 4 < 2 {
        rust.hang_up(call.id());
    }
    // The phone shuts down, and its sockets close.
    drop(rust);
    let heard = python.next("ended", AT_ONCE).is_some();
    if !heard {
        python.send(&Command::HangUp);
    }
    heard
}

const ROUNDS: usize = 4;
/// Reticulum's own timers detect a dead link after 10 s at the earliest.
const AT_ONCE: Duration = Duration::from_secs(8);
