//! The task of a station, which drives the sans-IO value.

use async_channel::Receiver;
use futures_lite::future::{or, yield_now};
use lxst_core::{IdentityHash, Instant};
use lxst_engine::RadioPacket;
use lxst_rooms::{Input, InputError, Output, Station, StationCommand, StationEvent};

use super::announcer::Announcer;
use super::request::{StationRequest as Request, StationStatus, end};
use super::station_of;
use crate::carried_links::{FAREWELL, Links, Report, TURNS_IN_A_ROW};
use crate::clock::Clock;
use crate::destinations::{Link, Served};
use crate::event_stream::EventQueue;
use crate::inbox::either_first;
use crate::radio::RadioPort;
use crate::request::Reply;
use crate::runtime::Runtime;

#[derive(Debug)]
pub(super) struct StationTask<'e, R> {
    parts: Parts<R>,
    links: Links<'e>,
    radio: Option<RadioPort>,
    /// The station that is relayed.
    source: Option<IdentityHash>,
    /// When to tune in to it again.
    again: Option<Instant>,
    unsent: u64,
    turns: u64,
}

/// The parts of a station's task.
#[derive(Debug)]
pub(super) struct Parts<R> {
    pub(super) clock: Clock<R>,
    pub(super) station: Station,
    pub(super) served: Served,
    pub(super) events: EventQueue<StationEvent>,
    pub(super) requests: Receiver<Request>,
    pub(super) announcer: Announcer,
}

/// Why the task wakes.
enum Wakeup {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    /// A peer's link; `None` when the phone has shut down.
    Incoming(Option<Link>),
    Report(Report),
    /// The radio sends; `None` when it has shut down.
    Radio(Option<RadioPacket>),
    Timeout,
}

impl<'e, R: Runtime> StationTask<'e, R> {
    pub(super) fn new(parts: Parts<R>, links: Links<'e>) -> Self {
        Self { parts, links, radio: None, source: None, again: None, unsent: 0, turns: 0 }
    }

    /// Runs until the app ends the station, or the phone shuts down.
    pub(super) async fn run(mut self) {
        let reply = loop {
            match self.next().await {
                Wakeup::Request(None)
                | Wakeup::Incoming(None)
                | Wakeup::Report(Report::NoPhone) => break None,
                Wakeup::Request(Some(Request::ShutDown(reply))) => break Some(reply),
                wakeup => self.on_wakeup(wakeup).await,
            }
        };
        self.finish(reply).await;
    }

    /// Waits for the next wakeup. Links and the app come first in turns, so that a flood of one
    /// does not starve the other.
    async fn next(&mut self) -> Wakeup {
        self.turns += 1;
        if self.turns.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        let Parts { clock, served, requests, .. } = &self.parts;
        let timeout = async {
            clock.wait_until(Some(self.deadline())).await;
            Wakeup::Timeout
        };
        let radio = async {
            match &self.radio {
                Some(radio) => Wakeup::Radio(radio.next().await),
                None => std::future::pending().await,
            }
        };
        let request = async { Wakeup::Request(requests.recv().await.ok()) };
        let incoming = async { Wakeup::Incoming(served.next().await) };
        let report = async { Wakeup::Report(self.links.next().await) };
        let of_links = either_first(self.turns.is_multiple_of(4), report, incoming);
        let others = either_first(self.turns.is_multiple_of(2), of_links, request);
        or(timeout, or(radio, others)).await
    }

    fn deadline(&self) -> Instant {
        let deadlines = [self.parts.station.poll_timeout(), self.again];
        deadlines.into_iter().flatten().fold(self.parts.announcer.due(), Instant::min)
    }

