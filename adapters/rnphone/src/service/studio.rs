//! The speaker and the microphone while there is no call: messages and greetings.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::greeting::GreetingRecording;
use super::news::News;
use super::playback::Playback;

/// What plays, and what is recorded, besides calls.
#[derive(Debug)]
pub(super) struct Studio {
    pub(super) playback: Option<Playback>,
    pub(super) greeting: Option<GreetingRecording>,
    pub(super) news: mpsc::Sender<News>,
    next_look: Instant,
}

impl Studio {
    pub(super) fn new(news: mpsc::Sender<News>) -> Self {
        Self { playback: None, greeting: None, news, next_look: Instant::now() }
    }

    /// Waits until it is time to look how far they are; for ever where there is nothing.
    pub(super) async fn look(&self) {
        match (&self.playback, &self.greeting) {
            (None, None) => std::future::pending().await,
            _ => tokio::time::sleep_until(self.next_look).await,
        }
    }

    /// Takes note that somebody looks.
    pub(super) fn looked(&mut self) {
        self.next_look = Instant::now() + PERIOD;
    }
}

const PERIOD: Duration = Duration::from_millis(100);
