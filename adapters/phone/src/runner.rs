//! The phone's task, which owns the engine.

use std::time::{Duration, Instant as Moment};

use futures_lite::future::yield_now;
use lxst_core::limits::GOODBYE;
use lxst_core::{
    Command, Direction, Instant, InsteadOfVoice, Mute, PortChange, Samples, StreamChange,
};
use lxst_engine::{Engine, Event as EngineEvent};

use crate::audio::{BLOCK, SinkPort, SourcePort};
use crate::event::Event;
use crate::host::CoderThread;
use crate::inbox::{Inbox, PortListeners, Wakeup};
use crate::network::Network;
use crate::outlets::{Ended, Outlets};
use crate::pace::{BLOCK_TIME, Pace};
use crate::request::{Counters, Request};
use crate::runtime::Runtime;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Runner<R, N: Network> {
    runtime: R,
    /// The moment of the engine's time 0.
    origin: Moment,
    engine: Engine<N::Stack>,
    network: N,
    coder: CoderThread,
    inbox: Inbox,
    stores: Vec<Store<N::Stack>>,
    outlets: Outlets,
    when_no_microphone: InsteadOfVoice,
    source: Option<SourcePort>,
    sink: Option<SinkPort>,
    streams: Streams,
    /// The clock of a source at the phone's pace.
    capture: Pace,
    /// The clock of a sink at the phone's pace.
    playout: Pace,
    /// The clock of looks at the ports of devices, whose callbacks wake no task.
    devices: Pace,
    /// Samples that detached ports dropped.
    dropped: Dropped,
    /// Dropped samples that the engine was told of.
    told: Dropped,
    wakeups: u64,
}

/// The parts of the phone's task.
#[derive(Debug)]
pub(crate) struct Parts<R, N: Network> {
    pub(crate) runtime: R,
    pub(crate) origin: Moment,
    pub(crate) engine: Engine<N::Stack>,
    pub(crate) network: N,
    pub(crate) coder: CoderThread,
    pub(crate) inbox: Inbox,
    pub(crate) stores: Vec<Store<N::Stack>>,
    pub(crate) outlets: Outlets,
    pub(crate) when_no_microphone: InsteadOfVoice,
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

impl<R: Runtime, N: Network> Runner<R, N> {
    pub(crate) fn new(mut parts: Parts<R, N>) -> Self {
        if parts.when_no_microphone == InsteadOfVoice::Silence {
            parts.engine.port(Instant::ORIGIN, Direction::Send, PortChange::Attached);
        }
        Self {
            runtime: parts.runtime,
            origin: parts.origin,
            engine: parts.engine,
            coder: parts.coder,
            inbox: parts.inbox,
            network: parts.network,
            stores: parts.stores,
            outlets: parts.outlets,
            when_no_microphone: parts.when_no_microphone,
            source: None,
            sink: None,
            streams: Streams::default(),
            capture: Pace::new(BLOCK_TIME),
            playout: Pace::new(BLOCK_TIME),
            devices: Pace::new(DEVICE_TIME),
            dropped: Dropped::default(),
            told: Dropped::default(),
            wakeups: 0,
        }
    }

    /// Runs until the app ends the phone. The caller reports the end with the returned value, when
    /// the interfaces have ended too.
    pub(crate) async fn run(mut self) -> Ended {
        self.network.begin(self.now(), &mut self.engine, &self.outlets.state);
        let reply = loop {
            match self.next_wakeup().await {
                Wakeup::Request(Some(Request::ShutDown(reply))) => break Some(reply),
                Wakeup::Request(None) => break None,
                wakeup => self.on_wakeup(wakeup),
            }
        };
        self.shut_down().await;
        let now = self.now();
        for store in &mut self.stores {
            store.written().await;
            store.catch_up(&self.engine, now);
            store.written().await;
        }
        // The engine and its tap end here: the trace is complete before the shutdown is answered.
        Ended { outlets: self.outlets, requests: self.inbox.requests, reply }
    }

