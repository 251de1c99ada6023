//! Tests of the phone's files and signals, as a user meets them.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::program;

#[test]
fn a_recording_takes_no_name_that_is_there() {
    let folder = folder("taken");
    let file = folder.join("mine.wav");
    fs::write(&file, "mine").unwrap();
    let link = folder.join("link.wav");
    symlink("mine.wav", &link).unwrap();
    for name in [&file, &link] {
        let output = run(&["--listen", "127.0.0.1:0", "--audio-out", path(name)]);
        assert_eq!(output.status.code(), Some(2));
        assert!(one_line(&output).contains("--force"), "{output:?}");
    }
    let options = ["--listen", "127.0.0.1:0", "--audio-out", path(&link), "--force"];
    let mut phone = Phone::start(command(&options));
    phone.end();
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    let recorded = fs::symlink_metadata(&link).unwrap();
    assert!(recorded.is_file());
    assert_eq!(recorded.permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_is_no_identity_ends_in_one_line_at_once() {
    let folder = folder("no-identity");
    let fifo = folder.join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let zeros = folder.join("zeros");
    fs::write(&zeros, [0; 64]).unwrap();
    let cases = [
        (fifo.as_path(), "not a regular file"),
        (Path::new("/dev/zero"), "not a regular file"),
        (folder.as_path(), "not a regular file"),
        (&zeros, "equal bytes (0x00)"),
    ];
    for (file, wanted) in cases {
        let output = run(&["--identity", path(file)]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(one_line(&output).contains(wanted), "{output:?}");
    }
}

#[test]
fn an_identity_is_its_owners_alone_and_one_that_others_can_read_is_told_of() {
    let home = folder("home").join("my/phone");
    let options = ["--folder", path(&home)];
    let output = Command::new("sh")
        .args(["-c", "umask 0; exec \"$@\"", "sh", program("phone").to_str().unwrap()])
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let identity = home.join("identity");
    for (name, mode) in [(&home, 0o700), (&identity, 0o600)] {
        assert_eq!(fs::metadata(name).unwrap().permissions().mode() & 0o777, mode);
    }
    assert!(run(&options).stderr.is_empty());
    fs::set_permissions(&identity, Permissions::from_mode(0o644)).unwrap();
    let output = run(&options);
    assert!(output.status.success());
    assert!(one_line(&output).contains("chmod 600"), "{output:?}");
}

#[test]
fn a_signal_works_before_the_phone_is_up_and_a_second_one_ends_it_at_once() {
    let fifo = folder("signals").join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut waiting = command(&["--audio-in", path(&fifo)]).spawn().unwrap();
    signal(&waiting, Signal::TERM);
    assert_eq!(waiting.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));

    let mut phone = Phone::start(command(&["--listen", "127.0.0.1:0"]));
    // Stopped, it handles both at once.
    signal(&phone.child, Signal::STOP);
    signal(&phone.child, Signal::TERM);
    signal(&phone.child, Signal::INT);
    signal(&phone.child, Signal::CONT);
    let code = phone.child.wait().unwrap().code();
    assert!([Some(128 + 2), Some(128 + 15)].contains(&code), "{code:?}");
}

#[test]
fn a_passphrase_comes_from_a_file_or_the_environment() {
    let folder = folder("passphrase");
    let file = folder.join("passphrase");
    fs::write(&file, "open sesame\r\n").unwrap();
    let listen =
        ["--listen", "127.0.0.1:0", "--answer", "0", "--ifac-passphrase-file", path(&file)];
    let callee = Phone::start(command(&listen));
    for (passphrase, code) in [("open sesame", 0), ("", 3)] {
        // As pasted from rnstatus.
        let hash = format!(" <{}>\r", callee.identity());
        let options = ["--connect", &callee.address(), "--call", &hash, "--wait-time", "2"];
        let mut caller = command(&options);
        caller.args(["--hang-up-after", "0.1"]).env("LXST_IFAC_PASSPHRASE", passphrase);
        let output = caller.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{passphrase:?}: {output:?}");
    }
    fs::write(&file, "\n").unwrap();
    for file in [path(&file), "/dev/zero"] {
        let output = run(&["--listen", "127.0.0.1:0", "--ifac-passphrase-file", file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(one_line(&output).contains("--ifac-passphrase-file"), "{output:?}");
    }
}

#[test]
fn a_full_disk_is_told_once_and_costs_neither_the_call_nor_what_was_recorded() {
    let folder = folder("full");
    let (heard, trace) = (folder.join("heard.wav"), folder.join("call.jsonl"));
    // Files of 64 KiB fit, 0.7 s of audio; a larger one fails as on a full disk.
    let mut callee = Command::new("bash");
    callee.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "bash"]).arg(program("phone"));
    callee.args(["--listen", "127.0.0.1:0", "--answer", "0", "--once"]);
    callee.args(["--audio-out", path(&heard), "--trace", path(&trace)]);
    let mut callee = Phone::start(callee);
    let (address, identity) = (callee.address(), callee.identity());
    let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/speech.wav");
    let call = ["--connect", &address, "--call", &identity, "--profile", "ull"];
    let caller = run(&[&call[..], &["--audio-in", speech, "--hang-up-after", "7"]].concat());
    assert_eq!(caller.status.code(), Some(0), "{caller:?}");
    let log = callee.end();
    assert_eq!(callee.child.wait().unwrap().code(), Some(0));
    for file in ["heard.wav", "call.jsonl"] {
        assert_eq!(log.lines().filter(|line| line.contains(file)).count(), 1, "{file}: {log}");
    }
    let recorded = hound::WavReader::open(&heard).unwrap();
    assert_eq!(u64::from(recorded.len()) * 2 + 44, fs::metadata(&heard).unwrap().len());
    assert!(recorded.len() > 30_000, "{}", recorded.len());
    let mut replay = Command::new(program("replay"));
    let replayed = replay.arg(&trace).arg("--summary").output().unwrap();
    assert_eq!(replayed.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&replayed.stdout).contains("established"), "{replayed:?}");
}

/// A phone that runs beside the test, and ends with it.
struct Phone {
    child: Child,
    events: BufReader<ChildStderr>,
    ready: Value,
}

impl Phone {
    fn start(mut command: Command) -> Self {
        command.arg("--json").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut events = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        events.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { child, events, ready }
    }

    fn identity(&self) -> String {
        self.ready["identity"].as_str().unwrap().to_owned()
    }

    fn address(&self) -> String {
        self.ready["listening"][0].as_str().unwrap().to_owned()
    }

    /// Lets it end. Returns the rest of its events.
    fn end(&mut self) -> String {
        signal(&self.child, Signal::TERM);
        let mut log = String::new();
        self.events.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    // A process that has ended is still there until it is waited for.
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

fn run(options: &[&str]) -> Output {
    command(options).stdin(Stdio::null()).output().unwrap()
}

fn command(options: &[&str]) -> Command {
    let mut command = Command::new(program("phone"));
    command.args(options);
    command
}

fn one_line(output: &Output) -> &str {
    let complaint = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("files").join(test);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
