//! The client: one link to a server, the room that we are in, and whom we hear.
//!
//! 1. The app joins; a link is opened (`session`).
//! 2. The link is up: we identify and say HELLO.
//! 3. WELCOME, the lists, and the room follow (`inbound`).
//! 4. We speak (`talk`), write, move (`commands`).
//! 5. The link closes, and the app is told whether to join again.

mod commands;
mod config;
mod event;
mod inbound;
mod roster;
mod session;
mod talk;

use core::time::Duration;

use lxst_core::{Class, Instant, LinkId};

pub use config::ClientConfig;
pub use event::{ClientCommand, ClientEvent, CloseReason, Join, JoinRoom};

use crate::door::{Input, InputError, Outbox, Output};
use crate::id::{MemberId, RoomId};
use crate::wire::{ClientMessage, MemberRecord, RoomRecord};
use roster::Roster;
use session::Session;
use talk::{RoomVoice, Talk};

/// A client of rooms: a member of one server at a time.
///
/// After each input, drain [`poll_output`](Self::poll_output), and be back at
/// [`poll_timeout`](Self::poll_timeout). An app that joins again after
/// [`ClientEvent::Closed`] waits as long as that says.
///
/// *Bounds*: [`limits`](crate::limits). An input causes a few outputs, and one event for each record
/// of its packet.
#[derive(Clone, Debug)]
pub struct Client {
    config: ClientConfig,
    now: Instant,
    session: Session,
    roster: Roster,
    /// The room that we are in, and how it takes voice.
    room: Option<(RoomId, RoomVoice)>,
    can_speak: bool,
    talk: Talk,
    /// Whether microphone and speaker are muted.
    muted: Muted,
    /// When the server is told them again, and how often it was.
    state_again: Option<(Instant, u32)>,
    /// The room that was asked for, and until when an answer is expected.
    moving: Option<(RoomId, Instant)>,
    /// Links that were lost since the last WELCOME.
    lost: usize,
    dropped: u64,
    out: Outbox<ClientEvent>,
}

/// Which of microphone and speaker are muted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Muted {
    microphone: bool,
    speaker: bool,
}

impl Client {
    /// Creates a client without a link.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let muted = Muted { microphone: config.is_text_only, speaker: config.is_text_only };
        Self {
            config,
            now: Instant::ORIGIN,
            session: Session::Idle,
            roster: Roster::default(),
            room: None,
            can_speak: false,
            talk: Talk::default(),
            muted,
            state_again: None,
            moving: None,
            lost: 0,
            dropped: 0,
            out: Outbox::default(),
        }
    }

    /// Handles one input. What is due at `now` is handled before it.
    ///
    /// Packets and events of other links than that of the session are dropped.
    ///
    /// # Errors
    /// [`InputError`]. Nothing has changed then, but for what was due.
    pub fn handle_input(
        &mut self,
        now: Instant,
        input: Input<'_, ClientCommand<'_>>,
    ) -> Result<(), InputError> {
        if !self.out.has_room() {
            return Err(InputError::OutputFull);
        }
        self.now = self.now.max(now);
        self.on_timeout();
        match input {
            Input::Timeout => {}
            Input::Packet { link, data } => self.on_packet(link, data),
            Input::Link { link, event } => self.on_link(link, event),
            Input::Command(command) => self.on_command(command)?,
        }
        Ok(())
    }

    /// Returns the next output.
    pub fn poll_output(&mut self) -> Option<Output<ClientEvent>> {
        self.out.pop()
    }

    /// Returns when [`Input::Timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let welcome = match self.session {
            Session::Joining { until, again, .. } => Some(until.min(again)),
            Session::Idle | Session::Opening { .. } | Session::Joined { .. } => None,
        };
        let state = self.state_again.map(|(again, _)| again);
        let moving = self.moving.map(|(_, until)| until);
        [welcome, state, moving].into_iter().flatten().min()
    }

    /// Returns our number, while we are a member.
    #[must_use]
    pub fn member(&self) -> Option<MemberId> {
        if let Session::Joined { member, .. } = self.session { Some(member) } else { None }
    }

    /// Returns the room that we are in.
    #[must_use]
    pub fn room(&self) -> Option<RoomRecord<'_>> {
        self.room.and_then(|(room, _)| self.roster.room(room))
    }

    /// Returns whether [`ClientCommand::Speak`] is taken.
    #[must_use]
    pub fn can_speak(&self) -> bool {
        self.can_speak && !self.muted.microphone && self.room.is_some()
    }

    /// Returns the rooms, in order of their numbers.
    pub fn rooms(&self) -> impl Iterator<Item = RoomRecord<'_>> {
        self.roster.rooms()
    }

    /// Returns the members, in order of their numbers. We are one of them.
    pub fn members(&self) -> impl Iterator<Item = MemberRecord<'_>> {
        self.roster.members()
    }

    /// Returns the number of packets that were dropped: no map of the protocol, or of no session.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn send(&mut self, link: LinkId, message: &ClientMessage<'_>) {
        let data = self.out.packet(|buffer| message.encode(buffer));
        self.out.transmit(link, Class::Signal, data);
    }

    /// Returns a time, or so many round trips of the link if that is longer.
    fn at_least(&self, time: Duration, trips: u32) -> Duration {
        let rtt = match self.session {
            Session::Joining { rtt, .. } | Session::Joined { rtt, .. } => rtt,
            Session::Idle | Session::Opening { .. } => Duration::ZERO,
        };
        time.max(rtt.saturating_mul(trips))
    }
}
