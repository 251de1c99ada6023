//! The composition of core, stack and codecs: the outputs of each are inputs of the next.

mod dispatch;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use lxst_codecs::Codecs;
use lxst_core::{
    Boundary, CallId, CallStatus, Command, Direction, DisplayName, IdentityHash, Input, InputError,
    Instant, LinkClosed, LinkEvent, Mode, Mute, PortChange, Profile, Samples, Stack, StreamId,
    Telephone,
};

use crate::adaptation::Adapter;
use crate::announce::{AnnouncePace, InterfaceOrigin};
use crate::audio::samples;
use crate::callers::Callers;
use crate::coder::{Done, Task};
use crate::config::Config;
use crate::event::{DialError, Event};
use crate::ids::Ids;
use crate::links::Links;
use crate::path_profile::{Dialled, ProfileChoice};
use crate::people::{self, People, PeopleError};
use crate::streams::Streams;
use crate::tap::Tap;
use dispatch::Reply;

/// A phone without a runtime, on a Reticulum stack. Moments count from an origin that the owner
/// chooses.
///
/// It has one line unless it is made [`with_lines`](Self::with_lines). Each line holds one call at
/// most. A call's audio passes through its stream, which has the number of the call. All lines
/// share the links, the admission of callers, and the tasks for the coder.
///
/// *Inputs* take effect at once; those of the stack go through [`with_stack`](Self::with_stack).
/// After each input, the owner drains the stack's own outputs, [`poll_task`](Self::poll_task) and
/// [`poll_event`](Self::poll_event). It then sleeps until [`poll_timeout`](Self::poll_timeout) or
/// the next input.
#[derive(Debug)]
pub struct Engine<S, const LINES: usize = 1> {
    // Boxed: an engine moves several times before it runs, on stacks that may be small.
    telephone: Box<Telephone<LINES>>,
    codecs: Arc<dyn Codecs>,
    ids: Ids,
    links: Links<S>,
    streams: Streams,
    /// The ports attached for all calls.
    ports: Vec<Direction>,
    /// The ports attached for one call.
    own_ports: Vec<(CallId, Direction)>,
    adaptive_profile: bool,
    /// How the profile of each dialled call is chosen.
    dialled: BTreeMap<CallId, Dialled>,
    /// One for each established call that adapts.
    adapters: BTreeMap<CallId, Adapter>,
    /// Inputs for the core that the engine makes by itself.
    replies: VecDeque<Reply>,
    callers: Callers,
    display_name: Option<DisplayName>,
    people: People,
    announces: AnnouncePace,
    tasks: VecDeque<Task>,
    events: VecDeque<Event>,
    tap: Option<Tap>,
}

impl<S: Stack> Engine<S> {
    /// Creates a phone of one line on a stack.
    #[must_use]
    pub fn new(config: Config, stack: S) -> Self {
        Self::with_lines(config, stack)
    }

    /// Returns the status of the call, `None` if the line is idle.
    #[must_use]
    pub fn call(&self) -> Option<CallStatus> {
        self.telephone.call()
    }

    /// Returns the stream of the call, `None` if the line is idle.
    #[must_use]
    pub fn stream(&self) -> Option<StreamId> {
        self.call().map(|status| status.call.into())
    }
}

impl<S: Stack, const LINES: usize> Engine<S, LINES> {
    /// Creates a phone of several lines on a stack: `Engine::<_, 3>::with_lines(..)`.
    #[must_use]
    pub fn with_lines(mut config: Config, stack: S) -> Self {
        let identity = stack.identity();
        // The lists decide first, so the core asks about every caller.
        let telephone = lxst_core::Config {
            callers: None,
            limits: config.callers.limits,
            profiles: config.codecs.profiles(),
            codecs: config.codecs.known(),
            ..config.telephone
        };
        if let Some(tap) = &mut config.tap {
            tap.see(
                Instant::ORIGIN,
                Boundary::Start { identity, config: &telephone, lines: LINES },
            );
        }
        Self {
            telephone: Box::new(Telephone::with_lines(identity, telephone, Instant::ORIGIN)),
            codecs: config.codecs,
            ids: config.ids,
            links: Links::new(stack),
            #[cfg(feature = "voice-processing")]
            streams: Streams::processed_by(config.voice_processing),
            #[cfg(not(feature = "voice-processing"))]
            streams: Streams::default(),
            ports: Vec::new(),
            own_ports: Vec::new(),
            adaptive_profile: config.adaptive_profile,
            dialled: BTreeMap::new(),
            adapters: BTreeMap::new(),
            replies: VecDeque::new(),
            callers: config.callers,
            display_name: config.display_name,
            people: People::default(),
            announces: AnnouncePace::default(),
            tasks: VecDeque::new(),
            events: VecDeque::new(),
            tap: config.tap,
        }
    }

