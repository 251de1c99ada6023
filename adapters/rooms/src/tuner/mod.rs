//! The listener of a station.
//!
//! 1. The app tunes in; a link is opened.
//! 2. The station tells what it sends, and is asked again if nothing comes.
//! 3. Its voice follows.
//! 4. The link closes, and the app is told whether to tune in again.

mod event;
mod listening;

use core::time::Duration;

use lxst_core::{IdentityHash, Instant, LinkEvent, LinkId, LinkRequest};

pub use event::{TunerCommand, TunerCounters, TunerEvent};

use crate::client::CloseReason;
use crate::door::{Input, InputError, Outbox, Output};
use crate::limits::{RECONNECT, STATION_PACKET};
use crate::wire::Program;
use listening::Listening;

/// A listener of stations: of one at a time.
///
/// After each input, drain [`poll_output`](Self::poll_output), and be back at
/// [`poll_timeout`](Self::poll_timeout). An app that tunes in again after
/// [`TunerEvent::Closed`] waits as long as that says.
///
/// *Bounds*: an input causes at most three outputs.
#[derive(Clone, Debug)]
pub struct Tuner {
    /// The station that passes on what it hears.
    relay: Option<IdentityHash>,
    now: Instant,
    session: Session,
    /// Links that were lost since a station last told what it sends.
    lost: usize,
    counters: TunerCounters,
    out: Outbox<TunerEvent>,
}

#[derive(Clone, Debug)]
enum Session {
    Idle,
    Opening { link: LinkId, identify: bool },
    Listening(Listening),
}

impl Default for Tuner {
    fn default() -> Self {
        Self::new()
    }
}

impl Tuner {
    /// Creates a tuner without a link.
    #[must_use]
    pub fn new() -> Self {
        Self {
            relay: None,
            now: Instant::ORIGIN,
            session: Session::Idle,
            lost: 0,
            counters: TunerCounters::default(),
            out: Outbox::with_packets_of(STATION_PACKET),
        }
    }

    /// Creates the tuner of a station that relays. It refuses loops and long ways.
    pub(crate) fn of_relay(station: IdentityHash) -> Self {
        Self { relay: Some(station), ..Self::new() }
    }

    /// Handles one input. What is due at `now` is handled before it.
    ///
    /// Packets and events of other links are dropped.
    ///
    /// # Errors
    /// [`InputError`]. Nothing has changed then, but for what was due.
    pub fn handle_input(
        &mut self,
        now: Instant,
        input: Input<'_, TunerCommand>,
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
    pub fn poll_output(&mut self) -> Option<Output<TunerEvent>> {
        self.out.pop()
    }

    /// Returns when [`Input::Timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.session {
            Session::Listening(listening) => Some(listening.ask_at),
            Session::Idle | Session::Opening { .. } => None,
        }
    }

    /// Returns what the station sends, once it said so.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        match &self.session {
            Session::Listening(listening) => listening.program.as_ref(),
            Session::Idle | Session::Opening { .. } => None,
        }
    }

    /// Returns what was dropped.
    #[must_use]
    pub fn counters(&self) -> TunerCounters {
        self.counters
    }

    pub(crate) const fn link(&self) -> Option<LinkId> {
        match &self.session {
            Session::Idle => None,
            Session::Opening { link, .. } => Some(*link),
            Session::Listening(listening) => Some(listening.link),
        }
    }

    fn on_command(&mut self, command: TunerCommand) -> Result<(), InputError> {
        match command {
            TunerCommand::Tune { link, station, identify } => {
                if self.link().is_some() {
                    return Err(InputError::InUse);
                }
                self.session = Session::Opening { link, identify };
                self.out.link(link, LinkRequest::Open(station));
            }
            TunerCommand::Leave => {
                self.link().ok_or(InputError::NotJoined)?;
                self.lost = 0;
                self.hang_up(CloseReason::Left, None);
            }
        }
        Ok(())
    }

    fn on_link(&mut self, link: LinkId, event: LinkEvent) {
        if self.link() != Some(link) {
            return;
        }
        match event {
            LinkEvent::Up { rtt, .. } => {
                let Session::Opening { identify, .. } = self.session else { return };
                if identify {
                    self.out.link(link, LinkRequest::Identify);
                }
                let rtt = rtt.unwrap_or_default();
                self.session = Session::Listening(Listening::new(self.now, link, rtt));
            }
            LinkEvent::Failed(why) => self.end(CloseReason::Failed(why), self.pause()),
            LinkEvent::Closed(why) => self.end(CloseReason::Closed(why), self.pause()),
            LinkEvent::Incoming { .. } | LinkEvent::Identified(_) | LinkEvent::Heard => {}
        }
    }

    /// Returns how long to wait before tuning in again.
    fn pause(&self) -> Option<Duration> {
        RECONNECT.get(self.lost).or(RECONNECT.last()).copied()
    }

    /// Closes the link.
    fn hang_up(&mut self, reason: CloseReason, again: Option<Duration>) {
        if let Some(link) = self.link() {
            self.out.link(link, LinkRequest::Close);
        }
        self.end(reason, again);
    }

    /// Ends with a link that is closed.
    fn end(&mut self, reason: CloseReason, again: Option<Duration>) {
        self.lost = self.lost.saturating_add(usize::from(again.is_some()));
        self.end_talk();
        self.session = Session::Idle;
        self.out.event(TunerEvent::Closed { reason, again });
    }
}
