//! A conference of telephones: who is answered, who hears whom, and which tones are played.

use alloc::collections::{BTreeMap, VecDeque};

use lxst_core::{Admission, CallId, Command, Direction, Event, IdentityHash, Mute};

use crate::bounds::{BoundError, within};
use crate::limits;
use crate::places::Places;

/// A conference: any LXST telephone calls it, and hears the others.
///
/// It is a policy above a telephone with several lines, such as an engine. Give it the events of that
/// telephone, and drain [`poll_output`](Self::poll_output) after each. It has neither time nor sound:
/// the driver mixes. Every block, it takes what each member of [`members`](Self::members) said from
/// the member's stream, which decodes the member's own profile; replaces it by what the others said
/// (`lxst_audio::mix_minus`) with the tones of [`ConferenceOutput::Tone`]; and gives it back to the
/// stream, which encodes it in the member's profile.
///
/// *Bounds*: at most as many members as the settings say, and one for each identity. A call costs one
/// decoder and one encoder; the bound is that of the processor.
///
/// The telephone tells a member that calls again that the line is busy, because a call with it
/// stands: its link may be lost, which the telephone has yet to notice. The conference hangs up that
/// call, so the member finds the line busy once, and is answered the next time.
#[derive(Clone, Debug)]
pub struct Conference {
    config: ConferenceConfig,
    is_locked: bool,
    /// The calls that we answered.
    calls: BTreeMap<CallId, Member>,
    out: VecDeque<ConferenceOutput>,
}

/// Settings of a conference.
///
/// *Default*: eight members, of them six strangers, no reserved places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceConfig(Places);

/// What the app wants of a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConferenceCommand {
    /// Hang up on a member.
    Remove(CallId),
    /// Let the others hear a member, or not.
    Mute(CallId, Mute),
    /// Answer no more calls (`true`), or answer them. Members stay.
    Lock(bool),
    /// Hang up on all members.
    Close,
}

/// One thing for the driver to do, in the order of the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConferenceOutput {
    /// Give the telephone this command.
    Call(Command),
    /// Play a tone to all members.
    Tone(ConferenceTone),
    /// Tell the app.
    Event(ConferenceEvent),
}

/// A tone of a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConferenceTone {
    /// A member joined: as `CallTones::connected` in `lxst-audio`.
    Joined,
    /// A member left: as `CallTones::ended`.
    Left,
}

/// What the app of a conference is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum ConferenceEvent {
    /// A caller is a member.
    Joined { call: CallId, from: IdentityHash },
    /// A member left.
    Left { call: CallId, from: IdentityHash },
    /// A caller was told that the line is busy: the conference is full, or locked, or all lines of
    /// the telephone are taken. It is not told of a member whose older call ends so that it can call
    /// again.
    TurnedAway { from: IdentityHash },
}

/// There is no such member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such member: it has left")]
pub struct UnknownCall(pub CallId);

/// A call that we answered.
#[derive(Clone, Copy, Debug)]
struct Member {
    from: IdentityHash,
    /// Whether the call is established.
    has_joined: bool,
}

impl Default for ConferenceConfig {
    fn default() -> Self {
        Self(Places::new(limits::CONFERENCE, limits::CONFERENCE_STRANGERS))
    }
}

impl ConferenceConfig {
    /// Sets how many members there are at once, and how many of them may be without a reserved place.
    /// The telephone needs a line for each.
    ///
    /// # Errors
    /// [`BoundError`] below 2 or beyond [`MAX_CONFERENCE`](limits::MAX_CONFERENCE) members, or if
    /// strangers could be more than them.
    pub fn members(mut self, members: usize, strangers: usize) -> Result<Self, BoundError> {
        within("members of the conference", members, (2, limits::MAX_CONFERENCE))?;
        within("members without a reserved place", strangers, (0, members))?;
        (self.0.all, self.0.strangers) = (members, strangers);
        Ok(self)
    }

    /// Reserves places for these identities. What strangers may not take is theirs.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`RESERVED`](limits::RESERVED) identities.
    pub fn reserve(
        mut self,
        identities: impl IntoIterator<Item = IdentityHash>,
    ) -> Result<Self, BoundError> {
        self.0.reserve(identities)?;
        Ok(self)
    }
}

