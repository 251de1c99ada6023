//! The phone's task: the one owner of the driver.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Moment};

use async_channel::Sender;
use bytes::Bytes;
use futures_lite::future::yield_now;
use lxst_driver::core::limits::GOODBYE;
use lxst_driver::core::{
    Availability, Command, Direction, Event as CallEvent, Instant, Mute, PortChange, Samples,
    StreamChange,
};
use lxst_driver::reticulum::InterfaceId;
use lxst_driver::system::{CoderThread, unix_time};
use lxst_driver::{Driver, Event, InterfaceOrigin, LINGER};

use crate::audio::{BLOCK, Clock, SinkPort, SourcePort};
use crate::builder::MissingSource;
use crate::drop_log::DropLog;
use crate::inbox::{Inbox, PortListeners, Turn, World};
use crate::interface::Io;
use crate::links::{CommandSender, LinkReport};
use crate::outlets::{Ended, Outlets};
use crate::pace::{BLOCK_TIME, Pace};
use crate::request::{Figures, Request};
use crate::runtime::Runtime;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Runner<R> {
    runtime: R,
    /// The moment that is the driver's origin.
    origin: Moment,
    driver: Driver,
    coder: CoderThread,
    inbox: Inbox,
    stack: Option<CommandSender>,
    stores: Vec<Store>,
    drop_log: DropLog,
    outlets: Outlets,
    interfaces: BTreeMap<u32, Interface>,
    /// Whether an interface ever came up.
    has_connected: bool,
    /// When an interface wrote last.
    wrote: Option<Moment>,
    missing_source: MissingSource,
    source: Option<SourcePort>,
    sink: Option<SinkPort>,
    streams: Streams,
    /// The clock of a source at the phone's pace.
    capture: Pace,
    /// The clock of a sink at the phone's pace.
    playout: Pace,
    /// When ports at a device's pace are looked at, whose callbacks wake nobody.
    devices: Pace,
    /// What ports that are gone dropped.
    dropped: Dropped,
    /// What the driver was told that ports dropped.
    told: Dropped,
    buffer: Vec<u8>,
    wakeups: u64,
}

/// What the phone's task is made of.
#[derive(Debug)]
pub(crate) struct Parts<R> {
    pub(crate) runtime: R,
    pub(crate) origin: Moment,
    pub(crate) driver: Driver,
    pub(crate) coder: CoderThread,
    pub(crate) inbox: Inbox,
    pub(crate) stack: Option<CommandSender>,
    pub(crate) stores: Vec<Store>,
    pub(crate) outlets: Outlets,
    pub(crate) missing_source: MissingSource,
}

#[derive(Debug)]
struct Interface {
    id: InterfaceId,
    origin: InterfaceOrigin,
    writer: Sender<Bytes>,
    /// What the writer was given and has not written.
    unwritten: usize,
}

/// Samples that the ports dropped.
#[derive(Clone, Copy, Debug, Default)]
struct Dropped {
    captured: u64,
    played: u64,
}

/// The directions of the call's audio.
#[derive(Clone, Copy, Debug, Default)]
struct Streams {
    is_sending: bool,
    is_receiving: bool,
    is_speaker_muted: bool,
}

impl<R: Runtime> Runner<R> {
    pub(crate) fn new(mut parts: Parts<R>) -> Self {
        if parts.missing_source == MissingSource::Silence {
            parts.driver.port(Instant::ORIGIN, Direction::Send, PortChange::Attached);
        }
        Self {
            runtime: parts.runtime,
            origin: parts.origin,
            driver: parts.driver,
            coder: parts.coder,
            inbox: parts.inbox,
            stack: parts.stack,
            stores: parts.stores,
            drop_log: DropLog::default(),
            outlets: parts.outlets,
            interfaces: BTreeMap::new(),
            has_connected: false,
            wrote: None,
            missing_source: parts.missing_source,
            source: None,
            sink: None,
            streams: Streams::default(),
            capture: Pace::new(BLOCK_TIME),
            playout: Pace::new(BLOCK_TIME),
            devices: Pace::new(DEVICE_TIME),
            dropped: Dropped::default(),
            told: Dropped::default(),
            buffer: Vec::new(),
            wakeups: 0,
        }
    }

