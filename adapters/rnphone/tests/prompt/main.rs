//! The program with a user at a terminal, and without.

#![cfg(target_os = "linux")]

mod endings;
mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use support::{Kind, USUAL, connected, end, folder, listening, person, program, until_clock};

#[test]
fn a_call_is_dialled_by_a_completed_name_answered_by_enter_and_its_state_stands_below() {
    let (alice, hash, address) = listening(USUAL, &folder("completed-alice"));
    let bob = connected(USUAL, &folder("completed-bob"), &address);
    bob.line(&format!("add {hash} Alice Liddell"));
    bob.until("Alice Liddell is in the phonebook");

    bob.keys("di");
    bob.until_rows(&["> dial WHO [PROFILE]"]);
    bob.keys("\tal\t");
    bob.until_typed("> dial alice Liddell");
    bob.keys(" mq\r");
    alice.until("calls: Enter answers");
    bob.until_rows(&["Alice Liddell  rings"]);
    alice.keys("\r");
    for phone in [&alice, &bob] {
        phone.until("you talk with ");
    }
    bob.until("Alice Liddell  00:0");
    bob.line("mute");
    bob.until("  muted  Medium Quality");
    bob.keys("\r");
    bob.until("Medium Quality  MOS ");
    alice.line("hangup");
    bob.until("the call with Alice Liddell is over after 00:0");
    bob.until_rows(&["online"]);
}

#[test]
fn events_leave_a_half_typed_line_as_it_is() {
    let (alice, hash, address) = listening(USUAL, &folder("half-alice"));
    let bob = connected(USUAL, &folder("half-bob"), &address);
    alice.keys("history lost");
    alice.until_typed("> history lost");
    bob.line(&hash);
    alice.until("calls: answer or reject");
    alice.until_typed("> history lost");
    // What is typed goes on where it was, and on a line below, the call rings.
    alice.keys("\x1b[D\x1b[D\x1b[D\x1b[DX");
    alice.until_rows(&["> history Xlost"]);
    bob.line("hangup");
    alice.until("missed call from ");
    alice.until_rows(&["> history Xlost"]);
    alice.keys("\x7f\r");
    alice.until("there are no calls");
    alice.until("1 missed call: <");
}

#[test]
fn names_that_begin_the_same_are_shown_below_until_the_line_is_another() {
    let folder = folder("menu");
    fs::create_dir_all(&folder).expect("a folder");
    let hash = |digit: &str| digit.repeat(32);
    let entries = [("Mary", "a"), ("Mark", "b"), ("Zoe", "c")];
    let entries = entries.map(|(name, digit)| format!("{name} = {}\n", hash(digit)));
    fs::write(folder.join("config"), format!("[phonebook]\n{}", entries.concat()))
        .expect("it is written");
    let phone = person(USUAL, &folder, &["--listen", "127.0.0.1:0"]);
    phone.keys("dial m\t");
    phone.until_typed("> dial mar");
    phone.until_rows(&["Mary  Mark"]);
    phone.keys("k");
    phone.until_typed("> dial mark");
    let screen = phone.until_rows(&["no network"]);
    assert!(!screen.contains("Mary  Mark"), "{screen}");
}

#[test]
fn typed_lines_survive_a_kill_and_are_for_their_owner_alone() {
    let folder = folder("kept");
    let mut phone = person(USUAL, &folder, &["--listen", "127.0.0.1:0"]);
    phone.until("This is a new phone");
    phone.line("history somebody");
    phone.until("there are no calls");
    phone.signal(rustix::process::Signal::KILL);
    phone.wait();
    let lines = fs::metadata(folder.join("prompt-history")).expect("a file");
    assert_eq!(lines.permissions().mode() & 0o777, 0o600);

    let phone = person(USUAL, &folder, &["--listen", "127.0.0.1:0"]);
    let screen = phone.until("type help for help");
    assert!(!screen.contains("new phone"), "{screen}");
    phone.keys("\x1b[A");
    phone.until_typed("> history somebody");
}

#[test]
fn lines_that_are_typed_ahead_or_pasted_are_done_one_by_one() {
    let (phone, ..) = listening(USUAL, &folder("ahead"));
    phone.until_typed(">");
    phone.keys("contacts\rhistory\rmessages\rpart of a li");
    phone.until("the phonebook is empty");
    phone.until("there are no calls");
    phone.until("there are no messages");
    phone.until_typed("> part of a li");
    phone.keys("\x03\x1b[200~redial\ncallback\n\x1b[201~\r");
    phone.until("nobody was called yet");
    phone.until("nobody called yet");
}

