//! The phone's task: the one owner of the driver.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use lxst_driver::core::limits::GOODBYE;
use lxst_driver::core::{Direction, Instant, PortChange, StreamChange};
use lxst_driver::reticulum::InterfaceId;
use lxst_driver::system::CoderThread;
use lxst_driver::{Done, Driver, Event};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver};
use tokio::task::JoinSet;
use tokio::time::{self, MissedTickBehavior};

use crate::audio::BLOCK_SAMPLES;
use crate::events::EventSender;
use crate::interface::Io;
use crate::request::{Figures, Request};

#[derive(Debug)]
pub(crate) struct Runner {
    driver: Driver,
    coder: CoderThread,
    inbox: Inbox,
    events: EventSender,
    interfaces: BTreeMap<u32, Interface>,
    /// The tasks that keep interfaces; they end with this.
    tasks: JoinSet<()>,
    microphone: Option<Receiver<Vec<f32>>>,
    speaker: Option<Sender<Vec<f32>>>,
    /// The speaker's clock, which runs while a call receives.
    playout: Option<time::Interval>,
    origin: time::Instant,
    buffer: Vec<u8>,
    wakeups: u64,
}

#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) requests: Receiver<Request>,
    pub(crate) io: Receiver<Io>,
    pub(crate) done: UnboundedReceiver<Done>,
}

#[derive(Debug)]
struct Interface {
    id: InterfaceId,
    writer: Sender<Bytes>,
    /// What the writer was given and has not written.
    unwritten: usize,
}

impl Runner {
    pub(crate) fn new(
        driver: Driver,
        coder: CoderThread,
        inbox: Inbox,
        events: EventSender,
        tasks: JoinSet<()>,
    ) -> Self {
        Self {
            driver,
            coder,
            inbox,
            events,
            interfaces: BTreeMap::new(),
            tasks,
            microphone: None,
            speaker: None,
            playout: None,
            origin: time::Instant::now(),
            buffer: Vec::new(),
            wakeups: 0,
        }
    }

    pub(crate) async fn run(mut self) {
        let reply = loop {
            self.flush();
            self.wakeups += 1;
            let deadline = self.deadline();
            tokio::select! {
                request = self.inbox.requests.recv() => match request {
                    Some(Request::ShutDown(reply)) => break Some(reply),
                    Some(request) => self.on_request(request),
                    None => break None,
                },
                Some(io) = self.inbox.io.recv() => self.on_io(io),
                Some(done) = self.inbox.done.recv() => self.driver.handle_done(self.now(), done),
                pcm = hear(&mut self.microphone) => self.on_microphone(pcm),
                () = tick(&mut self.playout), if self.plays() => self.play(),
                () = sleep_until(deadline) => self.driver.handle_timeout(self.now()),
            }
        };
        self.shut_down().await;
        // A tap ends with the driver: whoever asked finds its trace complete.
        drop(self);
        if let Some(reply) = reply {
            // Whoever asked may have gone.
            let _ = reply.send(());
        }
    }

    /// Ends what stands, tells the peers of it, and lets the interfaces write it.
    async fn shut_down(&mut self) {
        let until = time::Instant::now() + FAREWELL;
        self.driver.retire(self.now());
        // A link that is left then is closed without a goodbye.
        let is_said = |runner: &Self| !runner.driver.has_links();
        let _ = time::timeout(GOODBYE, self.go_on(is_said)).await;
        self.driver.close(self.now());
        // A stalled socket must not keep the app.
        let is_written =
            |runner: &Self| runner.interfaces.values().all(|interface| interface.unwritten == 0);
        let _ = time::timeout_at(until, self.go_on(is_written)).await;
        self.tasks.shutdown().await;
    }

    /// Serves interfaces and timers until that is enough.
    async fn go_on(&mut self, is_enough: impl Fn(&Self) -> bool) {
        loop {
            self.flush();
            if is_enough(self) {
                return;
            }
            let deadline = self.deadline();
            tokio::select! {
                Some(io) = self.inbox.io.recv() => self.on_io(io),
                () = sleep_until(deadline) => self.driver.handle_timeout(self.now()),
            }
        }
    }

