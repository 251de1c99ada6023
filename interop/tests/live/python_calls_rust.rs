//! A Python caller, and our callee.

use core::time::Duration;

use lxst_interop::{Command, PythonPeer};
use lxst_phone::{Callers, EndReason, Profile, Settings, Timing};

use crate::phone::{PATIENCE, RustPhone};
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{ALL_OF_IT, check_speech_call, speaking, speech, talk};
use crate::wire::signalling;

on_both_runtimes![
    speech_goes_both_ways_and_the_wire_is_that_of_the_reference,
    rust_rejects,
    rust_is_busy,
    rust_allows_nobody,
    rust_hangs_up,
    python_gives_up_while_it_rings,
    nobody_answers
];

fn speech_goes_both_ways_and_the_wire_is_that_of_the_reference(scene: &Scene) {
    let mut rust = scene.listening();
    let mut python = caller(scene, &rust);
    let heard = rust.listen();

    call(&mut python, &rust);
    let incoming = rust.expect_incoming(&python);
    rust.answer(incoming);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    rust.speak(&speech());
    python.expect("established", PATIENCE);

    talk(&python, Profile::MediumQuality, ALL_OF_IT);
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
    python.expect("ended", PATIENCE);

    let signals = ["< [3]", "> identify", "< [4]", "> [319, 241]", "< [5]", "< [6]", "> [6]"];
    check_speech_call(&mut python, &heard, signals);
    python.quit();
}

fn rust_rejects(scene: &Scene) {
    let mut rust = scene.listening();
    let mut python = caller(scene, &rust);
    call(&mut python, &rust);
    let incoming = rust.expect_incoming(&python);
    rust.hang_up(incoming);
    assert_eq!(rust.expect_end(), EndReason::Rejected);
    python.expect_where("rejected or ended", PATIENCE, |event| {
        ["rejected", "ended"].contains(&event.name.as_str())
    });
    assert_eq!(signalling(&python.packets()).last().map(String::as_str), Some("< [1]"));
}

fn rust_is_busy(scene: &Scene) {
    let rust = scene.listening();
    let mut python = caller(scene, &rust);
    rust.block_on(rust.phone.set_available(false)).expect("the phone runs");
    call(&mut python, &rust);
    python.expect("busy", PATIENCE);
    check_turned_away(&python);
}

fn rust_allows_nobody(scene: &Scene) {
    let rust = scene.listening_as(Settings::default().callers(Callers::none()));
    let mut python = caller(scene, &rust);
    call(&mut python, &rust);
    python.expect("busy", PATIENCE);
    check_turned_away(&python);
}

fn rust_hangs_up(scene: &Scene) {
    let mut rust = scene.listening();
    let mut python = caller(scene, &rust);
    call(&mut python, &rust);
    let incoming = rust.expect_incoming(&python);
    rust.answer(incoming);
    rust.expect_established();
    python.expect("established", PATIENCE);
    rust.hang_up(incoming);
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}

fn python_gives_up_while_it_rings(scene: &Scene) {
    let mut rust = scene.listening();
    let mut python = caller(scene, &rust);
    call(&mut python, &rust);
    rust.expect_incoming(&python);
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::Cancelled);
}

fn nobody_answers(scene: &Scene) {
    let ring_time = Duration::from_secs(1);
    let mut rust =
        scene.listening_as(Settings::default().timing(Timing::default().ring_time(ring_time)));
    let mut python = caller(scene, &rust);
    call(&mut python, &rust);
    rust.expect_incoming(&python);
    assert_eq!(rust.expect_end(), EndReason::RingTimeout);
    python.expect("ended", PATIENCE);
}

/// Checks a busy line or a blocked caller: Python sees the same.
fn check_turned_away(python: &PythonPeer) {
    let mut seen = signalling(&python.packets());
    // Python's answer to RINGING, which may come too late.
    seen.retain(|signal| signal != "> [319, 241]");
    assert_eq!(seen, ["< [3]", "> identify", "< [4, 0]"]);
}

fn caller(scene: &Scene, rust: &RustPhone) -> PythonPeer {
    speaking(scene.python()).connect(rust.port()).spawn()
}

fn call(python: &mut PythonPeer, rust: &RustPhone) {
    let profile = Some(Profile::MediumQuality.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
}
