//! Links by number, with a bounded queue for each.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use async_executor::Executor;
use bytes::Bytes;
use futures_lite::future::or;
use lxst_core::{Class, LinkEvent, LinkId, LinkRequest};

use super::carriers::{Departure, Report, carry, open};
use crate::destinations::{Destinations, Link};
use crate::mailbox::{Mailbox, Reader, put_to_send};

/// The links of a task, by number. No number is used twice.
///
/// *Bounds*: [`PACKETS`] of media wait for a link, and as many of all as [`Links::new`] is told.
/// Beyond either the oldest packet of media is dropped and counted, or the oldest of all, so a slow
/// link neither delays others nor falls behind. Of what a link brings, one message at a time waits
/// here; the rest waits in the link's own bounded queue.
#[derive(Debug)]
pub(crate) struct Links<'e> {
    carriers: &'e Executor<'static>,
    destinations: Destinations,
    queues: BTreeMap<LinkId, Mailbox<Departure>>,
    next: u64,
    late: u64,
    most: usize,
    reporter: Sender<Report>,
    reports: Receiver<Report>,
}

impl<'e> Links<'e> {
    /// Makes no links yet. `most` packets wait for each: of media and signals together.
    pub(crate) fn new(
        carriers: &'e Executor<'static>,
        destinations: Destinations,
        most: usize,
    ) -> Self {
        let (reporter, reports) = async_channel::bounded(REPORTS);
        Self {
            carriers,
            destinations,
            queues: BTreeMap::new(),
            next: 0,
            late: 0,
            most,
            reporter,
            reports,
        }
    }

    /// Returns the number of the next link.
    pub(crate) const fn number(&mut self) -> LinkId {
        self.next += 1;
        LinkId(self.next)
    }

    /// Takes the link of a peer. Returns its number, and what happened to it.
    pub(crate) fn accept(&mut self, link: Link) -> (LinkId, LinkEvent) {
        let id = self.number();
        let (rtt, mdu) = (Some(link.rtt()), Some(link.mdu()));
        let event = LinkEvent::Incoming { on: link.on(), rtt, mdu };
        let (queue, reporter) = (self.add(id), self.reporter.clone());
        let carrier = async move { carry(id, &link, &queue, &reporter).await };
        self.carriers.spawn(carrier).detach();
        (id, event)
    }

    /// Leaves a packet for a link.
    pub(crate) fn transmit(&mut self, link: LinkId, class: Class, data: Bytes) {
        self.leave(link, Departure::Packet(class, data));
    }

    /// Does a request. A link closes after the packets that wait for it.
    pub(crate) fn request(&mut self, link: LinkId, request: LinkRequest) {
        match request {
            LinkRequest::Open(to) => {
                let (queue, reporter) = (self.add(link), self.reporter.clone());
                let destinations = self.destinations.clone();
                let carrier = async move { open(link, &destinations, to, &queue, &reporter).await };
                self.carriers.spawn(carrier).detach();
            }
            LinkRequest::Identify => self.leave(link, Departure::Identify),
            LinkRequest::Close => {
                if let Some(queue) = self.queues.remove(&link) {
                    queue.close();
                }
            }
        }
    }

    /// Waits for the next report. Nothing is reported of a link that was closed here. Without a link
    /// too, the end of the phone is one.
    ///
    /// # Cancel safety
    /// Cancel safe: no report is lost.
    pub(crate) async fn next(&self) -> Report {
        let no_phone = async {
            self.destinations.ended().await;
            Report::NoPhone
        };
        or(self.next_of_link(), no_phone).await
    }

    async fn next_of_link(&self) -> Report {
        loop {
            let report = match self.reports.recv().await {
                Ok(report) => report,
                // The channel stays open, because this holds a sender.
                Err(_) => pending().await,
            };
            let is_known = match &report {
                Report::Packet { link, .. } | Report::Event { link, .. } => {
                    self.queues.contains_key(link)
                }
                Report::NoPhone => true,
            };
            if is_known {
                return report;
            }
        }
    }

