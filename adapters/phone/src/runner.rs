//! The phone's task: the one owner of the engine.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Moment};

use async_channel::Sender;
use bytes::Bytes;
use futures_lite::future::yield_now;
use lxst_engine::core::limits::GOODBYE;
use lxst_engine::core::{
    Command, Direction, Event as CallEvent, Instant, InsteadOfVoice, Mute, PortChange, Samples,
    StreamChange,
};
use lxst_engine::{Engine, Event, InterfaceOrigin, LINGER, LinkQueue};
use lxst_reticulum::{Endpoint, InterfaceId};

use crate::audio::{BLOCK, Clock, SinkPort, SourcePort};
use crate::drop_log::DropLog;
use crate::host::{CoderThread, unix_time};
use crate::inbox::{Inbox, PortListeners, Turn, World};
use crate::interface::Io;
use crate::links::{CommandSender, LinkReport};
use crate::network::Network;
use crate::outlets::{Ended, Outlets};
use crate::pace::{BLOCK_TIME, Pace};
use crate::request::{Counters, Request};
use crate::runtime::Runtime;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Runner<R> {
    runtime: R,
    /// The moment that is the engine's origin.
    origin: Moment,
    engine: Engine<Network>,
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
    when_no_microphone: InsteadOfVoice,
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
    /// What the engine was told that ports dropped.
    told: Dropped,
    buffer: Vec<u8>,
    wakeups: u64,
}

