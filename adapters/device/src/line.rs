//! A microphone or speaker that holds a device, in a thread of its own.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::choice::{Reason, Wish};
use crate::device::{Device, Direction, Format};
use crate::event::{Event, Events};
use crate::keeper::{Keeper, Step};
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
use crate::pulse;
use crate::stream::{Capture, Health, Opening, Playback, open_input, open_output};
use crate::system::{DeviceError, Found, System};
use crate::watch::{Counts, Watch};
use async_channel::Sender;

/// A microphone of this machine, open from [`open`](Line::open) until it is dropped.
pub type Microphone = Line<Input>;

/// A speaker or ringer of this machine, open from [`open`](Line::open) until it is dropped.
pub type Speaker = Line<Output>;

/// A [`Microphone`] or [`Speaker`], open until it is dropped.
pub struct Line<D> {
    commands: mpsc::Sender<Command>,
    health: Arc<Health>,
    thread: Option<JoinHandle<()>>,
    direction: PhantomData<D>,
}

/// The direction of a [`Microphone`].
#[derive(Clone, Copy, Debug)]
pub enum Input {}

/// The direction of a [`Speaker`].
#[derive(Clone, Copy, Debug)]
pub enum Output {}

impl Line<Input> {
    /// Opens the microphone that is wished for.
    ///
    /// `make` is called once for each device that is opened, with its format. The callback that it
    /// returns gets each block, of any number of whole moments, on the system's audio thread: it
    /// must not block, allocate or take a lock that others hold for long.
    ///
    /// Returns at once; [`Event::Taken`] tells of the device.
    pub fn open(
        wish: Wish,
        make: impl FnMut(Format) -> Box<dyn FnMut(&[f32]) + Send> + Send + 'static,
    ) -> (Self, Events) {
        Self::start(Direction::Input, wish, End::Input(Box::new(make)))
    }
}

impl Line<Output> {
    /// Opens the speaker that is wished for.
    ///
    /// `make` is called once for each device that is opened, with its format. The callback that it
    /// returns fills each block, of any number of whole moments, on the system's audio thread: it
    /// must not block, allocate or take a lock that others hold for long.
    ///
    /// Returns at once; [`Event::Taken`] tells of the device.
    pub fn open(
        wish: Wish,
        make: impl FnMut(Format) -> Box<dyn FnMut(&mut [f32]) + Send> + Send + 'static,
    ) -> (Self, Events) {
        Self::start(Direction::Output, wish, End::Output(Box::new(make)))
    }
}

impl<D> Line<D> {
    /// Wishes for another device, in a call too.
    pub fn wish(&self, wish: Wish) {
        // A thread that has ended has no device to change.
        let _ = self.commands.send(Command::Wish(wish));
    }

    /// Returns the latency between a sound and its block, as far as the system tells: from sound to
    /// callback for a microphone, from callback to sound for a speaker. 0 if the system does not
    /// tell, or if no device is open.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.health.latency()
    }

    fn start(direction: Direction, wish: Wish, end: End) -> (Self, Events) {
        let (commands, told) = mpsc::channel();
        let (events, receiver) = async_channel::bounded(EVENTS);
        let health = Arc::<Health>::default();
        let keeper = Keeper::new(direction, wish);
        let owner = Owner {
            keeper,
            end,
            health: health.clone(),
            commands: commands.clone(),
            events,
            stream: None,
            openings: 0,
            watch: Watch::default(),
            is_listed: true,
            began: Instant::now(),
        };
        let thread = thread::Builder::new().name(format!("lxst {direction}"));
        let thread = thread.spawn(move || owner.run(direction, &told)).ok();
        (Self { commands, health, thread, direction: PhantomData }, receiver)
    }
}

impl<D> fmt::Debug for Line<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

/// An open device, until this is dropped.
enum OpenStream {
    System(#[expect(dead_code, reason = "it is held")] cpal::Stream),
    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
    Pulse(#[expect(dead_code, reason = "it is held")] pulse::PulseStream),
}

/// What the thread of a line is told.
enum Command {
    Wish(Wish),
    /// The stream of this opening broke.
    Broken {
        number: u64,
        error: DeviceError,
    },
    Quit,
}

enum End {
    Input(Box<dyn FnMut(Format) -> Capture + Send>),
    Output(Box<dyn FnMut(Format) -> Playback + Send>),
}

impl<D> Drop for Line<D> {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Quit);
        if let Some(thread) = self.thread.take() {
            // The device is closed when this returns.
            let _ = thread.join();
        }
    }
}

/// What the thread of a line works with.
struct Owner {
    keeper: Keeper,
    end: End,
    health: Arc<Health>,
    commands: mpsc::Sender<Command>,
    events: Sender<Event>,
    stream: Option<OpenStream>,
    /// Openings so far: what an earlier stream says late is not taken for the present one's.
    openings: u64,
    watch: Watch,
    is_listed: bool,
    began: Instant,
}

