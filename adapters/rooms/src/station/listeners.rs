//! Who has a place.

use lxst_core::{Class, IdentityHash, Instant, LinkId, LinkRequest};

use super::{Station, StationEvent};
use crate::limits::{ANSWER_PAUSE, MDU, PLACE_TIME, VISITORS};
use crate::wire::StationMessage;

/// A link that gets what the station sends.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) mdu: usize,
    identity: Option<IdentityHash>,
    is_reserved: bool,
    /// When its question is answered again.
    answers: Instant,
}

/// A link for which there is a place only if one is reserved for its identity.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    mdu: usize,
    pub(super) until: Instant,
}

impl Station {
    pub(super) fn on_incoming(&mut self, link: LinkId, mdu: Option<usize>) {
        let mdu = mdu.unwrap_or(MDU);
        if self.has_place(false) {
            return self.admit(link, mdu, None);
        }
        if !self.has_place(true) || !self.config.places.has_reserved() {
            return self.refuse(link);
        }
        let oldest =
            self.candidates.iter().min_by_key(|(link, candidate)| (candidate.until, *link));
        if self.candidates.len() >= VISITORS
            && let Some((&oldest, _)) = oldest
        {
            self.candidates.remove(&oldest);
            self.refuse(oldest);
        }
        self.candidates.insert(link, Candidate { mdu, until: self.now + PLACE_TIME });
    }

    pub(super) fn on_identified(&mut self, link: LinkId, identity: IdentityHash) {
        let is_reserved = self.config.places.is_reserved(identity);
        if let Some(candidate) = self.candidates.remove(&link) {
            // Its own older link may have the last place.
            if is_reserved {
                self.close_older(link, identity);
            }
            match self.has_place(is_reserved) {
                true => self.admit(link, candidate.mdu, Some(identity)),
                false => self.refuse(link),
            }
        } else if let Some(listener) = self.listeners.get_mut(&link) {
            if listener.identity.is_none() {
                (listener.identity, listener.is_reserved) = (Some(identity), is_reserved);
                self.close_older(link, identity);
            }
        } else {
            self.counters.packets += 1;
        }
    }

    pub(super) fn on_closed(&mut self, link: LinkId) {
        self.candidates.remove(&link);
        if self.listeners.remove(&link).is_some() {
            self.out.event(StationEvent::TunedOut { link });
        }
    }

    /// Answers a question; a listener says nothing else.
    pub(super) fn on_packet(&mut self, link: LinkId, data: &[u8]) {
        let now = self.now;
        let is_answered = |listener: &&mut Listener| {
            listener.answers <= now && StationMessage::parse(data) == Ok(Some(StationMessage::Ask))
        };
        let Some(listener) = self.listeners.get_mut(&link).filter(is_answered) else {
            self.counters.packets += 1;
            return;
        };
        listener.answers = now + ANSWER_PAUSE;
        let told = self.told();
        self.out.transmit(link, Class::Signal, told);
    }

    pub(super) fn refuse(&mut self, link: LinkId) {
        self.counters.refused += 1;
        let message = StationMessage::Refused("the station is full".into());
        let data = self.out.packet(|buffer| message.encode(buffer));
        self.out.transmit(link, Class::Signal, data);
        self.out.link(link, LinkRequest::Close);
        self.out.event(StationEvent::Refused { link });
    }

    /// Returns whether there is a place, for a stranger or for an identity with a reserved one.
    fn has_place(&self, is_reserved: bool) -> bool {
        let taken = self.listeners.values().map(|listener| listener.is_reserved);
        self.config.places.has_room(taken, is_reserved)
    }

    fn admit(&mut self, link: LinkId, mdu: usize, identity: Option<IdentityHash>) {
        let is_reserved = identity.is_some();
        self.listeners.insert(link, Listener { mdu, identity, is_reserved, answers: self.now });
        let told = self.told();
        self.out.transmit(link, Class::Signal, told);
        self.out.event(StationEvent::TunedIn { link, identity });
    }

    /// Closes the link that this identity had before: each has one place.
    fn close_older(&mut self, newest: LinkId, identity: IdentityHash) {
        let is_older = |(link, listener): &(&LinkId, &Listener)| {
            listener.identity == Some(identity) && **link != newest
        };
        if let Some((&older, _)) = self.listeners.iter().find(is_older) {
            self.listeners.remove(&older);
            self.out.link(older, LinkRequest::Close);
            self.out.event(StationEvent::TunedOut { link: older });
        }
    }
}
