//! Which link of the core is which link of the endpoint.

use std::collections::BTreeMap;

use lxst_core::{self as telephony, LinkId};
use lxst_reticulum::{self as reticulum, LinkHandle};

/// The pairs, and the counter that numbers links and calls.
#[derive(Debug)]
pub(crate) struct Links {
    next: u64,
    handles: BTreeMap<LinkId, LinkHandle>,
    ids: BTreeMap<LinkHandle, LinkId>,
}

impl Links {
    pub(crate) const fn new() -> Self {
        Self { next: 1, handles: BTreeMap::new(), ids: BTreeMap::new() }
    }

    /// Allocates a number that no link or call has had.
    pub(crate) fn allocate(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    pub(crate) fn pair(&mut self, id: LinkId, handle: LinkHandle) {
        self.handles.insert(id, handle);
        self.ids.insert(handle, id);
    }

    pub(crate) fn part(&mut self, id: LinkId) -> Option<LinkHandle> {
        let handle = self.handles.remove(&id)?;
        self.ids.remove(&handle);
        Some(handle)
    }

    pub(crate) fn part_all(&mut self) -> BTreeMap<LinkId, LinkHandle> {
        self.ids.clear();
        core::mem::take(&mut self.handles)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    pub(crate) fn handle(&self, id: LinkId) -> Option<LinkHandle> {
        self.handles.get(&id).copied()
    }

    /// Numbers a link that a peer opened.
    pub(crate) fn admit(&mut self, handle: LinkHandle) {
        let id = LinkId(self.allocate());
        self.pair(id, handle);
    }

    /// Finds the id of the endpoint's link; `None` when it was parted.
    pub(crate) fn id(&self, handle: LinkHandle) -> Option<LinkId> {
        self.ids.get(&handle).copied()
    }
}

pub(crate) const fn failure(reason: reticulum::FailReason) -> telephony::LinkFailure {
    match reason {
        reticulum::FailReason::NoPath => telephony::LinkFailure::NoPath,
        reticulum::FailReason::Timeout => telephony::LinkFailure::Timeout,
        reticulum::FailReason::Refused | _ => telephony::LinkFailure::Refused,
    }
}

pub(crate) const fn end(reason: reticulum::CloseReason) -> telephony::LinkEnd {
    match reason {
        reticulum::CloseReason::Peer => telephony::LinkEnd::Peer,
        reticulum::CloseReason::Timeout => telephony::LinkEnd::Timeout,
        reticulum::CloseReason::Interface => telephony::LinkEnd::Interface,
        _ => telephony::LinkEnd::Unknown,
    }
}

pub(crate) const fn class(class: telephony::Class) -> reticulum::Class {
    match class {
        telephony::Class::Signal => reticulum::Class::Signal,
        telephony::Class::Media => reticulum::Class::Media,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_was_parted_is_unknown_and_takes_no_room() {
        let mut links = Links::new();
        let handle = LinkHandle(7);
        links.admit(handle);
        let id = links.id(handle).unwrap();
        assert_eq!(links.part(id), Some(handle));
        assert_eq!((links.id(handle), links.handle(id)), (None, None));
        assert!(links.is_empty());
    }
}
