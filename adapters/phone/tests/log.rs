//! What a flood writes into the log.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lxst_phone::reticulum::{self, DropReason};
use lxst_tokio::Tokio;
use support::{App, TestRuntime, escaped, eventually, pause};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[test]
fn a_flood_writes_one_line_a_cause_and_second() {
    tracing::subscriber::set_global_default(Log).unwrap();
    Tokio::block_on(async {
        let (rt, since) = (Tokio, Instant::now());
        let app = App::listening(&rt).await;
        let address = app.phone.listening()[0];
        let mut connections = Vec::new();
        for _ in 0..70 {
            connections.push(TcpStream::connect(address).unwrap());
        }
        let mut flood = TcpStream::connect(address).unwrap();
        let destination = escaped(&reticulum::DestinationHash::telephony(app.identity()).0);
        for second in 0..2 {
            for number in 0..1_000_u16 {
                let [high, low] = number.to_be_bytes();
                // Not the flags of a frame, nor their escape.
                let keys = [second, high & 0x3f, low & 0x3f, low >> 6].repeat(16);
                let request = [&[0x7e, 0x02, 0x00][..], &destination, &[0x00], &keys, &[0x7e]];
                flood.write_all(&request.concat()).unwrap();
                flood.write_all(b"\x7ejunk!\x7e").unwrap();
            }
            let limited = async || {
                let counters = app.counters().await.endpoint.unwrap();
                counters.dropped(DropReason::RateLimited)
            };
            let wanted = 900 * (u64::from(second) + 1);
            eventually(&rt, async || limited().await >= wanted).await;
            pause(&rt, Duration::from_millis(1_100)).await;
        }
        app.shutdown().await;

        let seconds = since.elapsed().as_secs() + 1;
        let mut causes = BTreeMap::new();
        for line in LINES.lock().unwrap().iter() {
            *causes.entry(cause(line)).or_insert(0) += 1;
        }
        assert!(causes.values().all(|lines| *lines <= seconds), "{seconds} s: {causes:#?}");
        for told in ["made room", "strangers beyond their share", "malformed"] {
            assert!(causes.keys().any(|cause| cause.contains(told)), "{told}: {causes:#?}");
        }
    });
}

/// A line without its numbers, and without what it says was left out.
fn cause(line: &str) -> String {
    let (line, _) = line.split_once(" (and").unwrap_or((line, ""));
    line.chars().filter(|char| !char.is_ascii_digit()).collect()
}

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps what the phone has to say.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lxst")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        LINES.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").unwrap();
        }
    }
}