    /// Lives until the app ends the phone. What is left then is to be told when the interfaces are
    /// gone too.
    pub(crate) async fn run(mut self) -> Ended {
        self.see_isolation(self.now());
        let reply = loop {
            match self.turn().await {
                Turn::Asked(Some(Request::ShutDown(reply))) => break Some(reply),
                Turn::Asked(Some(request)) => self.on_request(request),
                Turn::Asked(None) => break None,
                Turn::World(world) => self.on_world(world),
            }
        };
        self.shut_down().await;
        let now = self.now();
        for store in &mut self.stores {
            store.written().await;
            store.catch_up(&self.driver, now);
            store.written().await;
        }
        // The driver ends here, and with it a tap: whoever asked finds its trace complete.
        Ended { outlets: self.outlets, requests: self.inbox.requests, reply }
    }

    /// Hands on what the driver has, and waits for the next thing to do.
    async fn turn(&mut self) -> Turn {
        let ports = self.flush();
        self.wakeups += 1;
        if self.wakeups.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        self.inbox.turn(&self.runtime, self.deadline(), ports, self.wakeups).await
    }

    /// Does what anything but a request asks for.
    fn on_world(&mut self, world: World) {
        let now = self.now();
        match world {
            World::Due => self.on_due(now),
            World::Io(io) => self.on_io(io),
            World::Report(report) => self.on_report(report),
            World::Done(done) => self.driver.handle_done(now, done),
            // The next flush looks at the ports.
            World::Port => {}
        }
    }

    fn on_due(&mut self, now: Instant) {
        if self.driver.poll_timeout().is_some_and(|at| at <= now) {
            self.driver.handle_timeout(now);
        }
        for store in &mut self.stores {
            store.on_timeout(&self.driver, now);
        }
        while self.capture.take_due(now) {
            match &mut self.source {
                Some(source) => self.driver.capture(now, &source.take_block()),
                None => self.driver.capture(now, &[0.0; BLOCK]),
            }
        }
        if !self.driver.awaits_audio(BLOCK) && self.playout.take_due(now) {
            self.play(now, BLOCK);
        }
        // The next flush looks at the devices.
        while self.devices.take_due(now) {}
    }

