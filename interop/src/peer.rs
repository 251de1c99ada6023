//! A Python LXST telephone in a process of its own.

use core::fmt::Write as _;
use core::time::Duration;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::command::Command;
use crate::event::{Event, Stats};
use crate::hex;
use crate::logs::{self, TAIL_LINES};
use crate::packet::{Direction, IdentityHash, PacketKind, PacketRecord};
use crate::recording::Recording;
use crate::watchdog;

/// A running Python LXST telephone. Dropping it ends its process.
///
/// # Panics
/// All methods panic if the peer does not do what it is asked for, with its last events and the end
/// of its log in the message: this type is for tests.
#[derive(Debug)]
pub struct PythonPeer {
    name: String,
    storage: PathBuf,
    port: Option<u16>,
    identity: IdentityHash,
    destination: [u8; 16],
    child: Child,
    stdin: Option<ChildStdin>,
    journal: Arc<Journal>,
    seen: usize,
}

impl PythonPeer {
    pub(crate) fn new(name: &str, storage: &Path, port: Option<u16>, mut child: Child) -> Self {
        let journal = Arc::new(Journal::default());
        if let Some(stdout) = child.stdout.take() {
            let (journal, copy) =
                (Arc::clone(&journal), File::create(storage.join("events.jsonl")));
            thread::spawn(move || journal.fill(stdout, copy.ok()));
        }
        Self {
            name: name.to_owned(),
            storage: storage.to_owned(),
            port,
            identity: [0; 16],
            destination: [0; 16],
            stdin: child.stdin.take(),
            child,
            journal,
            seen: 0,
        }
    }

    pub(crate) fn await_ready(&mut self) -> Result<(), String> {
        let ready = self.wait("ready", READY_TIMEOUT, |event| event.name == "ready")?;
        if ready.json["online"] != true {
            return Err(self.failure("its interface is not up"));
        }
        let destination = ready.json["destination"].as_str().and_then(hex::decode_array);
        let (Some(identity), Some(destination)) = (ready.identity(), destination) else {
            return Err(self.failure("ready without identity and destination"));
        };
        (self.identity, self.destination) = (identity, destination);
        Ok(())
    }

    /// Returns its process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Returns the hash of its identity, which others dial.
    pub fn identity(&self) -> IdentityHash {
        self.identity
    }

    /// Returns the hash of its telephony destination.
    pub fn destination(&self) -> [u8; 16] {
        self.destination
    }

    /// Returns its port on loopback, TCP or UDP: the one it listens on or is connected to.
    ///
    /// # Panics
    /// If it is attached to a shared instance and has no port: ask the [`Rnsd`](crate::Rnsd).
    #[track_caller]
    pub fn port(&self) -> u16 {
        match self.port {
            Some(port) => port,
            None => panic!("python peer {} has no port: it is attached to an rnsd", self.name),
        }
    }

    /// Sends it a command.
    #[track_caller]
    pub fn send(&mut self, command: &Command) {
        let line = format!("{}\n", command.to_json());
        let sent =
            self.stdin.as_mut().is_some_and(|stdin| stdin.write_all(line.as_bytes()).is_ok());
        if !sent {
            panic!("{}", self.failure(&format!("it does not take {command:?}")));
        }
    }

    /// Waits for the next event of this name; see [`Self::expect_where`].
    #[track_caller]
    pub fn expect(&mut self, name: &str, within: Duration) -> Event {
        self.expect_where(name, within, |event| event.name == name)
    }

