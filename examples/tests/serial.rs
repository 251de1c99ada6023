//! Tests of `cargo run --example serial`, on two pseudo terminals joined as the ends of a line.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use support::program;

#[test]
fn a_call_goes_over_a_serial_line_in_either_framing() {
    for framing in [None, Some("--kiss")] {
        let lines = line();
        let [mut bob, mut alice] = lines.map(|line| {
            let mut command = Command::new(program("serial"));
            command.args(framing).arg(line).stdout(Stdio::piped());
            command
        });
        let mut bob = Phone::start(&mut bob);
        let identity = bob.until(" is whom to call");
        let mut alice = Phone::start(alice.arg(&identity));
        alice.until("the call stands");
        bob.until("the call stands");
        assert_eq!(alice.rest(), "the call is over: hung up here\n");
        assert_eq!(bob.rest(), "the call is over: hung up by the peer\n");
    }
}

#[test]
fn a_line_that_is_not_there_is_told_with_what_to_do() {
    let mut serial = Command::new(program("serial"));
    let nobody = "00112233445566778899aabbccddeeff";
    let output = serial.args(["/dev/no-such-line", nobody]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("no network"), "{complaint}");
}

/// A serial line: the paths of its two ends.
fn line() -> [String; 2] {
    let ends = [(); 2].map(|()| {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&end).unwrap();
        unlockpt(&end).unwrap();
        let path = ptsname(&end, vec![]).unwrap().into_string().unwrap();
        // Held open: bytes before the other phone is there must not end the line.
        let held = File::options().read(true).write(true).open(&path).unwrap();
        let mut mode = tcgetattr(&held).unwrap();
        mode.make_raw();
        tcsetattr(&held, OptionalActions::Now, &mode).unwrap();
        (File::from(end), held, path)
    });
    let [(one, one_held, one_path), (other, other_held, other_path)] = ends;
    let carry = |mut from: File, mut to: File, held: File| {
        thread::spawn(move || {
            // Ends with the test.
            let _ = io::copy(&mut from, &mut to);
            drop(held);
        });
    };
    let (one_out, other_out) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    carry(one, other_out, one_held);
    carry(other, one_out, other_held);
    [one_path, other_path]
}

struct Phone {
    program: Child,
    lines: BufReader<ChildStdout>,
}

impl Phone {
    fn start(command: &mut Command) -> Self {
        let mut program = command.spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap());
        Self { program, lines }
    }

    /// Reads until a line ends with this. Returns the text before it.
    fn until(&mut self, end: &str) -> String {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some(before) = line.trim_end().strip_suffix(end) {
                return before.to_owned();
            }
            line.clear();
        }
        panic!("the program ended before {end:?}");
    }

    fn rest(mut self) -> String {
        let rest = io::read_to_string(&mut self.lines).unwrap();
        assert!(self.program.wait().unwrap().success(), "{rest}");
        rest
    }
}
