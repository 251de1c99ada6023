//! The program `rnphone-rs` as it is started: service, ctl, echo line, station, check, unit of systemd.

#![cfg(unix)]

mod pages;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use lxst_sim::tone::tone;
use serde_json::json;
use support::{Program, command, new_folder, piped, run, text};

#[test]
fn a_service_is_used_by_ctl_and_leaves_nothing_behind() {
    let (bob, alice) = (new_folder("ctl-bob"), new_folder("ctl-alice"));
    let called = Program::start(&bob, &["--service", "--listen", "127.0.0.1:0"]);
    let identity = called.told("identity");
    let calling = Program::start(&alice, &["--service", "--connect", &called.told("listening")]);
    calling.told("identity");
    let socket = fs::metadata(bob.join("control")).expect("a socket");
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);

    assert_eq!(run(&alice, &["ctl", "add", &identity, "Bob"]).status.code(), Some(0));
    assert_eq!(run(&alice, &["ctl", "dial", "bob"]).status.code(), Some(0));
    let is_ringing = || text(&run(&bob, &["ctl", "status"]).stdout).contains(" calls");
    support::until(is_ringing);
    assert_eq!(run(&bob, &["ctl", "answer"]).status.code(), Some(0));
    support::until(|| text(&run(&alice, &["ctl", "status"]).stdout).contains("Bob  00:"));
    assert_eq!(run(&bob, &["ctl", "hangup"]).status.code(), Some(0));
    support::until(|| {
        text(&run(&alice, &["ctl", "history"]).stdout).contains("hung up by the peer")
    });

    let history = run(&alice, &["ctl", "--json", "history"]).stdout;
    let history: serde_json::Value = serde_json::from_slice(&history).expect("it is JSON");
    assert_eq!(history["history"][0]["outcome"], "remote_hangup");

    // Options may stand behind the words, of which some are negative numbers.
    let volume = command(&bob, &["ctl", "volume", "-6"]).output().expect("it runs");
    assert_eq!(text(&volume.stderr), "rnphone-rs: this phone has no sound devices\n");

    assert_eq!(run(&bob, &["ctl", "stop"]).status.code(), Some(0));
    assert_eq!(called.wait(), Some(0));
    assert!(!bob.join("control").exists());
    assert_eq!(run(&bob, &["ctl", "status"]).status.code(), Some(2));
}