    /// Waits for the next matching event, skipping others, and returns it.
    ///
    /// Starts after the event that the latest call returned. An `error` event that does not match
    /// fails at once. `what` names the event in the message.
    #[track_caller]
    pub fn expect_where(
        &mut self,
        what: &str,
        within: Duration,
        fits: impl Fn(&Event) -> bool,
    ) -> Event {
        match self.wait(what, within, fits) {
            Ok(event) => event,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Waits for the next event of this name; `None` if it does not come in time.
    ///
    /// On `None` the skipped events, errors included, are left for the next wait.
    pub fn next(&mut self, name: &str, within: Duration) -> Option<Event> {
        let seen = self.seen;
        let named = |events: &[Event]| {
            let mut unseen = events.iter().enumerate().skip(seen);
            unseen
                .find(|(_, event)| event.name == name)
                .map(|(index, event)| (index, event.clone()))
        };
        let (index, event) = self.journal.wait(within, named)?;
        self.seen = index + 1;
        Some(event)
    }

    /// Waits until it has sent or received this many packets of a kind since its start.
    ///
    /// Counts logged packets: see [`Builder::log_media_first`](crate::Builder::log_media_first).
    #[track_caller]
    pub fn expect_packets(
        &self,
        kind: PacketKind,
        direction: Direction,
        count: usize,
        within: Duration,
    ) {
        let is_wanted =
            |packet: &PacketRecord| packet.kind == kind && packet.direction == direction;
        let enough = |events: &[Event]| {
            let wanted = events.iter().filter_map(Event::packet).filter(is_wanted).count();
            (wanted >= count).then_some(())
        };
        if self.journal.wait(within, enough).is_none() {
            panic!(
                "{}",
                self.failure(&format!(
                    "no {count} packets {kind:?} {direction:?} within {within:?}"
                ))
            );
        }
    }

    /// Waits until all its interfaces are up, or until one is not.
    ///
    /// This polls a state, independently of the order of other events.
    #[track_caller]
    pub fn await_online(&self, online: bool, within: Duration) {
        let is_so = |events: &[Event]| {
            let latest = events.iter().rev().find_map(|event| match event.name.as_str() {
                "online" => Some(true),
                "offline" => Some(false),
                "ready" => event.json["online"].as_bool(),
                _ => None,
            });
            (latest == Some(online)).then_some(())
        };
        if self.journal.wait(within, is_so).is_none() {
            let state = if online { "online" } else { "offline" };
            panic!("{}", self.failure(&format!("not {state} within {within:?}")));
        }
    }

    /// Returns all events so far.
    pub fn events(&self) -> Vec<Event> {
        self.journal.lock().events.clone()
    }

    /// Returns all packets logged so far, in order.
    pub fn packets(&self) -> Vec<PacketRecord> {
        self.journal.lock().events.iter().filter_map(Event::packet).collect()
    }

    /// Returns the worst lateness of its process in a time; see [`lateness`](crate::lateness).
    pub fn lateness(&self, time: &Range<Instant>) -> Duration {
        let pages = self.journal.lock();
        let late = pages.events.iter().filter(|event| event.name == "late").filter_map(|event| {
            let by = Duration::try_from_secs_f64(event.json["seconds"].as_f64()?).ok()?;
            Some((pages.origin?.checked_add(event.at)?, by))
        });
        watchdog::worst_of(late, time)
    }

    /// Drops all events so far, for runs so long that they would pile up.
    pub fn forget(&mut self) {
        self.journal.lock().events.clear();
        self.seen = 0;
    }

    /// Returns its counters.
    #[track_caller]
    pub fn stats(&mut self) -> Stats {
        self.send(&Command::Stats);
        Stats::parse(&self.expect("stats", ANSWER_TIMEOUT).json)
    }

    /// Returns the audio that its speaker played in the latest call so far.
    ///
    /// At 48 kHz. The first sample is the moment at which it reported `established`, and gaps are
    /// silence, so positions are times.
    #[track_caller]
    pub fn heard(&mut self) -> Recording {
        self.send(&Command::FlushAudio);
        self.expect("audio", ANSWER_TIMEOUT);
        Recording::read(&self.storage.join("heard.wav"))
    }

    /// Hangs up, ends the process and waits for it. Dropping kills the process without telling the
    /// other side.
    #[track_caller]
    pub fn quit(mut self) {
        self.send(&Command::Quit);
        self.stdin = None;
        if !self.journal.wait_for_end(QUIT_TIMEOUT) {
            panic!("{}", self.failure("it does not quit"));
        }
    }

    fn wait(
        &mut self,
        what: &str,
        within: Duration,
        fits: impl Fn(&Event) -> bool,
    ) -> Result<Event, String> {
        let seen = self.seen;
        let next = |events: &[Event]| {
            let mut unseen = events.iter().enumerate().skip(seen);
            let (index, event) = unseen.find(|(_, event)| fits(event) || event.name == "error")?;
            Some((index, event.clone()))
        };
        match self.journal.wait(within, next) {
            Some((index, event)) => {
                self.seen = index + 1;
                if fits(&event) {
                    Ok(event)
                } else {
                    Err(self.failure(&format!("an error before {what}")))
                }
            }
            None => Err(self.failure(&format!("no {what} within {within:?}"))),
        }
    }

    /// Describes the peer for a panic: the failure, its last events, the end of its logs.
    fn failure(&self, what: &str) -> String {
        let mut text = format!("python peer {}: {what}", self.name);
        let journal = self.journal.lock();
        if journal.ended {
            text.push_str("; its process has ended");
        }
        text.push_str("\nlast events:");
        for event in journal.events.iter().skip(journal.events.len().saturating_sub(TAIL_LINES)) {
            // Writing to a String succeeds.
            let _ = write!(text, "\n  {event}");
        }
        logs::append_ends(&mut text, &self.storage, &["log", "stderr"]);
        text
    }
}

impl Drop for PythonPeer {
    fn drop(&mut self) {
        if thread::panicking() {
            logs::tell_of_failed_test(&self.child, |what| self.failure(what));
        }
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything that a peer has written, collected by a thread.
#[derive(Debug, Default)]
struct Journal {
    pages: Mutex<Pages>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pages {
    events: Vec<Event>,
    /// Time 0 of its events, estimated from the event received soonest after it was written.
    origin: Option<Instant>,
    ended: bool,
}

impl Journal {
    fn fill(&self, stdout: ChildStdout, mut copy: Option<File>) {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(copy) = &mut copy {
                // The copy is for reading after a failure.
                let _ = writeln!(copy, "{line}");
            }
            if let Some(event) = Event::parse(&line) {
                let origin = Instant::now().checked_sub(event.at);
                let mut pages = self.lock();
                pages.origin = pages.origin.into_iter().chain(origin).min();
                pages.events.push(event);
                drop(pages);
                self.changed.notify_all();
            }
        }
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Waits until `found` returns a value, the peer ends, or the time is over.
    fn wait<T>(&self, within: Duration, found: impl Fn(&[Event]) -> Option<T>) -> Option<T> {
        let begun = Instant::now();
        let mut pages = self.lock();
        loop {
            if let Some(value) = found(&pages.events) {
                return Some(value);
            }
            let left = watchdog::left(begun, within);
            if pages.ended || left.is_zero() {
                return None;
            }
            pages =
                self.changed.wait_timeout(pages, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn wait_for_end(&self, within: Duration) -> bool {
        self.wait(within, |_| None::<()>);
        self.lock().ended
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const READY_TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const QUIT_TIMEOUT: Duration = Duration::from_secs(10);
