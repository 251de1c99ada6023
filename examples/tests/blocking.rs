//! Tests of `cargo run --example blocking`, as a user runs it.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::process::{Command, Output};

use support::program;

#[test]
fn two_phones_in_plain_loops_hear_each_other() {
    let output = blocking();

    let text = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}{complaint}");
    assert_eq!(complaint, "");
    for line in ["Alice dials", "Bob answers", "Alice: hung up here", "Bob: hung up by the peer"] {
        assert_eq!(text.matches(line).count(), 1, "{line:?} in:\n{text}");
    }
    assert!(text.ends_with("both heard the other\n"), "{text}");
}

fn blocking() -> Output {
    Command::new(program("blocking")).output().unwrap()
}
