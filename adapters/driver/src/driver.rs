//! The composition: what each machine hands out goes into the next.

use std::collections::VecDeque;
use std::time::Duration;

use lxst_core::{
    Availability, CallId, CallStatus, CallerPolicy, Command, Direction, IdentityHash, Input,
    InputError, Instant, JobId, LinkEnd, LinkEvent, LinkId, LinkRequest, Mode, Outcome, Output,
    PacketBuf, PortChange, Profile, Samples, StreamChange, Telephone, Verdict,
};
use lxst_reticulum::{self as reticulum, Endpoint, Identity, InterfaceConfig, InterfaceId, Rng};

use crate::access::Access;
use crate::audio::{Audio, samples};
use crate::interfaces::{AnnouncePace, InterfaceOrigin};
use crate::links::{self, Links};
use crate::tap::{Door, Tap};
use crate::{Done, Task};

/// What a driver is told once.
#[derive(Debug)]
pub struct Config {
    /// The person whose phone this is.
    pub identity: Identity,
    /// The settings of the telephone.
    pub telephone: lxst_core::Config,
    /// For whom the telephone's policy for callers does not count.
    pub access: Access,
    /// The settings of the Reticulum endpoint.
    pub endpoint: reticulum::Config,
    /// The time since the Unix epoch at [`Instant::ORIGIN`]. Announces carry it.
    pub unix_time_at_origin: Duration,
    /// Sees the core's doors.
    pub tap: Option<Tap>,
}

/// What a driver tells its app.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Something about a call.
    Call(lxst_core::Event),
    /// A direction of a call's audio begins or ends.
    Stream {
        /// The call.
        call: CallId,
        /// The direction.
        direction: Direction,
        /// Which of the two.
        change: StreamChange,
    },
    /// A phone announced itself.
    Announced {
        /// Whose.
        identity: IdentityHash,
        /// How far away; 1 is a neighbour.
        hops: u8,
    },
}

/// A phone without a runtime. Moments are counted from an origin that the owner chooses.
///
/// *Inputs* take effect at once. After each, the owner drains [`poll_transmit`](Self::poll_transmit)
/// for each interface that can write, [`poll_task`](Self::poll_task) and
/// [`poll_event`](Self::poll_event), and then sleeps until [`poll_timeout`](Self::poll_timeout) or
/// the next input.
#[derive(Debug)]
pub struct Driver {
    telephone: Telephone,
    endpoint: Endpoint,
    unix_time_at_origin: Duration,
    links: Links,
    audio: Audio,
    /// Inputs that the driver itself has for the core.
    replies: VecDeque<Reply>,
    access: Access,
    callers: CallerPolicy,
    announces: AnnouncePace,
    tasks: VecDeque<Task>,
    events: VecDeque<Event>,
    tap: Option<Tap>,
}

/// What the driver answers to an output by itself.
#[derive(Debug)]
enum Reply {
    Discarded(JobId),
    Screened(CallId, Verdict),
}

impl Driver {
    /// Makes a phone without interfaces. `rng` must be a cryptographic generator; a seeded one
    /// makes every byte reproducible.
    #[must_use]
    pub fn new(mut config: Config, rng: Box<dyn Rng + Send>) -> Self {
        let identity = IdentityHash(config.identity.hash().0);
        // Lists decide first, so the core asks about everybody.
        let telephone = lxst_core::Config { callers: CallerPolicy::Ask, ..config.telephone };
        if let Some(tap) = &mut config.tap {
            tap.see(Instant::ORIGIN, Door::Start { identity, config: &telephone });
        }
        Self {
            telephone: Telephone::new(identity, telephone, Instant::ORIGIN),
            endpoint: Endpoint::new(config.identity, config.endpoint, rng),
            unix_time_at_origin: config.unix_time_at_origin,
            links: Links::new(),
            audio: Audio::default(),
            replies: VecDeque::new(),
            access: config.access,
            callers: config.telephone.callers,
            announces: AnnouncePace::default(),
            tasks: VecDeque::new(),
            events: VecDeque::new(),
            tap: config.tap,
        }
    }

