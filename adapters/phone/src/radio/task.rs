//! The radio's task, which owns the engine.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use async_channel::Receiver;
use event_listener::EventListener;
use futures_lite::future::{or, yield_now};
use lxst_core::talk::{Command, Format};
use lxst_core::{InputError, Instant, LinkId, Talk};
use lxst_engine::codecs::Codecs;
use lxst_engine::{Done, RadioEngine, RadioEvent as EngineEvent};

use super::audio::Audio;
use super::events::RadioEvent;
use super::lanes::Lanes;
use super::request::{RadioError, Request};
use crate::event_stream::EventQueue;
use crate::host::CoderThread;
use crate::inbox::{any_fired, either_first};
use crate::request::Reply;
use crate::runtime::Runtime;

#[derive(Debug)]
pub(super) struct RadioTask<R> {
    parts: Parts<R>,
    audio: Audio,
    /// What the engine was told of the links.
    mdu: usize,
    turns: u64,
}

/// The parts of the radio's task.
#[derive(Debug)]
pub(super) struct Parts<R> {
    pub(super) runtime: R,
    /// The moment of the engine's time 0.
    pub(super) origin: Moment,
    pub(super) engine: RadioEngine,
    pub(super) codecs: Arc<dyn Codecs>,
    pub(super) coder: CoderThread,
    pub(super) requests: Receiver<Request>,
    pub(super) done: Receiver<Done>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) events: EventQueue<RadioEvent>,
}

/// Why the task wakes.
enum Wakeup {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    Done(Done),
    /// A port, a link or a deadline.
    Look,
}

impl<R: Runtime> RadioTask<R> {
    /// Creates the task of an engine whose packets have at most `mdu` bytes.
    pub(super) const fn new(parts: Parts<R>, mdu: usize) -> Self {
        Self { parts, audio: Audio::new(), mdu, turns: 0 }
    }

    /// Runs until the app ends the radio, and its packets have left.
    pub(super) async fn run(mut self) {
        let reply = loop {
            match self.next().await {
                Wakeup::Request(None) => break None,
                Wakeup::Request(Some(Request::ShutDown(reply))) => break Some(reply),
                wakeup => self.on_wakeup(wakeup),
            }
        };
        self.shut_down().await;
        let Self { parts: Parts { requests, events, coder, lanes, .. }, .. } = self;
        requests.close();
        // What waits is answered by the end of its reply.
        while requests.try_recv().is_ok() {}
        drop((events, coder, lanes));
        reply.map(|reply: Reply<()>| reply.send(()));
    }

    /// Waits for the next wakeup. Requests and the rest come first in turns, so that a flood of one
    /// does not starve the other.
    async fn next(&mut self) -> Wakeup {
        let listeners = self.turn();
        self.turns += 1;
        if self.turns.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        let deadline = self.deadline();
        let Parts { runtime, requests, done, .. } = &self.parts;
        let request = async { Wakeup::Request(requests.recv().await.ok()) };
        let other = other_wakeup(runtime, deadline, done, listeners);
        either_first(self.turns.is_multiple_of(2), other, request).await
    }

    fn deadline(&self) -> Option<Moment> {
        let deadlines = [self.parts.engine.poll_timeout(), self.audio.due(&self.parts.engine)];
        let moment = |at: Instant| self.parts.origin + at.since(Instant::ORIGIN);
        deadlines.into_iter().flatten().map(moment).min()
    }

    fn on_wakeup(&mut self, wakeup: Wakeup) {
        let now = self.now();
        match wakeup {
            Wakeup::Request(Some(request)) => self.on_request(now, request),
            Wakeup::Done(done) => self.parts.engine.handle_done(now, done),
            Wakeup::Look | Wakeup::Request(None) => {}
        }
    }