impl Conference {
    /// Creates a conference without members.
    #[must_use]
    pub const fn new(config: ConferenceConfig) -> Self {
        Self { config, is_locked: false, calls: BTreeMap::new(), out: VecDeque::new() }
    }

    /// Handles an event of the telephone. Those that concern no call of the conference have no
    /// effect.
    pub fn handle_event(&mut self, event: Event) {
        if let Event::Incoming { call, from } = event {
            self.on_incoming(call, from);
        } else if let Event::Established { call, .. } = event {
            self.on_established(call);
        } else if let Event::Ended { call, .. } = event {
            self.leave(call);
        } else if let Event::CallerTurnedAway { from } = event {
            self.on_turned_away(from);
        }
    }

    /// Does what the app wants.
    ///
    /// # Errors
    /// [`UnknownCall`]. Nothing has changed then.
    pub fn handle_command(&mut self, command: ConferenceCommand) -> Result<(), UnknownCall> {
        match command {
            ConferenceCommand::Remove(call) => {
                self.check(call)?;
                self.call(Command::HangUp(call));
            }
            ConferenceCommand::Mute(call, mute) => {
                self.check(call)?;
                self.call(Command::Mute(call, Direction::Receive, mute));
            }
            ConferenceCommand::Lock(is_locked) => self.is_locked = is_locked,
            ConferenceCommand::Close => {
                let calls = self.calls.keys().map(|call| Command::HangUp(*call));
                self.out.extend(calls.map(ConferenceOutput::Call));
            }
        }
        Ok(())
    }

    /// Returns the next output.
    pub fn poll_output(&mut self) -> Option<ConferenceOutput> {
        self.out.pop_front()
    }

    /// Returns the calls that are established, in order, and who they are.
    pub fn members(&self) -> impl Iterator<Item = (CallId, IdentityHash)> {
        let joined = self.calls.iter().filter(|(_, member)| member.has_joined);
        joined.map(|(call, member)| (*call, member.from))
    }

    /// Answers a caller, or turns it away.
    fn on_incoming(&mut self, call: CallId, from: IdentityHash) {
        if self.is_locked || !self.has_place(from) {
            self.call(Command::Screen(call, Admission::Busy));
            return self.event(ConferenceEvent::TurnedAway { from });
        }
        self.calls.insert(call, Member { from, has_joined: false });
        self.call(Command::Answer(call));
    }

    /// Hangs up the older call of a caller that the telephone turned away, unless the conference is
    /// locked and would not answer it again.
    fn on_turned_away(&mut self, from: IdentityHash) {
        let older = self.calls.iter().find(|(_, member)| member.from == from);
        match older {
            Some((&older, _)) if !self.is_locked => self.call(Command::HangUp(older)),
            _ => self.event(ConferenceEvent::TurnedAway { from }),
        }
    }

    fn on_established(&mut self, call: CallId) {
        let Some(member) = self.calls.get_mut(&call) else { return };
        if !core::mem::replace(&mut member.has_joined, true) {
            let from = member.from;
            self.out.push_back(ConferenceOutput::Tone(ConferenceTone::Joined));
            self.event(ConferenceEvent::Joined { call, from });
        }
    }

    fn leave(&mut self, call: CallId) {
        if let Some(Member { from, has_joined: true }) = self.calls.remove(&call) {
            self.out.push_back(ConferenceOutput::Tone(ConferenceTone::Left));
            self.event(ConferenceEvent::Left { call, from });
        }
    }

    fn has_place(&self, from: IdentityHash) -> bool {
        let places = &self.config.0;
        let taken = self.calls.values().map(|member| places.is_reserved(member.from));
        places.has_room(taken, places.is_reserved(from))
    }

    fn check(&self, call: CallId) -> Result<(), UnknownCall> {
        if self.calls.contains_key(&call) { Ok(()) } else { Err(UnknownCall(call)) }
    }

    fn call(&mut self, command: Command) {
        self.out.push_back(ConferenceOutput::Call(command));
    }

    fn event(&mut self, event: ConferenceEvent) {
        self.out.push_back(ConferenceOutput::Event(event));
    }
}
