//! The pager of the phone, and when it is looked at.

use std::time::Duration;

use lxst_tokio::Destinations;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::news::News;
use super::pager::OpenPager;
use super::refused::Refused;

/// The pager, where the folder has a key.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) destinations: Destinations,
    pub(super) news: mpsc::Sender<News>,
    pub(super) open: Option<OpenPager>,
    next_look: Instant,
}

impl Pages {
    pub(super) fn new(destinations: Destinations, news: mpsc::Sender<News>) -> Self {
        Self { destinations, news, open: None, next_look: Instant::now() }
    }

    /// Returns the pager.
    pub(super) fn opened(&mut self) -> Result<&mut OpenPager, Refused> {
        let none = "there is no page key: rnphone-rs page-key makes one, or takes that of others";
        self.open.as_mut().ok_or_else(|| Refused::new(none))
    }

    /// Whether the microphone pages.
    pub(super) fn is_spoken(&self) -> bool {
        self.open.as_ref().is_some_and(OpenPager::is_spoken)
    }

    /// Whether the speaker plays the page of a neighbour.
    pub(super) fn is_played(&self) -> bool {
        self.open.as_ref().is_some_and(OpenPager::is_played)
    }

    /// Waits until it is time to look whether the microphone still hears our page; for ever where
    /// there is none.
    pub(super) async fn look(&self) {
        match self.is_spoken() {
            true => tokio::time::sleep_until(self.next_look).await,
            false => std::future::pending().await,
        }
    }

    /// Takes note that somebody looks.
    pub(super) fn looked(&mut self) {
        self.next_look = Instant::now() + PERIOD;
    }
}

const PERIOD: Duration = Duration::from_millis(100);
