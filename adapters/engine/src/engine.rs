//! The composition: what each machine hands out goes into the next.

use std::collections::VecDeque;
use std::sync::Arc;

#[cfg(feature = "voice-processing")]
use lxst_audio::{VoiceProcessing, VoiceProcessor};
use lxst_codecs::{BuiltInCodecs, Codecs};
use lxst_core::wire::Frame;
use lxst_core::{
    Admission, Boundary, CallId, CallState, CallStatus, Command, Direction, DisplayName,
    IdentityHash, Input, InputError, Instant, JobId, LinkClosed, LinkEvent, Mode, Outcome, Output,
    PacketBuf, PortChange, Profile, Samples, Stack, StackEvent, StreamChange, StreamId, Telephone,
};

use crate::adaptation::{Adapter, Counts};
use crate::announce::{AnnouncePace, InterfaceOrigin};
use crate::audio::{Audio, samples};
use crate::callers::Callers;
use crate::coder::{Done, Task};
use crate::ids::Ids;
use crate::links::Links;
use crate::people::{self, People, PeopleError};
use crate::tap::Tap;

/// What an engine is told once.
#[derive(Debug)]
pub struct Config {
    /// The settings of the telephone. The engine decides on `profiles` and `codecs`, which are
    /// those of [`codecs`](Self::codecs), and on `callers` and `limits`, which are those of
    /// [`callers`](Self::callers).
    pub telephone: lxst_core::Config,
    /// Who may call.
    pub callers: Callers,
    /// What the phone calls itself in its announces. *Default*: it tells no name.
    pub display_name: Option<DisplayName>,
    /// The codecs of the [`Coder`](crate::Coder) that does the tasks. The phone offers the profiles
    /// that these can send. *Default*: [`BuiltInCodecs`].
    pub codecs: Arc<dyn Codecs>,
    /// Whether the profile follows what the path carries: it steps down where more than 8 % of the
    /// voice is lost for 5 s, and up again after 20 s with less than 2 %.
    pub adaptive_profile: bool,
    /// What is done to the microphone's sound.
    #[cfg(feature = "voice-processing")]
    pub voice_processing: VoiceProcessing,
    /// Sees the core's doors.
    pub tap: Option<Tap>,
    /// The numbers of links and calls: whoever names the links of a [`LinkQueue`](crate::LinkQueue)
    /// has a clone.
    pub ids: Ids,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            telephone: lxst_core::Config::default(),
            codecs: Arc::new(BuiltInCodecs),
            callers: Callers::default(),
            display_name: None,
            adaptive_profile: false,
            #[cfg(feature = "voice-processing")]
            voice_processing: VoiceProcessing::default(),
            tap: None,
            ids: Ids::default(),
        }
    }
}

/// What an engine tells its owner. Exhaustive by intent: an owner handles each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something about a call.
    Call(lxst_core::Event),
    /// A direction of a call's audio begins or ends.
    Stream {
        /// The stream, which has the number of its call.
        stream: StreamId,
        /// The direction.
        direction: Direction,
        /// Which of the two.
        change: StreamChange,
    },
    /// The coder panicked: a frame is lost, and the codecs go on with fresh state. It is a fault
    /// worth a report.
    CoderCrashed,
    /// The hash that was dialled is that of a destination, as its announce tells. The call ends as
    /// [`NoPath`](lxst_core::EndReason::NoPath); [`DialError::DestinationHash`] tells of a
    /// destination that is known before.
    DestinationDialled {
        /// The call.
        call: CallId,
        /// What was dialled.
        given: IdentityHash,
        /// The identity that the destination belongs to, and that is to be dialled.
        identity: IdentityHash,
    },
    /// A phone announced itself.
    Announced {
        /// Whose.
        identity: IdentityHash,
        /// How far away; 1 is a neighbour.
        hops: u8,
        /// What it calls itself. Nobody proves it.
        name: Option<DisplayName>,
    },
}

/// Why nobody was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The telephone refused it: the line is taken, or the profile cannot be sent.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// The hash is that of a destination, of a phone that was heard or of our own.
    #[error("{given} is a telephony destination; dial the identity that it belongs to, {identity}")]
    DestinationHash {
        /// What was to be dialled.
        given: IdentityHash,
        /// The identity that the destination belongs to.
        identity: IdentityHash,
    },
}

