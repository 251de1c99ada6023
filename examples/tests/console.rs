//! Tests of programs whose output nobody reads.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs::{File, OpenOptions};
use std::process::{Command, Stdio};

use support::program;

#[test]
fn every_program_keeps_its_exit_code_where_nothing_can_be_written() {
    for (name, code) in [("blocking", 0), ("embedded_app", 0), ("replay", 2)] {
        let mut program = example(name);
        if name == "replay" {
            program.arg("no-such-trace");
        }
        let status = program.stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{name}");
    }
}

/// Opens a device on which every write fails, as on a full disk.
fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn example(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.stdin(Stdio::null());
    command
}
