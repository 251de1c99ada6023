//! Tests of the replayer, run as a user runs it, on a call that two phones recorded.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use lxst_examples::wav::read_wav;
use lxst_tokio::trace::Payloads;
use lxst_tokio::{
    AudioFormat, AudioSink, Event, Events, Identity, Interface, OsRng, Phone, PhoneBuilder, Profile,
};
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
}

#[cfg(unix)]
#[test]
fn a_phone_records_in_private_and_over_no_file() {
    use std::os::unix::fs::PermissionsExt;
    let trace = &recorded().caller;
    assert_eq!(fs::metadata(trace).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(trace).unwrap();
    let refused = block_on(async { phone(trace, Payloads::Kept).start().await.map(drop) });
    let complaint = refused.unwrap_err().to_string();
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
        let [caller, callee] = call(&folder, "kept", Payloads::Kept);
        let [stripped, _] = call(&folder, "stripped", Payloads::Stripped);
        Recorded { caller, callee, stripped }
    })
}

/// Records a call of a second on both sides.
fn call(folder: &Path, name: &str, payloads: Payloads) -> [PathBuf; 2] {
    let traces = ["caller", "callee"].map(|side| folder.join(format!("{name}-{side}.jsonl")));
    let speech = read_wav(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/speech.wav"))).unwrap();
    block_on(async {
        let callee = phone(&traces[1], payloads).interface(Interface::tcp_server("127.0.0.1:0"));
        let (callee, events) = callee.start().await.unwrap();
        let address = callee.listening()[0].to_string();
        let caller = phone(&traces[0], payloads).interface(Interface::tcp_client(address));
        let (caller, _) = caller.start().await.unwrap();
        let hears = tokio::spawn(hear(callee.audio_sink(AudioFormat::PHONE).await.unwrap()));
        let answers = tokio::spawn(answer(callee.clone(), events));
        let mut source = caller.audio_source(AudioFormat::PHONE).await.unwrap();
        let call = caller.dial(callee.identity(), Profile::MediumQuality).await.unwrap();
        call.established().await.unwrap();
        for block in speech[..48_000].chunks(960) {
            source.write(block).await.unwrap();
        }
        call.hang_up().await.unwrap();
        answers.await.unwrap();
        caller.shutdown().await;
        callee.shutdown().await;
        hears.await.unwrap();
    });
    traces
}

fn phone(trace: &Path, payloads: Payloads) -> PhoneBuilder {
    PhoneBuilder::new(Identity::generate(&mut OsRng)).trace(trace, payloads)
}

/// Answers the first call after it rang, and waits for its end.
async fn answer(phone: Phone, mut events: Events) {
    loop {
        if let Event::Incoming { call, .. } = events.next().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let call = phone.call(call);
            call.answer().await.unwrap();
            call.ended().await.unwrap();
            return;
        }
    }
}

async fn hear(mut sink: AudioSink) {
    while sink.read(&mut [0.0_f32; 960]).await.is_ok() {}
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
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