    // The handle may be gone before the answer.
    fn on_request(&mut self, now: Instant, request: Request) {
        let engine = &mut self.parts.engine;
        match request {
            Request::Command(command, reply) => _ = reply.send(self.on_command(now, command)),
            Request::Format(format, reply) => _ = reply.send(self.set_format(now, format)),
            Request::Source(port) => self.audio.attach_source(engine, now, port),
            Request::Sink(port) => self.audio.attach_sink(engine, now, port),
            Request::Counters(reply) => _ = reply.send(engine.counters()),
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    fn on_command(&mut self, now: Instant, command: Command) -> Result<(), InputError> {
        self.parts.engine.command(now, command)?;
        if let Command::Talk(talk) = command {
            self.audio.on_talk(talk == Talk::Pressed);
        }
        Ok(())
    }

    fn set_format(&mut self, now: Instant, format: Format) -> Result<(), RadioError> {
        self.parts.codecs.check(format.send())?;
        Ok(self.on_command(now, Command::SetFormat(format))?)
    }

    /// Does all that can be done now. Returns listeners for what ports and links do from then on.
    fn turn(&mut self) -> Vec<EventListener> {
        let now = self.now();
        let mut listeners = vec![self.parts.lanes.arrived()];
        listeners.extend(self.audio.see(&mut self.parts.engine, now));
        self.receive(now);
        self.parts.engine.handle_timeout(now);
        self.audio.on_due(&mut self.parts.engine, now);
        self.hand_on();
        while self.audio.serve_devices(&mut self.parts.engine, now) {
            self.hand_on();
        }
        self.hand_on();
        self.audio.run_clocks(&self.parts.engine, now);
        listeners
    }

    /// Gives the engine what the links have brought.
    fn receive(&mut self, now: Instant) {
        let (packets, closed) = self.parts.lanes.take();
        for (link, data) in packets {
            self.parts.engine.handle_packet(now, link, &data);
            self.hand_on();
        }
        for link in closed {
            self.on_closed(now, link);
        }
        let mdu = self.parts.lanes.mdu().unwrap_or(self.mdu);
        if mdu != self.mdu {
            self.mdu = mdu;
            let set = self.parts.engine.command(now, Command::SetMdu(mdu));
            debug_assert_eq!(set, Ok(()), "any length is taken");
        }
    }

    fn on_closed(&mut self, now: Instant, link: LinkId) {
        self.parts.engine.handle_closed(now, link);
        self.hand_on();
        self.parts.events.push(RadioEvent::Closed(link));
    }

    /// Hands on tasks, packets and events.
    fn hand_on(&mut self) {
        let Parts { engine, coder, lanes, events, .. } = &mut self.parts;
        while let Some(task) = engine.poll_task() {
            coder.give(task);
        }
        while let Some(packet) = engine.poll_packet() {
            lanes.send(&packet);
        }
        while let Some(event) = engine.poll_event() {
            events.push(match event {
                EngineEvent::Talk(event) => RadioEvent::Talk(event),
                EngineEvent::CoderCrashed => RadioEvent::CoderCrashed,
            });
        }
    }

    /// Ends the talk spurt, and waits until its packets have left and the links are closed.
    async fn shut_down(&mut self) {
        let until = self.parts.runtime.now() + FAREWELL;
        let now = self.now();
        let released = self.on_command(now, Command::Talk(Talk::Released));
        debug_assert_eq!(released, Ok(()), "the button can be released at any time");
        loop {
            let listeners = self.turn();
            let is_sent = !self.audio.is_ending() && self.parts.engine.capture_unsent() == 0;
            if is_sent || self.parts.runtime.now() >= until {
                break;
            }
            let deadline = self.deadline().map_or(until, |deadline| deadline.min(until));
            let Parts { runtime, done, .. } = &self.parts;
            let wakeup = other_wakeup(runtime, Some(deadline), done, listeners).await;
            self.on_wakeup(wakeup);
        }
        self.parts.lanes.end();
        let late = self.parts.runtime.sleep_until(until);
        or(self.parts.lanes.ended(), late).await;
    }

    fn now(&self) -> Instant {
        let Parts { runtime, origin, .. } = &self.parts;
        Instant::ORIGIN + runtime.now().saturating_duration_since(*origin)
    }
}

/// Waits for a wakeup that is no request. The deadline comes first, since a flood must not delay it.
async fn other_wakeup<R: Runtime>(
    runtime: &R,
    deadline: Option<Moment>,
    done: &Receiver<Done>,
    listeners: Vec<EventListener>,
) -> Wakeup {
    let timeout = async {
        match deadline {
            Some(deadline) => runtime.sleep_until(deadline).await,
            None => pending().await,
        }
        Wakeup::Look
    };
    let done = async {
        match done.recv().await {
            Ok(done) => Wakeup::Done(done),
            Err(_) => pending().await,
        }
    };
    let look = async {
        any_fired(listeners).await;
        Wakeup::Look
    };
    or(timeout, or(done, look)).await
}

/// Turns in a row after which the task yields to others of its thread.
const TURNS_IN_A_ROW: u64 = 64;
/// The longest wait of a shutdown for the last packets.
const FAREWELL: Duration = Duration::from_secs(1);
