//! Phones whose output nobody reads.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, PipeWriter, Read, Write};
use std::process::{Child, Command, Output, Stdio};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde_json::Value;

use super::support::command;

#[test]
fn a_call_goes_on_when_the_reader_of_the_log_has_gone() {
    let callee = phone(&["--listen", "127.0.0.1:0", "--answer", "0.1", "--once", "--json"])
        .arg("-vv")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut callee = Running(callee.unwrap());
    let mut log = BufReader::new(callee.0.stderr.take().unwrap());
    let hello = loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the phone ended");
        match serde_json::from_str::<Value>(&line) {
            Ok(event) if event["event"] == "hello" => break event,
            _ => {}
        }
    };
    drop(log);
    let (address, identity) = (&hello["listening"][0], &hello["identity"]);
    let caller = phone(&["--connect", address.as_str().unwrap(), "--hang-up-after", "0.5"])
        .args(["--call", identity.as_str().unwrap(), "-vv"])
        .stdout(Stdio::null())
        .stderr(full())
        .status();
    assert_eq!(caller.unwrap().code(), Some(0));
    assert_eq!(callee.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_call_goes_on_when_nobody_reads_the_log() {
    let (_unread, mut log) = std::io::pipe().unwrap();
    fill(&mut log);
    let callee = phone(&["--listen", "127.0.0.1:0", "--answer", "0.1", "--once", "-vv"])
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn();
    let mut callee = Running(callee.unwrap());
    let mut said = BufReader::new(callee.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut told = |name: &str| {
        let line = said.find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let (identity, address) = (told("identity"), told("listening"));
    let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/speech.wav");
    let caller = phone(&["--connect", &address, "--call", &identity, "--hang-up-after", "3"])
        .args(["--json", "--audio-in", speech])
        .output()
        .unwrap();
    assert_eq!(caller.status.code(), Some(0), "{}", text(&caller));
    assert_eq!(callee.0.wait().unwrap().code(), Some(0));
}

#[test]
fn output_on_a_full_disk_is_told_once_and_output_to_nobody_never() {
    let call = ["--listen", "127.0.0.1:0", "--call", "00112233445566778899aabbccddeeff"];
    let call = [&call[..], &["--wait-time", "0.1"]].concat();
    let output = phone(&call).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(text(&output).matches("standard output: No space left").count(), 1);

    let mut nobody = phone(&call).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(nobody.stdout.take());
    let mut complaint = String::new();
    nobody.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(nobody.wait().unwrap().code(), Some(3));
    assert!(!complaint.contains("standard output"), "{complaint}");
}

/// A program that ends with the test, even if that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes until a pipe is full.
fn fill(pipe: &mut PipeWriter) {
    let flags = fcntl_getfl(&*pipe).unwrap();
    fcntl_setfl(&*pipe, flags | OFlags::NONBLOCK).unwrap();
    while pipe.write(&[b'\n'; 4_096]).is_ok() {}
    while pipe.write(b"\n").is_ok() {}
    fcntl_setfl(&*pipe, flags).unwrap();
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Opens a device on which every write fails, as on a full disk.
fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn phone(options: &[&str]) -> Command {
    let mut command = command(options);
    command.stdin(Stdio::null());
    command
}