/// A phone without a runtime, on a Reticulum stack. Moments are counted from an origin that the
/// owner chooses.
///
/// *Inputs* take effect at once; those of the stack go through [`with_stack`](Self::with_stack).
/// After each, the owner drains the stack's own outputs, [`poll_task`](Self::poll_task) and
/// [`poll_event`](Self::poll_event), and then sleeps until [`poll_timeout`](Self::poll_timeout) or
/// the next input.
#[derive(Debug)]
pub struct Engine<S> {
    // Boxed, as the voice processor is: an engine is moved several times before it runs, on stacks
    // that may be small.
    telephone: Box<Telephone>,
    codecs: Arc<dyn Codecs>,
    ids: Ids,
    links: Links<S>,
    audio: Audio,
    /// The ports that the owner has attached, which every call begins with.
    ports: Vec<Direction>,
    #[cfg(feature = "voice-processing")]
    processor: Option<Box<VoiceProcessor>>,
    adaptive_profile: bool,
    /// Of the call that stands.
    adapter: Option<Adapter>,
    /// Inputs that the engine itself has for the core.
    replies: VecDeque<Reply>,
    callers: Callers,
    display_name: Option<DisplayName>,
    people: People,
    announces: AnnouncePace,
    tasks: VecDeque<Task>,
    events: VecDeque<Event>,
    tap: Option<Tap>,
}

/// What the engine answers to an output by itself.
#[derive(Debug)]
enum Reply {
    Discarded(JobId),
    Known(IdentityHash),
    Attached(StreamId, Direction),
    Screened(CallId, Admission),
    Switched(CallId, Profile),
}

