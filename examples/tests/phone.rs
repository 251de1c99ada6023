//! Tests of the scriptable phone, run as a user runs it.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::Write;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use support::phone::{
    Phone, Screen, Watched, attended, command, folder, path, run, terminal, text,
};

#[test]
fn a_call_between_two_phones_carries_sound_through_pipes_and_files() {
    let folder = folder("pipes");
    let heard = folder.join("heard.wav");
    let mut callee = Phone::start(&[
        "--listen",
        "127.0.0.1:0",
        "--answer",
        "0.1",
        "--once",
        "--audio-out",
        path(&heard),
    ]);
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();

    let caller = command(&[
        "--connect",
        &callee.address(),
        "--call",
        &identity,
        "--audio-in",
        "-",
        "--audio-out",
        "-",
        "--hang-up-after",
        "1.5",
    ])
    // In the background of the test's terminal.
    .process_group(0)
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn();
    let mut caller = caller.expect("the phone runs");
    let recorder = record(caller.stdin.take().expect("it is piped"), Arc::new(500.into()));
    let output = caller.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    recorder.join().expect("the recorder ends");

    // 1.5 s of s16le, less what was on its way.
    assert!(output.stdout.len() > 100_000, "{} bytes", output.stdout.len());
    assert!(output.stdout.iter().all(|byte| *byte == 0), "the callee has no microphone");
    assert_eq!(callee.wait(), Some(0));
    assert!(loudest_at(&heard, 500) > 0.05, "the tone is heard");
}

#[test]
fn what_a_recorder_heard_before_the_answer_is_not_sent() {
    let heard = folder("recorder").join("heard.wav");
    let mut callee = command(&["--listen", "127.0.0.1:0", "--answer", "3", "--audio-in", "-"]);
    callee.arg("--once").process_group(0).stdin(Stdio::piped());
    let mut callee = Phone::spawn(callee);
    let hz = Arc::new(AtomicU32::new(500));
    let recorder = record(callee.child.stdin.take().expect("it is piped"), hz.clone());
    // A pipe holds two thirds of a second.
    thread::sleep(Duration::from_secs(1));
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
    let address = callee.address();
    let call = ["--connect", &address, "--call", &identity, "--audio-out", path(&heard)];
    let mut caller = Phone::start(&[&call[..], &["--hang-up-after", "2"]].concat());
    callee.until("incoming");
    thread::sleep(Duration::from_millis(500));
    hz.store(1_500, Ordering::SeqCst);
    assert_eq!(caller.wait(), Some(0));
    assert_eq!(callee.wait(), Some(0));
    recorder.join().expect("the recorder ends");
    let [before, after] = [500, 1_500].map(|hz| loudest_at(&heard, hz));
    assert!(before < 0.05 && after > 0.15, "before the answer {before}, after it {after}");
}

