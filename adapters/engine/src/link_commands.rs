//! The commands for the owner of another Reticulum stack, and their queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lxst_core::limits::MEDIA_AGE;
use lxst_core::{Class, DisplayName, Instant, LinkId, LinkRequest};

/// A command for the owner of another Reticulum stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum LinkCommand {
    /// Open a link, path search included; identify on it; or close it. A `Close` of a link that the
    /// owner does not know has no effect.
    Link {
        /// The link. [`Open`](LinkRequest::Open) brings the id of a new one.
        link: LinkId,
        request: LinkRequest,
    },
    /// Send a packet of context NONE, without a receipt.
    Send {
        link: LinkId,
        /// How the packet is treated when the network stalls.
        class: Class,
        /// The plaintext.
        data: Bytes,
    },
    /// Announce the identity's destination `lxst.telephony` on every interface.
    Announce {
        /// The display name. The app data is its [`encode`](DisplayName::encode), or empty without
        /// a name.
        name: Option<DisplayName>,
    },
}

/// The commands of a [`LinkQueue`](crate::LinkQueue) that wait for the stack's owner.
///
/// Clones share the queue, so the owner can poll it from another thread than the engine's.
///
/// *Bounds*:
/// - Media is dropped and counted at the age of [`MEDIA_AGE`].
/// - Signals and link requests wait until they are polled, [1,024](Self::MAX_WAITING) at most.
///   Beyond it the link of the newest is given up: its commands are dropped, a `Close` is queued,
///   the engine counts the link as lost, and
///   [`LinkCounters::links_given_up`](crate::LinkCounters::links_given_up) counts it.
/// - A `Close` always has room: at most one waits per link. While more than half of the places are
///   taken, a `Close` drops what its link still had to send, so that callers who come and go leave
///   room for calls.
/// - A `Close` drops an `Open` that waits, and itself.
/// - One announce waits at most, with the latest name.
#[derive(Clone, Debug, Default)]
pub struct LinkCommands(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    commands: VecDeque<(Instant, LinkCommand)>,
    media_dropped: u64,
}

/// The queue is full: the newest command was dropped, and its link is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl LinkCommands {
    /// Upper bound of the signals and link requests that wait, `Close` not counted.
    pub const MAX_WAITING: usize = 1_024;

    /// Returns the next command.
    #[must_use]
    pub fn poll(&self) -> Option<LinkCommand> {
        self.waiting().commands.pop_front().map(|(_, command)| command)
    }

    /// Returns whether no command waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting().commands.is_empty()
    }

    /// Queues an `Open` or `Identify`.
    pub(crate) fn request(
        &self,
        now: Instant,
        link: LinkId,
        request: LinkRequest,
    ) -> Result<(), NoRoom> {
        self.waiting().push(now, LinkCommand::Link { link, request })
    }

    /// Queues the `Close` of a link. If its `Open` still waits, both are dropped.
    pub(crate) fn close(&self, now: Instant, link: LinkId) {
        let mut waiting = self.waiting();
        let drops_packets = waiting.bounded() > Self::MAX_WAITING / 2;
        waiting.close(now, link, drops_packets);
    }

    /// Drops the commands of a link that has closed.
    pub(crate) fn forget(&self, link: LinkId) {
        self.waiting().forget(link);
    }

    pub(crate) fn send(
        &self,
        now: Instant,
        link: LinkId,
        class: Class,
        data: &[u8],
    ) -> Result<(), NoRoom> {
        let data = Bytes::copy_from_slice(data);
        self.waiting().push(now, LinkCommand::Send { link, class, data })
    }

    pub(crate) fn announce(&self, now: Instant, name: Option<DisplayName>) {
        let mut waiting = self.waiting();
        let is_announce = |command: &LinkCommand| matches!(command, LinkCommand::Announce { .. });
        let waits = waiting.commands.iter_mut().find(|(_, command)| is_announce(command));
        match waits {
            Some((_, announce)) => *announce = LinkCommand::Announce { name },
            None => waiting.commands.push_back((now, LinkCommand::Announce { name })),
        }
    }

    /// Drops the media that is too old.
    pub(crate) fn drop_late(&self, now: Instant) {
        let mut waiting = self.waiting();
        let before = waiting.commands.len();
        waiting.commands.retain(|(at, command)| !command.is_media() || now < *at + MEDIA_AGE);
        waiting.media_dropped += (before - waiting.commands.len()) as u64;
    }

    /// Returns when the oldest media is too old.
    pub(crate) fn media_due(&self) -> Option<Instant> {
        let waiting = self.waiting();
        let mut media = waiting.commands.iter().filter(|(_, command)| command.is_media());
        media.next().map(|(at, _)| *at + MEDIA_AGE)
    }

    pub(crate) fn media_dropped(&self) -> u64 {
        self.waiting().media_dropped
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // No code that holds the lock panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, now: Instant, command: LinkCommand) -> Result<(), NoRoom> {
        if command.is_bounded() && self.bounded() >= LinkCommands::MAX_WAITING {
            if let Some(link) = command.link().filter(|_| !command.is_open()) {
                self.close(now, link, true);
            }
            return Err(NoRoom);
        }
        self.commands.push_back((now, command));
        Ok(())
    }

    fn close(&mut self, now: Instant, link: LinkId, drops_packets: bool) {
        let is_unopened = self.is_unopened(link);
        if is_unopened || drops_packets {
            self.forget(link);
        }
        if !is_unopened {
            let close = LinkCommand::Link { link, request: LinkRequest::Close };
            self.commands.push_back((now, close));
        }
    }

    fn bounded(&self) -> usize {
        self.commands.iter().filter(|(_, command)| command.is_bounded()).count()
    }

    fn forget(&mut self, link: LinkId) {
        self.commands.retain(|(_, command)| command.link() != Some(link));
    }

    fn is_unopened(&self, link: LinkId) -> bool {
        let mut commands = self.commands.iter();
        commands.any(|(_, command)| command.is_open() && command.link() == Some(link))
    }
}

impl LinkCommand {
    const fn link(&self) -> Option<LinkId> {
        match self {
            Self::Link { link, .. } | Self::Send { link, .. } => Some(*link),
            Self::Announce { .. } => None,
        }
    }

    const fn is_open(&self) -> bool {
        matches!(self, Self::Link { request: LinkRequest::Open(_), .. })
    }

    /// Returns whether [`LinkCommands::MAX_WAITING`] counts this command.
    const fn is_bounded(&self) -> bool {
        match self {
            Self::Link { request, .. } => !matches!(request, LinkRequest::Close),
            Self::Send { class, .. } => matches!(class, Class::Signal),
            Self::Announce { .. } => false,
        }
    }

    const fn is_media(&self) -> bool {
        matches!(self, Self::Send { class: Class::Media, .. })
    }
}
