//! The names of links, ours and a stack's.

use std::collections::{BTreeMap, VecDeque};

use lxst_core::{LinkEvent, LinkId};

use crate::ids::Ids;

/// A map between a stack's own names of links and an engine's, both ways.
///
/// `K` is whatever the stack calls a link by: `[u8; 16]` in rsReticulum and rns-net, a handle, an
/// index. With it, a binding asks for the name with each event, packet and command, and keeps no
/// books of its own:
///
/// ```
/// use lxst_core::{IdentityHash, LinkClosed, LinkEvent};
/// use lxst_engine::{Ids, LinkNames};
///
/// let ids = Ids::default();
/// let mut names = LinkNames::new(ids.clone());
///
/// // The engine asked to open a link, and the stack calls it 0xA1.
/// let ours = ids.next_link();
/// names.insert(ours, 0xA1);
/// assert_eq!(names.key(ours), Some(&0xA1));
///
/// // A packet overtakes the news that a peer's link is established: it has a name already.
/// let theirs = names.of_packet(&0xB2).expect("nothing is known against it");
/// let identified = LinkEvent::Identified(IdentityHash([7; 16]));
/// assert_eq!(names.of_event(&0xB2, &identified), Some(theirs));
///
/// // The peer closes its link, the engine closes ours: both are forgotten.
/// assert_eq!(names.of_event(&0xB2, &LinkEvent::Closed(LinkClosed::Peer)), Some(theirs));
/// assert_eq!(names.remove(ours), Some(0xA1));
/// assert_eq!(names.of_packet(&0xA1), None);
/// ```
///
/// *Bounds*: a link has its name until it is over. Links that were not reported yet and links that
/// are over, whose late reports have no name, are [64](Self::MAX_PASSING) together; the oldest is
/// forgotten.
#[derive(Clone, Debug)]
pub struct LinkNames<K> {
    ids: Ids,
    links: BTreeMap<K, LinkId>,
    keys: BTreeMap<LinkId, K>,
    passing: VecDeque<(K, Passing)>,
    is_ordered: bool,
}

/// A link that does not stand.
#[derive(Clone, Copy, Debug)]
enum Passing {
    /// Something of it came, and `Incoming` did not.
    Early(LinkId),
    /// As above, and what came was its end.
    Closed(LinkId),
    Over,
}

impl<K: Clone + Ord> LinkNames<K> {
    /// Upper bound of the links that were not reported yet and the links that are over.
    pub const MAX_PASSING: usize = 64;

    /// Makes an empty map of the engine that has these [`Ids`].
    #[must_use]
    pub fn new(ids: Ids) -> Self {
        let (links, keys, passing) = (BTreeMap::new(), BTreeMap::new(), VecDeque::new());
        Self { ids, links, keys, passing, is_ordered: false }
    }

    /// Sets that the stack reports a link before anything else of it: what comes of another link is
    /// another app's, and has no name.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        self.is_ordered = true;
        self
    }

    /// Takes what the stack calls a link that the engine asked to open.
    pub fn insert(&mut self, link: LinkId, key: K) {
        self.passing.retain(|(of, _)| *of != key);
        self.links.insert(key.clone(), link);
        self.keys.insert(link, key);
    }

    /// Returns what the stack calls a link, where it stands or is opening.
    #[must_use]
    pub fn key(&self, link: LinkId) -> Option<&K> {
        self.keys.get(&link)
    }

    /// Returns the name of the link of a packet. A link that was not reported yet gets one, unless
    /// the stack is [`ordered`](Self::ordered). `None`: the link is over, or another app's.
    pub fn of_packet(&mut self, key: &K) -> Option<LinkId> {
        if let Some(link) = self.links.get(key) {
            return Some(*link);
        }
        match self.passing(key) {
            Some(Passing::Early(link) | Passing::Closed(link)) => Some(link),
            Some(Passing::Over) => None,
            None if self.is_ordered => None,
            None => {
                let link = self.ids.next_link();
                self.pass(key.clone(), Passing::Early(link));
                Some(link)
            }
        }
    }

    /// Returns the name of the link of an event. [`LinkEvent::Incoming`] gives a link its name;
    /// [`LinkEvent::Failed`] and [`LinkEvent::Closed`] end it. `None`: the link is over or another
    /// app's, or it came up and nobody asked for it.
    pub fn of_event(&mut self, key: &K, event: &LinkEvent) -> Option<LinkId> {
        match event {
            LinkEvent::Incoming { .. } => Some(self.of_incoming(key)),
            LinkEvent::Identified(_) => self.of_packet(key),
            LinkEvent::Up { .. } | LinkEvent::Heard => self.links.get(key).copied(),
            LinkEvent::Failed(_) | LinkEvent::Closed(_) => {
                let link = self.of_packet(key)?;
                if self.remove(link).is_none() {
                    self.pass(key.clone(), Passing::Closed(link));
                }
                Some(link)
            }
        }
    }

    /// Takes a link that the engine asked to close, and returns what the stack calls it.
    pub fn remove(&mut self, link: LinkId) -> Option<K> {
        let key = self.keys.remove(&link)?;
        self.links.remove(&key);
        self.pass(key.clone(), Passing::Over);
        Some(key)
    }

    fn of_incoming(&mut self, key: &K) -> LinkId {
        match self.passing(key) {
            Some(Passing::Closed(link)) => {
                self.pass(key.clone(), Passing::Over);
                link
            }
            Some(Passing::Early(link)) => {
                self.insert(link, key.clone());
                link
            }
            Some(Passing::Over) | None => {
                let link = self.ids.next_link();
                self.insert(link, key.clone());
                link
            }
        }
    }

    fn passing(&self, key: &K) -> Option<Passing> {
        self.passing.iter().find(|(of, _)| of == key).map(|(_, passing)| *passing)
    }

    fn pass(&mut self, key: K, passing: Passing) {
        self.passing.retain(|(of, _)| *of != key);
        if self.passing.len() == Self::MAX_PASSING {
            self.passing.pop_front();
        }
        self.passing.push_back((key, passing));
    }
}