impl<S: Stack> Engine<S> {
    /// Makes a phone on a stack.
    #[must_use]
    pub fn new(mut config: Config, stack: S) -> Self {
        let identity = stack.identity();
        // Lists decide first, so the core asks about everybody.
        let telephone = lxst_core::Config {
            callers: None,
            limits: config.callers.limits,
            profiles: config.codecs.profiles(),
            codecs: config.codecs.known(),
            ..config.telephone
        };
        if let Some(tap) = &mut config.tap {
            tap.see(Instant::ORIGIN, Boundary::Start { identity, config: &telephone });
        }
        Self {
            telephone: Box::new(Telephone::new(identity, telephone, Instant::ORIGIN)),
            codecs: config.codecs,
            ids: config.ids,
            links: Links::new(stack),
            audio: Audio::default(),
            ports: Vec::new(),
            #[cfg(feature = "voice-processing")]
            processor: (!config.voice_processing.is_none())
                .then(|| Box::new(VoiceProcessor::new(config.voice_processing))),
            adaptive_profile: config.adaptive_profile,
            adapter: None,
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

    /// Returns the stack, to look at.
    #[must_use]
    pub const fn stack(&self) -> &S {
        &self.links.stack
    }

    /// Returns the stack, to drain its own outputs.
    pub const fn stack_mut(&mut self) -> &mut S {
        &mut self.links.stack
    }

    /// Gives the stack what its own inputs are, and takes in what comes of it.
    pub fn with_stack<T>(&mut self, now: Instant, give: impl FnOnce(&mut S) -> T) -> T {
        let given = give(&mut self.links.stack);
        self.pump(now);
        given
    }

    /// Takes note that a part of the network came up. The phone announces itself at once, or at the
    /// pace of [`ANNOUNCE_PACE`](crate::ANNOUNCE_PACE) for each origin.
    pub fn network_up(&mut self, now: Instant, origin: InterfaceOrigin) {
        if self.announces.on_up(now, origin) {
            self.give(now, Input::InterfaceUp);
        }
        self.pump(now);
    }

    /// Does what is due; calling it early or late is harmless.
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

    /// Calls somebody, and names the call.
    ///
    /// # Errors
    /// [`DialError`], and nothing changed.
    pub fn dial(
        &mut self,
        now: Instant,
        to: IdentityHash,
        profile: Profile,
        mode: Mode,
    ) -> Result<CallId, DialError> {
        if let Some(identity) = self.stack().identity_at(to) {
            return Err(DialError::DestinationHash { given: to, identity });
        }
        let (call, link) = (self.ids.next_call(), self.ids.next_link());
        self.command(now, Command::Dial { call, link, to, profile, mode })?;
        self.people.know(to);
        self.attach(call);
        self.pump(now);
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
        self.give(now, Input::Command(Command::SetAvailable(false)));
        if let Some(status) = self.call() {
            self.give(now, Input::Command(Command::HangUp(status.call)));
        }
        self.pump(now);
    }

    /// Does what [`retire`](Self::retire) does, and closes all links at once. What is still to be
    /// sent can be polled.
    pub fn close(&mut self, now: Instant) {
        self.retire(now);
        for link in self.links.close_all(now) {
            let event = LinkEvent::Closed(LinkClosed::Unknown);
            self.give(now, Input::Link { link, event });
        }
        self.pump(now);
    }

    /// Changes who may call, from the next caller on.
    pub fn set_callers(&mut self, now: Instant, callers: Callers) {
        if callers.limits != self.callers.limits {
            self.give(now, Input::Command(Command::LimitCallers(callers.limits)));
        }
        self.callers = callers;
    }

    /// Changes what the phone calls itself, from its next announce on. Nothing is sent, and until
    /// then path responses carry the earlier name.
    pub const fn set_display_name(&mut self, name: Option<DisplayName>) {
        self.display_name = name;
    }

    /// Attaches or detaches the microphone or the speaker, for the call that there is and those to
    /// come.
    pub fn port(&mut self, now: Instant, direction: Direction, change: PortChange) {
        self.ports.retain(|attached| *attached != direction);
        if change == PortChange::Attached {
            self.ports.push(direction);
        }
        if let Some(stream) = self.stream() {
            self.give(now, Input::Port { stream, direction, change });
        }
        self.pump(now);
    }

    /// Takes 48 kHz mono PCM of the microphone, in blocks of up to 2 s. While no call sends, it is
    /// dropped. What is not finite counts as silence, and is clipped beyond -1 and 1.
    ///
    /// A block of more than 120 ms is encoded and sent over its time, for which
    /// [`poll_timeout`](Self::poll_timeout) asks.
    ///
    /// *Bounds*: beyond [`CAPTURE_QUEUE`](crate::CAPTURE_QUEUE), which wait only where blocks come
    /// faster than time passes or the coder has stalled, the oldest is dropped and counted.
    pub fn capture(&mut self, now: Instant, pcm: &[f32]) {
        #[cfg(feature = "voice-processing")]
        if let (Some(processor), true) = (&mut self.processor, self.audio.is_sending()) {
            let mut processed = Vec::with_capacity(pcm.len() + processor.waiting());
            processor.capture(pcm, &mut processed);
            return self.captured(now, &processed);
        }
        self.captured(now, pcm);
    }

    fn captured(&mut self, now: Instant, pcm: &[f32]) {
        let dropped = self.audio.capture(pcm);
        self.overrun(now, Direction::Send, dropped);
        self.tell_captured(now);
        self.pump(now);
    }

    fn tell_captured(&mut self, now: Instant) {
        if let Some(stream) = self.stream()
            && let Some(samples) = self.audio.captured(now)
        {
            self.give(now, Input::Captured { stream, samples });
        }
    }

    /// Takes note of what an audio port of the owner dropped, of the microphone's sound before
    /// [`capture`](Self::capture) or of the speaker's after [`play`](Self::play): it shows in the
    /// figures of the call, and lowers its opinion.
    pub fn overrun(&mut self, now: Instant, direction: Direction, samples: Samples) {
        if let (Some(stream), false) = (self.stream(), samples.is_zero()) {
            self.give(now, Input::Overrun { stream, direction, samples });
            self.pump(now);
        }
    }

    /// Fills a block of 48 kHz mono PCM for the speaker and tells how much of it was heard from
    /// the peer; the rest is silence. This is the playout clock: call it at the speaker's pace, in
    /// blocks of up to 2 s. A long block delays the sound by its length.
    pub fn play(&mut self, now: Instant, pcm: &mut [f32]) -> usize {
        let heard = self.audio.play(pcm);
        #[cfg(feature = "voice-processing")]
        if let (Some(processor), true) = (&mut self.processor, self.audio.is_receiving()) {
            processor.play(pcm);
        }
        if let (Some(stream), true) = (self.stream(), self.audio.is_receiving()) {
            self.give(now, Input::Consumed { stream, samples: samples(pcm.len()) });
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
            Done::Encoded { codec, payload, .. } => {
                Outcome::Encoded(Frame { codec: *codec, payload })
            }
            Done::Played { pcm, level, .. } => {
                Outcome::Played { samples: samples(pcm.len()), level: *level }
            }
            Done::NoVoice { .. } => Outcome::NoVoice,
            Done::Failed { .. } => Outcome::Failed,
            Done::Crashed { .. } => {
                self.events.push_back(Event::CoderCrashed);
                Outcome::Failed
            }
        };
        self.give(now, Input::JobDone { job: done.job(), outcome });
        self.pump(now);
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
        let telephone = self.telephone.poll_timeout().map(|deadline| deadline.at);
        let stack = self.stack().poll_timeout().into_iter();
        let deadlines = stack.chain(telephone).chain(self.announces.deadline());
        let deadlines = deadlines.chain(self.audio.due());
        // What is due at the end of time would be due again and again.
        deadlines.min().filter(|at| *at < Instant::MAX)
    }

    /// Who this phone is.
    #[must_use]
    pub fn identity(&self) -> IdentityHash {
        self.stack().identity()
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
    pub fn counters(&self) -> lxst_core::Counters {
        self.telephone.counters()
    }

    /// What was dropped because too much of it waited for the coder.
    #[must_use]
    pub const fn capture_dropped(&self) -> Samples {
        self.audio.dropped()
    }

    /// Samples that were captured and are not encoded.
    #[must_use]
    pub fn capture_unsent(&self) -> u64 {
        #[cfg(feature = "voice-processing")]
        let processed = self.processor.as_ref().map_or(0, |processor| processor.waiting());
        #[cfg(not(feature = "voice-processing"))]
        let processed = 0;
        (self.audio.unsent() + processed) as u64
    }

    /// Takes somebody for known, as those whom we dialled or talked with are:
    /// [`CallerLimits`](lxst_core::CallerLimits) are for strangers.
    pub fn know(&mut self, now: Instant, identity: IdentityHash) {
        self.people.know(identity);
        self.give(now, Input::Command(Command::Know(identity)));
    }

    /// Whom we dialled, talked with or were told to [`know`](Self::know), the latest last.
    ///
    /// *Bounds*: the [`CALLERS_REMEMBERED`](lxst_core::limits::CALLERS_REMEMBERED) latest.
    pub fn people(&self) -> impl Iterator<Item = IdentityHash> {
        self.people.iter()
    }

    /// The [`people`](Self::people), for [`import_people`](Self::import_people) at the next start.
    ///
    /// *Shape*: `"LXPE"`, a version byte, and 32 bytes for each.
    #[must_use]
    pub fn export_people(&self) -> Vec<u8> {
        self.people.export()
    }

    /// Takes for known whom [`export_people`](Self::export_people) gave.
    ///
    /// # Errors
    /// [`PeopleError`]; each record that can be read is taken.
    pub fn import_people(&mut self, now: Instant, store: &[u8]) -> Result<(), PeopleError> {
        let (people, result) = people::read(store);
        people.into_iter().for_each(|known| self.know(now, known));
        result
    }

    /// A number that changes when [`people`](Self::people) does.
    #[must_use]
    pub const fn people_revision(&self) -> u64 {
        self.people.revision()
    }

    /// Passes on what the engine itself and the stack have for the core, until both are quiet.
    /// The engine's answers come first: the app knows nothing of a caller whom a list decides on.
    fn pump(&mut self, now: Instant) {
        loop {
            if let Some(reply) = self.replies.pop_front() {
                self.on_reply(now, &reply);
            } else if let Some(event) = self.links.poll_event(&self.ids) {
                self.on_stack_event(now, event);
            } else {
                return;
            }
        }
    }

    fn on_reply(&mut self, now: Instant, reply: &Reply) {
        let input = match *reply {
            Reply::Discarded(job) => Input::JobDone { job, outcome: Outcome::Discarded },
            Reply::Attached(stream, direction) => {
                Input::Port { stream, direction, change: PortChange::Attached }
            }
            Reply::Known(identity) => Input::Command(Command::Know(identity)),
            Reply::Screened(call, admission) => Input::Command(Command::Screen(call, admission)),
            Reply::Switched(call, profile) => Input::Command(Command::SetProfile(call, profile)),
        };
        self.give(now, input);
    }

    fn on_stack_event(&mut self, now: Instant, event: StackEvent<S::Data>) {
        match event {
            StackEvent::Announced { identity, hops, name } => {
                self.events.push_back(Event::Announced { identity, hops, name });
                let is_mistaken = |call: &CallStatus| {
                    call.state == CallState::Calling
                        && call.peer != identity
                        && self.stack().identity_at(call.peer) == Some(identity)
                };
                if let Some(CallStatus { call, peer: given, .. }) = self.call().filter(is_mistaken)
                {
                    self.events.push_back(Event::DestinationDialled { call, given, identity });
                }
            }
            StackEvent::Link { link, event } => self.give(now, Input::Link { link, event }),
            StackEvent::Packet { link, data } => {
                self.give(now, Input::Packet { link, data: data.as_ref() });
            }
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
            tap.see(now, Boundary::In(input));
        }
        let mut buf = PacketBuf::new();
        while let Some(output) = self.telephone.poll_output(&mut buf) {
            if let Some(tap) = &mut self.tap {
                tap.see(now, Boundary::Out(output));
            }
            self.on_output(now, output);
        }
        Ok(())
    }

    fn on_output(&mut self, now: Instant, output: Output<'_>) {
        match output {
            Output::Transmit { link, class, data } => self.links.send(now, link, class, data),
            Output::Link { link, request } => self.links.request(now, link, request),
            Output::Announce => self.links.stack.announce(now, self.display_name),
            Output::Stream { stream, direction, change } => {
                self.tasks.extend(self.audio.on_stream(direction, change));
                self.events.push_back(Event::Stream { stream, direction, change });
            }
            Output::Job { job, work, .. } => match self.audio.on_job(job, work) {
                Some(task) => self.tasks.push_back(task),
                None => self.replies.push_back(Reply::Discarded(job)),
            },
            Output::Event(event) => self.on_event(now, event),
        }
    }

    fn on_event(&mut self, now: Instant, event: lxst_core::Event) {
        if self.adaptive_profile {
            self.adapt(now, event);
        }
        if let lxst_core::Event::Incoming { call, .. } = event {
            self.attach(call);
        }
        if let lxst_core::Event::Established { .. } = event
            && let Some(status) = self.call()
        {
            self.people.know(status.peer);
        }
        if let lxst_core::Event::Screening { call, from, limit, .. } = event
            // Nobody is asked about a caller beyond a limit, who would not ring.
            && let Some(admission) =
                self.callers.admission(from).or(limit.map(|_| Admission::Ring))
        {
            if self.callers.allows(from) {
                self.replies.push_back(Reply::Known(from));
            }
            self.replies.push_back(Reply::Screened(call, admission));
        } else if let lxst_core::Event::CallerTurnedAway { from } = event
            && self.callers.admission(from).is_some_and(|admission| admission != Admission::Ring)
        {
            // It would not have rung on a free line either, without a word to the app.
        } else {
            self.events.push_back(Event::Call(event));
        }
    }

    /// Lets a new call begin with the ports that the owner has attached.
    fn attach(&mut self, call: CallId) {
        let attached = |direction: &Direction| Reply::Attached(call.into(), *direction);
        self.replies.extend(self.ports.iter().map(attached));
    }

    /// The stream of the call that there is.
    fn stream(&self) -> Option<StreamId> {
        self.call().map(|status| status.call.into())
    }

    /// Lets the profile follow what the path carries.
    fn adapt(&mut self, now: Instant, event: lxst_core::Event) {
        match event {
            lxst_core::Event::Established { profile, .. } => {
                self.adapter = Some(Adapter::new(profile, self.codecs.profiles()));
            }
            lxst_core::Event::ProfileChanged { profile, .. } => {
                if let Some(adapter) = &mut self.adapter {
                    adapter.on_switched(profile);
                }
            }
            lxst_core::Event::Quality { call, quality } => {
                let unsent = self.stack().media_dropped();
                let sent = self.telephone.counters().media_packets_sent;
                let counts = Counts::new(&quality, sent, unsent);
                let to = self.adapter.as_mut().and_then(|adapter| adapter.on_report(now, counts));
                self.replies.extend(to.map(|profile| Reply::Switched(call, profile)));
            }
            lxst_core::Event::Ended { .. } => self.adapter = None,
            _ => {}
        }
    }
}
