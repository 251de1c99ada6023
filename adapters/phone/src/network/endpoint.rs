//! The interfaces of our own endpoint, as the phone's task serves them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant as Moment;

use async_channel::Sender;
use bytes::Bytes;
use lxst_core::Instant;
use lxst_engine::{Engine, InterfaceOrigin};
use lxst_reticulum::limits::LINGER;
use lxst_reticulum::{Endpoint, EndpointLinks, InterfaceId};

use super::Network;
use super::backups::Backups;
use super::drop_log::DropLog;
use super::intake::Intake;
use super::io::Io;
use crate::destinations::{Apps, HandleEvent};
use crate::host::unix_time;
use crate::inbox::either_first;
use crate::request::Counters;
use crate::state::State;

/// The connected interfaces of our own endpoint, and the app's destinations.
#[derive(Debug)]
pub(crate) struct Interfaces {
    intake: Intake,
    /// The app's destinations beside the telephone.
    apps: Apps,
    /// Which of interfaces and destinations is polled first. It alternates, so that neither starves
    /// the other.
    is_turned: bool,
    backups: Backups,
    standing: BTreeMap<u32, Standing>,
    /// Shared instances that were attached to anew and have sent nothing since.
    attached_anew: BTreeSet<u32>,
    /// Whether an interface ever connected.
    has_connected: bool,
    /// When an interface wrote last.
    wrote: Option<Moment>,
    drop_log: DropLog,
    buffer: Vec<u8>,
}

/// An arrival for the phone's task, of an interface or of a handle of the app.
#[derive(Debug)]
pub(crate) enum Arrival {
    Io(Io),
    Handle(HandleEvent),
}

#[derive(Debug)]
struct Standing {
    id: InterfaceId,
    origin: InterfaceOrigin,
    writer: Sender<Bytes>,
    /// Packets that were queued and are not written.
    unwritten: usize,
}

impl Interfaces {
    pub(crate) fn new(intake: Intake, apps: Apps, backups: Backups) -> Self {
        Self {
            intake,
            apps,
            is_turned: false,
            backups,
            standing: BTreeMap::new(),
            attached_anew: BTreeSet::new(),
            has_connected: false,
            wrote: None,
            drop_log: DropLog::default(),
            buffer: Vec::new(),
        }
    }

    /// Tells the endpoint that nobody can be reached: no interface ever connected, and the first
    /// attempt of each has failed.
    fn see_isolation<const LINES: usize>(
        &self,
        now: Instant,
        engine: &mut Engine<EndpointLinks, LINES>,
        state: &State,
    ) {
        let are_troubled = state.interfaces.iter().all(|interface| interface.trouble.is_some());
        if !self.has_connected && are_troubled {
            with_endpoint(now, engine, Endpoint::set_isolated);
        }
    }

    /// Drops the connections to shared instances that no longer answer; their interfaces connect
    /// again. Each is dropped once: another program that says nothing after that keeps its
    /// connection.
    fn attach_anew<const LINES: usize>(
        &mut self,
        now: Instant,
        engine: &mut Engine<EndpointLinks, LINES>,
        state: &mut State,
    ) {
        let endpoint = engine.stack().endpoint();
        let is_deaf = |standing: &&Standing| endpoint.is_deaf(standing.id);
        let deaf = self.standing.values().filter(is_deaf);
        for (origin, number) in deaf.map(|deaf| (deaf.origin.0, deaf.id.0)).collect::<Vec<_>>() {
            if self.attached_anew.insert(origin) {
                let trouble = "the shared instance does not answer";
                tracing::warn!("{trouble}, attaching to it anew");
                self.down(now, number, Some(trouble.to_owned()), engine, state);
            }
        }
    }

    fn down<const LINES: usize>(
        &mut self,
        now: Instant,
        number: u32,
        trouble: Option<String>,
        engine: &mut Engine<EndpointLinks, LINES>,
        state: &mut State,
    ) {
        let Some(Standing { id, origin, .. }) = self.standing.remove(&number) else { return };
        with_endpoint(now, engine, |endpoint| endpoint.interface_down(now, id));
        let is_connected = self.standing.values().any(|standing| standing.origin == origin);
        if let Some(interface) = state.interfaces.get_mut(origin.0 as usize) {
            interface.connections_lost += 1;
            // The interface may have connected again already.
            if !is_connected {
                interface.trouble = trouble.or(interface.trouble.take());
            }
        }
    }
}

impl Network for Interfaces {
    type Stack = EndpointLinks;
    type Arrival = Arrival;

    async fn next(&self) -> Arrival {
        let io = async { Arrival::Io(self.intake.next().await) };
        let handle = async { Arrival::Handle(self.apps.next().await) };
        either_first(self.is_turned, io, handle).await
    }

