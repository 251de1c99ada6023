//! Reordering of reports from a stack that keeps no common order.
//!
//! A stack may report established links, identities and packets on channels of their own. A report
//! that comes before [`LinkEvent::Incoming`] or [`LinkEvent::Up`] of its link waits here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use lxst_core::{Instant, LinkEvent, LinkId, StackEvent};

type Report = StackEvent<Bytes>;

/// The links of a stack, as reported so far.
#[derive(Debug, Default)]
pub(crate) struct LinkOrder {
    links: BTreeMap<LinkId, Stage>,
    /// Links whose `Incoming` has not come, the oldest first.
    early: VecDeque<Early>,
    /// The latest closed links, whose late reports are ignored.
    over: VecDeque<LinkId>,
    dropped: u64,
}

#[derive(Debug)]
enum Stage {
    /// We open it. Holds the reports before `Up`.
    Opening(Vec<Report>),
    Up,
}

#[derive(Debug)]
struct Early {
    link: LinkId,
    until: Instant,
    reports: Vec<Report>,
}

impl LinkOrder {
    /// Adds a link that we open.
    pub(crate) fn open(&mut self, link: LinkId) {
        self.links.insert(link, Stage::Opening(Vec::new()));
    }

    /// Marks a link as closed.
    pub(crate) fn close(&mut self, link: LinkId) {
        self.links.remove(&link);
        if self.over.len() == MAX_OVER {
            self.over.pop_front();
        }
        self.over.push_back(link);
    }

    /// Appends a report, and the reports that waited for it, to `ready`. Returns a link that came
    /// up after it was closed, and that is to be closed again.
    pub(crate) fn on_report(
        &mut self,
        now: Instant,
        report: Report,
        ready: &mut VecDeque<Report>,
    ) -> Option<LinkId> {
        let (link, event) = match &report {
            StackEvent::Announced { .. } => {
                ready.push_back(report);
                return None;
            }
            StackEvent::Packet { link, .. } => (*link, None),
            StackEvent::Link { link, event } => (*link, Some(*event)),
        };
        match (event, self.links.get_mut(&link)) {
            (Some(LinkEvent::Incoming { .. }), None) => {
                self.links.insert(link, Stage::Up);
                ready.push_back(report);
                let waited = self.early.iter().position(|early| early.link == link);
                let waited = waited.and_then(|index| self.early.remove(index));
                for report in waited.into_iter().flat_map(|early| early.reports) {
                    self.on_report(now, report, ready);
                }
            }
            (Some(LinkEvent::Up { .. }), Some(Stage::Opening(held))) => {
                let held = std::mem::take(held);
                self.links.insert(link, Stage::Up);
                ready.push_back(report);
                ready.extend(held);
            }
            (Some(LinkEvent::Up { .. }), None) => return Some(link),
            (Some(LinkEvent::Incoming { .. } | LinkEvent::Up { .. }), Some(_)) => {}
            (Some(LinkEvent::Failed(_) | LinkEvent::Closed(_)), Some(stage)) => {
                if let Stage::Opening(held) = stage {
                    self.dropped += held.len() as u64;
                }
                self.close(link);
                ready.push_back(report);
            }
            (Some(LinkEvent::Failed(_) | LinkEvent::Heard), None) => {}
            (Some(LinkEvent::Heard), Some(_)) | (_, Some(Stage::Up)) => ready.push_back(report),
            (Some(LinkEvent::Identified(_)) | None, Some(Stage::Opening(held))) => {
                self.dropped += u64::from(!hold(held, report));
            }
            (Some(LinkEvent::Identified(_) | LinkEvent::Closed(_)) | None, None) => {
                self.on_early(now, link, report);
            }
        }
        None
    }

    /// Drops the reports whose wait is over.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while self.due().is_some_and(|due| due <= now) {
            self.drop_oldest();
        }
    }

    /// Returns when the wait of the oldest report is over.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.early.front().map(|early| early.until)
    }

    /// Returns how many reports were dropped.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn on_early(&mut self, now: Instant, link: LinkId, report: Report) {
        if self.over.contains(&link) {
            return;
        }
        if let Some(early) = self.early.iter_mut().find(|early| early.link == link) {
            self.dropped += u64::from(!hold(&mut early.reports, report));
            return;
        }
        if self.early.len() == MAX_EARLY {
            self.drop_oldest();
        }
        self.early.push_back(Early { link, until: now + EARLY, reports: vec![report] });
    }

    fn drop_oldest(&mut self) {
        let oldest = self.early.pop_front();
        self.dropped += oldest.map_or(0, |early| early.reports.len() as u64);
    }
}

/// Holds a report. Returns whether there was room.
fn hold(reports: &mut Vec<Report>, report: Report) -> bool {
    let has_room = reports.len() < MAX_HELD;
    if has_room {
        reports.push(report);
    }
    has_room
}

/// How long a report waits for the `Incoming` of its link.
///
/// *Source*: our choice: two channels of one process differ by less.
const EARLY: Duration = Duration::from_secs(1);
/// Upper bound of the reports of one link that wait. Beyond it the newest is dropped and counted.
const MAX_HELD: usize = 4;
/// Upper bound of the links whose reports wait for `Incoming`. Beyond it the reports of the oldest
/// link are dropped and counted.
const MAX_EARLY: usize = 64;
/// Upper bound of the closed links whose late reports are ignored.
const MAX_OVER: usize = 64;
