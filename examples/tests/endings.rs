//! However a user ends the phone program during a call, a Python phone at the other end is told.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::time::Duration;

use lxst_interop::PythonPeer;
use rustix::process::{Pid, Signal, kill_process};
use support::phone::{Screen, Watched, attended, terminal};

#[test]
fn python_is_told_of_a_call_that_ends_with_the_program() {
    let mut python = PythonPeer::builder("endings_of_a_program", "python").auto_answer(0.1).spawn();
    let address = format!("127.0.0.1:{}", python.port());
    let identity: String = python.identity().iter().map(|byte| format!("{byte:02x}")).collect();
    for round in 0..ROUNDS {
        for how in [How::Terminate, How::Interrupt, How::Quit, How::CloseTheTerminal] {
            python.forget();
            let (pty, terminal) = terminal();
            let options = ["--connect", &address, "--call", &identity];
            let mut phone = Watched::silent(attended(&options, terminal));
            let keyboard = pty.try_clone().unwrap();
            let screen = Screen::of(pty);
            screen.until("[h]ang up [p]rofile [m]ute");
            python.expect("established", PATIENCE);
            match how {
                How::Terminate => kill(&phone, Signal::TERM),
                How::CloseTheTerminal => kill(&phone, Signal::HUP),
                How::Interrupt => press(&keyboard, b"\x03"),
                How::Quit => press(&keyboard, b"q"),
            }
            assert!(python.next("ended", AT_ONCE).is_some(), "{how:?} in round {round}");
            assert_eq!(phone.wait(), Some(0), "{how:?} in round {round}");
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// SIGTERM.
    Terminate,
    /// Ctrl-C.
    Interrupt,
    /// The key `q`.
    Quit,
    /// SIGHUP.
    CloseTheTerminal,
}

fn kill(phone: &Watched, signal: Signal) {
    let id = Pid::from_raw(phone.id().try_into().unwrap()).unwrap();
    kill_process(id, signal).unwrap();
}

fn press(keyboard: impl std::os::fd::AsFd, key: &[u8]) {
    assert_eq!(rustix::io::write(keyboard, key), Ok(1));
}

const ROUNDS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(60);
/// Reticulum's own timers detect a dead link after 10 s at the earliest.
const AT_ONCE: Duration = Duration::from_secs(8);