    /// Returns the stack.
    #[must_use]
    pub const fn stack(&self) -> &S {
        &self.links.stack
    }

    /// Returns the stack, to drain its own outputs.
    pub const fn stack_mut(&mut self) -> &mut S {
        &mut self.links.stack
    }

    /// Gives the stack its own inputs, and handles the events that they cause.
    pub fn with_stack<T>(&mut self, now: Instant, give: impl FnOnce(&mut S) -> T) -> T {
        let given = give(&mut self.links.stack);
        self.pump(now);
        given
    }

    /// Handles a part of the network that came up. The phone announces at once, or at the pace of
    /// [`ANNOUNCE_PACE`](crate::ANNOUNCE_PACE) for each origin.
    pub fn network_up(&mut self, now: Instant, origin: InterfaceOrigin) {
        if self.announces.on_up(now, origin) {
            self.give(now, Input::InterfaceUp);
        }
        self.pump(now);
    }

    /// Handles what is due. An early or late call does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.stack().poll_timeout().is_some_and(|at| at <= now) {
            self.with_stack(now, |stack| stack.handle_timeout(now));
        }
        if self.announces.on_timeout(now) {
            self.give(now, Input::InterfaceUp);
        }
        if self.telephone.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
            self.give(now, Input::Timeout);
        }
        self.tell_captured(now);
        self.pump(now);
    }

    /// Dials an identity. Returns the id of the new call.
    ///
    /// # Errors
    /// [`DialError`]: nothing changed.
    pub fn dial(
        &mut self,
        now: Instant,
        to: IdentityHash,
        profile: impl Into<ProfileChoice>,
        mode: Mode,
    ) -> Result<CallId, DialError> {
        if let Some(identity) = self.stack().identity_at(to) {
            return Err(DialError::DestinationHash { given: to, identity });
        }
        let choice = profile.into();
        let (call, link) = (self.ids.next_call(), self.ids.next_link());
        let profile = match choice {
            // Until the path is known.
            ProfileChoice::Auto => self.nearest(Profile::MediumQuality),
            ProfileChoice::UpTo(profile) | ProfileChoice::Exactly(profile) => profile,
        };
        self.command(now, Command::Dial { call, link, to, profile, mode })?;
        self.dialled.insert(call, Dialled::new(choice));
        self.people.know(to);
        self.attach(call);
        self.pump(now);
        Ok(call)
    }

    /// Applies a command of the app. To dial, use [`dial`](Self::dial), which makes the ids.
    ///
    /// # Errors
    /// [`InputError`]: nothing changed.
    pub fn command(&mut self, now: Instant, command: Command) -> Result<(), InputError> {
        self.input(now, Input::Command(command))?;
        if let Command::Mute(call, Direction::Receive, Mute::Muted) = command {
            self.streams.hush(call.into());
        }
        self.pump(now);
        Ok(())
    }

    /// Ends all calls and lets no further caller ring. A link on which the peer gets the reason
    /// stays open for the core's [`GOODBYE`](lxst_core::limits::GOODBYE).
    pub fn retire(&mut self, now: Instant) {
        // Before the calls end: a held caller could take the place of one.
        self.give(now, Input::Command(Command::SetAvailable(false)));
        for call in self.call_ids() {
            self.give(now, Input::Command(Command::HangUp(call)));
        }
        self.pump(now);
    }

    /// Does what [`retire`](Self::retire) does, and closes all links at once. Packets that are
    /// still to be sent can be polled.
    pub fn close(&mut self, now: Instant) {
        self.retire(now);
        for link in self.links.close_all(now) {
            let event = LinkEvent::Closed(LinkClosed::Unknown);
            self.give(now, Input::Link { link, event });
        }
        self.pump(now);
    }

    /// Changes the admission of callers, from the next caller on.
    pub fn set_callers(&mut self, now: Instant, callers: Callers) {
        if callers.limits != self.callers.limits {
            self.give(now, Input::Command(Command::LimitCallers(callers.limits)));
        }
        self.callers = callers;
    }

    /// Changes the display name, from the next announce on. Nothing is sent. Path responses carry
    /// the earlier name until then.
    pub const fn set_display_name(&mut self, name: Option<DisplayName>) {
        self.display_name = name;
    }

    /// Attaches or detaches the microphone or the speaker of all calls, future calls included.
    pub fn port(&mut self, now: Instant, direction: Direction, change: PortChange) {
        self.ports.retain(|attached| *attached != direction);
        if change == PortChange::Attached {
            self.ports.push(direction);
        }
        for call in self.call_ids() {
            if !self.own_ports.contains(&(call, direction)) {
                self.set_port(now, call, direction, change);
            }
        }
        self.pump(now);
    }

    /// Attaches or detaches a microphone or a speaker of one call. The call has the port if either
    /// this one or that of all calls is attached. It ends with the call.
    ///
    /// # Errors
    /// [`InputError::UnknownStream`]: the call has ended or never existed. Nothing changed.
    pub fn own_port(
        &mut self,
        now: Instant,
        call: CallId,
        direction: Direction,
        change: PortChange,
    ) -> Result<(), InputError> {
        let stream = call.into();
        if self.calls().all(|status| status.call != call) {
            return Err(InputError::UnknownStream(stream));
        }
        self.own_ports.retain(|attached| *attached != (call, direction));
        if change == PortChange::Attached {
            self.own_ports.push((call, direction));
        }
        if !self.ports.contains(&direction) {
            self.set_port(now, call, direction, change);
        }
        self.pump(now);
        Ok(())
    }

    fn set_port(&mut self, now: Instant, call: CallId, direction: Direction, change: PortChange) {
        let stream = call.into();
        if (direction, change) == (Direction::Receive, PortChange::Detached) {
            self.streams.hush(stream);
        }
        self.give(now, Input::Port { stream, direction, change });
    }

    /// Takes captured 48 kHz mono PCM of a stream, in blocks of up to 2 s. It is dropped while the
    /// stream does not send. Samples are clipped to -1 to 1; one that is not finite becomes
    /// silence.
    ///
    /// A block of more than 120 ms is encoded and sent over its playing time, for which
    /// [`poll_timeout`](Self::poll_timeout) asks.
    ///
    /// *Bounds*: beyond [`CAPTURE_QUEUE`](crate::CAPTURE_QUEUE) the oldest audio is dropped and
    /// counted. Audio waits only if blocks come faster than real time, or if the coder has stalled.
    pub fn capture(&mut self, now: Instant, stream: StreamId, pcm: &[f32]) {
        let dropped = self.streams.capture(stream, pcm);
        self.overrun(now, stream, Direction::Send, dropped);
        self.tell_captured(now);
        self.pump(now);
    }

    fn tell_captured(&mut self, now: Instant) {
        while let Some((stream, samples)) = self.streams.captured(now) {
            self.give(now, Input::Captured { stream, samples });
        }
    }

    /// Counts audio that an audio port of the owner dropped: of the microphone before
    /// [`capture`](Self::capture), or of the speaker after [`play`](Self::play). It shows in the
    /// quality of the call, and lowers its MOS.
    pub fn overrun(
        &mut self,
        now: Instant,
        stream: StreamId,
        direction: Direction,
        samples: Samples,
    ) {
        if !samples.is_zero() {
            self.give(now, Input::Overrun { stream, direction, samples });
            self.pump(now);
        }
    }

    /// Fills a block of 48 kHz mono PCM for the speaker of a stream. Returns how many samples are
    /// the peer's audio; the rest is silence. This is the playout clock of the stream: call it at
    /// the speaker's pace, in blocks of up to 2 s. A long block delays the audio by its length.
    pub fn play(&mut self, now: Instant, stream: StreamId, pcm: &mut [f32]) -> usize {
        let heard = self.streams.play(stream, pcm);
        if self.streams.is_receiving(stream) {
            self.give(now, Input::Consumed { stream, samples: samples(pcm.len()) });
            self.pump(now);
        }
        heard
    }

    /// Returns whether a block of this length would be incomplete only because the coder has not
    /// finished a frame. A speaker that can wait, such as one that catches up after a stall, waits
    /// then.
    #[must_use]
    pub fn awaits_audio(&self, stream: StreamId, length: usize) -> bool {
        self.streams.is_awaited(stream, length)
    }

    /// Takes the result of a task.
    pub fn handle_done(&mut self, now: Instant, done: Done) {
        self.streams.on_done(&done);
        if matches!(done, Done::Crashed { .. }) {
            self.events.push_back(Event::CoderCrashed);
        }
        self.give(now, Input::JobDone { job: done.job(), outcome: done.outcome() });
        self.pump(now);
    }

    /// Returns the next task for the coder.
    pub fn poll_task(&mut self) -> Option<Task> {
        self.tasks.pop_front()
    }

    /// Returns the next event for the app.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let telephone = self.telephone.poll_timeout().map(|deadline| deadline.at);
        let stack = self.stack().poll_timeout().into_iter();
        let deadlines = stack.chain(telephone).chain(self.announces.deadline());
        let deadlines = deadlines.chain(self.streams.due());
        // Instant::MAX is never due.
        deadlines.min().filter(|at| *at < Instant::MAX)
    }

    /// Returns the identity of this phone.
    #[must_use]
    pub fn identity(&self) -> IdentityHash {
        self.stack().identity()
    }

    /// Returns whether a link is established or being opened.
    #[must_use]
    pub fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// Returns the status of each call.
    pub fn calls(&self) -> impl Iterator<Item = CallStatus> {
        self.telephone.calls()
    }

    /// Tells whether what is captured for a stream is sent as voice: the call is not muted, and in
    /// half duplex the user talks.
    #[must_use]
    pub fn sends_voice(&self, stream: StreamId) -> bool {
        self.telephone.sends_voice(stream)
    }

    /// Returns the counters of the telephone.
    #[must_use]
    pub fn counters(&self) -> lxst_core::Counters {
        self.telephone.counters()
    }

    /// Returns the captured audio dropped because too much waited for the coder, of all calls.
    #[must_use]
    pub const fn capture_dropped(&self) -> Samples {
        self.streams.dropped()
    }

    /// Returns the captured samples of a stream that are not encoded.
    #[must_use]
    pub fn capture_unsent(&self, stream: StreamId) -> u64 {
        self.streams.unsent(stream) as u64
    }

    /// Marks an identity as known, like those whom we dialled or talked with:
    /// [`CallerLimits`](lxst_core::CallerLimits) apply to strangers only.
    pub fn know(&mut self, now: Instant, identity: IdentityHash) {
        self.people.know(identity);
        self.give(now, Input::Command(Command::Know(identity)));
    }

    /// Returns the identities that we dialled, talked with or were told to [`know`](Self::know),
    /// the latest last.
    ///
    /// *Bounds*: the latest [`CALLERS_REMEMBERED`](lxst_core::limits::CALLERS_REMEMBERED).
    pub fn people(&self) -> impl Iterator<Item = IdentityHash> {
        self.people.iter()
    }

    /// Returns the [`people`](Self::people) as bytes, for [`import_people`](Self::import_people) at
    /// the next start.
    ///
    /// *Shape*: `"LXPE"`, a version byte, and 32 bytes per identity.
    #[must_use]
    pub fn export_people(&self) -> Vec<u8> {
        self.people.export()
    }

    /// Marks the identities of [`export_people`](Self::export_people) as known.
    ///
    /// # Errors
    /// [`PeopleError`]; every readable record is taken.
    pub fn import_people(&mut self, now: Instant, store: &[u8]) -> Result<(), PeopleError> {
        let (people, result) = people::read(store);
        people.into_iter().for_each(|known| self.know(now, known));
        result
    }

    /// Returns a number that changes when [`people`](Self::people) changes.
    #[must_use]
    pub const fn people_revision(&self) -> u64 {
        self.people.revision()
    }
}
