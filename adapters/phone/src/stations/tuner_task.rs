//! The task of a tuner, which drives the sans-IO value.

use async_channel::Receiver;
use futures_lite::future::{or, yield_now};
use lxst_core::{IdentityHash, Instant};
use lxst_rooms::limits::STATION_PACKET;
use lxst_rooms::wire::Program;
use lxst_rooms::{Input, InputError, Output, Tuner, TunerCommand, TunerEvent};

use super::request::{TunerRequest as Request, TunerStatus, end};
use super::station_of;
use crate::carried_links::{FAREWELL, Links, Report, TURNS_IN_A_ROW};
use crate::clock::Clock;
use crate::event_stream::EventQueue;
use crate::inbox::either_first;
use crate::radio::{Radio, RadioPort, talk_end};
use crate::request::Reply;
use crate::runtime::Runtime;

#[derive(Debug)]
pub(super) struct TunerTask<'e, R> {
    parts: Parts<R>,
    links: Links<'e>,
    tuner: Tuner,
    port: RadioPort,
    /// What the talkers on the port belong to.
    program: Option<Program>,
    /// The station that is wanted.
    station: Option<IdentityHash>,
    /// When to tune in to it again.
    again: Option<Instant>,
    turns: u64,
}

/// The parts of a tuner's task.
#[derive(Debug)]
pub(super) struct Parts<R> {
    pub(super) clock: Clock<R>,
    pub(super) radio: Radio,
    pub(super) identify: bool,
    pub(super) events: EventQueue<TunerEvent>,
    pub(super) requests: Receiver<Request>,
}

/// Why the task wakes.
enum Wakeup {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    Report(Report),
    /// The radio has shut down.
    NoRadio,
    Timeout,
}

impl<'e, R: Runtime> TunerTask<'e, R> {
    pub(super) fn new(parts: Parts<R>, links: Links<'e>) -> Self {
        Self {
            port: parts.radio.port(STATION_PACKET),
            parts,
            links,
            tuner: Tuner::new(),
            program: None,
            station: None,
            again: None,
            turns: 0,
        }
    }

    /// Runs until the app ends the tuner, or the phone or the radio shuts down.
    pub(super) async fn run(mut self) {
        let reply = loop {
            match self.next().await {
                Wakeup::Request(None) | Wakeup::Report(Report::NoPhone) | Wakeup::NoRadio => {
                    break None;
                }
                Wakeup::Request(Some(Request::ShutDown(reply))) => break Some(reply),
                wakeup => self.on_wakeup(wakeup),
            }
        };
        self.finish(reply).await;
    }

    /// Waits for the next wakeup. The link and the app come first in turns, so that a flood of one
    /// does not starve the other.
    async fn next(&mut self) -> Wakeup {
        self.turns += 1;
        if self.turns.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        let Parts { clock, requests, .. } = &self.parts;
        let timeout = async {
            clock.wait_until(self.deadline()).await;
            Wakeup::Timeout
        };
        let over = async {
            // A listener says nothing, whatever the radio sends.
            while self.port.next().await.is_some() {}
            Wakeup::NoRadio
        };
        let request = async { Wakeup::Request(requests.recv().await.ok()) };
        let report = async { Wakeup::Report(self.links.next().await) };
        let others = either_first(self.turns.is_multiple_of(2), report, request);
        or(timeout, or(over, others)).await
    }

    fn deadline(&self) -> Option<Instant> {
        self.tuner.poll_timeout().into_iter().chain(self.again).min()
    }

    fn on_wakeup(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Request(Some(request)) => self.on_request(request),
            Wakeup::Report(Report::Packet { link, data }) => {
                self.give(Input::Packet { link, data: &data });
            }
            Wakeup::Report(Report::Event { link, event }) => {
                self.links.on_event(link, event);
                self.give(Input::Link { link, event });
            }
            Wakeup::Timeout => self.give(Input::Timeout),
            // The loop ends on these.
            Wakeup::Request(None) | Wakeup::Report(Report::NoPhone) | Wakeup::NoRadio => {}
        }
        if self.again.is_some_and(|again| again <= self.parts.clock.now())
            && let Some(station) = self.station
        {
            let tuned = self.tune(station);
            debug_assert_eq!(tuned, Ok(()), "the link to the station is closed");
        }
    }

    // The handle may be gone before the answer.
    fn on_request(&mut self, request: Request) {
        match request {
            Request::Tune(station, reply) => {
                // A tuner that waits to tune in again has no link to leave.
                let _ = self.command(TunerCommand::Leave);
                reply.send(self.tune(station));
            }
            Request::Leave(reply) => _ = reply.send(self.leave()),
            Request::Status(reply) => {
                let (program, counters) = (self.tuner.program().cloned(), self.tuner.counters());
                reply.send(TunerStatus { program, counters });
            }
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    fn tune(&mut self, station: IdentityHash) -> Result<(), InputError> {
        (self.station, self.again) = (Some(station), None);
        let (link, identify) = (self.links.number(), self.parts.identify);
        self.command(TunerCommand::Tune { link, station: station_of(station), identify })
    }

    fn leave(&mut self) -> Result<(), InputError> {
        let waited = self.again.take();
        self.station = None;
        let left = self.command(TunerCommand::Leave);
        if waited.is_some() { Ok(()) } else { left }
    }

    /// Gives an input that the tuner does not refuse.
    fn give(&mut self, input: Input<'_, TunerCommand>) {
        let taken = self.input(input);
        debug_assert_eq!(taken, Ok(()), "outputs are drained");
    }

    fn command(&mut self, command: TunerCommand) -> Result<(), InputError> {
        self.input(Input::Command(command))
    }

    fn input(&mut self, input: Input<'_, TunerCommand>) -> Result<(), InputError> {
        let taken = self.tuner.handle_input(self.parts.clock.now(), input);
        while let Some(output) = self.tuner.poll_output() {
            match output {
                Output::Transmit { link, class, data } => self.links.transmit(link, class, data),
                Output::Link { link, request } => self.links.request(link, request),
                Output::Event(event) => self.on_event(event),
            }
        }
        taken
    }

    fn on_event(&mut self, event: TunerEvent) {
        match &event {
            TunerEvent::Program(program) => self.on_program(program),
            TunerEvent::Voice(data) => return self.port.give(data.clone()),
            TunerEvent::TalkEnd => self.port.give(talk_end()),
            TunerEvent::Closed { again, .. } => {
                self.again = again.map(|pause| self.parts.clock.now() + pause);
                self.program = None;
            }
            // The enum is non_exhaustive.
            _ => {}
        }
        self.parts.events.push(event);
    }

    /// Decoders begin anew with another profile or another path: on a new port.
    fn on_program(&mut self, program: &Program) {
        let is_same = |old: &Program| (old.profile, &old.path) == (program.profile, &program.path);
        if !self.program.as_ref().is_some_and(is_same) {
            self.port = self.parts.radio.port(STATION_PACKET);
        }
        self.program = Some(program.clone());
    }

    /// Closes the link, after what waits for it is sent.
    async fn finish(self, reply: Option<Reply<()>>) {
        let Self { parts: Parts { clock, radio, requests, events, .. }, links, port, .. } = self;
        let late = clock.wait_until(Some(clock.now() + FAREWELL));
        or(links.finish(), late).await;
        end(&requests);
        drop((port, radio, events));
        reply.map(|reply| reply.send(()));
    }
}
