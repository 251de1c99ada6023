//! What plays at the speaker besides calls.

use std::time::Duration;

use rnphone_rs::control::Event;

/// A message or the greeting, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Playing {
    /// `None` for the greeting.
    message: Option<String>,
    position: Duration,
}

impl Playing {
    /// Takes note of an event.
    pub(super) fn handle_event(playing: &mut Option<Self>, event: &Event) {
        match event {
            Event::Playing { message, position_ms, .. } => {
                let (message, position) = (message.clone(), Duration::from_millis(*position_ms));
                *playing = Some(Self { message, position });
            }
            Event::PlayingEnded { .. } => *playing = None,
            _ => {}
        }
    }

    /// How far a message is, if it plays.
    pub(super) fn position_of(&self, message: &str) -> Option<Duration> {
        (self.message.as_deref() == Some(message)).then_some(self.position)
    }
}