impl Owner {
    fn run(mut self, direction: Direction, told: &mpsc::Receiver<Command>) {
        let mut system = None;
        let mut was_served = false;
        let mut found = Vec::new();
        loop {
            self.look(&mut system, was_served, direction, &mut found);
            was_served |= system.as_ref().is_some_and(System::is_served);
            self.keep(&found);
            self.watch();
            let pause = if was_served { LOOK_EVERY } else { LOOK_AT_HARDWARE_EVERY };
            match told.recv_timeout(pause) {
                Ok(Command::Wish(wish)) => self.keeper.wish(wish),
                Ok(Command::Broken { number, error }) => self.on_broken(number, error),
                Ok(Command::Quit) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Lists the devices that there are: none where the system does not answer.
    fn look(
        &mut self,
        system: &mut Option<System>,
        was_served: bool,
        direction: Direction,
        found: &mut Vec<Found>,
    ) {
        let same = system.take().filter(|system| !system.is_outdated());
        let is_new = same.is_none();
        let listed = same.map_or_else(|| System::new(was_served), Ok).and_then(|mut same| {
            if is_new || same.has_changed()? {
                *found = same.devices(direction)?;
            }
            Ok(same)
        });
        match listed {
            Ok(same) => {
                *system = Some(same);
                self.is_listed = true;
            }
            Err(error) => {
                // A server that is started again is another one.
                found.clear();
                if core::mem::take(&mut self.is_listed) {
                    self.tell(Event::Unlisted { error });
                }
            }
        }
    }

    /// Holds what it should of the devices that there are.
    fn keep(&mut self, found: &[Found]) {
        let devices: Vec<Device> = found.iter().map(|found| found.device.clone()).collect();
        // Each device may fail once.
        for _ in 0..=devices.len() {
            let mut is_settled = true;
            for step in self.keeper.look(self.began.elapsed(), &devices) {
                match step {
                    Step::Close => self.close(),
                    Step::Tell(event) => self.tell(event),
                    Step::Open(device, reason) => {
                        is_settled = self.open(found, device, reason);
                    }
                }
            }
            if is_settled {
                break;
            }
        }
    }

    /// Tells whether the device is open now.
    fn open(&mut self, found: &[Found], device: Device, reason: Reason) -> bool {
        self.openings += 1;
        self.health.reset();
        self.watch = Watch::default();
        let handle = found.iter().find(|found| found.device.id == device.id);
        let opened = match handle {
            Some(Found { handle, .. }) => {
                let (commands, number) = (self.commands.clone(), self.openings);
                let opening = Opening {
                    health: self.health.clone(),
                    // A thread that has ended needs no word.
                    on_broken: Arc::new(move |error| {
                        let _ = commands.send(Command::Broken { number, error });
                    }),
                };
                let Device { id, format, .. } = &device;
                match (&mut self.end, handle) {
                    (End::Input(make), Some(handle)) => {
                        open_input(&opening, handle, || make(*format)).map(OpenStream::System)
                    }
                    (End::Output(make), Some(handle)) => {
                        open_output(&opening, handle, || make(*format)).map(OpenStream::System)
                    }
                    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
                    (End::Input(make), None) => {
                        let stream = pulse::open_input(&opening, id, *format, make(*format));
                        stream.map(OpenStream::Pulse)
                    }
                    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
                    (End::Output(make), None) => {
                        let stream = pulse::open_output(&opening, id, *format, make(*format));
                        stream.map(OpenStream::Pulse)
                    }
                    #[cfg(not(any(
                        target_os = "linux",
                        target_os = "freebsd",
                        target_os = "netbsd"
                    )))]
                    (_, None) => Err(DeviceError::Gone),
                }
            }
            None => Err(DeviceError::Gone),
        };
        let is_open = opened.is_ok();
        let event = match opened {
            Ok(stream) => {
                self.stream = Some(stream);
                self.keeper.opened(device, reason)
            }
            Err(error) => self.keeper.failed(self.began.elapsed(), device, error),
        };
        self.tell(event);
        is_open
    }

    fn close(&mut self) {
        self.stream = None;
        self.health.reset();
    }

    fn on_broken(&mut self, number: u64, error: DeviceError) {
        let held = self.keeper.held().cloned();
        if let Some(device) = held.filter(|_| number == self.openings) {
            self.close();
            let event = self.keeper.failed(self.began.elapsed(), device, error);
            self.tell(event);
        }
    }

    fn watch(&mut self) {
        let Some(device) = self.keeper.held() else { return };
        let counts = Counts {
            moments: self.health.moments(),
            zeros: self.health.zeros(),
            xruns: self.health.take_xruns(),
        };
        for event in self.watch.look(self.began.elapsed(), device, counts) {
            self.tell(event);
        }
    }

    fn tell(&self, event: Event) {
        // Nobody listens, or an older event makes room.
        let _ = self.events.force_send(event);
    }
}

/// How often a sound server is asked for its devices.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often the hardware is looked at.
const LOOK_AT_HARDWARE_EVERY: Duration = Duration::from_secs(3);
/// Events that wait.
const EVENTS: usize = 64;