    fn handle<const LINES: usize>(
        &mut self,
        (now, moment): (Instant, Moment),
        arrival: Arrival,
        engine: &mut Engine<EndpointLinks, LINES>,
        state: &mut State,
    ) {
        self.is_turned = !self.is_turned;
        let io = match arrival {
            Arrival::Io(io) => io,
            Arrival::Handle(event) => {
                let apps = &mut self.apps;
                return with_endpoint(now, engine, |endpoint| apps.handle(now, event, endpoint));
            }
        };
        match io {
            Io::Up { origin, config, writer, number } => {
                let id = with_endpoint(now, engine, |endpoint| endpoint.interface_up(now, config));
                engine.network_up(now, origin);
                self.has_connected = true;
                self.standing.insert(id.0, Standing { id, origin, writer, unwritten: 0 });
                set_trouble(state, origin, None);
                if !number.send(id.0) {
                    self.down(now, id.0, None, engine, state);
                }
            }
            Io::Trouble { origin, trouble } => {
                set_trouble(state, origin, Some(trouble));
                self.see_isolation(now, engine, state);
            }
            Io::Received { number, bytes } => {
                if let Some(Standing { id, origin, .. }) = self.standing.get(&number) {
                    self.attached_anew.remove(&origin.0);
                    with_endpoint(now, engine, |endpoint| endpoint.handle_bytes(now, *id, &bytes));
                }
            }
            Io::Datagram { number, from, bytes } => {
                if let Some(Standing { id, .. }) = self.standing.get(&number) {
                    with_endpoint(now, engine, |endpoint| {
                        endpoint.handle_datagram(now, *id, from, &bytes);
                    });
                }
            }
            // The next flush queues more.
            Io::Written { number } => {
                self.wrote = Some(moment);
                if let Some(standing) = self.standing.get_mut(&number) {
                    standing.unwritten -= 1;
                }
            }
            Io::Down { number, trouble } => self.down(now, number, trouble, engine, state),
            Io::Reset { origin, trouble } => {
                let of_it = self.standing.iter().filter(|(_, standing)| standing.origin == origin);
                for number in of_it.map(|(number, _)| *number).collect::<Vec<_>>() {
                    self.down(now, number, None, engine, state);
                }
                set_trouble(state, origin, trouble);
                self.see_isolation(now, engine, state);
            }
        }
    }

    fn flush<const LINES: usize>(
        &mut self,
        (now, moment): (Instant, Moment),
        engine: &mut Engine<EndpointLinks, LINES>,
        state: &mut State,
    ) {
        self.attach_anew(now, engine, state);
        let connected = self.standing.values().map(|standing| standing.origin);
        self.backups.decide(connected, engine.has_links(), state);
        self.apps.dispatch(now, engine.stack_mut());
        let endpoint = engine.stack_mut().endpoint_mut();
        for Standing { id, writer, unwritten, .. } in self.standing.values_mut() {
            while !writer.is_full() && !writer.is_closed() {
                let Some(bytes) = endpoint.poll_transmit(now, unix_time(), *id, &mut self.buffer)
                else {
                    break;
                };
                // There is room, and this is the only sender.
                let given = writer.try_send(Bytes::copy_from_slice(bytes));
                *unwritten += usize::from(given.is_ok());
            }
        }
        self.drop_log.observe(moment, endpoint.counters());
    }

    fn begin<const LINES: usize>(
        &mut self,
        now: Instant,
        engine: &mut Engine<EndpointLinks, LINES>,
        state: &State,
    ) {
        self.see_isolation(now, engine, state);
    }

    fn retire<const LINES: usize>(
        &mut self,
        now: Instant,
        engine: &mut Engine<EndpointLinks, LINES>,
    ) {
        let apps = &mut self.apps;
        with_endpoint(now, engine, |endpoint| apps.retire(now, endpoint));
    }

    fn make_room<const LINES: usize>(&mut self, engine: &Engine<EndpointLinks, LINES>) {
        if !engine.has_links() {
            self.backups.make_room();
        }
    }

    fn count<const LINES: usize>(
        &self,
        engine: &Engine<EndpointLinks, LINES>,
        counters: &mut Counters,
    ) {
        counters.datagrams_dropped = self.intake.dropped();
        counters.endpoint = Some(engine.stack().endpoint().counters().clone());
    }

    fn publish(&self, state: &mut State) {
        state.connections = self.standing.len();
        for (interface, origin) in state.interfaces.iter_mut().zip((0..).map(InterfaceOrigin)) {
            let of_it = self.standing.values().filter(|standing| standing.origin == origin);
            interface.connections = of_it.count();
        }
    }

    fn is_connected(&self) -> bool {
        !self.standing.is_empty()
    }

    fn is_written(&self) -> bool {
        self.standing.values().all(|standing| standing.unwritten == 0)
    }

    fn lingers_until(&self) -> Option<Moment> {
        self.wrote.map(|wrote| wrote + LINGER)
    }
}

fn with_endpoint<T, const LINES: usize>(
    now: Instant,
    engine: &mut Engine<EndpointLinks, LINES>,
    give: impl FnOnce(&mut Endpoint) -> T,
) -> T {
    engine.with_stack(now, |links| give(links.endpoint_mut()))
}

fn set_trouble(state: &mut State, origin: InterfaceOrigin, trouble: Option<String>) {
    if let Some(interface) = state.interfaces.get_mut(origin.0 as usize) {
        interface.trouble = trouble;
    }
}
