//! The station: one source, sent to every listener.
//!
//! 1. A link comes in and gets a place, waits to identify, or is refused (`listeners`).
//! 2. The listener is told what the station sends.
//! 3. Voice comes from the app, or from a station that is relayed (`source`), and goes to all.
//! 4. The link closes.

mod config;
mod event;
mod listeners;
mod source;

use alloc::collections::BTreeMap;

use bytes::Bytes;
use lxst_core::wire::Sequence;
use lxst_core::{Class, Instant, LinkEvent, LinkId, LinkRequest};

pub use config::StationConfig;
pub use event::{StationCommand, StationCounters, StationEvent};

use crate::door::{Input, InputError, Outbox, Output};
use crate::limits::STATION_PACKET;
use crate::tuner::Tuner;
use crate::wire::{AnnouncedStation, Program, StationKind, StationMessage};
use listeners::{Candidate, Listener};

/// A station: what one source says goes to many listeners.
///
/// Give it the links that peers open to the destination `lxst.station`, the link that it opens to
/// relay another station, and nothing of other links. After each input, drain
/// [`poll_output`](Self::poll_output), and be back at [`poll_timeout`](Self::poll_timeout).
///
/// Voice is [`Class::Media`]: the stack drops what a slow link does not carry in time. No listener
/// waits for another.
///
/// *Bounds*: [`limits`](crate::limits). One input causes at most two packets for each listener, and
/// a few outputs more. The bytes of a packet are written once for all.
#[derive(Clone, Debug)]
pub struct Station {
    config: StationConfig,
    now: Instant,
    program: Program,
    /// The listener of the station that is relayed.
    source: Option<Tuner>,
    /// The number of the next frame that the app sends without one.
    next: Sequence,
    listeners: BTreeMap<LinkId, Listener>,
    /// Links that may have a place if they identify.
    candidates: BTreeMap<LinkId, Candidate>,
    counters: StationCounters,
    out: Outbox<StationEvent>,
}

impl Station {
    /// Creates a station without listeners, with a source of its own.
    #[must_use]
    pub fn new(config: StationConfig, now: Instant) -> Self {
        Self {
            program: source::own_program(&config, true),
            config,
            now,
            source: None,
            next: Sequence(1),
            listeners: BTreeMap::new(),
            candidates: BTreeMap::new(),
            counters: StationCounters::default(),
            out: Outbox::with_packets_of(STATION_PACKET),
        }
    }

    /// Handles one input. What is due at `now` is handled before it.
    ///
    /// Packets and events of unknown links are dropped and counted.
    ///
    /// # Errors
    /// [`InputError`]. Nothing has changed then, but for what was due.
    pub fn handle_input(
        &mut self,
        now: Instant,
        input: Input<'_, StationCommand<'_>>,
    ) -> Result<(), InputError> {
        if !self.out.has_room() {
            return Err(InputError::OutputFull);
        }
        self.now = self.now.max(now);
        self.on_timeout();
        match input {
            Input::Timeout => {}
            Input::Packet { link, data } if self.is_source(link) => {
                self.give_source(Input::Packet { link, data });
            }
            Input::Packet { link, data } => self.on_packet(link, data),
            Input::Link { link, event } if self.is_source(link) => {
                self.give_source(Input::Link { link, event });
            }
            Input::Link { link, event } => self.on_link(link, event),
            Input::Command(command) => self.on_command(command)?,
        }
        Ok(())
    }

    /// Returns the next output.
    pub fn poll_output(&mut self) -> Option<Output<StationEvent>> {
        self.out.pop()
    }

    /// Returns when [`Input::Timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let candidates = self.candidates.values().map(|candidate| candidate.until);
        candidates.chain(self.source.as_ref().and_then(Tuner::poll_timeout)).min()
    }

    /// Returns what the listeners get, and where it comes from.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Returns what announces tell of the station.
    #[must_use]
    pub fn announced(&self) -> AnnouncedStation {
        let is_relay = self.source.is_some();
        AnnouncedStation {
            name: self.config.name.clone(),
            kind: if is_relay { StationKind::Relay } else { StationKind::Origin },
            profile: Some(self.program.profile),
        }
    }

    /// Returns the links of the listeners, in order.
    pub fn listeners(&self) -> impl Iterator<Item = LinkId> {
        self.listeners.keys().copied()
    }

    /// Returns what was dropped.
    #[must_use]
    pub fn counters(&self) -> StationCounters {
        self.counters
    }

    fn on_timeout(&mut self) {
        self.give_source(Input::Timeout);
        let now = self.now;
        while let Some((&link, _)) =
            self.candidates.iter().find(|(_, candidate)| candidate.until <= now)
        {
            self.candidates.remove(&link);
            self.refuse(link);
        }
    }

    fn on_link(&mut self, link: LinkId, event: LinkEvent) {
        match event {
            LinkEvent::Incoming { mdu, .. } => self.on_incoming(link, mdu),
            LinkEvent::Identified(identity) => self.on_identified(link, identity),
            LinkEvent::Failed(_) | LinkEvent::Closed(_) => self.on_closed(link),
            LinkEvent::Up { .. } | LinkEvent::Heard => {}
        }
    }

    fn on_command(&mut self, command: StationCommand<'_>) -> Result<(), InputError> {
        match command {
            StationCommand::Send(data) => self.on_send(data)?,
            StationCommand::Relay { link, station } => self.relay(link, station)?,
            StationCommand::StopRelay => self.stop_relay()?,
            StationCommand::Close => {
                let candidates = core::mem::take(&mut self.candidates);
                let listeners = core::mem::take(&mut self.listeners);
                for link in candidates.into_keys() {
                    self.out.link(link, LinkRequest::Close);
                }
                for link in listeners.into_keys() {
                    self.out.link(link, LinkRequest::Close);
                    self.out.event(StationEvent::TunedOut { link });
                }
            }
        }
        Ok(())
    }

    /// Sends a packet to all listeners whose link takes it.
    fn send_all(&mut self, class: Class, data: &Bytes) {
        for (link, listener) in &self.listeners {
            if data.len() <= listener.mdu {
                self.out.transmit(*link, class, data.clone());
            } else {
                self.counters.too_long += 1;
            }
        }
    }

    /// Returns the packet that tells what the station sends.
    fn told(&mut self) -> Bytes {
        let message = StationMessage::Station(Some(self.program.clone()));
        self.out.packet(|buffer| message.encode(buffer))
    }
}
