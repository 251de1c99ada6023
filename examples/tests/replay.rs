//! Tests of the replayer, run as a user runs it, on a call that two phones recorded.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use support::program;

#[test]
fn a_recorded_call_replays_the_same_on_both_sides() {
    let call = recorded();
    let output = replay(&[path(&call.caller), path(&call.callee)]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let lines: Vec<String> = told(&output).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains(": the same (")), "{lines:?}");
}

#[test]
fn a_changed_output_is_told_with_its_line_and_both_versions() {
    let text = fs::read_to_string(&recorded().caller).unwrap();
    let place = text.lines().position(|line| line.contains("\"class\":\"media\"")).unwrap();
    let line = text.lines().nth(place).unwrap();
    let changed = line.replace("\"class\":\"media\"", "\"class\":\"signal\"");
    let trace = variant("changed", &text.replacen(line, &changed, 1));

    let output = replay(&[path(&trace)]);
    assert_eq!(output.status.code(), Some(1));
    let told = told(&output);
    let wanted = [
        format!("line {}: diverged", place + 1),
        format!("expected: {changed}"),
        format!("got:      {line}"),
    ];
    for wanted in wanted {
        assert!(told.contains(&wanted), "{wanted}: {told}");
    }
}

#[test]
fn a_trace_that_cannot_be_read_ends_with_2_and_one_line_that_says_where() {
    let text = fs::read_to_string(&recorded().caller).unwrap();
    let lines = text.lines().count();
    let (header, rest) = text.split_once('\n').unwrap();
    let cases = [
        ("cut", text[..text.len() - 5].to_owned(), format!("line {lines}: the trace breaks off")),
        ("killed", text.replace("{\"end\":\"closed\"}\n", ""), format!("line {lines}: the trace")),
        ("newer", format!("{{\"trace\":2}}\n{rest}"), "line 1: trace of version 2".into()),
        ("noise", format!("{header}\nnoise\n{rest}"), "line 2: damaged: not JSON".into()),
        ("empty", String::new(), "line 1: the trace breaks off".into()),
        ("binary", "\u{0}\u{1}\n".into(), "line 1: damaged: not a trace".into()),
    ];
    for (name, text, wanted) in cases {
        let output = replay(&[path(&variant(name, &text))]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(complaint.lines().count(), 1, "{name}: {complaint}");
        assert!(complaint.contains(&wanted), "{name}: {complaint}");
    }
    for options in [&["no-such-trace"][..], &[], &["a", "b", "--ladder", "c.svg"]] {
        assert_eq!(replay(options).status.code(), Some(2), "{options:?}");
    }
}

#[test]
fn a_trace_that_overflowed_ends_with_3() {
    let text = fs::read_to_string(&recorded().callee).unwrap();
    let kept: Vec<&str> = text.lines().take(40).chain(["{\"end\":\"overflow\"}\n"]).collect();
    let output = replay(&[path(&variant("overflow", &kept.join("\n")))]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    assert!(told(&output).contains("up to the overflow"), "{}", told(&output));
}

#[test]
fn the_first_trace_that_is_not_the_same_gives_the_exit_code() {
    let call = recorded();
    let newer = variant("newer-too", "{\"trace\":2}\n");
    let output = replay(&[path(&call.caller), path(&newer), path(&call.stripped)]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(told(&output).lines().count(), 2, "{}", told(&output));
}

#[test]
fn a_stripped_trace_draws_but_does_not_replay() {
    let drawing = folder().join("stripped.svg");
    let output = replay(&[path(&recorded().stripped), "--ladder", path(&drawing), "--summary"]);
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    assert!(told(&output).contains("established"), "{}", told(&output));
    assert!(fs::read_to_string(&drawing).unwrap().contains("media packets"));
}

#[test]
fn a_summary_tells_states_and_the_end() {
    let output = replay(&[path(&recorded().callee), "--summary"]);
    let told = told(&output);
    let mut rest = told.as_str();
    let wanted =
        ["call 1 from", "ringing", "connecting", "established", "Medium Quality", "by the peer"];
    for wanted in wanted {
        let (_, after) = rest.split_once(wanted).unwrap_or_else(|| panic!("{wanted}: {told}"));
        rest = after;
    }
    assert!(told.lines().skip(1).all(|line| line.chars().count() <= 80), "{told}");
}

#[test]
fn a_ladder_shows_the_call_and_a_damaged_trace_is_drawn_as_far_as_it_goes() {
    let call = recorded();
    let drawing = folder().join("caller.svg");
    let output = replay(&[path(&call.caller), "--ladder", path(&drawing)]);
    assert_eq!(output.status.code(), Some(0));
    let svg = fs::read_to_string(&drawing).unwrap();
    for wanted in ["viewBox=\"0 0 360 ", "RINGING", "ESTABLISHED", "media packets", "hung up here"]
    {
        assert!(svg.contains(wanted), "{wanted}: {svg}");
    }

    let text = fs::read_to_string(&call.caller).unwrap();
    let place = text.find("\"connecting\"").unwrap();
    let output = replay(&[path(&variant("half", &text[..place])), "--ladder", path(&drawing)]);
    assert_eq!(output.status.code(), Some(2));
    let svg = fs::read_to_string(&drawing).unwrap();
    assert!(svg.contains("RINGING") && svg.contains("up to line"), "{svg}");
}

#[test]
fn help_teaches_the_exit_codes_and_what_a_trace_holds() {
    let output = replay(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for wanted in ["conversation, voices included", "0  every output", "3  the same as far"] {
        assert!(told(&output).contains(wanted), "{wanted}: {}", told(&output));
    }
    let output = example("phone", &["--help"]);
    let help = told(&output);
    let words: Vec<&str> = help.split_whitespace().collect();
    assert!(words.join(" ").contains("both voices included"), "{words:?}");
}

#[cfg(unix)]
#[test]
fn a_phone_records_in_private_and_over_no_file() {
    use std::os::unix::fs::PermissionsExt;
    let trace = &recorded().caller;
    assert_eq!(fs::metadata(trace).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(trace).unwrap();
    let output = example("phone", &["--listen", "127.0.0.1:0", "--trace", path(trace)]);
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("cannot record to"), "{complaint}");
    assert_eq!(fs::read(trace).unwrap(), before);
}

/// A call of two phones, and another one recorded without its voices.
struct Recorded {
    caller: PathBuf,
    callee: PathBuf,
    stripped: PathBuf,
}

fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let folder = folder();
        // Left by an earlier run.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let [caller, callee] = call(&folder, "kept", &[]);
        let [stripped, _] = call(&folder, "stripped", &["--trace-without-voices"]);
        Recorded { caller, callee, stripped }
    })
}

fn call(folder: &Path, name: &str, options: &[&str]) -> [PathBuf; 2] {
    let traces = ["caller", "callee"].map(|side| folder.join(format!("{name}-{side}.jsonl")));
    let callee = Command::new(program("phone"))
        .args(["--listen", "127.0.0.1:0", "--answer", "0.1", "--once", "--json"])
        .args([
            "--audio-out",
            path(&folder.join(format!("{name}.wav"))),
            "--trace",
            path(&traces[1]),
        ])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut callee = Callee(callee);
    let mut events = std::io::BufReader::new(callee.0.stderr.take().unwrap());
    let mut ready = String::new();
    std::io::BufRead::read_line(&mut events, &mut ready).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/speech.wav");
    let (address, identity) = (&ready["listening"][0], &ready["identity"]);
    let mut arguments = vec!["--connect", address.as_str().unwrap()];
    arguments.extend(["--call", identity.as_str().unwrap(), "--audio-in", speech]);
    arguments.extend(["--hang-up-after", "1", "--trace", path(&traces[0])]);
    arguments.extend(options);
    let output = example("phone", &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    std::io::copy(&mut events, &mut std::io::sink()).unwrap();
    assert_eq!(callee.0.wait().unwrap().code(), Some(0));
    traces
}

/// A phone that ends with the test, even if that fails.
struct Callee(Child);

impl Drop for Callee {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn variant(name: &str, text: &str) -> PathBuf {
    let path = folder().join(format!("variant-{name}.jsonl"));
    fs::write(&path, text).unwrap();
    path
}

fn replay(arguments: &[&str]) -> Output {
    example("replay", arguments)
}

fn example(name: &str, arguments: &[&str]) -> Output {
    Command::new(program(name)).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("replay")
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
