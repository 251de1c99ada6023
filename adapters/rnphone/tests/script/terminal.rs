//! Scripts with a user at a terminal.

use super::support::{Phone, folder};
use crate::person::{Person, USUAL};

#[test]
fn the_user_of_a_script_answers_at_the_prompt_and_the_script_ends_with_the_call() {
    let mut callee = Person::at(USUAL, &folder("attended"), &["--listen", "127.0.0.1:0", "--once"]);
    let screen = callee.until("listening 127");
    let word = |name: &str| {
        let line = screen.lines().find(|line| line.starts_with(name)).expect("it tells");
        line.split_whitespace().nth(1).expect("a value").to_owned()
    };
    let mut caller = Phone::start(&["--connect", &word("listening"), "--call", &word("identity")]);
    callee.until("calls: answer or reject");
    callee.line("answer");
    caller.until("established");
    callee.line("hangup");
    assert_eq!(caller.wait(), Some(0));
    assert_eq!(callee.wait().0, Some(0));
}
