//! The full screen, in a terminal, of a phone that another one calls over TCP.

#![cfg(all(target_os = "linux", feature = "tui"))]

mod support;

use std::process::Stdio;

use lxst_interop::Terminal;
use rustix::process::Signal;

use support::{Events, Phone, assert_restored, folder, full_screen, rnphone};

#[test]
fn a_call_is_answered_and_ended_by_keys_and_the_terminal_is_restored() {
    let caller = Phone::start("caller");
    let address = caller.address();
    let mut events = caller.events();
    let mut screen = full_screen("called", &["--connect", &address]);
    screen.until("online: ");
    let called = Events::of("called").identity();
    screen.until(&called);
    caller.ctl(&["dial", &called]);

    screen.until("Incoming call");
    screen.keys("a");
    events.until("established");
    screen.until("talking 00:0");
    screen.until("MOS");
    screen.resize(20, 40);
    screen.until("p profile");

    screen.keys("h");
    events.until("ended");
    screen.until("/ find");
    screen.keys("q");
    assert_eq!(screen.wait().code(), Some(0));
    assert_restored(&screen);
}

#[test]
fn a_signal_restores_the_terminal() {
    let mut screen = full_screen("signalled", &["--listen", "127.0.0.1:0"]);
    screen.until("others dial");
    screen.signal(Signal::TERM);
    assert_eq!(screen.wait().code(), Some(0));
    assert_restored(&screen);
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

    let mut command = rnphone(&["--tui", "--no-devices"], &folder("dumb"));
    let mut screen = Terminal::start(command.env("TERM", "dumb"));
    assert_eq!(screen.wait().code(), Some(2));
    let told = screen.written();
    assert!(told.contains("dumb terminal") && told.lines().count() == 1, "{told}");
}
