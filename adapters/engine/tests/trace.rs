//! A call of two engines in virtual time, recorded at both, replayed.

#![cfg(feature = "opus")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use core::time::Duration;
use std::sync::{Arc, Mutex};

use common::pair::{ALICE, Delivery, Pair};
use lxst_core::{Command, Profile};
use lxst_engine::{Config, Tap};
use lxst_sim::random::Seeded;
use lxst_trace::{Divergence, Ending, Payloads, Reader, Recorder, Replay};

#[test]
fn a_recorded_call_replays_to_the_same_outputs_on_both_sides() {
    for trace in record_call(Payloads::Kept) {
        assert_eq!(replay(&trace), Ok(Ending::Closed), "{trace}");
        for wanted in ["\"class\":\"media\"", "\"event\":\"established\"", "\"outcome\":\"played\""]
        {
            assert!(trace.contains(wanted), "{wanted} is not in {trace}");
        }
    }
}

#[test]
fn what_the_receive_path_did_about_a_rough_network_replays() {
    let [_, trace] = record(Payloads::Kept, |pair| {
        let call = pair.dial(Profile::LowLatency);
        pair.run(Duration::from_secs(1));
        let mut chance = Seeded(7);
        let stall = pair.now + Duration::from_secs(1);
        let over = stall + Duration::from_millis(500);
        pair.run_on(Duration::from_secs(5), |now, from, packet| match chance.next() % 10 {
            // Signals of ours are shorter.
            _ if from != ALICE || packet.len() < 80 => Delivery::Immediate,
            0 => Delivery::Lost,
            _ if (stall..over).contains(&now) => Delivery::At(over),
            late => Delivery::At(now + Duration::from_millis(late * 8)),
        });
        pair.command(ALICE, Command::HangUp(call));
    });
    for wanted in ["\"work\":\"conceal\"", "\"tempo\":\"faster\"", "\"event\":\"quality\""] {
        assert!(trace.contains(wanted), "no {wanted}");
    }
    assert_eq!(replay(&trace), Ok(Ending::Closed));
}

#[test]
fn a_changed_byte_of_an_output_parts_the_replay_at_its_line() {
    let [trace, _] = record_call(Payloads::Kept);
    let outputs: Vec<usize> = (1..)
        .zip(trace.lines())
        .filter(|(_, line)| line.contains("\"out\":") && line.contains("\"data\":\""))
        .map(|(number, _)| number)
        .collect();
    assert!(outputs.len() > 20, "{outputs:?}");
    for number in outputs {
        let changed: String = (1..)
            .zip(trace.lines())
            .map(|(at, line)| if at == number { flip_last_digit(line) } else { line.into() } + "\n")
            .collect();
        let diverged = replay(&changed).unwrap_err();
        assert_eq!(diverged.line, number as u64);
        assert_eq!(flip_last_digit(&diverged.expected), diverged.got);
    }
}

#[test]
fn an_output_too_few_or_too_many_parts_the_replay() {
    let [trace, _] = record_call(Payloads::Kept);
    let lines: Vec<&str> = trace.lines().collect();
    let place = lines.iter().position(|line| line.contains("\"ringing\"")).unwrap();

    let mut fewer = lines.clone();
    let ringing = fewer.remove(place);
    let diverged = replay(&text(&fewer)).unwrap_err();
    assert_eq!((diverged.line, diverged.got.as_str()), (place as u64 + 1, ringing));

    let mut more = lines.clone();
    let last = more.len() - 1;
    more.insert(last, ringing);
    let diverged = replay(&text(&more)).unwrap_err();
    assert_eq!((diverged.line, diverged.got.as_str()), (last as u64 + 1, "nothing"));

    let mut cut: Vec<&str> = lines[..place].to_vec();
    cut.push("{\"end\":\"closed\"}");
    let diverged = replay(&text(&cut)).unwrap_err();
    assert_eq!(
        (diverged.expected.as_str(), diverged.got.as_str()),
        ("the end of the trace", ringing)
    );

    *cut.last_mut().unwrap() = "{\"end\":\"overflow\"}";
    assert_eq!(replay(&text(&cut)), Ok(Ending::Overflow));
}

