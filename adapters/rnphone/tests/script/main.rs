//! Scripts that call and are called, run as a user runs them.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod console;
mod endings;
mod files;
#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../prompt/support.rs"]
mod person;
mod sound;
mod support;
mod terminal;

use std::fs;
use std::net::UdpSocket;
use std::process::{Command, Stdio};

use lxst_tokio::{DestinationHash, load_or_create_identity};
use support::{Phone, command, folder, path, run, text};

#[test]
fn a_rejected_call_ends_both_phones_with_5() {
    let mut callee = Phone::start(&["--listen", "127.0.0.1:0", "--reject", "--once"]);
    let identity = callee.identity();
    let output = run(&["--connect", &callee.address(), "--call", &identity]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert_eq!(callee.wait(), Some(5));
}

#[test]
fn a_call_that_nobody_answers_ends_with_6() {
    let callee = Phone::start(&["--listen", "127.0.0.1:0"]);
    let identity = callee.identity();
    let output = run(&["--connect", &callee.address(), "--call", &identity, "--wait-time", "1.5"]);
    assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
}

#[test]
fn a_second_caller_ends_with_4() {
    let mut callee =
        Phone::start(&["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--answer", "0"]);
    let identity = callee.identity();
    let first = Phone::start(&["--connect", &callee.address(), "--call", &identity]);
    callee.until("established");
    let second = callee.hello["listening"][1].as_str().expect("an address").to_owned();
    let output = run(&["--connect", &second, "--call", &identity]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    drop(first);
}

#[test]
fn a_stopped_phone_hangs_up_and_a_killed_one_loses_the_link() {
    for (signal, outcome, code) in [("-TERM", "remote_hangup", 0), ("-KILL", "link_lost", 7)] {
        let mut callee = Phone::start(&["--listen", "127.0.0.1:0", "--answer", "0", "--once"]);
        let identity = callee.identity();
        let mut caller = Phone::start(&["--connect", &callee.address(), "--call", &identity]);
        caller.until("established");
        let id = caller.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(callee.until("ended")["outcome"], outcome);
        assert_eq!(callee.wait(), Some(code));
        assert_eq!(caller.wait(), (signal == "-TERM").then_some(0));
    }
}

#[test]
fn phones_talk_over_udp_and_only_who_knows_the_passphrase_takes_part() {
    let [here, there] = udp_ports().map(|port| format!("127.0.0.1:{port}"));
    let options = ["--udp", &there, &here, "--ifac-name", "home", "--answer", "0"];
    let callee = Phone::start(&options);
    let identity = callee.identity();
    for (passphrase, name, code) in [(None, "home", 0), (Some("secret"), "home", 3)] {
        let mut options = vec!["--udp", &here, &there, "--ifac-name", name, "--call", &identity];
        options.extend(["--wait-time", "2", "--hang-up-after", "0.1", "--mode", "half"]);
        options.extend(passphrase.iter().flat_map(|word| ["--ifac-passphrase", word]));
        let output = run(&options);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    }
}

#[test]
fn a_callee_who_is_busy_or_shuts_somebody_out_ends_the_caller_with_4() {
    let me = folder("busy").join("me");
    let caller = load_or_create_identity(&me).expect("an identity").hash().to_string();
    let nobody = "00112233445566778899aabbccddeeff";
    let [busy, block, allow, welcome] = [
        vec!["--busy"],
        vec!["--block", &caller],
        vec!["--allow", nobody],
        vec!["--allow", &caller],
    ];
    for (options, code, tells) in
        [(busy, 4, true), (block, 4, false), (allow, 4, false), (welcome, 0, false)]
    {
        let callee = [&["--listen", "127.0.0.1:0", "--answer", "0"], &options[..]].concat();
        let mut callee = Phone::start(&callee);
        let identity = callee.identity();
        let address = callee.address();
        let call = ["--identity", path(&me), "--connect", &address, "--call", &identity];
        let output = run(&[&call[..], &["--hang-up-after", "0.1"]].concat());
        assert_eq!(output.status.code(), Some(code), "{options:?}: {}", text(&output.stderr));
        if tells {
            assert_eq!(callee.until("turned_away")["peer"]["hash"], caller.as_str());
        }
    }
}

#[test]
fn a_folder_keeps_who_we_are_and_an_identity_alone_leaves_nothing() {
    let folder = folder("kept");
    let kept = folder.join("phone");
    let listen = |option, name| Phone::start(&[option, name, "--listen", "127.0.0.1:0"]);
    let first = listen("--folder", path(&kept)).identity();
    assert_eq!(listen("--config", path(&kept)).identity(), first);

    let file = folder.join("me");
    let mut phone = listen("--identity", path(&file));
    let identity = phone.identity();
    let id = phone.child.id().to_string();
    assert!(Command::new("kill").arg(id).status().expect("kill runs").success());
    assert_eq!(phone.wait(), Some(0));
    assert_eq!(fs::read(&file).expect("it is there").len(), 64);
    assert_eq!(load_or_create_identity(&file).expect("it is one").hash().to_string(), identity);
    let left: Vec<_> = fs::read_dir(&folder).expect("a folder").collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_script_on_the_folder_of_a_phone_uses_that_phone() {
    let folder = folder("shared").join("phone");
    let phone = ["--config", path(&folder), "--listen", "127.0.0.1:0"];
    let first = Phone::start(&[&phone[..], &["--wait-time", "1"]].concat());
    for option in [&["--audio-out", "new.wav"][..], &["--name", "Mary"], &["--dtx"]] {
        let output = run(&[&["--config", path(&folder), "--once"][..], option].concat());
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{told}");
        assert!(told.contains(option[0]) && told.contains("one runs in"), "{told}");
    }
    let nobody = "00112233445566778899aabbccddeeff";
    let output = run(&["--config", path(&folder), "--call", nobody]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains(&first.identity()));

    let mut caller =
        Phone::start(&["--connect", &first.address(), "--call", &first.identity(), "--once"]);
    let answers = ["--config", path(&folder), "--answer", "0", "--hang-up-after", "0.1", "--once"];
    let mut answering = Phone::start(&answers);
    assert_eq!((caller.wait(), answering.wait()), (Some(0), Some(0)));
}

#[test]
fn a_callee_whom_nobody_knows_ends_with_3() {
    let other = Phone::start(&["--listen", "127.0.0.1:0"]);
    let nobody = "00112233445566778899aabbccddeeff";
    for address in [other.address(), "127.0.0.1:1".to_owned()] {
        let output = run(&["--connect", &address, "--call", nobody, "--wait-time", "0.5"]);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    }
}

#[test]
fn whoever_dials_a_destination_is_told_whom_to_dial() {
    let callee = Phone::start(&["--listen", "127.0.0.1:0"]);
    let identity = callee.identity();
    let hash = identity.parse().expect("an identity");
    let destination = DestinationHash::telephony(hash).to_string();
    let output = run(&["--connect", &callee.address(), "--call", &destination]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let is_told = |line: &str| line.contains("the identity to dial") && line.contains(&identity);
    assert!(said.lines().any(is_told), "{said}");
}

#[test]
fn wrong_use_ends_with_2_and_a_line_that_helps() {
    let short = folder("misuse").join("short");
    fs::write(&short, b"short").expect("a file");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = busy.local_addr().expect("an address").to_string();
    let nobody = "00112233445566778899aabbccddeeff";
    let cases: [(&[&str], &str); 14] = [
        (&["--colour"], "unexpected argument"),
        (&["--listen", "127.0.0.1:0", "--call", "xyz"], "32 digits of a hash"),
        (&["--allow", "xyz"], "32 hexadecimal digits"),
        (&["--answer", "1", "--reject"], "cannot be used with"),
        (&["--config", nobody, "--identity", nobody], "cannot be used with"),
        (&["--connect", "nowhere"], "HOST:PORT"),
        (&["--profile", "best"], "no such profile"),
        (&["--profile", "lbw", "--listen", "127.0.0.1:0"], "Codec2"),
        (&["--wait-time", "-1"], "0 to 86400"),
        (&["--shared", "--ifac-name", "x"], "access code"),
        (&["--listen", "127.0.0.1:0", "--process"], "--features voice-processing"),
        (&["--identity", path(&short), "--listen", "127.0.0.1:0"], "must be 64"),
        (&["--listen", &taken], "cannot use"),
        (&["--listen", "127.0.0.1:0", "--audio-in", path(&short)], "a WAV file"),
    ];
    for (options, wanted) in cases {
        let output = run(options);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
        assert!(said.contains(wanted), "{options:?}: {said}");
        assert!(!said.contains("panicked"), "{options:?}: {said}");
    }
}

#[test]
fn help_teaches_the_exit_codes() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    for line in ["3  no path, or no link", "7  link lost", "Examples:"] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn the_lines_of_the_readme_make_a_call() {
    let folder = folder("readme");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    std::os::unix::fs::symlink(format!("{root}/examples"), folder.join("examples")).unwrap();
    let readme = fs::read_to_string(format!("{root}/README.md")).unwrap();
    let (_, part) = readme.split_once("## A phone for scripts").unwrap();
    let (_, lines) = part.split_once("```sh\n").unwrap();
    let (lines, _) = lines.split_once("```").unwrap();
    let lines = lines.replace("\\\n", " ").replace("4242", &udp_ports()[0].to_string());
    let lines: Vec<&str> = lines.lines().collect();
    let [called, calling] = lines[..] else { panic!("{lines:?}") };
    let words = |line: &str| line.split_whitespace().skip(1).map(str::to_owned).collect();
    let start = |words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = command(&words);
        command.current_dir(&folder).stdin(Stdio::null());
        Phone::spawn(command)
    };
    let mut called = start(words(called));
    let mut calling = start(words(&calling.replace("HASH", &called.identity())));
    assert_eq!((calling.wait(), called.wait()), (Some(0), Some(0)));
    let heard = hound::WavReader::open(folder.join("heard.wav")).unwrap();
    let loudest = heard.into_samples::<i16>().map(|sample| sample.unwrap().unsigned_abs()).max();
    assert!(loudest > Some(3_000), "{loudest:?}");
}

/// Returns two ports that were just free.
fn udp_ports() -> [u16; 2] {
    let sockets = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a port"));
    sockets.map(|socket| socket.local_addr().expect("an address").port())
}