#[test]
fn what_ctl_cannot_do_ends_in_one_line_with_the_reason() {
    let folder = new_folder("refused");
    let phone = Program::start(&folder, &["--service", "--listen", "127.0.0.1:0"]);
    phone.told("identity");
    for (arguments, code, line) in [
        (&["ctl", "answer"][..], 1, "rnphone-rs: no call rings here\n"),
        (
            &["ctl", "dail", "mary"],
            2,
            "rnphone-rs: \"dail\" is no command: type help for all of them\n",
        ),
        (
            &["ctl", "dial", "mary"],
            1,
            "rnphone-rs: no contact begins with \"mary\": type a name, a number, or the 32 digits of a hash\n",
        ),
    ] {
        let output = run(&folder, arguments);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(code), line));
    }
    let second = run(&folder, &["--service", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(text(&second.stderr).contains("a phone runs in"), "{}", text(&second.stderr));
}

#[test]
fn what_a_phone_that_runs_cannot_have_is_told_and_nothing_is_done() {
    let folder = new_folder("not-used");
    let phone = Program::start(&folder, &["--service", "--listen", "127.0.0.1:0"]);
    phone.told("identity");
    for (option, arguments) in [
        ("--connect", &["--connect", "127.0.0.1:1"][..]),
        ("--rnsconfig", &["--rnsconfig", "/nowhere", "--call", "mary"]),
        ("--ifac-name", &["--ifac-name", "ours"]),
        ("--allow", &["--allow", "f3e8c3359b39d36f3baff0a616a73d3e"]),
        ("--listen", &["page", "--listen", "127.0.0.1:0"]),
        ("--udp", &["ctl", "status", "--udp", "127.0.0.1:0", "127.0.0.1:1"]),
    ] {
        let output = run(&folder, arguments);
        let wanted = format!(
            "rnphone-rs: {option} is for a phone that starts, and one runs in {}: leave it out, or \
             name another folder with --config\n",
            folder.display()
        );
        assert_eq!(text(&output.stderr), wanted);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
    }
}

#[test]
fn a_phone_that_was_killed_leaves_its_folder_to_the_next() {
    let folder = new_folder("killed");
    let phone = Program::start(&folder, &["--service", "--listen", "127.0.0.1:0"]);
    let identity = phone.told("identity");
    phone.kill();
    assert!(folder.join("control").exists());
    let again = Program::start(&folder, &["--service", "--listen", "127.0.0.1:0"]);
    assert_eq!(again.told("identity"), identity);
}

#[test]
fn a_configuration_with_a_mistake_is_told_by_its_line() {
    let folder = new_folder("mistake");
    fs::write(folder.join("config"), "[telephone]\nallowed_callers = friends\n").expect("written");
    let output = run(&folder, &["--service", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("config:2: \"friends\" is not known"), "{told}");
    assert_eq!(told.lines().count(), 1);
}

#[test]
fn the_echo_line_is_found_by_check_and_nobody_rings() {
    let folder = new_folder("echo");
    let line = Program::start(&folder, &["echo", "--listen", "127.0.0.1:0"]);
    let identity = line.told("identity");
    let address = line.told("listening");
    let elsewhere = new_folder("checking");
    let check = run(&elsewhere, &["check", "--no-devices", "--connect", &address, &identity]);
    let told = text(&check.stdout);
    assert_eq!(check.status.code(), Some(0), "{told}");
    assert!(told.contains("ok    path") && told.contains("a round trip takes"), "{told}");
    assert_eq!(line.stop(), Some(0));
}

#[test]
fn a_room_tells_who_joins_and_leaves_and_takes_commands() {
    let (folder, alice, bob) =
        (new_folder("room"), new_folder("room-alice"), new_folder("room-bob"));
    let options = ["room", "--listen", "127.0.0.1:0", "--members", "2", "--json"];
    let mut room = piped(command(&folder, &options).arg("--no-devices"));
    let mut lines = BufReader::new(room.stdout.take().expect("it is piped")).lines();
    let mut typed = room.stdin.take().expect("it is piped");
    let mut next = || -> serde_json::Value {
        let line = lines.next().expect("it runs").expect("text");
        serde_json::from_str(&line).expect("JSON")
    };
    let hello = next();
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let (identity, address) = (text(&hello["identity"]), text(&hello["listening"][0]));
    let call = |folder: &Path| {
        let phone = Program::start(folder, &["--call", &identity, "--connect", &address]);
        (phone.told("identity"), phone)
    };

    let (hash, alices) = call(&alice);
    let joined = next();
    assert_eq!((&joined["event"], &joined["members"]), (&json!("joined"), &json!(1)));
    let peer =
        |hash: String| json!({"hash": hash, "is_contact": false, "name": format!("<{hash}>")});
    assert_eq!(joined["peer"], peer(hash));
    writeln!(typed, "lock").expect("it reads");
    writeln!(typed, "members").expect("it reads");
    let members = next();
    assert_eq!(members["members"], json!([{"call": joined["call"], "peer": joined["peer"]}]));
    let (hash, bobs) = call(&bob);
    assert_eq!(next(), json!({"event": "turned_away", "peer": peer(hash)}));
    assert_eq!(bobs.wait(), Some(4), "busy");

    writeln!(typed, "remove {}", joined["call"]).expect("it reads");
    let left = next();
    assert_eq!((&left["event"], &left["peer"]), (&json!("left"), &joined["peer"]));
    assert_eq!(alices.wait(), Some(0));
    // A phone does not take commands from there, and does not wait for an answer for ever.
    let refused = run(&folder, &["ctl", "status"]);
    let told = support::text(&refused.stderr);
    assert!(told.contains("a room runs in this folder"), "{told}");
    assert_eq!((refused.status.success(), told.lines().count()), (false, 1), "{told}");
    assert_eq!(support::stop(&mut room), Some(0));
    let refused = run(&folder, &["room", "--members", "33"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn ctl_listen_writes_what_both_sides_say_for_a_player() {
    let (bob, alice) = (new_folder("listen-bob"), new_folder("listen-alice"));
    let phone = Program::start(&bob, &["--service", "--listen", "127.0.0.1:0"]);
    let (identity, address) = (phone.told("identity"), phone.told("listening"));
    let heard = bob.join("heard.wav");
    let mut listens = command(&bob, &["ctl", "--wav", "listen"])
        .stdout(fs::File::create(&heard).expect("a file"))
        .spawn()
        .expect("it runs");
    let tone = alice.join("tone.wav");
    write_tone(&tone);
    let mut calls = command(&alice, &["--connect", &address, "--call", &identity]);
    calls.args(["--no-devices", "--hang-up-after", "4", "--audio-in"]).arg(&tone);
    let mut calls = calls.stdin(std::process::Stdio::null()).spawn().expect("it runs");
    support::until(|| text(&run(&bob, &["ctl", "status"]).stdout).contains(" calls"));
    assert_eq!(run(&bob, &["ctl", "answer"]).status.code(), Some(0));
    assert_eq!(calls.wait().expect("it ends").code(), Some(0));
    assert_eq!(run(&bob, &["ctl", "stop"]).status.code(), Some(0));
    assert_eq!(listens.wait().expect("it ends with the phone").code(), Some(0));
    let samples = rnphone_rs::wav::read_wav(&heard).expect("a WAV file");
    let loud = samples.iter().filter(|sample| sample.abs() > 0.1).count();
    assert!(loud > 12_000, "{loud} of {} samples", samples.len());

    for (arguments, line) in [
        (&["ctl", "listen", "mary"][..], "usage: ctl listen [CALL]"),
        (&["ctl", "--wav", "status"], "--wav is for ctl listen"),
        (&["ctl", "listen"], "no phone runs in the folder"),
    ] {
        let output = run(&bob, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(line), "{}", text(&output.stderr));
    }
}

#[test]
fn a_station_is_heard_by_those_who_tune_in() {
    let folder = new_folder("station");
    let sound = folder.join("tone.wav");
    write_tone(&sound);
    let sound = sound.to_str().expect("text");
    let station = Program::start(&folder, &["station", sound, "--listen", "127.0.0.1:0"]);
    let identity = station.told("identity");
    let address = station.told("listening");
    let elsewhere = new_folder("tuned");
    for _ in 0..2 {
        let mut listener =
            piped(&mut command(&elsewhere, &["tune", &identity, "--connect", &address]));
        let mut pcm = vec![0; 2 * 48_000];
        let mut stdout = listener.stdout.take().expect("it is piped");
        stdout.read_exact(&mut pcm).expect("a second of sound");
        let samples = pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        let loud = samples.filter(|sample| sample.unsigned_abs() > 4_000).count();
        assert!(loud > 12_000, "{loud} samples");
        assert_eq!(station.told("listeners"), "1");
        drop(stdout);
        assert_eq!(listener.wait().expect("it ends").code(), Some(0));
        assert_eq!(station.told("listeners"), "0");
    }
    assert_eq!(station.stop(), Some(0));
    let silent = run(&folder, &["station", "/dev/null", "--listen", "127.0.0.1:0"]);
    assert_eq!(silent.status.code(), Some(2));
    assert_eq!(text(&silent.stderr).lines().count(), 1);
}

#[test]
fn systemd_is_told_that_the_phone_runs() {
    let folder = new_folder("notified");
    let unit = text(&run(&folder, &["systemd"]).stdout);
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a start");
    assert!(start.contains("\" --service --config \""), "{start}");
    assert!(unit.contains("Type=notify") && !unit.contains("ExecStartPre"));

    let path = folder.join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
    let mut command = command(&folder, &["--service", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path);
    let _phone = Program::spawn(command);
    let mut told = [0; 32];
    let length = socket.recv(&mut told).expect("it is told");
    assert_eq!(&told[..length], b"READY=1");
}

#[test]
fn lines_of_a_pipe_are_done_and_its_end_leaves() {
    let folder = new_folder("piped");
    let mut command = command(&folder, &["--listen", "127.0.0.1:0", "--no-devices"]);
    let mut phone = support::piped(&mut command);
    let mut lines = phone.stdin.take().expect("it is piped");
    lines.write_all(b"contacts\nstatus\n").expect("it reads");
    drop(lines);
    let output = phone.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("the phonebook is empty") && told.contains("others dial this"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

/// Writes a second of a tone of half the scale.
fn write_tone(path: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("it is created");
    for moment in 0..48_000 {
        let sample = tone(moment, 500, 48_000) * 32_767.0;
        wav.write_sample(sample as i16).expect("it is written");
    }
    wav.finalize().expect("it is written");
}

#[test]
fn a_folder_whose_path_is_too_long_for_a_socket_is_told_with_the_remedy() {
    let folder = new_folder("long").join("a".repeat(100));
    let output = run(&folder, &["--service"]);
    let told = text(&output.stderr);
    assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{told}");
    assert!(told.contains("too long for a socket") && told.contains("--config"), "{told}");
}
