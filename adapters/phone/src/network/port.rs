//! A Reticulum stack that runs in the app, behind a [`LinkPort`].

use std::future::pending;
use std::time::Instant as Moment;

use async_channel::Receiver;
use async_executor::Executor;
use lxst_core::{IdentityHash, Instant};
use lxst_engine::{Engine, Ids, InterfaceOrigin, LinkQueue};

use super::{Network, Opened, Settings, StackSettings};
use crate::error::StartError;
use crate::link_reporter::LinkReport;
use crate::links::{CommandBell, LinkPort};
use crate::request::Counters;
use crate::runtime::Runtime;
use crate::state::State;

/// The stack is the app's: see [`PhoneBuilder::on_links`](crate::PhoneBuilder::on_links).
#[derive(Debug)]
pub struct AppStack {
    stack: LinkQueue,
    queues: Queues,
}

/// The queues to and from the app's stack.
#[derive(Debug)]
pub(crate) struct Queues {
    commands: CommandBell,
    reports: Receiver<LinkReport>,
}

impl AppStack {
    pub(crate) fn new(identity: IdentityHash, ids: Ids) -> (Self, LinkPort) {
        let stack = LinkQueue::new(identity);
        let (port, commands, reports) = LinkPort::new(ids, stack.commands());
        (Self { stack, queues: Queues { commands, reports } }, port)
    }
}

impl StackSettings for AppStack {}

impl Settings for AppStack {
    type Network = Queues;

    fn open<R: Runtime, const LINES: usize>(
        self,
        _runtime: &R,
    ) -> Result<Opened<Queues, LINES>, StartError> {
        Ok(Opened {
            network: self.queues,
            stack: self.stack,
            stores: Vec::new(),
            interfaces: Vec::new(),
            listening: Vec::new(),
            tasks: Executor::new(),
            #[cfg(feature = "endpoint")]
            lock: None,
        })
    }
}

impl Network for Queues {
    type Stack = LinkQueue;
    type Arrival = LinkReport;

    async fn next(&self) -> LinkReport {
        match self.reports.recv().await {
            Ok(report) => report,
            // The app dropped its side: nothing arrives any more.
            Err(_) => pending().await,
        }
    }

    fn handle<const LINES: usize>(
        &mut self,
        (now, _): (Instant, Moment),
        arrival: LinkReport,
        engine: &mut Engine<LinkQueue, LINES>,
        _state: &mut State,
    ) {
        match arrival {
            LinkReport::NetworkUp => engine.network_up(now, InterfaceOrigin(0)),
            LinkReport::Event(event) => engine.with_stack(now, |queue| queue.push(now, event)),
        }
    }

    fn flush<const LINES: usize>(
        &mut self,
        _now: (Instant, Moment),
        _engine: &mut Engine<LinkQueue, LINES>,
        _state: &mut State,
    ) {
        self.commands.ring();
    }

    fn count<const LINES: usize>(
        &self,
        engine: &Engine<LinkQueue, LINES>,
        counters: &mut Counters,
    ) {
        counters.links = Some(engine.stack().counters());
    }
}
