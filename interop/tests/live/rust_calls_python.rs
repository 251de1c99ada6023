//! Our caller, and a Python callee.

use core::time::Duration;

use lxst_interop::{Command, PacketKind};
use lxst_phone::{EndReason, Profile};

use crate::phone::PATIENCE;
use crate::scene::{Runtime, Scene, on_both_runtimes};
use crate::sound::{ALL_OF_IT, check_speech_call, speaking, speech, talk};

on_both_runtimes![
    speech_goes_both_ways_and_the_wire_is_that_of_the_reference,
    python_rejects,
    python_is_busy,
    python_does_not_answer,
    python_hangs_up,
    a_cancelled_call_ends_at_python_too
];

fn speech_goes_both_ways_and_the_wire_is_that_of_the_reference(scene: &Scene) {
    let mut python = speaking(scene.python()).spawn();
    let mut rust = scene.connected_to(&python);
    let heard = rust.listen();

    let call = rust.dial(python.identity(), Profile::MediumQuality);
    let ringing = python.expect("ringing", PATIENCE);
    assert_eq!(ringing.identity(), Some(rust.identity()));
    rust.expect_ringing();
    python.expect_where("our preferences", PATIENCE, |event| {
        event.packet().is_some_and(|packet| packet.signals == [319, 241])
    });
    python.send(&Command::Answer);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    rust.speak(&speech());
    python.expect("established", PATIENCE);

    talk(&python, Profile::MediumQuality, ALL_OF_IT);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);

    let signals = ["> [3]", "< identify", "> [4]", "< [319, 241]", "> [5]", "< [6]", "> [6]"];
    check_speech_call(&mut python, &heard, signals);
    python.quit();
}

fn python_rejects(scene: &Scene) {
    let mut python = scene.python().spawn();
    let mut rust = scene.connected_to(&python);
    rust.dial(python.identity(), Profile::MediumQuality);
    python.expect("ringing", PATIENCE);
    python.send(&Command::HangUp);
    rust.expect_ringing();
    assert_eq!(rust.expect_end(), EndReason::Rejected);
}

fn python_is_busy(scene: &Scene) {
    let mut python = scene.python().spawn();
    let mut rust = scene.connected_to(&python);
    python.send(&Command::Busy(true));
    python.send(&Command::Stats);
    python.expect("stats", PATIENCE);
    rust.dial(python.identity(), Profile::MediumQuality);
    assert_eq!(rust.expect_end(), EndReason::Busy);
}

fn python_does_not_answer(scene: &Scene) {
    let mut python = scene.python().ring_time(Duration::from_secs(1)).spawn();
    let mut rust = scene.connected_to(&python);
    rust.dial(python.identity(), Profile::MediumQuality);
    python.expect("ringing", PATIENCE);
    rust.expect_ringing();
    assert_eq!(rust.expect_end(), EndReason::NoAnswer);
}

fn python_hangs_up(scene: &Scene) {
    let mut python = scene.python().auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
}

fn a_cancelled_call_ends_at_python_too(scene: &Scene) {
    let mut python = scene.python().spawn();
    let mut rust = scene.connected_to(&python);
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    python.expect("ringing", PATIENCE);
    rust.expect_ringing();
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::Cancelled);
    python.expect("ended", PATIENCE);
    assert!(python.packets().iter().any(|packet| packet.kind == PacketKind::LinkClose));
}

/// The search lasts 15 s on either runtime.
#[test]
fn nobody_knows_a_path() {
    let scene = Scene::new(Runtime::Tokio, concat!(module_path!(), "::nobody_knows_a_path"));
    let python = scene.python().spawn();
    let mut rust = scene.connected_to(&python);
    rust.dial([7; 16], Profile::MediumQuality);
    assert_eq!(rust.expect_end(), EndReason::NoPath);
}
