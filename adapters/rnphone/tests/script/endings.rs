//! However a user ends the program during a call, a Python phone at the other end is told.

use std::time::Duration;

use lxst_interop::PythonPeer;
use rustix::process::Signal;

use super::support::folder;
use crate::person::{USUAL, person};

#[test]
fn python_is_told_of_a_call_that_ends_with_the_program() {
    let mut python = PythonPeer::builder("endings_of_a_program", "python").auto_answer(0.1).spawn();
    let address = format!("127.0.0.1:{}", python.port());
    let identity: String = python.identity().iter().map(|byte| format!("{byte:02x}")).collect();
    for round in 0..ROUNDS {
        for how in [How::Terminate, How::Interrupt, How::Quit, How::CloseTheTerminal] {
            python.forget();
            let options = ["--connect", &address, "--call", &identity];
            let mut phone = person(USUAL, &folder("endings"), &options);
            phone.until("you talk with ");
            python.expect("established", PATIENCE);
            match how {
                How::Terminate => phone.signal(Signal::TERM),
                How::CloseTheTerminal => phone.signal(Signal::HUP),
                How::Interrupt => phone.keys("\x03"),
                How::Quit => phone.line("quit"),
            }
            assert!(python.next("ended", AT_ONCE).is_some(), "{how:?} in round {round}");
            assert_eq!(phone.wait().code(), Some(0), "{how:?} in round {round}");
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// SIGTERM.
    Terminate,
    /// Ctrl-C.
    Interrupt,
    /// The command `quit`.
    Quit,
    /// SIGHUP.
    CloseTheTerminal,
}

const ROUNDS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(60);
/// Reticulum's own timers detect a dead link after 10 s at the earliest.
const AT_ONCE: Duration = Duration::from_secs(8);