#[test]
fn missed_calls_are_told_once() {
    let folder_of_alice = folder("missed-alice");
    let (mut alice, hash, address) = listening(USUAL, &folder_of_alice);
    let bob = connected(USUAL, &folder("missed-bob"), &address);
    bob.line(&hash);
    alice.until("calls: Enter answers");
    bob.line("hangup");
    alice.until("missed call from ");
    alice.signal(rustix::process::Signal::TERM);
    assert_eq!(end(&mut alice), (Some(0), true));

    let (mut alice, ..) = listening(USUAL, &folder_of_alice);
    alice.until("1 missed call: <");
    // What is typed before it edits is the terminal's own.
    alice.until_typed(">");
    alice.keys("\x04");
    assert_eq!(end(&mut alice), (Some(0), true));
    let (alice, ..) = listening(USUAL, &folder_of_alice);
    alice.line("contacts");
    let screen = alice.until("the phonebook is empty");
    assert!(!screen.contains("missed call"), "{screen}");
}

#[test]
fn forty_columns_and_another_width_break_no_line() {
    let narrow = Kind { columns: 40, ..USUAL };
    let (alice, hash, address) = listening(USUAL, &folder("narrow-alice"));
    let bob = connected(narrow, &folder("narrow-bob"), &address);
    bob.line(&format!("add {hash} A contact whose name is longer than forty columns"));
    bob.until("is in the phonebook");
    bob.line("dial last");
    bob.until("there was no call yet");
    bob.line("help");
    bob.until_rows(&["help dial tells more of dial"]);
    bob.line("dial A mq");
    alice.until("calls: Enter answers");
    alice.keys("\r");
    bob.until("you talk with A contact");
    bob.until_rows(&["> ".trim_end()]);
    bob.until("..  00:0");
    // A line that fills its row, drawn again and again, leaves what stands above.
    let full = "x".repeat(38);
    bob.keys(&full);
    for _ in 0..3 {
        bob.until_rows(&[" full duplex", &format!("> {full}")]);
        let clock = until_clock(&bob);
        bob.until_gone(&clock);
    }
    bob.keys("\x03");
    bob.keys("history of a search that is longer than the line");
    bob.until("han the line");
    bob.resize(50, 60);
    bob.until_rows(&["> history of a search that is longer than the line"]);
    alice.line("hangup");
    bob.until("is over after");
    bob.until_rows(&["> history of a search that is longer than the line"]);
    bob.until_rows(&["online"]);
}

#[test]
fn a_dumb_terminal_gets_no_escape_code_and_enter_answers() {
    let dumb = Kind { name: "dumb", ..USUAL };
    let (mut alice, hash, address) = listening(dumb, &folder("dumb-alice"));
    let bob = connected(USUAL, &folder("dumb-bob"), &address);
    bob.line(&hash);
    alice.until("calls: answer or reject");
    alice.keys("\r");
    alice.until("you talk with ");
    alice.keys("help\rstatus\rquit\r");
    assert_eq!(end(&mut alice), (Some(0), true));
    bob.until("is over after");
    let written = alice.written();
    assert!(!written.contains('\x1b'), "{written:?}");
}

#[test]
fn without_a_terminal_lines_are_plain_and_their_end_leaves() {
    let mut program = program(&folder("piped"), &["--listen", "127.0.0.1:0"]);
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut phone = program.spawn().expect("it runs");
    let mut lines = phone.stdin.take().expect("it is piped");
    lines.write_all(b"contacts\n\ndail\ncontacts").expect("it reads");
    drop(lines);
    let output = phone.wait_with_output().expect("it ends");
    let [told, errors] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).ok());
    let (told, errors) = (told.expect("text"), errors.expect("text"));
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let empty = "the phonebook is empty: type add HASH NAME, or add last NAME\n";
    assert_eq!(told, empty.repeat(2));
    assert!(errors.contains("\"dail\" is no command"), "{errors}");
    assert!(!told.contains('\x1b') && !errors.contains('\x1b'), "{errors}");
}
