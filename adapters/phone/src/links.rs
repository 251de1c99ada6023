//! The boundary to another Reticulum stack that runs in the app.

use async_channel::{Receiver, Sender};
use bytes::Bytes;
use lxst_core::{Class, IdentityHash, LinkEvent, LinkId, StackEvent};
use lxst_engine::{Ids, LinkCommand};

/// The app's side of a phone whose links come from the app's own Reticulum stack.
///
/// The app does each [`LinkCommand`] with its stack, and reports what happens to links through a
/// [`LinkReporter`]. The stack must not prove data packets: LXST phones do not.
///
/// | the stack tells | the app reports |
/// |---|---|
/// | a peer's link to our destination is established | [`incoming`](LinkReporter::incoming) a new id, [`LinkEvent::Incoming`] |
/// | a link of ours is established | [`LinkEvent::Up`] |
/// | it failed, or no path was found | [`LinkEvent::Failed`] |
/// | the peer identified itself | [`LinkEvent::Identified`] |
/// | a packet of context NONE | [`packet`](LinkReporter::packet) |
/// | another packet that its cipher proves, if it tells; no keepalive | [`LinkEvent::Heard`] |
/// | the link closed, or did not come up | [`LinkEvent::Closed`] |
/// | a phone's announce | [`announced`](LinkReporter::announced) |
#[derive(Debug)]
pub struct LinkPort {
    commands: Receiver<LinkCommand>,
    reporter: LinkReporter,
}

/// Reports what happens to links, from any task or thread.
#[derive(Clone, Debug)]
pub struct LinkReporter {
    reports: Sender<LinkReport>,
    ids: Ids,
}

/// What the app reports.
#[derive(Debug)]
pub(crate) enum LinkReport {
    NetworkUp,
    Event(StackEvent<Bytes>),
}

/// The phone's way to the stack.
#[derive(Debug)]
pub(crate) struct CommandSender(Sender<LinkCommand>);

impl LinkPort {
    pub(crate) fn new(ids: Ids) -> (Self, CommandSender, Receiver<LinkReport>) {
        let (command_sender, commands) = async_channel::unbounded();
        let (report_sender, reports) = async_channel::bounded(REPORTS);
        let reporter = LinkReporter { reports: report_sender, ids };
        (Self { commands, reporter }, CommandSender(command_sender), reports)
    }

    /// Waits for the next thing to do; `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no command is lost.
    pub async fn next(&self) -> Option<LinkCommand> {
        self.commands.recv().await.ok()
    }

    /// As [`next`](Self::next), for a thread.
    #[must_use]
    pub fn next_blocking(&self) -> Option<LinkCommand> {
        self.commands.recv_blocking().ok()
    }

    /// The way back.
    #[must_use]
    pub fn reporter(&self) -> LinkReporter {
        self.reporter.clone()
    }
}

impl LinkReporter {
    /// Names a link that a peer opened.
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

    /// Reports that a phone announced itself, which the app hears as an event.
    ///
    /// # Cancel safety
    /// A report that is cancelled while the phone is behind is not made: make it again.
    pub async fn announced(&self, identity: IdentityHash, hops: u8) {
        self.report(LinkReport::Event(StackEvent::Announced { identity, hops })).await;
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
    pub fn announced_blocking(&self, identity: IdentityHash, hops: u8) {
        self.report_blocking(LinkReport::Event(StackEvent::Announced { identity, hops }));
    }

    /// As [`network_up`](Self::network_up), for a thread.
    pub fn network_up_blocking(&self) {
        self.report_blocking(LinkReport::NetworkUp);
    }

    async fn report(&self, report: LinkReport) {
        // A phone that has shut down wants to know nothing.
        let _ = self.reports.send(report).await;
    }

    fn report_blocking(&self, report: LinkReport) {
        // As above.
        let _ = self.reports.send_blocking(report);
    }
}

impl CommandSender {
    /// Hands a command on. Voice that the stack does not take in time is not worth sending.
    pub(crate) fn send(&self, command: LinkCommand) {
        let is_media = matches!(command, LinkCommand::Send { class: Class::Media, .. });
        if is_media && self.0.len() >= MEDIA_WAITING {
            tracing::debug!("the Reticulum stack is late, a packet of voice is dropped");
            return;
        }
        // An app that dropped its side has no network.
        let _ = self.0.try_send(command);
    }
}

/// Reports that wait for the phone's task.
const REPORTS: usize = 256;
/// Commands that wait before voice is dropped.
const MEDIA_WAITING: usize = 64;
