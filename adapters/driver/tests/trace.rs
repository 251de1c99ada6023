//! A call of two drivers in virtual time, recorded at both, replayed.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use core::time::Duration;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use common::{Seeded, network};
use lxst_driver::core::{
    Command, Direction, Event as CallEvent, Instant, Mode, PortChange, Profile,
};
use lxst_driver::reticulum::{InterfaceConfig, InterfaceId};
use lxst_driver::trace::{Ending, Parted, Payloads, Reader, Replay, record_to};
use lxst_driver::{Coder, Config, Driver, Event, InterfaceOrigin};

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
        let parted = replay(&changed).unwrap_err();
        assert_eq!(parted.line, number as u64);
        assert_eq!(flip_last_digit(&parted.expected), parted.got);
    }
}

#[test]
fn an_output_too_few_or_too_many_parts_the_replay() {
    let [trace, _] = record_call(Payloads::Kept);
    let lines: Vec<&str> = trace.lines().collect();
    let place = lines.iter().position(|line| line.contains("\"ringing\"")).unwrap();

    let mut fewer = lines.clone();
    let ringing = fewer.remove(place);
    let parted = replay(&text(&fewer)).unwrap_err();
    assert_eq!((parted.line, parted.got.as_str()), (place as u64 + 1, ringing));

    let mut more = lines.clone();
    let last = more.len() - 1;
    more.insert(last, ringing);
    let parted = replay(&text(&more)).unwrap_err();
    assert_eq!((parted.line, parted.got.as_str()), (last as u64 + 1, "nothing"));

    let mut cut: Vec<&str> = lines[..place].to_vec();
    cut.push("{\"end\":\"closed\"}");
    let parted = replay(&text(&cut)).unwrap_err();
    assert_eq!((parted.expected.as_str(), parted.got.as_str()), ("the end of the trace", ringing));

    *cut.last_mut().unwrap() = "{\"end\":\"overflow\"}";
    assert_eq!(replay(&text(&cut)), Ok(Ending::Overflow));
}

#[test]
fn an_input_that_the_telephone_refuses_parts_the_replay() {
    let [trace, _] = record_call(Payloads::Kept);
    let mut lines: Vec<&str> = trace.lines().collect();
    let last = lines.len() - 1;
    lines.insert(last, r#"{"t":99000000,"in":"command","command":"answer","call":77}"#);
    let parted = replay(&text(&lines)).unwrap_err();
    assert_eq!(parted.line, last as u64 + 1);
    assert!(parted.got.starts_with("refused: the call is not known"), "{parted}");
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
    let (mut chance, mut unread, mut parted) = (Seeded(7), 0, 0);
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
                        parted += 1;
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
    assert!(unread > 50 && parted > 50, "{unread} {parted}");
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

fn replay(trace: &str) -> Result<Ending, Parted> {
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
    let mut pair = Pair::new(payloads);
    pair.run(Duration::from_millis(100));
    let to = pair.phones[BOB].driver.identity();
    let now = pair.now;
    let dialled = pair.phones[ALICE].driver.dial(now, to, Profile::MediumQuality, Mode::FullDuplex);
    let call = dialled.unwrap();
    pair.run(Duration::from_secs(1));
    let now = pair.now;
    let switch = Command::SetProfile(call, Profile::LowLatency);
    pair.phones[ALICE].driver.command(now, switch).unwrap();
    pair.run(Duration::from_secs(1));
    let now = pair.now;
    pair.phones[ALICE].driver.command(now, Command::HangUp(call)).unwrap();
    pair.run(Duration::from_millis(500));
    pair.finish()
}

/// Two drivers joined by a wire of 2 ms, with tireless coders and noisy microphones.
struct Pair {
    now: Instant,
    phones: [Handset; 2],
}

struct Handset {
    driver: Driver,
    coder: Coder,
    wire: InterfaceId,
    trace: Shared,
    noise: Seeded,
}

impl Pair {
    fn new(payloads: Payloads) -> Self {
        let phones = [ALICE, BOB].map(|seed| Handset::new(seed as u64 + 1, payloads));
        Self { now: Instant::ORIGIN, phones }
    }

    /// Lets time pass in steps of 2 ms.
    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.now = self.now + Duration::from_millis(2);
            let bytes = [ALICE, BOB].map(|phone| self.phones[phone].sent(self.now));
            for (phone, received) in [(BOB, &bytes[ALICE]), (ALICE, &bytes[BOB])] {
                self.phones[phone].live(self.now, received);
            }
        }
    }

    fn finish(self) -> [String; 2] {
        self.phones.map(|phone| {
            drop(phone.driver);
            String::from_utf8(phone.trace.0.lock().unwrap().clone()).unwrap()
        })
    }
}

impl Handset {
    fn new(seed: u64, payloads: Payloads) -> Self {
        let trace = Shared::default();
        let tap = Some(record_to(trace.clone(), payloads).unwrap());
        let config = Config { tap, ..Config::default() };
        let mut driver = Driver::new(config, network(seed));
        let wire =
            driver.interface_up(Instant::ORIGIN, InterfaceOrigin(0), InterfaceConfig::TCP).unwrap();
        for direction in [Direction::Send, Direction::Receive] {
            driver.port(Instant::ORIGIN, direction, PortChange::Attached);
        }
        Self { driver, coder: Coder::new(), wire, trace, noise: Seeded(seed) }
    }

    fn sent(&mut self, now: Instant) -> Vec<u8> {
        let (mut sent, mut buffer) = (Vec::new(), Vec::new());
        while let Some(bytes) = self.driver.poll_transmit(now, self.wire, &mut buffer) {
            sent.extend_from_slice(bytes);
        }
        sent
    }

    fn live(&mut self, now: Instant, received: &[u8]) {
        if !received.is_empty() {
            self.driver.handle_bytes(now, self.wire, received);
        }
        self.driver.handle_timeout(now);
        if now.as_micros().is_multiple_of(20_000) {
            let noise: Vec<f32> = (0..960).map(|_| sample(&mut self.noise)).collect();
            self.driver.capture(now, &noise);
            self.driver.play(now, &mut [0.0; 960]);
        }
        while let Some(event) = self.driver.poll_event() {
            if let Event::Call(CallEvent::Incoming { call, .. }) = event {
                self.driver.command(now, Command::Answer(call)).unwrap();
            }
        }
        while let Some(task) = self.driver.poll_task() {
            if let Some(done) = self.coder.run(task) {
                self.driver.handle_done(now, done);
            }
        }
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Noise below -6 dBov.
fn sample(noise: &mut Seeded) -> f32 {
    f32::from(noise.next() as i16) / 65_536.0
}

fn flip_last_digit(line: &str) -> String {
    let (body, last) = line.strip_suffix("\"}").unwrap().split_at(line.len() - 3);
    let flipped = u8::from_str_radix(last, 16).unwrap() ^ 1;
    format!("{body}{flipped:x}\"}}")
}

fn text(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}

const ALICE: usize = 0;
const BOB: usize = 1;
