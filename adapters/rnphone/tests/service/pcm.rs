//! Programs that hear calls and speak in them by a socket.

use std::f64::consts::TAU;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rnphone_rs::control::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::support::{Phone, ask};

#[tokio::test]
async fn two_programs_talk_through_two_phones_each_in_its_own_format() {
    let (mut bob, mut alice) = phones("pcm").await;
    let mode = fs::metadata(bob.folder().join("pcm")).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let of_bob = client(&bob, r#"{"rate":16000,"channels":2,"live":true}"#).await;
    let of_alice = client(&alice, "{}").await;
    establish(&mut alice, &mut bob).await;
    let (from_bob, to_bob) = of_bob.into_split();
    let (from_alice, to_alice) = of_alice.into_split();
    let (said_by_bob, said_by_alice) = (
        tokio::spawn(say(to_bob, 16_000, 2, 700.0)),
        tokio::spawn(say(to_alice, 48_000, 1, 400.0)),
    );
    let heard_by_bob = tokio::spawn(hear(from_bob, 2, 16_000 * 3));
    let heard_by_alice = hear(from_alice, 1, 48_000 * 3).await;
    let heard_by_bob = heard_by_bob.await.expect("no panic");
    assert!(level(&heard_by_alice, 48_000, 700.0) > 0.1);
    assert!(level(&heard_by_alice, 48_000, 400.0) < 0.02, "nobody hears himself");
    assert!(level(&heard_by_bob, 16_000, 400.0) > 0.1);
    said_by_bob.abort();
    said_by_alice.abort();
}

#[tokio::test]
async fn what_is_said_before_the_answer_is_not_heard_and_a_stream_of_a_call_ends_with_it() {
    let (mut bob, mut alice) = phones("pcm-early").await;
    let mut early = client(&alice, "{}").await;
    // More than the socket holds, so that the phone reads it.
    let said = tone(48_000 * 5, 48_000, 1, 400.0);
    early.write_all(&said).await.expect("it is taken at once");
    ask(&alice, &bob.identity.to_string()).await.expect("it dials");
    let rings = bob.until(|event| matches!(event, Event::Incoming { .. })).await;
    let Event::Incoming { call, .. } = rings else { panic!() };
    early.write_all(&said).await.expect("it is taken at once");
    let of_call = client(&bob, &format!(r#"{{"call":{call}}}"#)).await;
    ask(&bob, "answer").await.expect("it answers");
    alice.until(|event| matches!(event, Event::Established { .. })).await;
    let heard = tokio::spawn(hear_until(of_call, 900.0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    early.write_all(&tone(24_000, 48_000, 1, 900.0)).await.expect("it is taken");
    let (of_call, mut heard) = heard.await.expect("what is said in the call is heard");
    ask(&alice, "hangup").await.expect("it hangs up");
    heard.extend(hear_all(of_call).await);
    let heard = samples(&heard);
    assert!(level(&heard, 48_000, 400.0) < 0.02, "what was said before is not");
}

#[tokio::test]
async fn what_is_said_after_a_call_is_not_heard_in_the_next() {
    let (mut bob, mut alice) = phones("pcm-late").await;
    let mut speaks = client(&alice, "{}").await;
    for hz in [400.0, 900.0] {
        establish(&mut alice, &mut bob).await;
        let call = bob.status().await.calls[0].call;
        let hears = client(&bob, &format!(r#"{{"call":{call}}}"#)).await;
        speaks.write_all(&tone(48_000 / 2, 48_000, 1, hz)).await.expect("it is taken");
        let (hears, mut heard) = hear_until(hears, hz).await;
        ask(&alice, "hangup").await.expect("it hangs up");
        heard.extend(hear_all(hears).await);
        let heard = samples(&heard);
        assert!(level(&heard, 48_000, 600.0) < 0.02, "what was said between is not heard");
        alice.until(|event| matches!(event, Event::Ended { .. })).await;
        bob.until(|event| matches!(event, Event::Ended { .. })).await;
        // More than the socket holds, so that the phone reads it.
        let between = tone(48_000 * 5, 48_000, 1, 600.0);
        speaks.write_all(&between).await.expect("it is taken at once");
    }
}

#[tokio::test]
async fn a_client_that_reads_slowly_misses_sound_and_holds_up_nobody() {
    let (mut bob, mut alice) = phones("pcm-slow").await;
    let mut slow = client(&bob, "{}").await;
    let speaks = client(&alice, r#"{"live":true}"#).await;
    establish(&mut alice, &mut bob).await;
    let speaks = tokio::spawn(say(speaks, 48_000, 1, 500.0));
    tokio::time::sleep(Duration::from_secs(3)).await;
    // The phone answers meanwhile.
    assert_eq!(bob.status().await.calls.len(), 1);
    ask(&alice, "hangup").await.expect("it hangs up");
    bob.until(|event| matches!(event, Event::Ended { .. })).await;
    speaks.abort();
    let mut waited = 0;
    let mut bytes = [0; 4_096];
    let next = Duration::from_millis(500);
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(next, slow.read(&mut bytes)).await {
        waited += count;
    }
    assert!(waited > 0 && waited < 48_000, "{waited} bytes of 288,000 waited");
}

#[tokio::test]
async fn a_call_has_one_client_and_mistakes_are_told() {
    let (mut bob, mut alice) = phones("pcm-taken").await;
    establish(&mut alice, &mut bob).await;
    let call = bob.status().await.calls[0].call;
    let first = client(&bob, &format!(r#"{{"call":{call}}}"#)).await;
    for (line, wanted) in [
        (format!(r#"{{"call":{call}}}"#), "another client has the sound"),
        (r#"{"call":999}"#.to_owned(), "there is no call 999"),
        (r#"{"rate":1}"#.to_owned(), "allowed are 8000 to 192000"),
        ("dial mary".to_owned(), "expected value"),
    ] {
        let mut stream = connect(&bob).await;
        stream.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.expect("it closes");
        let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
        assert!(reply["error"].as_str().expect("an error").contains(wanted), "{reply}");
    }
    drop(first);
    // The next one takes its place.
    let again = format!(r#"{{"call":{call}}}"#);
    while try_client(&bob, &again).await.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_python_program_of_the_readme_has_a_phone() {
    let (mut bob, alice) = phones("pcm-python").await;
    alice.open_control();
    let readme = include_str!("../../README.md");
    let (_, part) = readme.split_once("```python\n").expect("a program");
    let (program, _) = part.split_once("```").expect("its end");
    let mut of_bob = client(&bob, r#"{"live":true}"#).await;
    let python = Command::new("python3")
        .args(["-c", program, alice.folder().to_str().expect("text")])
        .arg(bob.identity.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    bob.until(|event| matches!(event, Event::Incoming { .. })).await;
    ask(&bob, "answer").await.expect("it answers");
    bob.until(|event| matches!(event, Event::Established { .. })).await;
    let (reader, writer) = of_bob.split();
    let heard = tokio::select! {
        heard = hear(reader, 1, 48_000) => heard,
        () = say(writer, 48_000, 1, 700.0) => panic!("the stream has ended"),
    };
    assert!(level(&heard, 48_000, 500.0) > 0.1, "the tone of the program is heard");
    let (mut reader, writer) = of_bob.split();
    let rest = async { while reader.read(&mut [0; 4_096]).await.is_ok_and(|count| count > 0) {} };
    let ended = bob.until(|event| matches!(event, Event::Ended { .. }));
    tokio::select! {
        _ = ended => {}
        () = rest => panic!("the stream has ended"),
        () = say(writer, 48_000, 1, 700.0) => panic!("the stream has ended"),
    }
    let output = tokio::task::spawn_blocking(|| python.wait_with_output()).await;
    let output = output.expect("no panic").expect("it ends");
    let said = String::from_utf8(output.stdout).expect("text");
    let loudest = said.lines().find_map(|line| line.strip_prefix("loudest ")).expect("it tells");
    assert!(loudest.parse::<i32>().is_ok_and(|loudest| loudest > 3_000), "{said}");
}

#[tokio::test]
async fn two_calls_that_are_merged_hear_each_other_until_one_is_held() {
    let mut desk = Phone::listening("desk-pcm-merged").await;
    let mut first = Phone::calling("first-pcm-merged", &desk).await;
    let mut second = Phone::calling("second-pcm-merged", &desk).await;
    let of_first = client(&first, r#"{"live":true}"#).await;
    let of_second = client(&second, r#"{"live":true}"#).await;
    let refused = ask(&desk, "merge").await.expect_err("there is no call");
    assert!(refused.contains("takes two calls"), "{refused}");
    for phone in [&mut first, &mut second] {
        establish(phone, &mut desk).await;
    }
    let (from_first, to_first) = of_first.into_split();
    let (from_second, to_second) = of_second.into_split();
    let said = [
        tokio::spawn(say(to_first, 48_000, 1, 400.0)),
        tokio::spawn(say(to_second, 48_000, 1, 900.0)),
    ];
    ask(&desk, "merge").await.expect("it merges");
    // The desk has no speaker, and its microphone is closed.
    ask(&desk, "mute").await.expect("it is muted");
    let (from_first, heard) = hear_until(from_first, 900.0).await;
    assert!(level(&samples(&heard), 48_000, 400.0) < 0.05, "nobody hears himself");
    let (from_second, heard) = hear_until(from_second, 400.0).await;
    assert!(level(&samples(&heard), 48_000, 900.0) < 0.05, "nobody hears himself");
    let flags = |status: rnphone_rs::control::Status| {
        let flags = status.calls.iter().map(|call| (call.is_merged, call.is_held, call.is_muted));
        flags.collect::<Vec<_>>()
    };
    assert_eq!(flags(desk.status().await), [(true, false, true), (true, false, true)]);
    let refused = ask(&desk, "dial last").await.expect_err("both lines are taken");
    assert!(refused.contains("in a conference"), "{refused}");

    ask(&desk, "mute off").await.expect("it is open");
    ask(&desk, "swap").await.expect("it swaps");
    desk.until(|event| matches!(event, Event::Split {})).await;
    assert_eq!(flags(desk.status().await), [(false, false, false), (false, true, false)]);
    hear_silence(from_first).await;

    ask(&desk, "merge").await.expect("it merges again");
    let (_from_second, _) = hear_until(from_second, 400.0).await;
    ask(&desk, "hangup").await.expect("it hangs up on the latest");
    second.until(|event| matches!(event, Event::Ended { .. })).await;
    desk.until(|event| matches!(event, Event::Split {})).await;
    assert_eq!(flags(desk.status().await), [(false, false, false)]);
    assert_eq!(first.status().await.calls.len(), 1);
    said.into_iter().for_each(|said| said.abort());
}

pub(crate) async fn phones(name: &str) -> (Phone, Phone) {
    let bob = Phone::listening(&format!("bob-{name}")).await;
    let alice = Phone::calling(&format!("alice-{name}"), &bob).await;
    (bob, alice)
}

pub(crate) async fn establish(caller: &mut Phone, callee: &mut Phone) {
    ask(caller, &callee.identity.to_string()).await.expect("it dials");
    callee.until(|event| matches!(event, Event::Incoming { .. })).await;
    ask(callee, "answer").await.expect("it answers");
    caller.until(|event| matches!(event, Event::Established { .. })).await;
    callee.until(|event| matches!(event, Event::Established { .. })).await;
}

pub(crate) async fn connect(phone: &Phone) -> UnixStream {
    UnixStream::connect(phone.folder().join("pcm")).await.expect("a socket")
}

pub(crate) async fn client(phone: &Phone, line: &str) -> UnixStream {
    try_client(phone, line).await.expect("it is admitted")
}

pub(crate) async fn try_client(phone: &Phone, line: &str) -> Option<UnixStream> {
    let mut stream = connect(phone).await;
    stream.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
    let mut reply = Vec::new();
    while reply.last() != Some(&b'\n') {
        reply.push(stream.read_u8().await.expect("a reply"));
    }
    let reply: serde_json::Value = serde_json::from_slice(&reply).expect("JSON");
    reply.get("ok").map(|_| stream)
}

/// Says a tone in real time, for ever.
pub(crate) async fn say(
    mut to: impl AsyncWriteExt + Unpin,
    rate_hz: u32,
    channels: usize,
    hz: f64,
) {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    // Whole periods.
    let block = tone(rate_hz / 10, rate_hz, channels, hz);
    loop {
        tick.tick().await;
        if to.write_all(&block).await.is_err() {
            return;
        }
    }
}

fn tone(moments: u32, rate_hz: u32, channels: usize, hz: f64) -> Vec<u8> {
    let sample = |moment| {
        let time = f64::from(moment) / f64::from(rate_hz);
        ((time * hz * TAU).sin() * 10_000.0) as i16
    };
    let moments = (0..moments).map(sample);
    moments
        .flat_map(|sample| std::iter::repeat_n(sample.to_le_bytes(), channels))
        .flatten()
        .collect()
}

/// Hears so many moments, of which it returns the first channel.
async fn hear(mut from: impl AsyncReadExt + Unpin, channels: usize, moments: usize) -> Vec<f64> {
    let mut bytes = vec![0; moments * channels * 2];
    from.read_exact(&mut bytes).await.expect("it comes");
    samples(&bytes).into_iter().step_by(channels).collect()
}

/// Hears a call until a tone is in it.
async fn hear_until<S: AsyncReadExt + Unpin>(mut stream: S, hz: f64) -> (S, Vec<u8>) {
    let mut heard = Vec::new();
    let mut bytes = [0; 9_600];
    for _ in 0..300 {
        stream.read_exact(&mut bytes).await.expect("the call goes on");
        heard.extend(bytes);
        if level(&samples(&bytes), 48_000, hz) > 0.1 {
            return (stream, heard);
        }
    }
    panic!("{hz} Hz is not heard");
}

/// Hears a call until a second of it is silent.
async fn hear_silence(mut from: impl AsyncReadExt + Unpin) {
    let mut silent = 0;
    for _ in 0..300 {
        let block = hear(&mut from, 1, 4_800).await;
        let is_silent = block.iter().all(|sample| sample.abs() < 0.01);
        silent = if is_silent { silent + 1 } else { 0 };
        if silent == 10 {
            return;
        }
    }
    panic!("it is not silent");
}

/// Hears a call to its end.
async fn hear_all(mut stream: UnixStream) -> Vec<u8> {
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.expect("it ends with the call");
    heard
}

pub(crate) fn samples(bytes: &[u8]) -> Vec<f64> {
    let pairs = bytes.chunks_exact(2);
    pairs.map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect()
}

/// Returns the largest amplitude of a tone in 100 ms.
pub(crate) fn level(pcm: &[f64], rate_hz: u32, hz: f64) -> f64 {
    let step = TAU * hz / f64::from(rate_hz);
    let of = |block: &[f64]| {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (moment, sample) in block.iter().enumerate() {
            let (sine, cosine) = (step * moment as f64).sin_cos();
            real += sample * cosine;
            imaginary += sample * sine;
        }
        2.0 * f64::hypot(real, imaginary) / block.len() as f64
    };
    pcm.chunks(rate_hz as usize / 10).map(of).fold(0.0, f64::max)
}
