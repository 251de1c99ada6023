//! What becomes of the terminal when the program ends otherwise than in order. Each test runs itself
//! as the program, in a terminal of its own.

use std::env;
use std::panic::resume_unwind;
use std::process::{Command, id};
use std::thread;

use lxst_interop::Terminal;
use rustix::process::{Pid, Signal, kill_process};

use crate::signals;
use crate::tui::terminal::{DRAWING, FullScreen};

#[test]
fn a_panic_restores_the_terminal_before_it_is_told() {
    if is_program() {
        let drawing = thread::Builder::new().name(DRAWING.to_owned()).spawn(|| {
            let _screen = FullScreen::open().expect("a terminal");
            panic!("on purpose");
        });
        let panicked = drawing.expect("a thread").join();
        resume_unwind(panicked.expect_err("it panics"));
    }
    let (code, told) = run("a_panic_restores_the_terminal_before_it_is_told");
    assert_eq!(code, Some(101), "{told}");
    let place = |text: &str| told.find(text).unwrap_or_else(|| panic!("no {text:?} in {told:?}"));
    assert!(place(ENTER) < place(LEAVE) && place(LEAVE) < place("on purpose"), "{told:?}");
}

#[test]
fn a_second_signal_restores_the_terminal_of_a_program_that_hangs() {
    if is_program() {
        let mut stops = signals::stops().expect("signals");
        let _screen = FullScreen::open().expect("a terminal");
        for _ in 0..2 {
            let id = i32::try_from(id()).ok().and_then(Pid::from_raw).expect("an id");
            kill_process(id, Signal::TERM).expect("it runs");
            // The second one ends the process.
            let _ = stops.blocking_recv();
        }
    }
    let (code, told) = run("a_second_signal_restores_the_terminal_of_a_program_that_hangs");
    assert_eq!(code, Some(128 + 15), "{told}");
    assert!(told.find(ENTER).is_some_and(|enter| told.rfind(LEAVE) > Some(enter)), "{told:?}");
}

fn is_program() -> bool {
    env::var_os(PROGRAM).is_some()
}

/// Runs a test as the program. Returns its exit code and what it wrote, and checks that the terminal
/// takes lines again.
fn run(test: &str) -> (Option<i32>, String) {
    let mut program = Command::new(env::current_exe().expect("a path"));
    program.args(["--exact", "--nocapture", "--test-threads=1"]);
    program.arg(format!("tui::tests::terminal::{test}")).env(PROGRAM, "");
    let mut terminal = Terminal::start(&program);
    let code = terminal.wait().code();
    assert!(terminal.takes_lines());
    (code, terminal.written())
}

const PROGRAM: &str = "RNPHONE_RS_TEST_IS_PROGRAM";
/// The alternate screen.
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