    /// Hands on the engine's outputs, and waits for the next wakeup.
    async fn next_wakeup(&mut self) -> Wakeup<N::Arrival> {
        let ports = self.flush();
        self.wakeups += 1;
        if self.wakeups.is_multiple_of(TURNS_IN_A_ROW) {
            yield_now().await;
        }
        let served = (&self.runtime, &self.network);
        self.inbox.next(served, self.deadline(), ports, self.wakeups).await
    }

    fn on_wakeup(&mut self, wakeup: Wakeup<N::Arrival>) {
        let now = self.now();
        match wakeup {
            Wakeup::Request(Some(request)) => self.on_request(request),
            Wakeup::Timeout => self.on_timeout(now),
            Wakeup::Arrival(arrival) => {
                let now = (now, self.runtime.now());
                self.network.handle(now, arrival, &mut self.engine, &mut self.outlets.state);
            }
            Wakeup::Done(done) => self.engine.handle_done(now, done),
            // The next flush looks at the ports.
            Wakeup::Port | Wakeup::Request(None) => {}
        }
    }

    fn on_timeout(&mut self, now: Instant) {
        if self.engine.poll_timeout().is_some_and(|at| at <= now) {
            self.engine.handle_timeout(now);
        }
        for store in &mut self.stores {
            store.on_timeout(&self.engine, now);
        }
        while self.capture.take_due(now) {
            match &mut self.source {
                Some(SourcePort::Written(source)) => self.engine.capture(now, &source.take_block()),
                Some(SourcePort::Device(_)) | None => self.engine.capture(now, &[0.0; BLOCK]),
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
        // The handle may be gone before the answer.
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
            Request::Callers(callers) => self.engine.set_callers(now, callers),
            Request::DisplayName(name) => self.engine.set_display_name(name),
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
                let mut counters = Counters {
                    telephone: self.engine.counters(),
                    capture_dropped: duration(coder + captured),
                    playback_dropped: duration(played),
                    datagrams_dropped: 0,
                    links: None,
                    #[cfg(feature = "endpoint")]
                    endpoint: None,
                    wakeups: self.wakeups,
                };
                self.network.count(&self.engine, &mut counters);
                reply.send(counters);
            }
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    /// Applies a command that was carried out to the ports.
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

    /// Gives the sink the next samples of the engine's playout.
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

    /// Hands on the engine's outputs: tasks, events, link commands, audio, and bytes for the
    /// interfaces that can write. Returns listeners for what the app does to the ports from then
    /// on.
    fn flush(&mut self) -> PortListeners {
        let now = self.now();
        let ports = self.see_ports(now);
        self.hand_on(now);
        self.hear_device(now);
        self.fill_device(now);
        self.run_clocks(now);
        self.tell_overruns(now);
        let moment = self.runtime.now();
        self.network.flush((now, moment), &mut self.engine, &mut self.outlets.state);
        for store in &mut self.stores {
            store.observe(&self.engine, now);
        }
        self.publish();
        ports
    }

    /// Detaches the ports whose app side was dropped.
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

    /// Publishes the effects of a request in events and state before it is answered.
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
    }

    fn on_event(&mut self, now: Instant, event: EngineEvent) {
        if let EngineEvent::Stream { direction, change, .. } = event {
            self.on_stream(now, direction, change);
        }
        let moment = |at: Instant| self.origin + at.since(Instant::ORIGIN);
        if let Some(event) = Event::new(event, moment) {
            self.outlets.push(event);
        }
    }

    fn on_stream(&mut self, now: Instant, direction: Direction, change: StreamChange) {
        let is_open = change == StreamChange::Opened;
        match direction {
            Direction::Receive => {
                self.streams.is_receiving = is_open;
                self.streams.is_speaker_muted = false;
                if let (Some(sink), true) = (&mut self.sink, is_open) {
                    // Audio of an earlier call.
                    sink.flush();
                }
            }
            Direction::Send => {
                self.streams.is_sending = is_open;
                if let Some(source) = &mut self.source {
                    match change {
                        StreamChange::Opened => source.open(now),
                        StreamChange::Closed => source.close(),
                    }
                }
            }
        }
    }

    /// Takes the samples of a live source, and tells a written one how many of its samples are
    /// sent.
    fn hear_device(&mut self, now: Instant) {
        match &mut self.source {
            Some(SourcePort::Device(source)) if self.streams.is_sending => {
                let pcm = source.take(now);
                if !pcm.is_empty() {
                    self.engine.capture(now, &pcm);
                    self.hand_on(now);
                }
            }
            Some(SourcePort::Written(source)) => source.sent_but(self.engine.capture_unsent()),
            Some(SourcePort::Device(_)) | None => {}
        }
    }

    /// Gives a device the samples for its next callbacks.
    fn fill_device(&mut self, now: Instant) {
        let mut wanted = self.sink.as_mut().map_or(0, |sink| sink.wants(now));
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

    /// Returns the samples that the ports dropped, detached ones included.
    fn all_dropped(&self) -> Dropped {
        let source = self.source.as_ref().map_or(0, SourcePort::dropped);
        let sink = self.sink.as_ref().map_or(0, SinkPort::dropped);
        Dropped { captured: self.dropped.captured + source, played: self.dropped.played + sink }
    }

    /// Tells the engine of dropped samples, for the counters of the call.
    fn tell_overruns(&mut self, now: Instant) {
        let Dropped { captured, played } = self.all_dropped();
        let before = std::mem::replace(&mut self.told, Dropped { captured, played });
        self.engine.overrun(now, Direction::Send, Samples(captured - before.captured));
        self.engine.overrun(now, Direction::Receive, Samples(played - before.played));
    }

    /// Runs the clocks of ports at the phone's pace.
    fn run_clocks(&mut self, now: Instant) {
        let Streams { is_sending, is_receiving, .. } = self.streams;
        let (is_paced, is_live) = match &self.source {
            Some(source) => (!source.is_live(), source.is_live()),
            None => (self.when_no_microphone == InsteadOfVoice::Silence, false),
        };
        let is_device = self.sink.as_ref().map(SinkPort::is_device);
        self.capture.run_while(is_sending && is_paced, now);
        self.playout.run_while(is_receiving && is_device == Some(false), now);
        let is_played = is_receiving && is_device == Some(true);
        self.devices.run_while(is_sending && is_live || is_played, now);
    }

    fn publish(&mut self) {
        let state = &mut self.outlets.state;
        state.call = self.engine.call();
        self.network.publish(state);
        state.has_source = self.source.is_some();
        state.has_sink = self.sink.is_some();
        self.outlets.publish();
    }

    /// Ends the calls, and waits until the interfaces have written it and the peers could read it.
    async fn shut_down(&mut self) {
        self.outlets.state.is_available = false;
        let until = self.runtime.now() + FAREWELL;
        let now = self.now();
        self.engine.retire(now);
        self.network.retire(now, &mut self.engine);
        // A link that is left then is closed without a goodbye.
        let goodbye = self.runtime.now() + GOODBYE;
        self.go_on(goodbye, |runner| !runner.engine.has_links()).await;
        self.engine.close(self.now());
        // A stalled socket must not keep the app.
        self.go_on(until, |runner| runner.network.is_written()).await;
        if let Some(until) = self.network.lingers_until() {
            self.go_on(until, |runner| !runner.network.is_connected()).await;
        }
    }

    /// Serves everything but requests until `is_enough`, or until a moment.
    async fn go_on(&mut self, until: Moment, is_enough: impl Fn(&Self) -> bool) {
        loop {
            let ports = self.flush();
            if is_enough(self) || self.runtime.now() >= until {
                return;
            }
            let deadline = self.deadline().map_or(until, |deadline| deadline.min(until));
            let served = (&self.runtime, &self.network);
            let wakeup = self.inbox.next_but_request(served, Some(deadline), ports, false).await;
            self.on_wakeup(wakeup);
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

/// Returns the duration of samples at 48 kHz.
fn duration(samples: u64) -> Duration {
    Duration::from_secs(samples) / Samples::RATE_HZ
}

/// How often the ports of devices are looked at in a call: a callback must not wake the phone's
/// task.
const DEVICE_TIME: Duration = Duration::from_millis(5);
/// Wakeups in a row after which the task yields to others of its thread.
const TURNS_IN_A_ROW: u64 = 64;
/// The longest wait of a shutdown for the sockets to take the last bytes.
const FAREWELL: Duration = Duration::from_secs(1);
