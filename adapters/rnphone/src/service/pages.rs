//! The pager of the phone, and when it is looked at.

use std::time::Duration;

use lxst_tokio::Destinations;
use tokio::sync::mpsc;

use super::news::News;
use super::pager::OpenPager;

/// The pager, where the folder has a key.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) destinations: Destinations,
    pub(super) news: mpsc::Sender<News>,
    pub(super) open: Option<OpenPager>,
}

impl Pages {
    pub(super) const fn new(destinations: Destinations, news: mpsc::Sender<News>) -> Self {
        Self { destinations, news, open: None }
    }

    /// Waits until it is time to look whether the microphone still hears our page; for ever where
    /// there is none.
    pub(super) async fn look(&self) {
        match &self.open {
            Some(pager) if pager.is_spoken() => tokio::time::sleep(PERIOD).await,
            _ => std::future::pending().await,
        }
    }
}

const PERIOD: Duration = Duration::from_millis(100);
