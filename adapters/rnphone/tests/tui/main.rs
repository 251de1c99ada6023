//! The full screen, in a terminal, of a phone that another one calls over TCP.

#![cfg(all(unix, feature = "tui"))]

mod support;

use std::fs::File;
use std::num::NonZeroU16;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use support::{Events, FullScreen, Phone, folder, rnphone};

#[test]
fn a_call_is_answered_and_ended_by_keys_and_the_terminal_is_restored() {
    let caller = Phone::start("caller");
    let address = caller.address();
    let mut events = caller.events();
    let mut screen = FullScreen::start("called", &["--connect", &address]);
    screen.until("online: ");
    let called = Events::of("called").identity();
    screen.until(&called);
    caller.ctl(&["dial", &called]);

    screen.until("Incoming call");
    screen.type_keys("a");
    events.until("established");
    screen.until("talking 00:0");
    screen.until("MOS");
    screen.resize(NonZeroU16::new(20).expect("not 0"), NonZeroU16::new(40).expect("not 0"));
    screen.until("p profile");

    screen.type_keys("h");
    events.until("ended");
    screen.until("/ find");
    screen.type_keys("q");
    assert_eq!(screen.wait(), Some(0));
    screen.assert_restored();
}

#[test]
fn a_signal_restores_the_terminal() {
    let mut screen = FullScreen::start("signalled", &["--listen", "127.0.0.1:0"]);
    screen.until("others dial");
    let id = Pid::from_child(&screen.child);
    kill_process(id, Signal::TERM).expect("it runs");
    assert_eq!(screen.wait(), Some(0));
    screen.assert_restored();
}

#[test]
fn what_cannot_show_a_screen_is_refused_in_a_line() {
    let output = rnphone(&["--tui", "--no-devices"], &folder("refused"))
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(told.contains("--tui needs a terminal") && told.lines().count() == 1, "{told}");

    let (_pty, terminal) = support::terminal();
    let clone = || -> File { terminal.try_clone().expect("it is open") };
    let output = rnphone(&["--tui", "--no-devices"], &folder("dumb"))
        .env("TERM", "dumb")
        .stdin(clone())
        .stdout(clone())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(told.contains("dumb terminal") && told.lines().count() == 1, "{told}");
}