    /// Adds an interface that is connected. The connections of one origin make the phone announce
    /// itself once in [`ANNOUNCE_PACE`](crate::ANNOUNCE_PACE).
    pub fn interface_up(
        &mut self,
        now: Instant,
        origin: InterfaceOrigin,
        config: InterfaceConfig,
    ) -> InterfaceId {
        let id = self.endpoint.interface_up(self.unix(now), config);
        if self.announces.on_up(now, origin) {
            self.give(now, Input::InterfaceUp);
        }
        self.pump(now);
        id
    }

    /// Removes an interface. Calls on it end.
    pub fn interface_down(&mut self, now: Instant, id: InterfaceId) {
        self.endpoint.interface_down(self.unix(now), id);
        self.pump(now);
    }

    /// Takes bytes that an interface received.
    pub fn handle_bytes(&mut self, now: Instant, id: InterfaceId, bytes: &[u8]) {
        self.endpoint.handle_bytes(self.unix(now), id, bytes);
        self.pump(now);
    }

    /// Does what is due; calling it early or late is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let unix = self.unix(now);
        if self.endpoint.poll_timeout().is_some_and(|at| at <= unix) {
            self.endpoint.handle_timeout(unix);
            self.pump(now);
        }
        if self.announces.on_timeout(now) {
            self.give(now, Input::InterfaceUp);
        }
        if self.telephone.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
            self.give(now, Input::Timeout);
        }
        self.pump(now);
    }

    /// Calls somebody, and names the call.
    ///
    /// # Errors
    /// [`InputError`], and nothing changed: the line is taken, or the profile cannot be sent.
    pub fn dial(
        &mut self,
        now: Instant,
        to: IdentityHash,
        profile: Profile,
        mode: Mode,
    ) -> Result<CallId, InputError> {
        let call = CallId(self.links.allocate());
        let link = LinkId(self.links.allocate());
        self.command(now, Command::Dial { call, link, to, profile, mode })?;
        Ok(call)
    }

    /// Does what the app wants. To call somebody, use [`dial`](Self::dial), which makes the ids.
    ///
    /// # Errors
    /// [`InputError`], and nothing changed.
    pub fn command(&mut self, now: Instant, command: Command) -> Result<(), InputError> {
        self.input(now, Input::Command(command))?;
        self.pump(now);
        Ok(())
    }

    /// Ends the call, and lets nobody ring from then on. A link on which the peer hears why stays
    /// for the core's [`GOODBYE`](lxst_core::limits::GOODBYE).
    pub fn retire(&mut self, now: Instant) {
        // Before the call ends: a caller may wait to take its place.
        self.give(now, Input::Command(Command::SetBusy(Availability::Busy)));
        if let Some(status) = self.call() {
            self.give(now, Input::Command(Command::HangUp(status.call)));
        }
        self.pump(now);
    }

    /// Does what [`retire`](Self::retire) does, and closes all links at once. What is still to be
    /// sent can be polled.
    pub fn close(&mut self, now: Instant) {
        self.retire(now);
        for (link, handle) in self.links.part_all() {
            self.endpoint.close(self.unix(now), handle);
            let event = LinkEvent::Closed(LinkEnd::Unknown);
            self.give(now, Input::Link { link, event });
        }
        self.pump(now);
    }

    /// Changes the lists of callers, from the next caller on.
    pub fn set_access(&mut self, access: Access) {
        self.access = access;
    }

    /// Changes what holds for callers who are on no list, from the next caller on.
    pub const fn set_callers(&mut self, callers: CallerPolicy) {
        self.callers = callers;
    }

    /// Attaches or detaches the microphone or the speaker.
    pub fn port(&mut self, now: Instant, direction: Direction, change: PortChange) {
        self.give(now, Input::Port { direction, change });
        self.pump(now);
    }

    /// Takes 48 kHz mono PCM of the microphone. While no call sends, it is dropped.
    ///
    /// *Bounds*: a block that would make more than [`CAPTURE_QUEUE`](crate::CAPTURE_QUEUE) wait is dropped and counted:
    /// the coder has stalled.
    pub fn capture(&mut self, now: Instant, pcm: &[f32]) {
        if let Some(samples) = self.audio.capture(pcm) {
            self.give(now, Input::Captured { samples });
            self.pump(now);
        }
    }

    /// Fills a block of 48 kHz mono PCM for the speaker and tells how much of it was heard from
    /// the peer; the rest is silence. This is the playout clock: call it at the speaker's pace, in
    /// blocks of 20 ms at most.
    pub fn play(&mut self, now: Instant, pcm: &mut [f32]) -> usize {
        let heard = self.audio.play(pcm);
        if self.audio.is_receiving() {
            self.give(now, Input::Consumed { samples: samples(pcm.len()) });
            self.pump(now);
        }
        heard
    }

    /// Tells whether a block of this length would be cut short only because the coder has not
    /// finished a frame: a speaker that can wait, such as one that catches up on lost time, should.
    #[must_use]
    pub fn awaits_audio(&self, length: usize) -> bool {
        self.audio.is_awaited(length)
    }

    /// Takes what became of a task.
    pub fn handle_done(&mut self, now: Instant, done: Done) {
        self.audio.on_done(&done);
        let outcome = match &done {
            Done::Encoded { payload, .. } => Outcome::Encoded(payload),
            Done::Played { pcm, level, .. } => {
                Outcome::Played { samples: samples(pcm.len()), level: *level }
            }
            Done::Failed { .. } => Outcome::Failed,
        };
        self.give(now, Input::JobDone { job: done.job(), outcome });
        self.pump(now);
    }

    /// The next bytes for an interface, which replace what `buffer` held; `None` when nothing
    /// waits. Call it when the interface can write: media that is late is dropped here.
    pub fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        id: InterfaceId,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        let unix = self.unix(now);
        self.endpoint.poll_transmit(unix, id, buffer)
    }

    /// The next task for the coder.
    pub fn poll_task(&mut self) -> Option<Task> {
        self.tasks.pop_front()
    }

    /// The next event for the app.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let endpoint = self.endpoint.poll_timeout().map(|at| {
            let since_origin = at.saturating_sub(self.unix_time_at_origin);
            // Rounded up, so that the endpoint finds its own deadline due.
            Instant::ORIGIN + since_origin + Duration::from_nanos(999)
        });
        let telephone = self.telephone.poll_timeout().map(|deadline| deadline.at);
        endpoint.into_iter().chain(telephone).chain(self.announces.deadline()).min()
    }

    /// Who this phone is.
    #[must_use]
    pub fn identity(&self) -> IdentityHash {
        IdentityHash(self.endpoint.identity().0)
    }

    /// Tells whether a link stands or is being opened.
    #[must_use]
    pub fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// The call, `None` when the line is idle.
    #[must_use]
    pub fn call(&self) -> Option<CallStatus> {
        self.telephone.call()
    }

    /// What the telephone counted.
    #[must_use]
    pub const fn stats(&self) -> &lxst_core::Stats {
        self.telephone.stats()
    }

    /// What was dropped because too much of it waited for the coder.
    #[must_use]
    pub const fn capture_dropped(&self) -> Samples {
        self.audio.dropped()
    }

    /// What the Reticulum endpoint counted.
    #[must_use]
    pub fn endpoint_stats(&self) -> &reticulum::Stats {
        self.endpoint.stats()
    }

    fn unix(&self, now: Instant) -> Duration {
        self.unix_time_at_origin + now.since(Instant::ORIGIN)
    }

    /// Passes on what the driver itself and the endpoint have for the core, until both are quiet.
    /// The driver's answers come first: the app knows nothing of a caller whom a list decides on.
    fn pump(&mut self, now: Instant) {
        loop {
            if let Some(reply) = self.replies.pop_front() {
                self.on_reply(now, &reply);
            } else if let Some(event) = self.endpoint.poll_event() {
                self.on_endpoint(now, event);
            } else {
                return;
            }
        }
    }

    fn on_reply(&mut self, now: Instant, reply: &Reply) {
        let input = match *reply {
            Reply::Discarded(job) => Input::JobDone { job, outcome: Outcome::Discarded },
            Reply::Screened(call, verdict) => Input::Command(Command::Screen(call, verdict)),
        };
        self.give(now, input);
    }

    fn on_endpoint(&mut self, now: Instant, event: reticulum::Event) {
        match event {
            reticulum::Event::Announced { identity, hops, .. } => {
                let identity = IdentityHash(identity.0);
                self.events.push_back(Event::Announced { identity, hops });
            }
            reticulum::Event::Link { link, event } => {
                if matches!(event, reticulum::LinkEvent::Incoming { .. }) {
                    self.links.admit(link);
                }
                // Of a link that was closed here meanwhile, nobody wants to know.
                if let Some(id) = self.links.id(link) {
                    self.on_link(now, id, event);
                }
            }
            _ => {}
        }
    }

    fn on_link(&mut self, now: Instant, link: LinkId, event: reticulum::LinkEvent) {
        let event = match event {
            reticulum::LinkEvent::Incoming { rtt, mdu } => LinkEvent::Incoming { rtt, mdu },
            reticulum::LinkEvent::Up { rtt, mdu } => LinkEvent::Up { rtt, mdu },
            reticulum::LinkEvent::Failed(reason) => {
                self.links.part(link);
                LinkEvent::Failed(links::failure(reason))
            }
            reticulum::LinkEvent::Identified(identity) => {
                LinkEvent::Identified(IdentityHash(identity.0))
            }
            reticulum::LinkEvent::Packet(data) => {
                return self.give(now, Input::Packet { link, data: &data });
            }
            reticulum::LinkEvent::Heard => LinkEvent::Heard,
            reticulum::LinkEvent::Closed(reason) => {
                self.links.part(link);
                LinkEvent::Closed(links::end(reason))
            }
            _ => return,
        };
        let is_new = matches!(event, LinkEvent::Incoming { .. } | LinkEvent::Up { .. });
        self.give(now, Input::Link { link, event });
        if is_new {
            // The handshake was heard, and this boundary reports what is.
            self.give(now, Input::Link { link, event: LinkEvent::Heard });
        }
    }

    /// Gives an input whose refusal means nothing to anybody: what it speaks of is over.
    fn give(&mut self, now: Instant, input: Input<'_>) {
        let refused = self.input(now, input).err();
        debug_assert_ne!(refused, Some(InputError::OutputFull), "outputs are drained each time");
    }

    fn input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        self.telephone.handle_input(now, input)?;
        if let Some(tap) = &mut self.tap {
            tap.see(now, Door::In(input));
        }
        let mut buf = PacketBuf::new();
        while let Some(output) = self.telephone.poll_output(&mut buf) {
            if let Some(tap) = &mut self.tap {
                tap.see(now, Door::Out(output));
            }
            self.on_output(now, output);
        }
        Ok(())
    }

    fn on_output(&mut self, now: Instant, output: Output<'_>) {
        let unix = self.unix(now);
        match output {
            Output::Transmit { link, class, data } => {
                if let Some(handle) = self.links.handle(link) {
                    // A refusal means that the link is going down, of which an event will tell.
                    let _ = self.endpoint.send(unix, handle, links::class(class), data);
                }
            }
            Output::Link { link, request: LinkRequest::Open(to) } => {
                let handle = self.endpoint.open(unix, reticulum::IdentityHash(to.0));
                self.links.pair(link, handle);
            }
            Output::Link { link, request: LinkRequest::Identify } => {
                if let Some(handle) = self.links.handle(link) {
                    // As above.
                    let _ = self.endpoint.identify(unix, handle);
                }
            }
            Output::Link { link, request: LinkRequest::Close } => {
                if let Some(handle) = self.links.part(link) {
                    self.endpoint.close(unix, handle);
                }
            }
            Output::Announce => self.endpoint.announce(unix),
            Output::Stream { call, direction, change } => {
                self.tasks.extend(self.audio.on_stream(direction, change));
                self.events.push_back(Event::Stream { call, direction, change });
            }
            Output::Job { job, work, .. } => match self.audio.on_job(job, work) {
                Some(task) => self.tasks.push_back(task),
                None => self.replies.push_back(Reply::Discarded(job)),
            },
            Output::Event(event) => self.on_event(event),
        }
    }

    fn on_event(&mut self, event: lxst_core::Event) {
        if let lxst_core::Event::Screening { call, from, .. } = event
            && let Some(verdict) = self.access.verdict(from, self.callers)
        {
            self.replies.push_back(Reply::Screened(call, verdict));
        } else {
            self.events.push_back(Event::Call(event));
        }
    }
}
