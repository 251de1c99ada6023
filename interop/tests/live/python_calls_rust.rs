//! A Python caller, and our callee.

use std::path::Path;

use crate::support::{
    PATIENCE, RustPhone, SPEECH, SPEECH_DELAY, check_speech_call, python, signalling, speech, talk,
    turn,
};
use core::time::Duration;
use lxst_interop::{Command, PythonPeer};
use lxst_tokio::telephony::{Availability, CallerPolicy, Config};
use lxst_tokio::{EndReason, Profile};

#[test]
fn speech_goes_both_ways_and_the_wire_is_that_of_the_reference() {
    let _turn = turn();
    let mut rust = RustPhone::listening(Config::default());
    let mut python = caller("python_calls_speech", &rust);
    let heard = rust.listen();

    call(&mut python, &rust);
    let incoming = rust.expect_incoming(&python);
    rust.answer(incoming);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    rust.speak(&speech());
    python.expect("established", PATIENCE);

    talk(&mut python);
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
    python.expect("ended", PATIENCE);

    let signals = ["< [3]", "> identify", "< [4]", "> [319, 241]", "< [5]", "< [6]", "> [6]"];
    check_speech_call(&mut python, &heard, signals);
    python.quit();
}

#[test]
fn rust_rejects() {
    let _turn = turn();
    let mut rust = RustPhone::listening(Config::default());
    let mut python = caller("python_calls_reject", &rust);
    call(&mut python, &rust);
    let incoming = rust.expect_incoming(&python);
    rust.hang_up(incoming);
    assert_eq!(rust.expect_end(), EndReason::Rejected);
    python.expect_where("rejected or ended", PATIENCE, |event| {
        ["rejected", "ended"].contains(&event.name.as_str())
    });
    assert_eq!(signalling(&python.packets()).last().map(String::as_str), Some("< [1]"));
}

#[test]
fn rust_is_busy() {
    let _turn = turn();
    let rust = RustPhone::listening(Config::default());
    let mut python = caller("python_calls_busy", &rust);
    rust.block_on(rust.phone.set_busy(Availability::Busy)).expect("the phone runs");
    call(&mut python, &rust);
    python.expect("busy", PATIENCE);
    assert_eq!(signalling(&python.packets()), ["< [0]"]);
}

#[test]
fn rust_allows_nobody() {
    let _turn = turn();
    let rust = RustPhone::listening(Config { callers: CallerPolicy::None, ..Config::default() });
    let mut python = caller("python_calls_not_allowed", &rust);
    call(&mut python, &rust);
    python.expect("busy", PATIENCE);
    assert_eq!(signalling(&python.packets()), ["< [3]", "> identify", "< [0]"]);
}

#[test]
fn rust_hangs_up() {
    let _turn = turn();
    let mut rust = RustPhone::listening(Config::default());
    let mut python = caller("python_calls_local_hangup", &rust);
    call(&mut python, &rust);
    let incoming = rust.expect_incoming(&python);
    rust.answer(incoming);
    rust.expect_established();
    python.expect("established", PATIENCE);
    rust.hang_up(incoming);
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}

#[test]
fn python_gives_up_while_it_rings() {
    let _turn = turn();
    let mut rust = RustPhone::listening(Config::default());
    let mut python = caller("python_calls_cancel", &rust);
    call(&mut python, &rust);
    rust.expect_incoming(&python);
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::Cancelled);
}

#[test]
fn nobody_answers() {
    let _turn = turn();
    let ring_time = Duration::from_secs(1);
    let mut rust = RustPhone::listening(Config { ring_time, ..Config::default() });
    let mut python = caller("python_calls_ring_timeout", &rust);
    call(&mut python, &rust);
    rust.expect_incoming(&python);
    assert_eq!(rust.expect_end(), EndReason::RingTimeout);
    python.expect("ended", PATIENCE);
}

fn caller(test: &str, rust: &RustPhone) -> PythonPeer {
    python(test).connect(rust.port()).audio_in(Path::new(SPEECH), SPEECH_DELAY).spawn()
}

fn call(python: &mut PythonPeer, rust: &RustPhone) {
    let profile = Some(Profile::MediumQuality.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode: None });
}
