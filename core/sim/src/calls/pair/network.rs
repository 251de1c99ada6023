//! What lies between the two phones: links, and what becomes of what is sent on them.

use core::time::Duration;

use lxst_core::wire::Packet;
use lxst_core::{Destination, LinkClosed, LinkEvent, LinkFailed, LinkId, LinkRequest};

use super::{ALICE, BOB, Pair, Trigger, identity, number};

/// The network between the two.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// One way.
    pub delay: Duration,
    /// The most that is added to it, by chance: what was sent later may arrive earlier.
    pub jitter: Duration,
    /// How many of a thousand media packets are lost.
    pub media_lost_per_mille: u64,
    /// How many media packets that follow a lost one are lost too.
    pub media_lost_after: u32,
    /// How many of a thousand signals, identifications, link set-ups and closes are lost. Who
    /// misses a close notices it by a timeout.
    pub signals_lost_per_mille: u64,
    /// How many of a thousand packets arrive twice.
    pub doubled_per_mille: u64,
    /// What the stacks tell of a link.
    pub link_facts: LinkFacts,
    pub seed: u64,
}

/// What a stack tells of a link that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFacts {
    /// Its round trip time and its mdu.
    All,
    /// Neither.
    Nothing,
    /// A round trip time of zero, and no mdu.
    Zero,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(20),
            jitter: Duration::ZERO,
            media_lost_per_mille: 0,
            media_lost_after: 0,
            signals_lost_per_mille: 0,
            doubled_per_mille: 0,
            link_facts: LinkFacts::All,
            seed: 1,
        }
    }
}

/// A link, by whose end it is.
pub(super) struct Link {
    pub(super) ends: [LinkId; 2],
    pub(super) is_open: [bool; 2],
    /// Whether neither side closed it.
    pub(super) is_wanted: bool,
}

impl Pair {
    /// Breaks all links, as both sides notice at once.
    pub fn break_links(&mut self, end: LinkClosed) {
        for link in 0..self.links.len() {
            for phone in [ALICE, BOB] {
                let id = self.links[link].ends[phone];
                self.plan(Duration::ZERO, phone, Trigger::Link(id, LinkEvent::Closed(end)));
            }
        }
    }

    /// Cuts the network for ever, as each side of a link notices after a while.
    pub fn cut(&mut self) {
        self.is_cut = true;
        for link in 0..self.links.len() {
            for phone in [ALICE, BOB] {
                let id = self.links[link].ends[phone];
                let closed = LinkEvent::Closed(LinkClosed::Timeout);
                let after = Duration::from_millis(self.random.below(15_000));
                self.plan(after, phone, Trigger::Link(id, closed));
            }
        }
    }

    /// The ends of links that a phone's side has open.
    pub fn open_ends(&self, phone: usize) -> Vec<LinkId> {
        let open = self.links.iter().filter(|link| link.is_open[phone]);
        open.map(|link| link.ends[phone]).collect()
    }

    /// The ends of all links, open or not.
    pub fn ends(&self, phone: usize) -> Vec<LinkId> {
        self.links.iter().map(|link| link.ends[phone]).collect()
    }

    /// By chance, below a bound.
    pub fn choose(&mut self, below: u64) -> u64 {
        self.random.below(below)
    }

    pub(super) fn on_transmit(&mut self, phone: usize, link: LinkId, data: &[u8]) {
        let end = self.end_mut(phone, link).map(|end| *end);
        assert_eq!(end, Some(true), "a packet on {link:?}, which is not open");
        let packet = Packet::parse(data).expect("what is sent is well formed");
        let is_lost = match packet.frames().next() {
            Some(Ok(frame)) => {
                self.phones[phone].frames_sent.push(number(&frame.payload[1..]));
                self.loses_media(phone)
            }
            _ => self.happens(self.network.signals_lost_per_mille),
        };
        if is_lost {
            return;
        }
        let far = self.far_end(phone, link);
        let copies = 1 + usize::from(self.happens(self.network.doubled_per_mille));
        for _ in 0..copies {
            let delay = self.delay();
            self.plan(delay, 1 - phone, Trigger::Packet(far, data.to_vec()));
        }
    }