    /// Forgets a link that has closed or did not come up.
    pub(crate) fn on_event(&mut self, link: LinkId, event: LinkEvent) {
        if matches!(event, LinkEvent::Failed(_) | LinkEvent::Closed(_)) {
            self.queues.remove(&link);
        }
    }

    /// Returns how many packets were dropped because too many waited for a link.
    pub(crate) const fn late(&self) -> u64 {
        self.late
    }

    /// Closes all links, and waits until what waits for them is sent.
    pub(crate) async fn finish(self) {
        let Self { queues, reporter, reports, .. } = self;
        queues.values().for_each(Mailbox::close);
        drop(reporter);
        // Each carrier holds a sender until its link is closed.
        while reports.recv().await.is_ok() {}
    }

    fn add(&mut self, link: LinkId) -> Reader<Departure> {
        let (queue, reader) = Mailbox::new();
        self.queues.insert(link, queue);
        reader
    }

    fn leave(&mut self, link: LinkId, departure: Departure) {
        let Some(queue) = self.queues.get(&link) else { return };
        let (late, most) = (&mut self.late, self.most);
        queue.change(|waiting| {
            let lost = put(waiting, departure, most);
            *late += lost;
            lost
        });
    }
}

/// Adds a departure within the bounds. Returns how many were dropped.
fn put(waiting: &mut VecDeque<Departure>, departure: Departure, most: usize) -> u64 {
    let is_media = |waiting: &Departure| matches!(waiting, Departure::Packet(Class::Media, _));
    let mut media = waiting.iter().enumerate().filter(|(_, waiting)| is_media(waiting));
    let oldest = media.next().map(|(at, _)| at);
    let is_full = is_media(&departure) && media.count() + 1 >= PACKETS;
    let dropped = oldest.filter(|_| is_full).and_then(|at| waiting.remove(at));
    u64::from(dropped.is_some()) + put_to_send(waiting, departure, most, is_media)
}

/// Upper bound of the packets of media that wait for a link.
pub(crate) const PACKETS: usize = 32;
/// Upper bound of the reports that wait to be read. Beyond it a carrier waits, and its link's queue
/// fills.
const REPORTS: usize = 64;
/// Turns in a row after which a task yields to others of its thread.
pub(crate) const TURNS_IN_A_ROW: u64 = 64;
/// The longest wait of a shutdown for the last packets.
pub(crate) const FAREWELL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_the_oldest_media_is_dropped_and_no_signal() {
        let mut waiting = VecDeque::new();
        let mut put = |departure| put(&mut waiting, departure, PACKETS);
        assert_eq!(put(packet(Class::Signal, 0)), 0);
        for n in 1..PACKETS {
            assert_eq!(put(packet(Class::Media, n)), 0);
        }
        assert_eq!(put(packet(Class::Media, PACKETS)), 1);
        assert_eq!(put(Departure::Identify), 1);
        assert_eq!(waiting.len(), PACKETS);
        assert_eq!(waiting[0], packet(Class::Signal, 0));
        assert_eq!(waiting[1], packet(Class::Media, 3));
        assert_eq!(waiting.back(), Some(&Departure::Identify));
    }

    #[test]
    fn more_signals_may_wait_than_media() {
        let mut waiting = VecDeque::new();
        let most = 3 * PACKETS;
        let mut put = |departure| put(&mut waiting, departure, most);
        for n in 0..2 * PACKETS {
            assert_eq!(put(packet(Class::Signal, n)), 0);
        }
        for n in 0..PACKETS {
            assert_eq!(put(packet(Class::Media, n)), 0);
        }
        assert_eq!(put(packet(Class::Media, PACKETS)), 1);
        assert_eq!(waiting.len(), most);
        assert_eq!(waiting[0], packet(Class::Signal, 0));
        assert_eq!(waiting[2 * PACKETS], packet(Class::Media, 1));
    }

    fn packet(class: Class, n: usize) -> Departure {
        Departure::Packet(class, Bytes::from(vec![n as u8]))
    }
}
