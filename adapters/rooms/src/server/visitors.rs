//! Links that are not admitted yet.

use alloc::string::String;
use core::time::Duration;

use lxst_core::{IdentityHash, Instant, LinkId, LinkRequest};

use super::Server;
use crate::id::MemberId;
use crate::limits::{
    HELLO_TIME, IDENTITY_TIME, MAX_ROUND_TRIP, MDU, NAME, PACKET_BYTES, PASSWORD, VISITORS,
};
use crate::text::clean;
use crate::wire::{Hello, RoomKey};

/// A link that waits to be admitted.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) member: MemberId,
    pub(super) rtt: Duration,
    pub(super) mdu: usize,
    pub(super) identity: Option<IdentityHash>,
    /// When it is closed without a word, unless it said HELLO.
    closes: Instant,
    /// Its HELLO, while that waits for an identity.
    waiting: Option<Waiting>,
}

#[derive(Clone, Debug)]
struct Waiting {
    until: Instant,
    request: Request,
}

/// A HELLO that is kept.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) name: String,
    pub(super) room: Option<Wanted>,
    pub(super) password: Option<String>,
    pub(super) server_password: Option<String>,
    pub(super) is_text_only: bool,
    pub(super) is_muted: bool,
    pub(super) is_deaf: bool,
    pub(super) hops: Option<u8>,
    pub(super) rtt_ms: Option<u32>,
    pub(super) version: Option<u64>,
}

/// The room that a HELLO names.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Id(u64),
    Name(String),
}

impl Visitor {
    pub(super) fn deadline(&self) -> Instant {
        self.waiting.as_ref().map_or(self.closes, |waiting| waiting.until.min(self.closes))
    }
}

impl Server {
    pub(super) fn on_incoming(&mut self, link: LinkId, rtt: Option<Duration>, mdu: Option<usize>) {
        self.last_member += 1;
        let rtt = rtt.unwrap_or_default();
        if self.members.len() >= self.config.max_members {
            return self.refuse(link, rtt, "server is full");
        }
        if self.visitors.len() >= VISITORS {
            // Numbers are in order of arrival.
            let oldest = self
                .visitors
                .iter()
                .min_by_key(|(_, visitor)| (visitor.waiting.is_some(), visitor.member));
            if let Some(oldest) = oldest.map(|(link, _)| *link) {
                self.dismiss(oldest);
            }
        }
        let visitor = Visitor {
            member: MemberId(self.last_member),
            rtt,
            mdu: mdu.unwrap_or(MDU).min(PACKET_BYTES),
            identity: None,
            closes: self.now + HELLO_TIME,
            waiting: None,
        };
        self.visitors.insert(link, visitor);
    }

    pub(super) fn on_hello(&mut self, link: LinkId, hello: Option<Hello<'_>>) {
        let Some(visitor) = self.visitors.get(&link).filter(|visitor| visitor.waiting.is_none())
        else {
            return;
        };
        let Some(hello) = hello else {
            return self.dismiss(link);
        };
        let request = Request::new(hello);
        if visitor.identity.is_none() && self.needs_identity(&request) {
            let time = IDENTITY_TIME.max(4 * capped(visitor.rtt));
            let waiting = Waiting { until: self.now + time, request };
            if let Some(visitor) = self.visitors.get_mut(&link) {
                visitor.waiting = Some(waiting);
            }
            return;
        }
        self.decide(link, request);
    }

    pub(super) fn on_identified(&mut self, link: LinkId, identity: IdentityHash) {
        if let Some(member) = self.links.get(&link) {
            return self.on_late_identity(*member, identity);
        }
        let Some(visitor) = self.visitors.get_mut(&link) else { return };
        visitor.identity = Some(identity);
        let rtt = visitor.rtt;
        if self.config.banned.contains(&identity) {
            self.visitors.remove(&link);
            return self.refuse(link, rtt, "you are banned from this server");
        }
        if let Some(Waiting { request, .. }) = visitor.waiting.take() {
            self.decide(link, request);
        }
    }

    /// Closes the links whose time is over.
    pub(super) fn on_timeout(&mut self) {
        let now = self.now;
        while let Some((&link, _)) = self.refused.iter().find(|(_, closes)| **closes <= now) {
            self.refused.remove(&link);
            self.out.link(link, LinkRequest::Close);
        }
        while let Some((&link, visitor)) =
            self.visitors.iter_mut().find(|(_, visitor)| visitor.deadline() <= now)
        {
            match visitor.waiting.take() {
                Some(Waiting { request, .. }) => self.decide(link, request),
                None => self.dismiss(link),
            }
        }
    }

    /// Closes a visitor's link without a word.
    fn dismiss(&mut self, link: LinkId) {
        self.visitors.remove(&link);
        self.out.link(link, LinkRequest::Close);
    }
}

impl Request {
    fn new(hello: Hello<'_>) -> Self {
        // A longer password than any of ours is a wrong one, whatever of it is kept.
        let secret = |given: &str| given.chars().take(PASSWORD + 1).collect();
        Self {
            name: clean(hello.name, NAME),
            room: hello.room.map(|room| match room {
                RoomKey::Id(id) => Wanted::Id(id),
                RoomKey::Name(name) => Wanted::Name(clean(name, NAME)),
            }),
            password: hello.password.map(secret),
            server_password: hello.server_password.map(secret),
            is_text_only: hello.is_text_only,
            is_muted: hello.is_muted || hello.is_text_only,
            is_deaf: hello.is_deaf || hello.is_text_only,
            hops: hello.hops,
            rtt_ms: hello.rtt_ms,
            version: hello.version,
        }
    }
}

/// Returns a round trip time, or the longest one that times are computed with.
pub(super) fn capped(rtt: Duration) -> Duration {
    rtt.min(MAX_ROUND_TRIP)
}