    fn loses_media(&mut self, phone: usize) -> bool {
        let left = self.phones[phone].media_to_lose;
        let is_lost = left > 0 || self.happens(self.network.media_lost_per_mille);
        let after = if left > 0 { left - 1 } else { self.network.media_lost_after };
        self.phones[phone].media_to_lose = if is_lost { after } else { 0 };
        is_lost
    }

    pub(super) fn on_link_request(&mut self, phone: usize, link: LinkId, request: LinkRequest) {
        let lost = self.happens(self.network.signals_lost_per_mille);
        match request {
            LinkRequest::Open(to) => {
                assert_eq!(to, Destination::telephony(identity(1 - phone)));
                let far = LinkId(self.fresh_id());
                let mut ends = [link, far];
                ends.rotate_left(phone);
                self.links.push(Link { ends, is_open: [false; 2], is_wanted: true });
                self.open(phone, [link, far], lost);
            }
            LinkRequest::Identify => {
                let far = self.far_end(phone, link);
                let identified = LinkEvent::Identified(identity(phone));
                let delay = self.delay();
                if !lost {
                    self.plan(delay, 1 - phone, Trigger::Link(far, identified));
                }
            }
            LinkRequest::Close => {
                let far = self.far_end(phone, link);
                let entry = self.links.iter_mut().find(|entry| entry.ends[phone] == link);
                let entry = entry.expect("the phone knows its links");
                (entry.is_open[phone], entry.is_wanted) = (false, false);
                let (end, after) = match lost {
                    false => (LinkClosed::Peer, self.delay()),
                    true => (LinkClosed::Timeout, LINK_TIMEOUT),
                };
                self.plan(after, 1 - phone, Trigger::Link(far, LinkEvent::Closed(end)));
            }
        }
    }

    /// Sets a link up, or loses the request or the last packet of the three.
    pub(super) fn open(&mut self, phone: usize, [near, far]: [LinkId; 2], is_lost: bool) {
        let delay = self.network.delay;
        let (rtt, mdu) = match self.network.link_facts {
            LinkFacts::All => (Some(delay * 2), Some(431)),
            LinkFacts::Nothing => (None, None),
            LinkFacts::Zero => (Some(Duration::ZERO), None),
        };
        if self.is_cut || (is_lost && self.choose(2) == 0) {
            let failed = LinkEvent::Failed(LinkFailed::Timeout);
            return self.plan(LINK_TIMEOUT, phone, Trigger::Link(near, failed));
        }
        self.plan(delay * 2, phone, Trigger::Link(near, LinkEvent::Up { rtt, mdu }));
        if !is_lost {
            let delay = delay * 2 + self.delay();
            let on = Destination::telephony(identity(1 - phone));
            self.plan(delay, 1 - phone, Trigger::Link(far, LinkEvent::Incoming { on, rtt, mdu }));
        }
    }

    pub(super) fn end_mut(&mut self, phone: usize, link: LinkId) -> Option<&mut bool> {
        let link = self.links.iter_mut().find(|entry| entry.ends[phone] == link)?;
        Some(&mut link.is_open[phone])
    }

    pub(super) fn is_wanted(&self, phone: usize, link: LinkId) -> bool {
        self.links.iter().any(|entry| entry.ends[phone] == link && entry.is_wanted)
    }

    pub(super) fn far_end(&self, phone: usize, link: LinkId) -> LinkId {
        let link = self.links.iter().find(|entry| entry.ends[phone] == link);
        link.expect("the phone knows its links").ends[1 - phone]
    }

    pub(super) fn delay(&mut self) -> Duration {
        let jitter = u64::try_from(self.network.jitter.as_micros()).unwrap_or(u64::MAX);
        self.network.delay + Duration::from_micros(self.choose(jitter + 1))
    }

    pub(super) fn happens(&mut self, per_mille: u64) -> bool {
        self.choose(1_000) < per_mille
    }
}

/// How long it takes to notice that a link does not come up, or that its other end is gone.
const LINK_TIMEOUT: Duration = Duration::from_secs(15);