#[test]
fn an_input_that_the_telephone_refuses_parts_the_replay() {
    let [trace, _] = record_call(Payloads::Kept);
    let mut lines: Vec<&str> = trace.lines().collect();
    let last = lines.len() - 1;
    lines.insert(last, r#"{"t":99000000,"in":"command","command":"answer","call":77}"#);
    let diverged = replay(&text(&lines)).unwrap_err();
    assert_eq!(diverged.line, last as u64 + 1);
    assert!(diverged.got.starts_with("refused: the call is not known"), "{diverged}");
}

#[test]
fn a_stripped_call_still_tells_who_said_what_and_when() {
    let [kept, _] = record_call(Payloads::Kept);
    let [stripped, _] = record_call(Payloads::Stripped);
    let (kept, stripped) = (kinds(&kept), kinds(&stripped));
    assert_eq!(kept, stripped);
}

#[test]
fn a_garbled_trace_gives_an_error_or_a_difference_and_no_panic() {
    let [trace, _] = record_call(Payloads::Kept);
    let (mut chance, mut unread, mut diverged) = (Seeded(7), 0, 0);
    for _ in 0..400 {
        let mut bytes = trace.clone().into_bytes();
        for _ in 0..=chance.next() % 3 {
            // The header is long, and its fields are not what this is about.
            let from = trace.find('\n').unwrap() + 1;
            let place = from + chance.next() as usize % (bytes.len() - from);
            bytes[place] = b"0123456789abcdef\",:{}\n "[chance.next() as usize % 23];
        }
        let mut reader = Reader::new(&bytes[..]).unwrap();
        let mut replay = Replay::new(reader.header());
        loop {
            match reader.next_record() {
                Ok(Some(record)) => {
                    if replay.step(&record).is_err() {
                        diverged += 1;
                        break;
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    unread += 1;
                    break;
                }
            }
        }
    }
    assert!(unread > 50 && diverged > 50, "{unread} {diverged}");
}

/// What a trace shows without its payloads.
fn kinds(trace: &str) -> Vec<String> {
    let mut reader = Reader::new(trace.as_bytes()).unwrap();
    let mut kinds = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        let (before, _) = record.text.split_once("\"data\"").unwrap_or((record.text, ""));
        let (before, _) = before.split_once("\"level\"").unwrap_or((before, ""));
        kinds.push(before.to_owned());
    }
    kinds
}

fn replay(trace: &str) -> Result<Ending, Divergence> {
    let mut reader = Reader::new(trace.as_bytes()).unwrap();
    let mut replay = Replay::new(reader.header());
    while let Some(record) = reader.next_record().unwrap() {
        replay.step(&record)?;
    }
    let ending = reader.ending().unwrap();
    replay.end(reader.line(), ending)?;
    Ok(ending)
}

/// Two phones, a call of two seconds with sound and a switch of profiles, hung up by the caller.
fn record_call(payloads: Payloads) -> [String; 2] {
    record(payloads, |pair| {
        let call = pair.dial(Profile::MediumQuality);
        pair.run(Duration::from_secs(1));
        pair.command(ALICE, Command::SetProfile(call, Profile::LowLatency));
        pair.run(Duration::from_secs(1));
        pair.command(ALICE, Command::HangUp(call));
    })
}

/// The traces of two phones that live through something.
fn record(payloads: Payloads, live: impl FnOnce(&mut Pair)) -> [String; 2] {
    let traces = [Trace::default(), Trace::default()];
    let mut pair = Pair::new(|phone| {
        let (trace, mut recorder) = (traces[phone].clone(), Recorder::new(payloads));
        let tap = Some(Tap::new(move |now, boundary| {
            *trace.lock().unwrap() += &recorder.line(now, boundary);
        }));
        Config { tap, ..Config::default() }
    });
    live(&mut pair);
    pair.run(Duration::from_millis(500));
    drop(pair);
    traces.map(|trace| trace.lock().unwrap().clone() + &Ending::Closed.line())
}

type Trace = Arc<Mutex<String>>;

fn flip_last_digit(line: &str) -> String {
    let (body, last) = line.strip_suffix("\"}").unwrap().split_at(line.len() - 3);
    let flipped = u8::from_str_radix(last, 16).unwrap() ^ 1;
    format!("{body}{flipped:x}\"}}")
}

fn text(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}
