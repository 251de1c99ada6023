//! What plays at the speaker besides calls: a message, or the greeting.

use std::time::Duration;

use super::news::News;
use super::progress::{Progress, Tracked};
use super::refused::Refused;
use crate::control::Event;
use crate::sounds::{Sequence, SoundFile};
use crate::voicemail::{Message, MessageId};
use lxst_audio::{Player, PlayerConfig, Source};
use tokio::sync::mpsc;

/// What plays, and how far it is.
#[derive(Debug)]
pub(super) struct Playback {
    /// `None` for the greeting.
    message: Option<MessageId>,
    /// `None` where it is not known.
    length: Option<Duration>,
    progress: Progress,
    /// Seconds that were told.
    told: u64,
}

/// What became of a playback since it was looked at last.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing that is told.
    Silent,
    /// It goes on.
    Told(Event),
    /// It was played to its end, or a call took the speaker.
    Ended { is_whole: bool },
}

impl Playback {
    /// Makes the sound of a message. A file that is damaged further on is told then.
    pub(super) fn of_message(
        message: &Message,
        news: mpsc::Sender<News>,
    ) -> Result<(Self, Tracked<impl Source + Send + use<>>), Refused> {
        let path = message.path.clone();
        let ended = move |result: Result<(), lxst_audio::FileError>| {
            if let Err(error) = result {
                let text = format!("the message {}: {error}", path.display());
                // The phone may have ended.
                let _ = news.blocking_send(News::Warning(text));
            }
        };
        let file = SoundFile::open(&message.path)?;
        let (_, sound) = Player::start(file, PlayerConfig::default(), ended)?;
        let progress = Progress::default();
        let sound = progress.of(sound);
        Ok((
            Self { message: Some(message.id), length: Some(message.length), progress, told: 0 },
            sound,
        ))
    }

    /// Makes the sound of a greeting.
    pub(super) fn of_greeting(greeting: Sequence) -> (Self, Tracked<Sequence>) {
        let progress = Progress::default();
        let sound = progress.of(greeting);
        (Self { message: None, length: None, progress, told: 0 }, sound)
    }

    pub(super) const fn message(&self) -> Option<MessageId> {
        self.message
    }

    /// Tells how far it is.
    pub(super) fn playing(&self) -> Event {
        Event::Playing {
            message: self.message.map(|id| id.to_string()),
            position_ms: millis(self.progress.time()),
            length_ms: self.length.map(millis),
        }
    }

    pub(super) fn ended(&self, is_whole: bool) -> Event {
        Event::PlayingEnded { message: self.message.map(|id| id.to_string()), is_whole }
    }

    /// Looks how far it is.
    pub(super) fn step(&mut self) -> Step {
        if self.progress.has_ended() {
            return Step::Ended { is_whole: true };
        }
        if self.progress.is_dropped() {
            return Step::Ended { is_whole: false };
        }
        let seconds = self.progress.time().as_secs();
        if seconds == self.told {
            return Step::Silent;
        }
        self.told = seconds;
        Step::Told(self.playing())
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
