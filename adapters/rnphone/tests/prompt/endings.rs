//! How the program ends, and with which exit code.

use std::path::Path;
use std::process::Child;

use lxst_interop::Terminal;
use rustix::process::Signal;

use super::support::{USUAL, connected, end, folder, listening, person, program};

#[test]
fn ctrl_c_clears_the_line_and_leaves_from_an_empty_one() {
    let mut phone = person(USUAL, &folder("ctrl-c"), &["--listen", "127.0.0.1:0"]);
    phone.until("no network");
    phone.keys("dial somebo");
    phone.until_typed("> dial somebo");
    phone.keys("\x03");
    phone.until_typed(">");
    phone.keys("\x03");
    assert_eq!(end(&mut phone), (Some(0), true));
}

#[test]
fn ctrl_d_in_a_call_hangs_up_and_leaves() {
    let (alice, hash, address) = listening(USUAL, &folder("ctrl-d-alice"));
    let mut bob = connected(USUAL, &folder("ctrl-d-bob"), &address);
    bob.line(&hash);
    alice.until("calls: Enter answers");
    alice.keys("\r");
    bob.until("you talk with ");
    bob.keys("\x04");
    assert_eq!(end(&mut bob), (Some(0), true));
    alice.until("is over after");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut phone = person(USUAL, &folder("signal"), &["--listen", "127.0.0.1:0"]);
        phone.keys("half a li");
        phone.until_typed("> half a li");
        phone.signal(signal);
        assert_eq!(end(&mut phone), (Some(0), true), "{signal:?}");
    }
}

#[test]
fn a_phone_that_ends_under_the_prompt_ends_it_with_a_line() {
    let folder = folder("under");
    let (mut service, mut prompt) = prompt_at_a_service(&folder);
    prompt.keys("half a li");
    prompt.until_typed("> half a li");
    let stopped = program(&folder, &["ctl", "stop"]).status().expect("it runs");
    assert_eq!(stopped.code(), Some(0));
    assert_eq!(end(&mut prompt), (Some(0), true));
    prompt.until("the phone has ended");
    assert_eq!(service.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_phone_that_dies_under_the_prompt_ends_it_with_exit_code_1() {
    let folder = folder("dies");
    let (mut service, mut prompt) = prompt_at_a_service(&folder);
    service.kill().expect("it runs");
    service.wait().expect("it ends");
    assert_eq!(end(&mut prompt), (Some(1), true));
    prompt.until("rnphone-rs: the phone has ended");
}

#[test]
fn a_folder_that_cannot_be_made_or_written_is_told_in_a_line_with_the_remedy() {
    // Not even root writes there.
    for (folder, home) in [(None, "/proc/nobody"), (Some("/sys/phone"), "/"), (Some("/sys"), "/")] {
        let mut program = program(Path::new(folder.unwrap_or_default()), &[]);
        if folder.is_none() {
            program = std::process::Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
            program.arg("--no-devices");
        }
        let output = program.env("HOME", home).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{told}");
        assert!(told.contains(folder.unwrap_or(home)) && told.contains("--config"), "{told}");
    }
}

fn prompt_at_a_service(folder: &Path) -> (Child, Terminal) {
    let options = ["--listen", "127.0.0.1:0", "--service"];
    let service = program(folder, &options).spawn().expect("it runs");
    while !folder.join("control").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let prompt = person(USUAL, folder, &[]);
    prompt.until("type help for help");
    (service, prompt)
}
