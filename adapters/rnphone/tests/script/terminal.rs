//! Scripts with a user at a terminal.

use super::support::{Phone, folder};
use crate::person::{USUAL, person, told};

#[test]
fn the_user_of_a_script_answers_at_the_prompt_and_the_script_ends_with_the_call() {
    let mut callee = person(USUAL, &folder("attended"), &["--listen", "127.0.0.1:0", "--once"]);
    let (identity, address) = told(&callee);
    let mut caller = Phone::start(&["--connect", &address, "--call", &identity]);
    callee.until("calls: answer or reject");
    callee.line("answer");
    caller.until("established");
    callee.line("hangup");
    assert_eq!(caller.wait(), Some(0));
    assert_eq!(callee.wait().code(), Some(0));
}
