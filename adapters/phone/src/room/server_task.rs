//! The task of a server of rooms, which drives the sans-IO value.

use std::time::Duration;

use async_channel::Receiver;
use futures_lite::future::{or, yield_now};
use lxst_core::Instant;
use lxst_rooms::{Input, Output, Server, ServerCommand, ServerEvent};

use super::request::{RoomServerStatus, ServerRequest as Request, Taken, end};
use crate::carried_links::{FAREWELL, Links, Report, TURNS_IN_A_ROW};
use crate::clock::Clock;
use crate::destinations::{Link, Served};
use crate::event_stream::EventQueue;
use crate::inbox::either_first;
use crate::request::Reply;
use crate::runtime::Runtime;

#[derive(Debug)]
pub(super) struct ServerTask<'e, R> {
    parts: Parts<R>,
    links: Links<'e>,
    /// When the server is announced.
    announce: Instant,
    turns: u64,
}

/// The parts of a server's task.
#[derive(Debug)]
pub(super) struct Parts<R> {
    pub(super) clock: Clock<R>,
    pub(super) server: Server,
    pub(super) served: Served,
    pub(super) events: EventQueue<ServerEvent>,
    pub(super) requests: Receiver<Request>,
}

/// Why the task wakes.
enum Wakeup {
    /// A handle asks; `None` when the last one was dropped.
    Request(Option<Request>),
    /// A peer's link; `None` when the phone has shut down.
    Incoming(Option<Link>),
    Report(Report),
    Timeout,
}

impl<'e, R: Runtime> ServerTask<'e, R> {
    /// Makes the task of a server whose announce is due.
    pub(super) fn new(parts: Parts<R>, links: Links<'e>) -> Self {
        Self { announce: parts.clock.now(), parts, links, turns: 0 }
    }

    /// Runs until the app ends the server, or the phone shuts down.
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
        let Parts { clock, server, served, requests, .. } = &self.parts;
        let deadline = server.poll_timeout().map_or(self.announce, |due| due.min(self.announce));
        let timeout = async {
            clock.wait_until(Some(deadline)).await;
            Wakeup::Timeout
        };
        let request = async { Wakeup::Request(requests.recv().await.ok()) };
        let incoming = async { Wakeup::Incoming(served.next().await) };
        let report = async { Wakeup::Report(self.links.next().await) };
        let of_links = either_first(self.turns.is_multiple_of(4), report, incoming);
        or(timeout, either_first(self.turns.is_multiple_of(2), of_links, request)).await
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
            Wakeup::Timeout => {
                self.give(Input::Timeout);
                if self.announce <= self.parts.clock.now() {
                    self.announce().await;
                }
            }
            // The loop ends on these.
            Wakeup::Request(None) | Wakeup::Incoming(None) | Wakeup::Report(Report::NoPhone) => {}
        }
    }

    // The handle may be gone before the answer.
    async fn on_request(&mut self, request: Request) {
        match request {
            Request::Command(command, reply) => {
                reply.send(self.input(Input::Command(command)));
            }
            Request::Announce(reply) => {
                self.announce().await;
                reply.send(());
            }
            Request::Status(reply) => _ = reply.send(self.status()),
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    async fn announce(&mut self) {
        // A phone that has shut down ends the server.
        let _ = self.parts.served.announce().await;
        self.announce = self.parts.clock.now() + INTERVAL;
    }

    fn status(&self) -> RoomServerStatus {
        let server = &self.parts.server;
        RoomServerStatus {
            rooms: server.rooms().map(Into::into).collect(),
            members: server.members().map(Into::into).collect(),
            counters: server.counters(),
            late: self.links.late(),
        }
    }

    /// Gives an input that the server does not refuse.
    fn give(&mut self, input: Input<'_, ServerCommand>) {
        let taken = self.input(input);
        debug_assert_eq!(taken, Ok(()), "outputs are drained");
    }

    fn input(&mut self, input: Input<'_, ServerCommand>) -> Taken {
        let Parts { clock, server, events, .. } = &mut self.parts;
        let taken = server.handle_input(clock.now(), input);
        while let Some(output) = server.poll_output() {
            match output {
                Output::Transmit { link, class, data } => self.links.transmit(link, class, data),
                Output::Link { link, request } => self.links.request(link, request),
                Output::Event(event) => events.push(event),
            }
        }
        taken
    }

    /// Closes all links, after what waits for them is sent.
    async fn finish(mut self, reply: Option<Reply<()>>) {
        self.give(Input::Command(ServerCommand::Close));
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

/// How long after an announce the server announces itself again.
///
/// *Source*: `--announce-interval` of partyline/server.py.
const INTERVAL: Duration = Duration::from_secs(3_300);
