//! The full screen, in a terminal, of a phone that another one calls over TCP.

#![cfg(all(target_os = "linux", feature = "tui"))]

mod support;

use std::process::Stdio;

use lxst_interop::Terminal;
use rustix::process::Signal;

use support::{Events, Phone, assert_restored, attached, folder, full_screen, rnphone};

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
    // It has no ringer.
    assert_eq!(screen.written().matches('\x07').count(), 1);
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
fn the_screen_of_a_phone_that_runs_takes_its_call_and_leaves_it_when_the_user_leaves() {
    let called = Phone::start("attached-called");
    let mut events = called.events();
    let identity = events.identity();
    let caller = Phone::with("attached-caller", &["--connect", &called.address()]);
    let mut screen = attached(&called);
    screen.until("online: ");
    caller.ctl(&["dial", &identity]);
    screen.until("Incoming call");
    screen.keys("a");
    events.until("established");
    screen.until("talking 00:0");
    screen.keys("q");
    assert_eq!(screen.wait().code(), Some(0));
    assert_restored(&screen);
    called.ctl(&["mute"]);
    events.until("microphone");
    caller.ctl(&["hangup"]);
    events.until("ended");
}

#[test]
fn a_user_who_wants_no_colours_gets_none() {
    for (wish, has_colours) in [("", true), ("1", false)] {
        let options = ["--tui", "--no-devices", "--listen", "127.0.0.1:0"];
        let mut command = rnphone(&options, &folder("colours"));
        let mut screen = Terminal::start_at(command.env("NO_COLOR", wish), 24, 80);
        // It is red where there are colours.
        screen.until("no network");
        screen.keys("q");
        assert_eq!(screen.wait().code(), Some(0));
        let written = screen.written();
        assert_eq!(written.contains("\x1b[38;5;"), has_colours, "{wish:?}: {written:?}");
    }
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
