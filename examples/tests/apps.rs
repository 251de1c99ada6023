//! Tests of the examples that are whole apps, run as a user runs them.

mod support;

use std::process::{Command, Output};

use support::program;

#[test]
fn two_embedded_apps_screen_answer_and_hear_each_other() {
    let output = run("embedded_app", &[]);
    assert!(output.status.success(), "{output:?}");
    let screens = String::from_utf8_lossy(&output.stdout);
    for shown in ["\"status\":\"busy\"", "\"status\":\"ringing\"", "\"profile\":\"quality_high\""] {
        assert!(screens.contains(shown), "{screens}");
    }
}

#[test]
fn a_short_soak_with_python_finds_nothing_that_grows() {
    for runtime in ["tokio", "smol"] {
        let output = run("soak", &["--calls", "10", "--runtime", runtime]);
        assert!(output.status.success(), "{output:?}");
    }
}

fn run(example: &str, options: &[&str]) -> Output {
    Command::new(program(example)).args(options).output().expect("the example runs")
}
