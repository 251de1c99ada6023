//! Files and signals, as the user of a script meets them.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::support::{PROGRAM, Phone, command, folder, path, run, text};

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
    let mut phone = Phone::start(&options);
    end(&mut phone);
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
        let output = run(&["--listen", "127.0.0.1:0", "--identity", path(file)]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(one_line(&output).contains(wanted), "{output:?}");
    }
}

#[test]
fn an_identity_is_its_owners_alone_and_one_that_others_can_read_is_told_of() {
    let home = folder("home").join("my/phone");
    let options = ["--folder", path(&home), "--listen", "127.0.0.1:0"];
    let output = Command::new("sh")
        .args(["-c", "umask 0; exec \"$@\"", "sh", PROGRAM])
        .args(options)
        .arg("--no-devices")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success() && !is_told_of(&output), "{output:?}");
    let identity = home.join("identity");
    for (name, mode) in [(&home, 0o700), (&identity, 0o600)] {
        assert_eq!(fs::metadata(name).unwrap().permissions().mode() & 0o777, mode);
    }
    assert!(!is_told_of(&run(&options)));
    fs::set_permissions(&identity, Permissions::from_mode(0o644)).unwrap();
    let output = run(&options);
    assert!(output.status.success() && is_told_of(&output), "{output:?}");
}

#[test]
fn a_signal_works_before_the_phone_is_up_and_a_second_one_ends_it_at_once() {
    let fifo = folder("signals").join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut waiting = command(&["--audio-in", path(&fifo)]).spawn().unwrap();
    signal(&waiting, Signal::TERM);
    assert_eq!(waiting.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));

    let mut phone = Phone::start(&["--listen", "127.0.0.1:0"]);
    // An end takes its time while somebody is connected.
    let _peer = Phone::start(&["--connect", &phone.address()]);
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
    let callee = Phone::start(&listen);
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
    callee.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "bash"]).arg(PROGRAM);
    callee.args(["--listen", "127.0.0.1:0", "--answer", "0", "--once", "--identity"]);
    callee.arg(folder.join("me"));
    callee.args(["--audio-out", path(&heard), "--trace", path(&trace)]);
    let mut callee = Phone::spawn(callee);
    let (address, identity) = (callee.address(), callee.identity());
    let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/speech.wav");
    let call = ["--connect", &address, "--call", &identity, "--profile", "ull"];
    let caller = run(&[&call[..], &["--audio-in", speech, "--hang-up-after", "7"]].concat());
    assert_eq!(caller.status.code(), Some(0), "{caller:?}");
    let log = end(&mut callee);
    assert_eq!(callee.child.wait().unwrap().code(), Some(0));
    for file in ["heard.wav", "call.jsonl"] {
        assert_eq!(log.lines().filter(|line| line.contains(file)).count(), 1, "{file}: {log}");
    }
    let recorded = hound::WavReader::open(&heard).unwrap();
    assert_eq!(u64::from(recorded.len()) * 2 + 44, fs::metadata(&heard).unwrap().len());
    assert!(recorded.len() > 30_000, "{}", recorded.len());
    let traced = fs::read_to_string(&trace).unwrap();
    assert!(traced.contains("\"established\""), "{}", traced.len());
}

/// Lets a phone end. Returns the rest of its events.
fn end(phone: &mut Phone) -> String {
    signal(&phone.child, Signal::TERM);
    let mut log = String::new();
    phone.events.read_to_string(&mut log).unwrap();
    log
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    // A process that has ended is still there until it is waited for.
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

/// Whether a file that others can read is told of, with the remedy.
fn is_told_of(output: &Output) -> bool {
    text(&output.stderr).contains("chmod 600")
}

fn one_line(output: &Output) -> &str {
    let complaint = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}
