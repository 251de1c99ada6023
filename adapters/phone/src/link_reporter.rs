//! What the app reports of the links of its own Reticulum stack.

use async_channel::{Receiver, Sender};
use bytes::Bytes;
use lxst_core::{DisplayName, IdentityHash, LinkEvent, LinkId, StackEvent};
use lxst_engine::Ids;

/// Reports what happens to links, from any task or thread.
#[derive(Clone, Debug)]
pub struct LinkReporter {
    reports: Sender<LinkReport>,
    ids: Ids,
}

/// A report of the app.
#[derive(Debug)]
pub(crate) enum LinkReport {
    NetworkUp,
    Event(StackEvent<Bytes>),
}

impl LinkReport {
    fn announced(identity: IdentityHash, hops: u8, app_data: Option<&[u8]>) -> Self {
        let name = app_data.and_then(DisplayName::from_app_data);
        Self::Event(StackEvent::Announced { identity, hops, name })
    }
}

impl LinkReporter {
    pub(crate) fn new(ids: Ids) -> (Self, Receiver<LinkReport>) {
        let (sender, reports) = async_channel::bounded(REPORTS);
        (Self { reports: sender, ids }, reports)
    }

    pub(crate) const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Allocates the id of a link that a peer opened. [`LinkNames`](crate::LinkNames) does so too.
    #[must_use]
    pub fn incoming(&self) -> LinkId {
        self.ids.next_link()
    }

    /// Reports what happened to a link. Waits while the phone is behind.
    ///
    /// # Cancel safety
    /// A report that is cancelled while the phone is behind is not made: make it again.
    pub async fn event(&self, link: LinkId, event: LinkEvent) {
        self.report(LinkReport::Event(StackEvent::Link { link, event })).await;
    }

    /// Reports the plaintext of a packet.
    ///
    /// # Cancel safety
    /// A report that is cancelled while the phone is behind is not made: make it again.
    pub async fn packet(&self, link: LinkId, data: impl Into<Bytes>) {
        self.report(LinkReport::Event(StackEvent::Packet { link, data: data.into() })).await;
    }

    /// Reports that the network can be reached, so that the phone announces itself.
    ///
    /// # Cancel safety
    /// A report that is cancelled while the phone is behind is not made: make it again.
    pub async fn network_up(&self) {
        self.report(LinkReport::NetworkUp).await;
    }

    /// Reports that a phone announced itself, with the app data of its announce, which may tell a
    /// name. The app hears of it as an event.
    ///
    /// # Cancel safety
    /// A report that is cancelled while the phone is behind is not made: make it again.
    pub async fn announced(&self, identity: IdentityHash, hops: u8, app_data: Option<&[u8]>) {
        self.report(LinkReport::announced(identity, hops, app_data)).await;
    }

    /// As [`event`](Self::event), for a thread.
    pub fn event_blocking(&self, link: LinkId, event: LinkEvent) {
        self.report_blocking(LinkReport::Event(StackEvent::Link { link, event }));
    }

    /// As [`packet`](Self::packet), for a thread.
    pub fn packet_blocking(&self, link: LinkId, data: impl Into<Bytes>) {
        self.report_blocking(LinkReport::Event(StackEvent::Packet { link, data: data.into() }));
    }

    /// As [`announced`](Self::announced), for a thread.
    pub fn announced_blocking(&self, identity: IdentityHash, hops: u8, app_data: Option<&[u8]>) {
        self.report_blocking(LinkReport::announced(identity, hops, app_data));
    }

    /// As [`network_up`](Self::network_up), for a thread.
    pub fn network_up_blocking(&self) {
        self.report_blocking(LinkReport::NetworkUp);
    }

    async fn report(&self, report: LinkReport) {
        // A phone that has shut down takes no report.
        let _ = self.reports.send(report).await;
    }

    fn report_blocking(&self, report: LinkReport) {
        // As above.
        let _ = self.reports.send_blocking(report);
    }
}

/// The most reports that wait for the phone's task.
const REPORTS: usize = 256;
