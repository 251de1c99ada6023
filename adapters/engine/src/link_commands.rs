//! What the owner of another Reticulum stack is to do, and how it waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lxst_core::limits::MEDIA_AGE;
use lxst_core::{Class, DisplayName, Instant, LinkId, LinkRequest};

/// What the owner of another Reticulum stack is to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkCommand {
    /// Open a link, path search included; identify on it; or close it. A `Close` of a link that the
    /// owner does not know asks for nothing.
    Link {
        /// The link. An [`Open`](LinkRequest::Open) names a new one.
        link: LinkId,
        /// What to do.
        request: LinkRequest,
    },
    /// Send a packet of context NONE, without a receipt.
    Send {
        /// The link.
        link: LinkId,
        /// What may become of it when the network stalls.
        class: Class,
        /// The plaintext.
        data: Bytes,
    },
    /// Announce the identity's destination `lxst.telephony` on every interface.
    Announce {
        /// What the phone calls itself. Its [`encode`](DisplayName::encode) is the app data; without a
        /// name there is none.
        name: Option<DisplayName>,
    },
}

/// The commands of a [`LinkQueue`](crate::LinkQueue) that wait for the stack's owner.
///
/// Clones share the queue, so that the owner can poll it from another thread than the engine's.
///
/// *Bounds*: signals and link requests wait until they are polled. Media is dropped and counted when
/// it is [`MEDIA_AGE`] old. An `Open` that waits goes together with its `Close`. One announce waits at
/// most, with the latest name.
#[derive(Clone, Debug, Default)]
pub struct LinkCommands(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    commands: VecDeque<(Instant, LinkCommand)>,
    media_dropped: u64,
}

impl LinkCommands {
    /// Returns the next thing to do.
    #[must_use]
    pub fn poll(&self) -> Option<LinkCommand> {
        self.waiting().commands.pop_front().map(|(_, command)| command)
    }

    /// Tells whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting().commands.is_empty()
    }

    pub(crate) fn request(&self, now: Instant, link: LinkId, request: LinkRequest) {
        let mut waiting = self.waiting();
        if request == LinkRequest::Close && waiting.is_unopened(link) {
            waiting.commands.retain(|(_, command)| command.link() != Some(link));
        } else {
            waiting.commands.push_back((now, LinkCommand::Link { link, request }));
        }
    }

    pub(crate) fn send(&self, now: Instant, link: LinkId, class: Class, data: &[u8]) {
        let data = Bytes::copy_from_slice(data);
        self.waiting().commands.push_back((now, LinkCommand::Send { link, class, data }));
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

    /// When the oldest media is too old.
    pub(crate) fn media_due(&self) -> Option<Instant> {
        let waiting = self.waiting();
        let mut media = waiting.commands.iter().filter(|(_, command)| command.is_media());
        media.next().map(|(at, _)| *at + MEDIA_AGE)
    }

    pub(crate) fn media_dropped(&self) -> u64 {
        self.waiting().media_dropped
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing below the lock panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_unopened(&self, link: LinkId) -> bool {
        self.commands.iter().any(|(_, command)| {
            let LinkCommand::Link { link: of, request } = command else { return false };
            *of == link && matches!(request, LinkRequest::Open(_))
        })
    }
}

impl LinkCommand {
    const fn link(&self) -> Option<LinkId> {
        match self {
            Self::Link { link, .. } | Self::Send { link, .. } => Some(*link),
            Self::Announce { .. } => None,
        }
    }

    const fn is_media(&self) -> bool {
        matches!(self, Self::Send { class: Class::Media, .. })
    }
}
