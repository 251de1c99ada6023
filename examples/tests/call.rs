//! Tests of `cargo run --example call`, as a user runs it.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use lxst_examples::wav::{Existing, WavSink, read_wav, to_i16};
use lxst_interop::lateness;
use lxst_sim::envelope::{Pcm, correlation};
use support::program;

#[test]
fn a_call_carries_speech_and_draws_itself() {
    let folder = folder("carries-speech");
    let speech_file = folder.join("speech.wav");
    let heard_file = folder.join("made/on/the/way/heard.wav");
    let speech = &recording()[..SECOND * 2];
    write_wav(&speech_file, speech);

    let output = heard_call(&["--speech", path(&speech_file), "--out", path(&heard_file)], &[]);

    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let mut rest = text.as_str();
    for step in [
        "dials",
        "link request",
        "link proof",
        "AVAILABLE",
        "identify",
        "RINGING",
        "prefers Medium Quality, full duplex",
        "CONNECTING",
        "ESTABLISHED",
        "media",
        "hangs up",
        "link close",
        "hung up by the peer",
        "mouth to ear",
        "came through",
    ] {
        let (_, after) = rest.split_once(step).unwrap_or_else(|| {
            panic!("{step:?} is missing, or out of order:\n{text}");
        });
        rest = after;
    }
    for line in text.lines().filter(|line| !line.starts_with("heard")) {
        assert!(line.chars().count() <= 80, "{line}");
    }

    let heard = read_wav(&heard_file).unwrap();
    let [speech, heard] =
        [speech, &heard].map(|pcm| pcm.iter().copied().map(to_i16).collect::<Vec<i16>>());
    let verdict = correlation(pcm(&speech), pcm(&heard), Duration::from_secs(1)).unwrap();
    assert!(verdict.correlation > 0.9, "{verdict:?}");
}

#[test]
fn speech_survives_a_network_that_loses_and_delays_it_and_the_picture_shows_how() {
    let folder = folder("rough");
    let heard = folder.join("heard.wav");
    let rough = ["--loss", "5", "--jitter", "60", "--stall", "400"];
    let options = [&rough[..], &["--profile", "all", "--out", path(&heard)]].concat();
    let output = heard_call(&options, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    for profile in ["Medium Quality", "Ultra Low Latency"] {
        let line = text.lines().find(|line| line.starts_with(profile)).unwrap();
        assert!(!line.contains("   0 ms"), "nothing was made up or shed: {line}");
    }
    let picture = std::fs::read_to_string(heard.with_extension("svg")).unwrap();
    for wanted in ["High Quality", "made up", "5 % loss", "MOS", "mouth to ear", "simulated"] {
        assert!(picture.contains(wanted), "{wanted}");
    }
    assert!(picture.contains("<rect class=\"stall\"") && picture.contains("<rect class=\"lost\""));
    assert!(text.contains("came through in 5 of 5 profiles"), "{text}");
    assert!(text.lines().filter(|line| line.contains("MOS")).count() == 5, "{text}");
    assert!(!text.contains("unknown"), "{text}");
    assert!(folder.join("heard-latency_low.wav").exists());
}

#[test]
fn a_narrow_terminal_without_unicode_gets_narrow_lines_of_ascii() {
    let folder = folder("narrow");
    let speech_file = folder.join("speech.wav");
    write_wav(&speech_file, &recording()[..SECOND * 2]);
    for columns in [60, 40] {
        let out = folder.join(format!("heard-{columns}.wav"));
        let options = ["--speech", path(&speech_file), "--out", path(&out)];
        let output = heard_call(&options, &[("COLUMNS", &columns.to_string()), ("LC_ALL", "C")]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.is_ascii(), "{text}");
        for line in text.lines().filter(|line| !line.starts_with("heard")) {
            assert!(line.len() <= columns, "{line}");
        }
    }
}

#[test]
fn speech_that_is_no_wav_file_is_refused_in_one_line() {
    let folder = folder("no-wav");
    let speech_file = folder.join("speech.wav");
    std::fs::write(&speech_file, "these are words, but no sound").unwrap();

    let out = folder.join("heard.wav");
    let output = call(&["--speech", path(&speech_file), "--out", path(&out)]);

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(one_line(&output).matches("speech.wav").count(), 1);
    assert!(output.stdout.is_empty());
}

#[test]
fn silence_does_not_come_through() {
    let folder = folder("silence");
    let speech_file = folder.join("silence.wav");
    write_wav(&speech_file, &[0.0; SECOND * 3 / 2]);

    let out = folder.join("heard.wav");
    let output = call(&["--speech", path(&speech_file), "--out", path(&out)]);

    assert_eq!(output.status.code(), Some(1));
    assert!(one_line(&output).contains("silent"), "{output:?}");
}

#[test]
fn a_profile_that_cannot_be_sent_ends_it_in_one_line() {
    let out = folder("profile").join("heard.wav");
    let output = call(&["--profile", "ulbw", "--out", path(&out)]);

    assert_eq!(output.status.code(), Some(1));
    assert!(one_line(&output).contains("Ultra Low Bandwidth"), "{output:?}");
}

/// Makes a call whose speech comes through. Repeats it if it does not and the machine was late.
fn heard_call(options: &[&str], variables: &[(&str, &str)]) -> Output {
    lateness::measure(&format!("call {}", options.join(" ")), || {
        let begun = Instant::now();
        let mut command = Command::new(program("call"));
        command.args(options).arg("--force").env("LC_ALL", "C.UTF-8");
        let output = command.envs(variables.iter().copied()).output().unwrap();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            lateness::not_heard(&said, lateness::worst(&(begun..Instant::now()), &[]));
        }
        output
    })
}

fn call(arguments: &[&str]) -> Output {
    let mut command = Command::new(program("call"));
    command.args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap()
}

fn one_line(output: &Output) -> &str {
    let complaint = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn recording() -> Vec<f32> {
    read_wav(&Path::new(env!("CARGO_MANIFEST_DIR")).join("speech.wav")).unwrap()
}

fn write_wav(path: &Path, pcm: &[f32]) {
    let mut sink = WavSink::create(path, Existing::Kept).unwrap();
    sink.write(pcm).unwrap();
    sink.finish().unwrap();
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn pcm(samples: &[i16]) -> Pcm<'_> {
    Pcm { samples, rate_hz: 48_000 }
}

const SECOND: usize = 48_000;