#[test]
fn sound_on_a_terminal_is_refused() {
    let (_pty, terminal) = terminal();
    for option in ["--audio-in", "--audio-out"] {
        let stdio = || Stdio::from(terminal.try_clone().expect("it is open"));
        let mut command = command(&["--listen", "127.0.0.1:0", option, "-"]);
        let output = command.stdin(stdio()).stdout(stdio()).stderr(Stdio::piped()).output();
        let output = output.expect("the phone runs");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("terminal"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_rejected_call_ends_both_phones_with_5() {
    let mut callee = Phone::start(&["--listen", "127.0.0.1:0", "--reject", "--once"]);
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
    let output = run(&["--connect", &callee.address(), "--call", &identity]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert_eq!(callee.wait(), Some(5));
}

#[test]
fn a_call_that_nobody_answers_ends_with_6() {
    let callee = Phone::start(&["--listen", "127.0.0.1:0"]);
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
    let output = run(&["--connect", &callee.address(), "--call", &identity, "--wait-time", "1.5"]);
    assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
}

#[test]
fn a_second_caller_ends_with_4() {
    let mut callee =
        Phone::start(&["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--answer", "0"]);
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
    let first = Phone::start(&["--connect", &callee.address(), "--call", &identity]);
    callee.until("established");
    let second = callee.ready["listening"][1].as_str().expect("an address").to_owned();
    let output = run(&["--connect", &second, "--call", &identity]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    drop(first);
}

#[test]
fn a_stopped_phone_hangs_up_and_a_killed_one_loses_the_link() {
    for (signal, reason, code) in [("-TERM", "hung up by the peer", 0), ("-KILL", "link lost", 7)] {
        let mut callee = Phone::start(&["--listen", "127.0.0.1:0", "--answer", "0", "--once"]);
        let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
        let mut caller = Phone::start(&["--connect", &callee.address(), "--call", &identity]);
        caller.until("established");
        let id = caller.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(callee.until("ended")["reason"], reason);
        assert_eq!(callee.wait(), Some(code));
        assert_eq!(caller.wait(), (signal == "-TERM").then_some(0));
    }
}

#[test]
fn phones_of_both_runtimes_talk_over_udp_and_only_who_knows_the_passphrase_takes_part() {
    let [here, there] = udp_ports().map(|port| format!("127.0.0.1:{port}"));
    let options = ["--udp", &there, &here, "--ifac-name", "home", "--answer", "0"];
    let callee = Phone::start(&[&options[..], &["--runtime", "smol"]].concat());
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
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
    let said = text(&run(&["--identity", path(&me)]).stdout);
    let caller = said.split_whitespace().nth(1).expect("an identity").to_owned();
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
        let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
        let address = callee.address();
        let call = ["--identity", path(&me), "--connect", &address, "--call", &identity];
        let output = run(&[&call[..], &["--hang-up-after", "0.1"]].concat());
        assert_eq!(output.status.code(), Some(code), "{options:?}: {}", text(&output.stderr));
        if tells {
            assert_eq!(callee.until("caller_turned_away")["from"], caller.as_str());
        }
    }
}

#[test]
fn keys_of_a_terminal_answer_switch_and_hang_up() {
    let (pty, terminal) = terminal();
    let mut callee = command(&["--listen", "127.0.0.1:0", "--once"]);
    callee.stdin(terminal);
    press_keys(Phone::spawn(callee), &pty);
}

#[test]
fn keys_work_while_standard_input_is_sound() {
    let (pty, terminal) = terminal();
    // A session of its own, whose terminal is this one; the phone's standard input is a pipe.
    let mut callee = Command::new("setsid");
    callee.args(["--ctty", "sh", "-c", r#"head -c 9600 /dev/zero | "$0" "$@""#]);
    let phone = command(&["--listen", "127.0.0.1:0", "--once", "--audio-in", "-"]);
    callee.arg(phone.get_program()).args(phone.get_args()).stdin(terminal);
    press_keys(Phone::spawn(callee), &pty);
}

#[test]
fn the_status_line_names_the_keys_that_work_then() {
    let (pty, terminal) = terminal();
    let callee = attended(&["--listen", "127.0.0.1:0"], terminal);
    name_keys(callee, pty);
}

#[test]
fn the_status_line_names_the_keys_while_standard_input_is_sound() {
    let (pty, terminal) = terminal();
    let mut callee = Command::new("setsid");
    callee.args(["--ctty", "sh", "-c", r#"head -c 9600 /dev/zero | exec "$0" "$@""#]);
    let phone = command(&["--listen", "127.0.0.1:0", "--audio-in", "-"]);
    callee.arg(phone.get_program()).args(phone.get_args());
    callee.stderr(terminal.try_clone().expect("it is open")).stdin(terminal);
    name_keys(callee, pty);
}

#[test]
fn the_status_line_names_no_key_where_none_can_be_pressed() {
    let (pty, terminal) = terminal();
    // A session without a terminal, which only shows the log.
    let mut callee = Command::new("setsid");
    let phone = command(&["--listen", "127.0.0.1:0", "--answer", "0"]);
    callee.arg(phone.get_program()).args(phone.get_args()).stdin(Stdio::null()).stderr(terminal);
    let (callee, told) = Watched::start(callee);
    let screen = Screen::of(pty);
    screen.until("no network, idle");
    let caller = Phone::start(&["--connect", &told.address, "--call", &told.identity]);
    screen.until("Medium Quality");
    drop(caller);
    screen.until("idle");
    let shown = screen.text();
    assert!(!["[q]", "[h]"].iter().any(|key| shown.contains(key)), "{shown:?}");
    drop(callee);
}

/// Follows a phone through a call in each mode.
fn name_keys(callee: Command, pty: OwnedFd) {
    let (mut callee, told) = Watched::start(callee);
    let keyboard = pty.try_clone().expect("it is open");
    let press = |key: &[u8]| assert_eq!(rustix::io::write(&keyboard, key), Ok(1));
    let screen = Screen::of(pty);
    screen.until("no network, idle   [q]uit");
    let call = |mode| {
        let network = ["--connect", &told.address, "--call", &told.identity];
        Phone::start(&[&network[..], &["--mode", mode]].concat())
    };
    let mut caller = call("full");
    screen.until("[a]nswer [r]eject");
    press(b"r");
    screen.until("idle   [q]uit");
    assert_eq!(caller.wait(), Some(5));

    let mut caller = call("full");
    screen.until("[a]nswer [r]eject");
    press(b"a");
    screen.until("[h]ang up [p]rofile [m]ute");
    press(b"m");
    let line = screen.until("muted");
    assert!(line.ends_with("[h]ang up [p]rofile [m]ute"), "{line:?}");
    press(b"h");
    screen.until("idle   [q]uit");
    assert_eq!(caller.wait(), Some(0));

    let _caller = call("half");
    screen.until("[a]nswer [r]eject");
    press(b"a");
    screen.until("listening   [h]ang up [p]rofile [m]ute [t]alk");
    press(b"t");
    screen.until("talking   [h]ang up [p]rofile [m]ute [t]alk");
    press(b"q");
    assert_eq!(callee.wait(), Some(0));
}

fn press_keys(mut callee: Phone, pty: &OwnedFd) {
    let press = |key: &[u8]| assert_eq!(rustix::io::write(pty, key), Ok(1));
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
    let caller = Phone::start(&["--connect", &callee.address(), "--call", &identity]);
    callee.until("incoming");
    press(b"a");
    callee.until("established");
    press(b"p");
    assert_eq!(callee.until("profile_changed")["profile"], "quality_high");
    press(b"h");
    assert_eq!(callee.until("ended")["reason"], "hung up here");
    assert_eq!(callee.wait(), Some(0));
    drop(caller);
}

#[test]
fn a_folder_keeps_who_we_are() {
    let folder = folder("kept").join("phone");
    let first = run(&["--folder", path(&folder)]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    assert_eq!(text(&run(&["--folder", path(&folder)]).stdout), text(&first.stdout));
}

#[test]
fn a_second_phone_on_a_folder_is_told_in_one_line() {
    let folder = folder("shared").join("phone");
    let first = Phone::start(&["--folder", path(&folder), "--listen", "127.0.0.1:0"]);
    let second = run(&["--folder", path(&folder)]);
    let told = text(&second.stderr);
    assert_eq!((second.status.code(), told.lines().count()), (Some(2), 1), "{told}");
    assert!(told.contains("another phone's"), "{told}");
    // Killed, it holds no lock.
    drop(first);
    let third = run(&["--folder", path(&folder)]);
    assert_eq!(third.status.code(), Some(0), "{}", text(&third.stderr));
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
fn an_identity_file_is_made_once_and_names_the_phone() {
    let file = folder("identity").join("me");
    let first = run(&["--identity", path(&file)]);
    let second = run(&["--identity", path(&file)]);
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(text(&first.stdout), text(&second.stdout));
    let printed = text(&first.stdout);
    for (line, name) in printed.lines().zip(["identity", "destination"]) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words[0], words[1].len()), (name, 32), "{printed}");
    }
    assert!(printed.lines().next().is_some_and(|line| line.ends_with("others dial this")));
    assert_eq!(fs::read(&file).expect("it is there").len(), 64);
}

#[test]
fn whoever_dials_a_destination_is_told_whom_to_dial() {
    let callee = Phone::start(&["--listen", "127.0.0.1:0"]);
    let identity = callee.ready["identity"].as_str().expect("an identity").to_owned();
    let destination = callee.ready["destination"].as_str().expect("a destination");
    let output = run(&["--connect", &callee.address(), "--call", destination]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.lines().any(|line| line.contains("dial the identity") && line.contains(&identity))
    );
}

#[test]
fn wrong_use_ends_with_2_and_a_line_that_helps() {
    let short = folder("misuse").join("short");
    fs::write(&short, b"short").expect("a file");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = busy.local_addr().expect("an address").to_string();
    let cases: [(&[&str], &str); 12] = [
        (&["--colour"], "unexpected argument"),
        (&["--call", "xyz"], "32 hexadecimal digits"),
        (&["--call", "00112233445566778899aabbccddeeff"], "needs a network"),
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

/// Writes a tone into a pipe as a recorder does, in periods of 125 ms, until nobody reads it.
fn record(mut pipe: ChildStdin, hz: Arc<AtomicU32>) -> JoinHandle<()> {
    thread::spawn(move || {
        let (start, mut moment) = (Instant::now(), 0_u32);
        loop {
            let period = (0..6_000).flat_map(|_| {
                moment += 1;
                let half = 24_000 / hz.load(Ordering::SeqCst);
                (if (moment / half).is_multiple_of(2) { 8_000_i16 } else { -8_000 }).to_le_bytes()
            });
            let period: Vec<u8> = period.collect();
            if pipe.write_all(&period).is_err() {
                return;
            }
            let due = start + Duration::from_secs(1) * moment / 48_000;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    })
}

/// Returns the largest amplitude of a tone in 20 ms of a WAV file.
fn loudest_at(wav: &Path, hz: u32) -> f32 {
    let mut wav = hound::WavReader::open(wav).expect("a complete WAV file");
    let pcm: Vec<f32> =
        wav.samples::<i16>().map(|sample| f32::from(sample.expect("one")) / 32_768.0).collect();
    let step = std::f32::consts::TAU * hz as f32 / 48_000.0;
    let loudness = |block: &[f32]| {
        let [mut real, mut imaginary] = [0.0; 2];
        for (moment, sample) in block.iter().enumerate() {
            let (sine, cosine) = (step * moment as f32).sin_cos();
            real += sample * cosine;
            imaginary += sample * sine;
        }
        2.0 * f32::hypot(real, imaginary) / block.len() as f32
    };
    pcm.chunks(960).map(loudness).fold(0.0, f32::max)
}

/// Returns two ports that were just free.
fn udp_ports() -> [u16; 2] {
    let sockets = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a port"));
    sockets.map(|socket| socket.local_addr().expect("an address").port())
}
