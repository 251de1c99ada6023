//! The rnsd between the phones dies and returns.

use core::time::Duration;

use lxst_interop::{Command, PythonPeer, Rnsd};
use lxst_phone::{Call, EndReason, Profile};

use crate::phone::{PATIENCE, RustPhone, attached, tcp_client};
use crate::scene::{Scene, on_both_runtimes};

on_both_runtimes![
    attached_phones_lose_the_call_and_call_again,
    phones_at_a_transport_node_lose_the_call_and_call_again,
    attached_phones_call_again_after_a_restart_between_calls,
    phones_at_a_transport_node_call_again_after_a_restart_between_calls,
    a_call_after_a_restart_waits_for_a_phone_that_is_not_back,
];

fn attached_phones_lose_the_call_and_call_again(scene: &Scene) {
    let mut rnsd = scene.rnsd().spawn();
    let mut python = scene.python().auto_answer(0.1).shared_instance(&rnsd).spawn();
    let mut rust = scene.connected(attached(&rnsd));
    establish(&mut python, &mut rust);

    rnsd.kill();
    expect_lost(&mut python, &mut rust);
    restart(&mut rnsd, &mut python, &mut rust);
    call_both_ways(&mut python, &mut rust);
}

fn attached_phones_call_again_after_a_restart_between_calls(scene: &Scene) {
    let mut rnsd = scene.rnsd().share_over_tcp().spawn();
    let mut python = scene.python().auto_answer(0.1).shared_instance(&rnsd).spawn();
    let mut rust = scene.connected(attached(&rnsd));
    call_both_ways(&mut python, &mut rust);

    rnsd.kill();
    restart(&mut rnsd, &mut python, &mut rust);
    call_both_ways(&mut python, &mut rust);
}

/// Python attaches again 8 s after the rnsd died, and announces 10 s later. Until then its path is
/// unknown, and our first request stops rnsd from forwarding another for 45 s.
fn a_call_after_a_restart_waits_for_a_phone_that_is_not_back(scene: &Scene) {
    let mut rnsd = scene.rnsd().share_over_tcp().spawn();
    let mut python = scene.python().auto_answer(0.1).shared_instance(&rnsd).spawn();
    let mut rust = scene.connected(attached(&rnsd));
    rnsd.kill();
    rust.await_connections(0);
    python.await_online(false, PATIENCE);
    rnsd.restart();
    rust.await_connections(1);
    rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established_within(RETURN);
    python.expect("established", PATIENCE);
}

fn phones_at_a_transport_node_lose_the_call_and_call_again(scene: &Scene) {
    let mut rnsd = scene.rnsd().transport().tcp_server().spawn();
    let mut python = scene.python().auto_answer(0.1).connect(rnsd.port()).spawn();
    let mut rust = scene.connected(tcp_client(rnsd.port()));
    announce_both(&mut python, &mut rust);
    establish(&mut python, &mut rust);

    rnsd.kill();
    expect_lost(&mut python, &mut rust);
    restart(&mut rnsd, &mut python, &mut rust);
    python.send(&Command::Announce);
    expect_announces(&mut python, &mut rust);
    call_both_ways(&mut python, &mut rust);
}

fn phones_at_a_transport_node_call_again_after_a_restart_between_calls(scene: &Scene) {
    let mut rnsd = scene.rnsd().transport().tcp_server().spawn();
    let mut python = scene.python().auto_answer(0.1).connect(rnsd.port()).spawn();
    let mut rust = scene.connected(tcp_client(rnsd.port()));
    announce_both(&mut python, &mut rust);
    call_both_ways(&mut python, &mut rust);

    rnsd.kill();
    restart(&mut rnsd, &mut python, &mut rust);
    python.send(&Command::Announce);
    expect_announces(&mut python, &mut rust);
    call_both_ways(&mut python, &mut rust);
}

/// Checks that the call ends at both sides at once, and not by a timer.
fn expect_lost(python: &mut PythonPeer, rust: &mut RustPhone) {
    assert_eq!(rust.expect_end_within(AT_ONCE), EndReason::LinkLost);
    python.expect("ended", PATIENCE);
}

/// Restarts an rnsd that was killed, once both phones know that it died, and waits until both are
/// back.
fn restart(rnsd: &mut Rnsd, python: &mut PythonPeer, rust: &mut RustPhone) {
    rust.await_connections(0);
    python.await_online(false, PATIENCE);
    // An earlier announce must not count as one by way of the new rnsd.
    rust.forget();
    python.forget();
    rnsd.restart();
    rust.await_connections(1);
    python.await_online(true, PATIENCE);
}

/// Phones at one transport node find each other only by announces.
fn announce_both(python: &mut PythonPeer, rust: &mut RustPhone) {
    python.send(&Command::Announce);
    rust.block_on(rust.phone.announce()).expect("the phone runs");
    expect_announces(python, rust);
}

/// A killed node has lost all announces. Ours is repeated automatically some seconds after the
/// connection returns; Python's by a command.
fn expect_announces(python: &mut PythonPeer, rust: &mut RustPhone) {
    assert_eq!(rust.expect_announce(python), 2);
    python.expect_where("our announce", PATIENCE, |event| {
        event.name == "announce" && event.identity() == Some(rust.identity())
    });
}

fn call_both_ways(python: &mut PythonPeer, rust: &mut RustPhone) {
    let call = establish(python, rust);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);

    python.send(&Command::call(rust.identity()));
    let incoming = rust.expect_incoming(python);
    rust.hang_up(incoming);
    assert_eq!(rust.expect_end(), EndReason::Rejected);
    python.expect_where("rejected or ended", PATIENCE, |event| {
        ["rejected", "ended"].contains(&event.name.as_str())
    });
}

fn establish(python: &mut PythonPeer, rust: &mut RustPhone) -> Call {
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    call
}

/// How long a call is dialled until Python is back: its second attempt to attach may be the first
/// that finds the rnsd.
const RETURN: Duration = Duration::from_secs(45);
/// Reticulum's own timers detect a dead link after 10 s at the earliest.
const AT_ONCE: Duration = Duration::from_secs(3);
