//! The answering machine: what a caller hears, what of him is kept, and when the call ends.
//!
//! 1. It plays the greeting and the beep.
//! 2. It listens, until the caller hangs up, says nothing for a while, or has said enough.
//!
//! It has no clock: its time is that of the blocks.

use std::time::Duration;

use lxst_audio::{Block, Source};
use lxst_core::Samples;

use super::activity::VoiceActivity;
use super::take::Take;
use crate::sounds::Sequence;

/// What a message may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageBounds {
    /// What is shorter is no message. 1 s by default.
    pub min_length: Duration,
    /// The call ends when the caller has had so much time behind the beep. 120 s by default.
    pub max_length: Duration,
    /// The call ends when the caller has said nothing for so long. 8 s by default.
    pub max_silence: Duration,
}

impl Default for MessageBounds {
    fn default() -> Self {
        Self {
            min_length: Duration::from_secs(1),
            max_length: Duration::from_secs(120),
            max_silence: Duration::from_secs(8),
        }
    }
}

/// Why a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageEnd {
    /// The call was over.
    HangUp,
    /// The caller said nothing for [`MessageBounds::max_silence`].
    Silence,
    /// The caller had [`MessageBounds::max_length`].
    Limit,
    /// The disk is full or too slow for it.
    Disk,
}

/// An answering machine in one call.
///
/// ```
/// use rnphone_rs::sounds::Sequence;
/// use rnphone_rs::voicemail::{AnsweringMachine, MessageBounds, MessageEnd, beep};
///
/// let mut machine = AnsweringMachine::new(Sequence::new().then(beep()), MessageBounds::default());
/// let (heard, mut said) = ([0.0; 960], [0.0; 960]);
/// let mut blocks = 0;
/// while machine.end().is_none() {
///     machine.handle_block(&heard, &mut said);
///     assert_eq!(machine.poll_message(), None);
///     blocks += 1;
/// }
/// assert_eq!(machine.end(), Some(MessageEnd::Silence));
/// assert_eq!(blocks, 426); // a beep of 0.5 s, the block that finds it over, and 8 s
/// ```
#[derive(Debug)]
pub struct AnsweringMachine {
    bounds: MessageBounds,
    prompt: Sequence,
    activity: VoiceActivity,
    take: Take,
    /// Behind the beep, and behind the last voice.
    listened: Samples,
    silent: Samples,
    end: Option<MessageEnd>,
}

impl AnsweringMachine {
    /// Makes one that plays a greeting and a beep first.
    #[must_use]
    pub fn new(prompt: Sequence, bounds: MessageBounds) -> Self {
        Self {
            bounds,
            prompt,
            activity: VoiceActivity::default(),
            take: Take::new(bounds.min_length),
            listened: Samples::ZERO,
            silent: Samples::ZERO,
            end: None,
        }
    }

    /// Takes the next block of what the caller says, and fills the block that he hears meanwhile.
    /// Does nothing behind the end.
    ///
    /// *Units*: 48 kHz mono. A block of 20 ms serves best; both have one length.
    pub fn handle_block(&mut self, heard: &[f32], said: &mut [f32]) {
        said.fill(0.0);
        if self.end.is_some() {
            return;
        }
        // The noise of his room is learned from the first block on.
        let is_voice = self.activity.handle_block(heard);
        if !self.prompt.has_ended() {
            self.prompt.pull(&mut Block::mono(said));
            return;
        }
        let length = Samples(heard.len() as u64);
        self.take.push(heard, is_voice);
        self.listened = self.listened + length;
        self.silent = if is_voice { Samples::ZERO } else { self.silent + length };
        if self.listened >= Samples::of(self.bounds.max_length) {
            self.finish(MessageEnd::Limit);
        } else if self.silent >= Samples::of(self.bounds.max_silence) {
            self.finish(MessageEnd::Silence);
        }
    }

    /// Takes note that the call is over.
    pub fn handle_hang_up(&mut self) {
        self.finish(MessageEnd::HangUp);
    }

    /// Returns the sound that belongs to the message, and was not returned before; `None` if there
    /// is none. What never becomes a message is never returned.
    pub fn poll_message(&mut self) -> Option<Vec<f32>> {
        self.take.poll()
    }

    /// Tells whether the beep is over, and the caller may speak.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.prompt.has_ended()
    }

    /// Returns why the message has ended; `None` while it goes on.
    #[must_use]
    pub const fn end(&self) -> Option<MessageEnd> {
        self.end
    }

    fn finish(&mut self, end: MessageEnd) {
        if self.end.is_none() {
            self.end = Some(end);
            self.take.end();
        }
    }
}
