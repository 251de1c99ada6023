//! Paging: press, and neighbours who share a key hear it.
//!
//! 1. The app presses; each packet of voice is sealed and sent as a PLAIN packet (`send`).
//! 2. A packet that comes is checked, opened, and played by the rule of its group (`receive`).
//! 3. The page ends when it says so, when nothing comes, or when its time is up.

mod config;
mod event;
mod memory;
mod plain;
mod receive;
mod seal;
mod send;

use alloc::collections::VecDeque;

use lxst_core::Instant;

pub use config::{GroupId, PageRule, PagerConfig};
pub use event::{PagerCommand, PagerCounters, PagerError, PagerEvent, PagerInput, PagerOutput};
pub use seal::{PageId, PageKey, ParsePageKeyError};

use crate::limits::OUTBOX;
use memory::Memory;
use receive::Heard;
use send::Pressed;

/// A pager: it sends and plays pages of groups that share a key.
///
/// Give it the data of the packets at the PLAIN destination `lxst.page`, and broadcast what it sends
/// there. After each input, drain [`poll_output`](Self::poll_output), and be back at
/// [`poll_timeout`](Self::poll_timeout).
///
/// No packet is heard twice: each page has a number and a stamp, its packets are counted, and pages
/// are remembered until their stamps are too old. This needs clocks that differ by at most
/// [`PAGE_SKEW`](crate::limits::PAGE_SKEW). A clock that is set back lets packets of that time be heard
/// again. Who has the key can page under any name.
///
/// *Bounds*: an input causes at most four outputs. One page is heard at a time.
#[derive(Clone, Debug)]
pub struct Pager {
    config: PagerConfig,
    now: Instant,
    /// Seconds since 1970-01-01 UTC.
    clock: u32,
    memory: Memory,
    pressed: Option<Pressed>,
    heard: Option<Heard>,
    counters: PagerCounters,
    out: VecDeque<PagerOutput>,
}

impl Pager {
    /// Creates a pager that hears nothing.
    #[must_use]
    pub fn new(config: PagerConfig, now: Instant) -> Self {
        Self {
            config,
            now,
            clock: 0,
            memory: Memory::default(),
            pressed: None,
            heard: None,
            counters: PagerCounters::default(),
            out: VecDeque::new(),
        }
    }

    /// Handles one input. What is due at `now` is handled before it. `unix_seconds` is the time of
    /// the wall clock, in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`PagerError`]. Nothing has changed then, but for what was due.
    pub fn handle_input(
        &mut self,
        now: Instant,
        unix_seconds: u32,
        input: PagerInput<'_>,
    ) -> Result<(), PagerError> {
        if self.out.len() >= OUTBOX {
            return Err(PagerError::OutputFull);
        }
        (self.now, self.clock) = (self.now.max(now), unix_seconds);
        self.on_timeout();
        match input {
            PagerInput::Timeout => {}
            PagerInput::Packet(data) => self.on_packet(data),
            PagerInput::Command(command) => self.on_command(command)?,
        }
        Ok(())
    }

    /// Returns the next output.
    pub fn poll_output(&mut self) -> Option<PagerOutput> {
        self.out.pop_front()
    }

    /// Returns when [`PagerInput::Timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let pressed = self.pressed.as_ref().map(|pressed| pressed.until);
        let heard = self.heard.as_ref().map(Heard::deadline);
        pressed.into_iter().chain(heard).min()
    }

    /// Returns whether a page of ours goes on.
    #[must_use]
    pub fn is_pressed(&self) -> bool {
        self.pressed.is_some()
    }

    /// Returns what was dropped.
    #[must_use]
    pub fn counters(&self) -> PagerCounters {
        self.counters
    }

    fn on_timeout(&mut self) {
        if self.pressed.as_ref().is_some_and(|pressed| pressed.until <= self.now) {
            self.release();
            self.event(PagerEvent::TimeUp);
        }
        if let Some(heard) = &self.heard
            && heard.deadline() <= self.now
        {
            if heard.until <= self.now {
                self.memory.end(heard.page);
            }
            self.end_heard();
        }
    }

    fn on_command(&mut self, command: PagerCommand<'_>) -> Result<(), PagerError> {
        match command {
            PagerCommand::Press { group, page, is_urgent } => self.press(group, page, is_urgent),
            PagerCommand::Send(data) => self.send(data),
            PagerCommand::Release => {
                self.pressed.as_ref().ok_or(PagerError::NotPressed)?;
                self.release();
                Ok(())
            }
        }
    }

    fn event(&mut self, event: PagerEvent) {
        self.out.push_back(PagerOutput::Event(event));
    }
}
