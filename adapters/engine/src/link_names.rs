//! The map between the engine's link ids and a stack's own names of links.

use std::collections::{BTreeMap, VecDeque};

use lxst_core::{LinkEvent, LinkId};

use crate::ids::Ids;

/// A map between an engine's link ids and a stack's own names of links, in both directions.
///
/// `K` is the type by which the stack names a link: `[u8; 16]` in rsReticulum and rns-net, a
/// handle, an index. A binding looks up each event, packet and command here, and keeps no other
/// table:
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
/// // A packet overtakes the event that a peer's link is established: it has an id already.
/// let theirs = names.of_packet(&0xB2).expect("the link is not known to be over");
/// let identified = LinkEvent::Identified(IdentityHash([7; 16]));
/// assert_eq!(names.of_event(&0xB2, &identified), Some(theirs));
///
/// // The peer closes its link, the engine closes ours: both are forgotten.
/// assert_eq!(names.of_event(&0xB2, &LinkEvent::Closed(LinkClosed::Peer)), Some(theirs));
/// assert_eq!(names.remove(ours), Some(0xA1));
/// assert_eq!(names.of_packet(&0xA1), None);
/// ```
///
/// *Bounds*: a link keeps its id until it closes. Links that were not reported yet, and closed
/// links whose late reports are ignored, are [64](Self::MAX_PASSING) together. Beyond it the oldest
/// is forgotten.
#[derive(Clone, Debug)]
pub struct LinkNames<K> {
    ids: Ids,
    links: BTreeMap<K, LinkId>,
    keys: BTreeMap<LinkId, K>,
    passing: VecDeque<(K, Passing)>,
    is_ordered: bool,
}

/// A link that is not established.
#[derive(Clone, Copy, Debug)]
enum Passing {
    /// A report came before its `Incoming`.
    Early(LinkId),
    /// The same, and the report was its end.
    Closed(LinkId),
    Over,
}

impl<K: Clone + Ord> LinkNames<K> {
    /// Upper bound of the links that were not reported yet and the links that have closed.
    pub const MAX_PASSING: usize = 64;

    /// Creates an empty map for the engine that has these [`Ids`].
    #[must_use]
    pub fn new(ids: Ids) -> Self {
        let (links, keys, passing) = (BTreeMap::new(), BTreeMap::new(), VecDeque::new());
        Self { ids, links, keys, passing, is_ordered: false }
    }

    /// Declares that the stack reports a link before anything else of it. Packets and events of
    /// other links are then another app's, and get no id.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        self.is_ordered = true;
        self
    }

    /// Adds the stack's name of a link that the engine asked to open.
    pub fn insert(&mut self, link: LinkId, key: K) {
        self.passing.retain(|(of, _)| *of != key);
        self.links.insert(key.clone(), link);
        self.keys.insert(link, key);
    }

    /// Returns the stack's name of a link that is established or being opened.
    #[must_use]
    pub fn key(&self, link: LinkId) -> Option<&K> {
        self.keys.get(&link)
    }

    /// Returns the id of a packet's link. A link that was not reported yet gets an id, unless the
    /// stack is [`ordered`](Self::ordered). `None`: the link has closed, or is another app's.
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

    /// Returns the id of an event's link. [`LinkEvent::Incoming`] gives a link its id;
    /// [`LinkEvent::Failed`] and [`LinkEvent::Closed`] end it. `None`: the link has closed, is
    /// another app's, or came up although the engine did not ask for it.
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

    /// Removes a link that the engine asked to close. Returns the stack's name of it.
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