/// What the phone's task is made of.
#[derive(Debug)]
pub(crate) struct Parts<R> {
    pub(crate) runtime: R,
    pub(crate) origin: Moment,
    pub(crate) engine: Engine<Network>,
    pub(crate) coder: CoderThread,
    pub(crate) inbox: Inbox,
    pub(crate) stack: Option<CommandSender>,
    pub(crate) stores: Vec<Store>,
    pub(crate) outlets: Outlets,
    pub(crate) when_no_microphone: InsteadOfVoice,
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
        if parts.when_no_microphone == InsteadOfVoice::Silence {
            parts.engine.port(Instant::ORIGIN, Direction::Send, PortChange::Attached);
        }
        Self {
            runtime: parts.runtime,
            origin: parts.origin,
            engine: parts.engine,
            coder: parts.coder,
            inbox: parts.inbox,
            stack: parts.stack,
            stores: parts.stores,
            drop_log: DropLog::default(),
            outlets: parts.outlets,
            interfaces: BTreeMap::new(),
            has_connected: false,
            wrote: None,
            when_no_microphone: parts.when_no_microphone,
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
            store.catch_up(&self.engine, now);
            store.written().await;
        }
        // The engine ends here, and with it a tap: whoever asked finds its trace complete.
        Ended { outlets: self.outlets, requests: self.inbox.requests, reply }
    }

    /// Hands on what the engine has, and waits for the next thing to do.
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
            World::Done(done) => self.engine.handle_done(now, done),
            // The next flush looks at the ports.
            World::Port => {}
        }
    }

    fn on_due(&mut self, now: Instant) {
        if self.engine.poll_timeout().is_some_and(|at| at <= now) {
            self.engine.handle_timeout(now);
        }
        for store in &mut self.stores {
            store.on_timeout(&self.engine, now);
        }
        while self.capture.take_due(now) {
            match &mut self.source {
                Some(source) => self.engine.capture(now, &source.take_block()),
                None => self.engine.capture(now, &[0.0; BLOCK]),
            }
        }
        if !self.engine.awaits_audio(BLOCK) && self.playout.take_due(now) {
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
                let dialled = self.engine.dial(now, to, profile, mode);
                self.tell(now);
                reply.send(dialled);
            }
            Request::Command { command, reply } => {
                let done = self.engine.command(now, command);
                if done.is_ok() {
                    self.on_command(command);
                }
                self.tell(now);
                reply.send(done);
            }
            Request::Access(access) => self.engine.set_access(access),
            Request::Callers(callers) => self.engine.set_callers(callers),
            Request::Source(mut source) => {
                if self.streams.is_sending {
                    source.open(now);
                }
                self.dropped.captured += self.source.as_ref().map_or(0, SourcePort::dropped);
                self.source = Some(source);
                self.engine.port(now, Direction::Send, PortChange::Attached);
            }
            Request::Sink(sink) => {
                self.dropped.played += self.sink.as_ref().map_or(0, SinkPort::dropped);
                self.sink = Some(sink);
                self.engine.port(now, Direction::Receive, PortChange::Attached);
            }
            Request::Subscribe(queue) => self.outlets.subscribe(queue),
            Request::Counters(reply) => {
                let coder = self.engine.capture_dropped().0;
                let Dropped { captured, played } = self.all_dropped();
                reply.send(Counters {
                    telephone: *self.engine.counters(),
                    capture_dropped: duration(coder + captured),
                    playback_dropped: duration(played),
                    datagrams_dropped: self.inbox.io.dropped(),
                    endpoint: self
                        .engine
                        .stack()
                        .endpoint()
                        .map(|endpoint| endpoint.counters().clone()),
                    wakeups: self.wakeups,
                });
            }
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    /// Takes note of what a command that was done means for the ports.
    fn on_command(&mut self, command: Command) {
        match command {
            Command::SetAvailable(is_available) => self.outlets.state.is_available = is_available,
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
                let up = |endpoint: &mut Endpoint| endpoint.interface_up(now, config);
                let Some(id) = self.with_endpoint(now, up) else { return };
                self.engine.network_up(now, origin);
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
                if let Some(id) = self.interfaces.get(&number).map(|interface| interface.id) {
                    self.with_endpoint(now, |endpoint| endpoint.handle_bytes(now, id, &bytes));
                }
            }
            Io::Datagram { number, from, bytes } => {
                if let Some(id) = self.interfaces.get(&number).map(|interface| interface.id) {
                    let datagram = |endpoint: &mut Endpoint| {
                        endpoint.handle_datagram(now, id, from, &bytes);
                    };
                    self.with_endpoint(now, datagram);
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
            self.with_endpoint(now, Endpoint::set_isolated);
        }
    }

    fn interface_down(&mut self, now: Instant, number: u32) {
        if let Some(interface) = self.interfaces.remove(&number) {
            self.with_endpoint(now, |endpoint| endpoint.interface_down(now, interface.id));
        }
    }

    fn on_report(&mut self, report: LinkReport) {
        let now = self.now();
        match report {
            LinkReport::NetworkUp => self.engine.network_up(now, InterfaceOrigin(0)),
            LinkReport::Event(event) => self.engine.with_stack(now, |network| {
                if let Some(queue) = network.port_mut() {
                    queue.push(event);
                }
            }),
        }
    }

    fn with_endpoint<T>(
        &mut self,
        now: Instant,
        give: impl FnOnce(&mut Endpoint) -> T,
    ) -> Option<T> {
        self.engine.with_stack(now, |network| network.endpoint_mut().map(give))
    }

    /// Gives the sink so many samples of what the engine plays.
    fn play(&mut self, now: Instant, samples: usize) {
        let mut pcm = [0.0; BLOCK];
        // A block is at most BLOCK long.
        let pcm = &mut pcm[..samples.min(BLOCK)];
        self.engine.play(now, pcm);
        if self.streams.is_speaker_muted {
            pcm.fill(0.0);
        }
        if let Some(sink) = &mut self.sink {
            sink.give(pcm);
        }
    }

    /// Hands on what the engine has: tasks, events, commands for another stack, audio, and bytes
    /// for the interfaces that can write. What the ports' owners do from then on is listened for.
    fn flush(&mut self) -> PortListeners {
        let now = self.now();
        let ports = self.see_ports(now);
        self.hand_on(now);
        self.hear_device(now);
        self.fill_device(now);
        self.run_clocks(now);
        self.tell_overruns(now);
        self.transmit(now);
        for store in &mut self.stores {
            store.observe(&self.engine, now);
        }
        self.publish();
        ports
    }

    /// Gives the interfaces that can write what the endpoint has for them.
    fn transmit(&mut self, now: Instant) {
        let Some(endpoint) = self.engine.stack_mut().endpoint_mut() else { return };
        for Interface { id, writer, unwritten, .. } in self.interfaces.values_mut() {
            while !writer.is_full() && !writer.is_closed() {
                let Some(bytes) = endpoint.poll_transmit(now, unix_time(), *id, &mut self.buffer)
                else {
                    break;
                };
                // There was room, and nobody else writes.
                let given = writer.try_send(Bytes::copy_from_slice(bytes));
                *unwritten += usize::from(given.is_ok());
            }
        }
        self.drop_log.observe(self.runtime.now(), endpoint.counters());
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
            if self.when_no_microphone == InsteadOfVoice::Nothing {
                self.engine.port(now, Direction::Send, PortChange::Detached);
            }
        }
        if let Some(sink) = self.sink.take_if(|sink| sink.is_dropped()) {
            self.dropped.played += sink.dropped();
            self.engine.port(now, Direction::Receive, PortChange::Detached);
        }
        listeners
    }

    /// Lets whoever is about to be answered find what came of it in events and in the state.
    fn tell(&mut self, now: Instant) {
        self.hand_on(now);
        self.publish();
    }

    fn hand_on(&mut self, now: Instant) {
        while let Some(task) = self.engine.poll_task() {
            self.coder.give(task);
        }
        while let Some(event) = self.engine.poll_event() {
            self.on_event(now, event);
        }
        if let Some(stack) = &self.stack {
            while let Some(command) =
                self.engine.stack_mut().port_mut().and_then(LinkQueue::poll_command)
            {
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
                self.engine.capture(now, &pcm);
                self.hand_on(now);
            }
        }
        if let Some(source) = &self.source {
            source.sent_but(self.engine.capture_unsent());
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
            if self.engine.awaits_audio(block) {
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

    /// Tells the engine of what the ports dropped, so that it shows in the call's counters.
    fn tell_overruns(&mut self, now: Instant) {
        let Dropped { captured, played } = self.all_dropped();
        let before = std::mem::replace(&mut self.told, Dropped { captured, played });
        self.engine.overrun(now, Direction::Send, Samples(captured - before.captured));
        self.engine.overrun(now, Direction::Receive, Samples(played - before.played));
    }

    /// Runs the phone's clocks while a port has need of one.
    fn run_clocks(&mut self, now: Instant) {
        let Streams { is_sending, is_receiving, .. } = self.streams;
        let (is_paced, is_live) = match &self.source {
            Some(source) => (!source.is_live(), source.is_live()),
            None => (self.when_no_microphone == InsteadOfVoice::Silence, false),
        };
        let sink = self.sink.as_ref().map(SinkPort::clock);
        self.capture.run_while(is_sending && is_paced, now);
        self.playout.run_while(is_receiving && sink == Some(Clock::Phone), now);
        let is_played = is_receiving && sink == Some(Clock::Device);
        self.devices.run_while(is_sending && is_live || is_played, now);
    }

    fn publish(&mut self) {
        let state = &mut self.outlets.state;
        state.call = self.engine.call();
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
        self.outlets.state.is_available = false;
        let until = self.runtime.now() + FAREWELL;
        self.engine.retire(self.now());
        // A link that is left then is closed without a goodbye.
        let goodbye = self.runtime.now() + GOODBYE;
        self.go_on(goodbye, |runner| !runner.engine.has_links()).await;
        self.engine.close(self.now());
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
        let playout = self.playout.next().filter(|_| !self.engine.awaits_audio(BLOCK));
        let stores = self.stores.iter().filter_map(Store::due);
        let clocks = [self.capture.next(), self.devices.next(), playout];
        let deadlines = [self.engine.poll_timeout()].into_iter().chain(clocks).flatten();
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