    fn on_request(&mut self, request: Request) {
        let now = self.now();
        // Whoever asked may have gone before the answer; that is their business.
        match request {
            Request::Dial { to, profile, mode, reply } => {
                let dialled = self.driver.dial(now, to, profile, mode);
                self.tell(now);
                reply.send(dialled);
            }
            Request::Command { command, reply } => {
                let done = self.driver.command(now, command);
                if done.is_ok() {
                    self.on_command(command);
                }
                self.tell(now);
                reply.send(done);
            }
            Request::Access(access) => self.driver.set_access(access),
            Request::Callers(callers) => self.driver.set_callers(callers),
            Request::Source(mut source) => {
                if self.streams.is_sending {
                    source.open(now);
                }
                self.dropped.captured += self.source.as_ref().map_or(0, SourcePort::dropped);
                self.source = Some(source);
                self.driver.port(now, Direction::Send, PortChange::Attached);
            }
            Request::Sink(sink) => {
                self.dropped.played += self.sink.as_ref().map_or(0, SinkPort::dropped);
                self.sink = Some(sink);
                self.driver.port(now, Direction::Receive, PortChange::Attached);
            }
            Request::Subscribe(queue) => self.outlets.subscribe(queue),
            Request::Figures(reply) => {
                let coder = self.driver.capture_dropped().0;
                let Dropped { captured, played } = self.all_dropped();
                reply.send(Figures {
                    telephone: *self.driver.stats(),
                    capture_dropped: duration(coder + captured),
                    playback_dropped: duration(played),
                    datagrams_dropped: self.inbox.io.dropped(),
                    endpoint: self.driver.endpoint_stats().cloned(),
                    wakeups: self.wakeups,
                });
            }
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    /// Takes note of what a command that was done means for the ports.
    fn on_command(&mut self, command: Command) {
        match command {
            Command::SetBusy(availability) => self.outlets.state.availability = availability,
            Command::Mute(_, Direction::Receive, mute) => {
                self.streams.is_speaker_muted = mute == Mute::Muted;
                if let Some(sink) = &mut self.sink {
                    sink.flush();
                }
            }
            _ => {}
        }
    }

    fn on_io(&mut self, io: Io) {
        let now = self.now();
        match io {
            Io::Up { origin, config, writer, number } => {
                let Some(id) = self.driver.interface_up(now, origin, config) else { return };
                self.has_connected = true;
                self.interfaces.insert(id.0, Interface { id, origin, writer, unwritten: 0 });
                self.set_trouble(origin, None);
                if !number.send(id.0) {
                    self.interface_down(now, id.0);
                }
            }
            Io::Trouble { origin, trouble } => {
                self.set_trouble(origin, Some(trouble));
                self.see_isolation(now);
            }
            Io::Received { number, bytes } => {
                if let Some(interface) = self.interfaces.get(&number) {
                    self.driver.handle_bytes(now, interface.id, &bytes);
                }
            }
            Io::Datagram { number, from, bytes } => {
                if let Some(interface) = self.interfaces.get(&number) {
                    self.driver.handle_datagram(now, interface.id, from, &bytes);
                }
            }
            // What waits for it is sent by the next flush.
            Io::Written { number } => {
                self.wrote = Some(self.runtime.now());
                if let Some(interface) = self.interfaces.get_mut(&number) {
                    interface.unwritten -= 1;
                }
            }
            Io::Down { number } => self.interface_down(now, number),
        }
    }

    fn set_trouble(&mut self, origin: InterfaceOrigin, trouble: Option<String>) {
        if let Some(interface) = self.outlets.state.interfaces.get_mut(origin.0 as usize) {
            interface.trouble = trouble;
        }
    }

    /// Nobody can be reached where no interface ever connected, and none is still trying for the first
    /// time.
    fn see_isolation(&mut self, now: Instant) {
        let interfaces = &self.outlets.state.interfaces;
        if !self.has_connected && interfaces.iter().all(|interface| interface.trouble.is_some()) {
            self.driver.set_isolated(now);
        }
    }

    fn interface_down(&mut self, now: Instant, number: u32) {
        if let Some(interface) = self.interfaces.remove(&number) {
            self.driver.interface_down(now, interface.id);
        }
    }

    fn on_report(&mut self, report: LinkReport) {
        let now = self.now();
        match report {
            LinkReport::NetworkUp => self.driver.network_up(now, InterfaceOrigin(0)),
            LinkReport::Announced { identity, hops } => self.driver.announced(identity, hops),
            LinkReport::Event { link, event } => self.driver.link_event(now, link, event),
            LinkReport::Packet { link, data } => self.driver.link_packet(now, link, &data),
        }
    }

    /// Gives the sink so many samples of what the driver plays.
    fn play(&mut self, now: Instant, samples: usize) {
        let mut pcm = [0.0; BLOCK];
        // A block is at most BLOCK long.
        let pcm = &mut pcm[..samples.min(BLOCK)];
        self.driver.play(now, pcm);
        if self.streams.is_speaker_muted {
            pcm.fill(0.0);
        }
        if let Some(sink) = &mut self.sink {
            sink.give(pcm);
        }
    }

    /// Hands on what the driver has: tasks, events, commands for another stack, audio, and bytes
    /// for the interfaces that can write. What the ports' owners do from then on is listened for.
    fn flush(&mut self) -> PortListeners {
        let now = self.now();
        let ports = self.see_ports(now);
        self.hand_on(now);
        self.hear_device(now);
        self.fill_device(now);
        self.run_clocks(now);
        self.tell_overruns(now);
        for Interface { id, writer, unwritten, .. } in self.interfaces.values_mut() {
            while !writer.is_full() && !writer.is_closed() {
                let Some(bytes) =
                    self.driver.poll_transmit(now, unix_time(), *id, &mut self.buffer)
                else {
                    break;
                };
                // There was room, and nobody else writes.
                let given = writer.try_send(Bytes::copy_from_slice(bytes));
                *unwritten += usize::from(given.is_ok());
            }
        }
        for store in &mut self.stores {
            store.observe(&self.driver, now);
        }
        if let Some(stats) = self.driver.endpoint_stats() {
            self.drop_log.observe(self.runtime.now(), stats);
        }
        self.publish();
        ports
    }

    /// Detaches the ports whose owners dropped them.
    fn see_ports(&mut self, now: Instant) -> PortListeners {
        // First listened, then looked: nothing falls between.
        let listeners = PortListeners {
            source: self.source.as_ref().map(SourcePort::gone),
            sink: self.sink.as_ref().map(SinkPort::gone),
        };
        if let Some(source) = self.source.take_if(|source| source.is_over()) {
            self.dropped.captured += source.dropped();
            if self.missing_source == MissingSource::Nothing {
                self.driver.port(now, Direction::Send, PortChange::Detached);
            }
        }
        if let Some(sink) = self.sink.take_if(|sink| sink.is_dropped()) {
            self.dropped.played += sink.dropped();
            self.driver.port(now, Direction::Receive, PortChange::Detached);
        }
        listeners
    }

    /// Lets whoever is about to be answered find what came of it in events and in the state.
    fn tell(&mut self, now: Instant) {
        self.hand_on(now);
        self.publish();
    }

    fn hand_on(&mut self, now: Instant) {
        while let Some(task) = self.driver.poll_task() {
            self.coder.give(task);
        }
        while let Some(event) = self.driver.poll_event() {
            self.on_event(now, event);
        }
        if let Some(stack) = &self.stack {
            while let Some(command) = self.driver.poll_link_command() {
                stack.send(command);
            }
        }
    }

    fn on_event(&mut self, now: Instant, event: Event) {
        let state = &mut self.outlets.state;
        match event {
            Event::Stream { direction: Direction::Receive, change, .. } => {
                self.streams.is_receiving = change == StreamChange::Opened;
                self.streams.is_speaker_muted = false;
                if let (Some(sink), StreamChange::Opened) = (&mut self.sink, change) {
                    // What nobody took of an earlier call.
                    sink.flush();
                }
            }
            Event::Stream { direction: Direction::Send, change, .. } => {
                self.streams.is_sending = change == StreamChange::Opened;
                if let Some(source) = &mut self.source {
                    match change {
                        StreamChange::Opened => source.open(now),
                        StreamChange::Closed => source.close(),
                    }
                }
            }
            Event::Call(CallEvent::Quality { quality, .. }) => state.quality = Some(quality),
            Event::Call(CallEvent::Ended { call, reason }) => {
                state.ended = Some((call, reason));
                state.quality = None;
            }
            _ => {}
        }
        self.outlets.push(event);
    }

    /// Takes what a live source brought, and notes what of a paced one was sent.
    fn hear_device(&mut self, now: Instant) {
        let Some(source) = &mut self.source else { return };
        if self.streams.is_sending {
            let pcm = source.take_live(now);
            if !pcm.is_empty() {
                self.driver.capture(now, &pcm);
                self.hand_on(now);
            }
        }
        if let Some(source) = &self.source {
            source.sent_but(self.driver.capture_unsent());
        }
    }

    /// Keeps a device's next blocks ready.
    fn fill_device(&mut self, now: Instant) {
        let Some(sink) = self.sink.as_mut().filter(|sink| sink.clock() == Clock::Device) else {
            return;
        };
        let mut wanted = sink.wants(now);
        while self.streams.is_receiving && wanted > 0 {
            let block = wanted.min(BLOCK / 2);
            if self.driver.awaits_audio(block) {
                return;
            }
            self.play(now, block);
            wanted -= block;
            self.hand_on(now);
        }
    }

    /// What the ports dropped, those that are gone included.
    fn all_dropped(&self) -> Dropped {
        let source = self.source.as_ref().map_or(0, SourcePort::dropped);
        let sink = self.sink.as_ref().map_or(0, SinkPort::dropped);
        Dropped { captured: self.dropped.captured + source, played: self.dropped.played + sink }
    }

    /// Tells the driver of what the ports dropped, so that it shows in the call's figures.
    fn tell_overruns(&mut self, now: Instant) {
        let Dropped { captured, played } = self.all_dropped();
        let before = std::mem::replace(&mut self.told, Dropped { captured, played });
        self.driver.overrun(now, Direction::Send, Samples(captured - before.captured));
        self.driver.overrun(now, Direction::Receive, Samples(played - before.played));
    }

    /// Runs the phone's clocks while a port has need of one.
    fn run_clocks(&mut self, now: Instant) {
        let Streams { is_sending, is_receiving, .. } = self.streams;
        let (is_paced, is_live) = match &self.source {
            Some(source) => (!source.is_live(), source.is_live()),
            None => (self.missing_source == MissingSource::Silence, false),
        };
        let sink = self.sink.as_ref().map(SinkPort::clock);
        self.capture.run_while(is_sending && is_paced, now);
        self.playout.run_while(is_receiving && sink == Some(Clock::Phone), now);
        let is_played = is_receiving && sink == Some(Clock::Device);
        self.devices.run_while(is_sending && is_live || is_played, now);
    }

    fn publish(&mut self) {
        let state = &mut self.outlets.state;
        state.call = self.driver.call();
        state.connections = self.interfaces.len();
        for (interface, origin) in state.interfaces.iter_mut().zip((0..).map(InterfaceOrigin)) {
            let standing = self.interfaces.values().filter(|standing| standing.origin == origin);
            interface.connections = standing.count();
        }
        state.has_source = self.source.is_some();
        state.has_sink = self.sink.is_some();
        self.outlets.publish();
    }

    /// Ends what stands, tells the peers of it, lets the interfaces write it and the peers read it.
    async fn shut_down(&mut self) {
        self.outlets.state.availability = Availability::Busy;
        let until = self.runtime.now() + FAREWELL;
        self.driver.retire(self.now());
        // A link that is left then is closed without a goodbye.
        let goodbye = self.runtime.now() + GOODBYE;
        self.go_on(goodbye, |runner| !runner.driver.has_links()).await;
        self.driver.close(self.now());
        // A stalled socket must not keep the app.
        let is_written =
            |runner: &Self| runner.interfaces.values().all(|interface| interface.unwritten == 0);
        self.go_on(until, is_written).await;
        if let Some(wrote) = self.wrote {
            self.go_on(wrote + LINGER, |runner| runner.interfaces.is_empty()).await;
        }
    }

    /// Serves the world until that is enough, or late.
    async fn go_on(&mut self, until: Moment, is_enough: impl Fn(&Self) -> bool) {
        loop {
            let ports = self.flush();
            if is_enough(self) || self.runtime.now() >= until {
                return;
            }
            let due = self.deadline().map_or(until, |due| due.min(until));
            let world = self.inbox.world(&self.runtime, Some(due), ports, false).await;
            self.on_world(world);
        }
    }

    fn now(&self) -> Instant {
        Instant::ORIGIN + self.runtime.now().saturating_duration_since(self.origin)
    }

    fn deadline(&self) -> Option<Moment> {
        // While a frame is being decoded, the end of that wakes us.
        let playout = self.playout.next().filter(|_| !self.driver.awaits_audio(BLOCK));
        let stores = self.stores.iter().filter_map(Store::due);
        let clocks = [self.capture.next(), self.devices.next(), playout];
        let deadlines = [self.driver.poll_timeout()].into_iter().chain(clocks).flatten();
        deadlines.chain(stores).min().map(|at| self.origin + at.since(Instant::ORIGIN))
    }
}

/// The time that so many samples last.
fn duration(samples: u64) -> Duration {
    Duration::from_secs(samples) / Samples::RATE_HZ
}

/// How often devices are looked at while a call has some: a callback must not wake the phone's task.
const DEVICE_TIME: Duration = Duration::from_millis(5);
/// How often the task goes on at once, before others of its thread have their turn.
const TURNS_IN_A_ROW: u64 = 64;
/// How long a shutdown waits for sockets.
const FAREWELL: Duration = Duration::from_secs(1);
