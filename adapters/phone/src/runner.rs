//! The phone's task, which owns the engine.

use std::time::{Duration, Instant as Moment};

use event_listener::EventListener;
use futures_lite::future::yield_now;
use lxst_core::limits::GOODBYE;
use lxst_core::{Command, Direction, Event as CallEvent, Instant, InsteadOfVoice, Samples};
use lxst_engine::{Engine, Event as EngineEvent};

use crate::event::Event;
use crate::host::{CoderOutput, CoderThread};
use crate::inbox::{Inbox, Wakeup};
use crate::network::Network;
use crate::outlets::{Ended, Outlets};
use crate::ports::{Dropped, Ports};
use crate::request::{Counters, Request};
use crate::runtime::Runtime;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Runner<R, N: Network, const LINES: usize> {
    runtime: R,
    /// The moment of the engine's time 0.
    origin: Moment,
    engine: Engine<N::Stack, LINES>,
    network: N,
    coder: CoderThread,
    inbox: Inbox,
    stores: Vec<Store<N::Stack, LINES>>,
    outlets: Outlets,
    ports: Ports,
    wakeups: u64,
}

/// The parts of the phone's task.
#[derive(Debug)]
pub(crate) struct Parts<R, N: Network, const LINES: usize> {
    pub(crate) runtime: R,
    pub(crate) origin: Moment,
    pub(crate) engine: Engine<N::Stack, LINES>,
    pub(crate) network: N,
    pub(crate) coder: CoderThread,
    pub(crate) inbox: Inbox,
    pub(crate) stores: Vec<Store<N::Stack, LINES>>,
    pub(crate) outlets: Outlets,
    pub(crate) when_no_microphone: InsteadOfVoice,
}

impl<R: Runtime, N: Network, const LINES: usize> Runner<R, N, LINES> {
    pub(crate) fn new(mut parts: Parts<R, N, LINES>) -> Self {
        let ports = Ports::new(parts.when_no_microphone);
        ports.begin(&mut parts.engine);
        Self {
            runtime: parts.runtime,
            origin: parts.origin,
            engine: parts.engine,
            coder: parts.coder,
            inbox: parts.inbox,
            network: parts.network,
            stores: parts.stores,
            outlets: parts.outlets,
            ports,
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
            Wakeup::Coder(CoderOutput::Done(done)) => self.engine.handle_done(now, done),
            Wakeup::Coder(CoderOutput::Relieved(change)) => {
                self.outlets.push(Event::CodecsRelieved { change });
            }
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
        self.ports.on_due(&mut self.engine, now);
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
            Request::Source { of, port, reply } => {
                let attached = self.ports.attach_source(&mut self.engine, now, of, port);
                reply.map(|reply| reply.send(attached));
            }
            Request::Sink { of, port, reply } => {
                let attached = self.ports.attach_sink(&mut self.engine, now, of, port);
                reply.map(|reply| reply.send(attached));
            }
            Request::Tap { of, tap, reply } => {
                reply.send(self.ports.tap(&self.engine, of, tap));
            }
            #[cfg(feature = "conference")]
            Request::Bridge(bridge) => {
                let calls: Vec<_> = self.engine.calls().map(|status| status.call).collect();
                self.ports.set_bridge(&bridge.only(&calls));
            }
            #[cfg(feature = "endpoint")]
            Request::MakeRoom => self.network.make_room(&self.engine),
            Request::Subscribe(queue) => self.outlets.subscribe(queue),
            Request::Counters(reply) => {
                let coder = self.engine.capture_dropped().0;
                let Dropped { captured, played } = self.ports.dropped();
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
            Command::Mute(call, Direction::Receive, mute) => self.ports.on_speaker(call, mute),
            _ => {}
        }
    }

    /// Hands on the engine's outputs: tasks, events, link commands, audio, and bytes for the
    /// interfaces that can write. Returns listeners for what the app does to the ports from then
    /// on.
    fn flush(&mut self) -> Vec<EventListener> {
        let now = self.now();
        let ports = self.ports.see(&mut self.engine, now);
        self.hand_on(now);
        if self.ports.hear(&mut self.engine, now) {
            self.hand_on(now);
        }
        self.ports.ask_devices(now);
        while self.ports.fill(&mut self.engine, now) {
            self.hand_on(now);
        }
        self.ports.run_clocks(now);
        self.ports.tell_overruns(&mut self.engine, now);
        let moment = self.runtime.now();
        self.network.flush((now, moment), &mut self.engine, &mut self.outlets.state);
        for store in &mut self.stores {
            store.observe(&self.engine, now);
        }
        self.publish();
        ports
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
        if let EngineEvent::Stream { stream, direction, change } = event {
            self.ports.on_stream(now, stream, direction, change);
        } else if let EngineEvent::Call(CallEvent::Ended { call, .. }) = event {
            self.ports.on_ended(call);
        }
        let moment = |at: Instant| self.origin + at.since(Instant::ORIGIN);
        if let Some(event) = Event::new(event, moment) {
            self.outlets.push(event);
        }
    }

    fn publish(&mut self) {
        let state = &mut self.outlets.state;
        state.set_calls(self.engine.calls());
        self.network.publish(state);
        state.has_source = self.ports.has_source();
        state.has_sink = self.ports.has_sink();
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
        let stores = self.stores.iter().filter_map(Store::due);
        let deadlines = [self.engine.poll_timeout(), self.ports.due(&self.engine)];
        let deadlines = deadlines.into_iter().flatten();
        deadlines.chain(stores).min().map(|at| self.origin + at.since(Instant::ORIGIN))
    }
}

/// Returns the duration of samples at 48 kHz.
fn duration(samples: u64) -> Duration {
    Duration::from_secs(samples) / Samples::RATE_HZ
}

/// Wakeups in a row after which the task yields to others of its thread.
const TURNS_IN_A_ROW: u64 = 64;
/// The longest wait of a shutdown for the sockets to take the last bytes.
const FAREWELL: Duration = Duration::from_secs(1);