    async fn on_wakeup(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Request(Some(request)) => self.on_request(request).await,
            Wakeup::Incoming(Some(link)) => {
                let (link, event) = self.links.accept(link);
                self.give(Input::Link { link, event });
            }
            Wakeup::Report(Report::Packet { link, data }) => {
                self.give(Input::Packet { link, data: &data });
            }
            Wakeup::Report(Report::Event { link, event }) => {
                self.links.on_event(link, event);
                self.give(Input::Link { link, event });
            }
            Wakeup::Radio(Some(packet)) => {
                let sent = self.command(StationCommand::Send(&packet.data));
                self.unsent += u64::from(sent.is_err());
            }
            Wakeup::Radio(None) => self.radio = None,
            Wakeup::Timeout => self.give(Input::Timeout),
            // The loop ends on these.
            Wakeup::Request(None) | Wakeup::Incoming(None) | Wakeup::Report(Report::NoPhone) => {}
        }
        self.on_due().await;
    }

    // The handle may be gone before the answer.
    async fn on_request(&mut self, request: Request) {
        match request {
            Request::Play(port) => self.radio = Some(port),
            Request::Relay(station, reply) => _ = reply.send(self.relay(station)),
            Request::StopRelay(reply) => {
                let stopped = self.command(StationCommand::StopRelay);
                if stopped.is_ok() {
                    (self.source, self.again) = (None, None);
                }
                reply.send(stopped);
            }
            Request::Announce(reply) => {
                let Parts { clock, announcer, served, .. } = &mut self.parts;
                announcer.announce(clock.now(), served).await;
                reply.send(());
            }
            Request::Status(reply) => _ = reply.send(self.status()),
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    fn relay(&mut self, station: IdentityHash) -> Result<(), InputError> {
        let link = self.links.number();
        self.command(StationCommand::Relay { link, station: station_of(station) })?;
        (self.source, self.again) = (Some(station), None);
        Ok(())
    }

    fn status(&self) -> StationStatus {
        let station = &self.parts.station;
        StationStatus {
            program: station.program().clone(),
            listeners: station.listeners().collect(),
            counters: station.counters(),
            unsent: self.unsent,
            late: self.links.late(),
        }
    }

    /// Does what is due beside the station's own deadlines.
    async fn on_due(&mut self) {
        let now = self.parts.clock.now();
        if self.again.is_some_and(|again| again <= now) {
            self.again = None;
            if let Some(source) = self.source {
                let relayed = self.relay(source);
                debug_assert_eq!(relayed, Ok(()), "the link to the source is closed");
            }
        }
        let Parts { station, announcer, served, .. } = &mut self.parts;
        announcer.on_due(now, station.announced(), served).await;
    }

    /// Gives an input that the station does not refuse.
    fn give(&mut self, input: Input<'_, StationCommand<'_>>) {
        let taken = self.input(input);
        debug_assert_eq!(taken, Ok(()), "outputs are drained");
    }

    fn command(&mut self, command: StationCommand<'_>) -> Result<(), InputError> {
        self.input(Input::Command(command))
    }

    fn input(&mut self, input: Input<'_, StationCommand<'_>>) -> Result<(), InputError> {
        let now = self.parts.clock.now();
        let taken = self.parts.station.handle_input(now, input);
        while let Some(output) = self.parts.station.poll_output() {
            match output {
                Output::Transmit { link, class, data } => self.links.transmit(link, class, data),
                Output::Link { link, request } => self.links.request(link, request),
                Output::Event(event) => {
                    if let StationEvent::SourceClosed { again, .. } = &event {
                        self.again = again.map(|pause| now + pause);
                    }
                    self.parts.events.push(event);
                }
            }
        }
        taken
    }

    /// Closes all links, after what waits for them is sent.
    async fn finish(mut self, reply: Option<Reply<()>>) {
        let closed = self.command(StationCommand::Close);
        debug_assert_eq!(closed, Ok(()), "outputs are drained");
        let Self { parts: Parts { clock, requests, served, events, .. }, links, .. } = self;
        // No new links come in while the old ones close.
        drop(served);
        let late = clock.wait_until(Some(clock.now() + FAREWELL));
        or(links.finish(), late).await;
        end(&requests);
        drop(events);
        reply.map(|reply| reply.send(()));
    }
}