    fn on_request(&mut self, request: Request) {
        let now = self.now();
        // Whoever asked may have gone before the answer; that is their business.
        match request {
            Request::Dial { to, profile, mode, reply } => {
                let _ = reply.send(self.driver.dial(now, to, profile, mode));
            }
            Request::Command { command, reply } => {
                let _ = reply.send(self.driver.command(now, command));
            }
            Request::Access(access) => self.driver.set_access(access),
            Request::Callers(callers) => self.driver.set_callers(callers),
            Request::Microphone(pcm) => {
                self.microphone = Some(pcm);
                self.driver.port(now, Direction::Send, PortChange::Attached);
            }
            Request::Speaker(pcm) => {
                self.speaker = Some(pcm);
                if let Some(clock) = &mut self.playout {
                    // What passed without a speaker is not made up for.
                    clock.reset_immediately();
                }
                self.driver.port(now, Direction::Receive, PortChange::Attached);
            }
            Request::Status(reply) => {
                let _ = reply.send(self.driver.call());
            }
            Request::Figures(reply) => {
                let telephone = *self.driver.stats();
                let endpoint = self.driver.endpoint_stats().clone();
                let capture_dropped = self.driver.capture_dropped();
                let _ = reply.send(Figures {
                    telephone,
                    capture_dropped,
                    endpoint,
                    wakeups: self.wakeups,
                });
            }
            Request::ShutDown(_) => debug_assert!(false, "the loop ends on it"),
        }
    }

    fn on_io(&mut self, io: Io) {
        let now = self.now();
        match io {
            Io::Up { origin, config, writer, number } => {
                let id = self.driver.interface_up(now, origin, config);
                self.interfaces.insert(id.0, Interface { id, writer, unwritten: 0 });
                if number.send(id.0).is_err() {
                    self.interface_down(now, id.0);
                }
            }
            Io::Received { number, bytes } => {
                if let Some(interface) = self.interfaces.get(&number) {
                    self.driver.handle_bytes(now, interface.id, &bytes);
                }
            }
            // What waits for it is sent by the next flush.
            Io::Written { number } => {
                if let Some(interface) = self.interfaces.get_mut(&number) {
                    interface.unwritten -= 1;
                }
            }
            Io::Down { number } => self.interface_down(now, number),
        }
    }

    fn interface_down(&mut self, now: Instant, number: u32) {
        if let Some(interface) = self.interfaces.remove(&number) {
            self.driver.interface_down(now, interface.id);
        }
    }

    fn on_microphone(&mut self, pcm: Option<Vec<f32>>) {
        let now = self.now();
        match pcm {
            Some(pcm) => self.driver.capture(now, &pcm),
            None => {
                self.microphone = None;
                self.driver.port(now, Direction::Send, PortChange::Detached);
            }
        }
    }

    fn plays(&self) -> bool {
        self.speaker.is_some() && !self.driver.awaits_audio(BLOCK_SAMPLES)
    }

    fn play(&mut self) {
        let now = self.now();
        let Some(speaker) = &self.speaker else { return };
        let mut pcm = vec![0.0; BLOCK_SAMPLES];
        self.driver.play(now, &mut pcm);
        match speaker.try_send(pcm) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => tracing::debug!("the speaker's reader is late"),
            Err(TrySendError::Closed(_)) => {
                self.speaker = None;
                self.driver.port(now, Direction::Receive, PortChange::Detached);
            }
        }
    }

    /// Hands on what the driver has: tasks, events, and bytes for the interfaces that can write.
    fn flush(&mut self) {
        while let Some(task) = self.driver.poll_task() {
            self.coder.give(task);
        }
        while let Some(event) = self.driver.poll_event() {
            if let Event::Stream { direction: Direction::Receive, change, .. } = event {
                self.playout = (change == StreamChange::Opened).then(playout_clock);
            }
            self.events.send(event);
        }
        let now = self.now();
        for Interface { id, writer, unwritten } in self.interfaces.values_mut() {
            while let Ok(permit) = writer.try_reserve() {
                let Some(bytes) = self.driver.poll_transmit(now, *id, &mut self.buffer) else {
                    break;
                };
                permit.send(Bytes::copy_from_slice(bytes));
                *unwritten += 1;
            }
        }
    }

    fn now(&self) -> Instant {
        Instant::ORIGIN + self.origin.elapsed()
    }

    fn deadline(&self) -> Option<time::Instant> {
        let at = self.driver.poll_timeout()?;
        Some(self.origin + at.since(Instant::ORIGIN))
    }
}

fn playout_clock() -> time::Interval {
    let mut clock = time::interval(BLOCK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    clock
}

async fn sleep_until(deadline: Option<time::Instant>) {
    match deadline {
        Some(deadline) => time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn hear(microphone: &mut Option<Receiver<Vec<f32>>>) -> Option<Vec<f32>> {
    match microphone {
        Some(microphone) => microphone.recv().await,
        None => std::future::pending().await,
    }
}

async fn tick(clock: &mut Option<time::Interval>) {
    match clock {
        Some(clock) => clock.tick().await,
        None => std::future::pending().await,
    };
}

/// What a [`Speaker`](crate::Speaker)'s block plays.
const BLOCK: Duration = Duration::from_millis(20);
/// How long a shutdown waits for sockets.
const FAREWELL: Duration = Duration::from_secs(1);
