//! Pages of others.

use alloc::string::String;

use lxst_core::Instant;

use super::Pager;
use super::config::{GroupId, PageRule};
use super::event::{PagerEvent, PagerOutput};
use super::memory::is_fresh;
use super::plain::{is_voice, name_of};
use super::seal::{Head, PageId};
use crate::limits::{MAX_PAGE, PAGE_QUIET, PAGE_VOICE};
use crate::spoken::Spoken;

/// The page that is heard.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) page: PageId,
    is_urgent: bool,
    /// When its time is up.
    pub(super) until: Instant,
    /// When it is over, unless something comes.
    quiet: Instant,
}

impl Heard {
    pub(super) fn deadline(&self) -> Instant {
        self.until.min(self.quiet)
    }
}

impl Pager {
    /// Takes a packet after the checks, the cheap ones first.
    pub(super) fn on_packet(&mut self, data: &[u8]) {
        let Some((head, sealed)) = Head::read(data) else {
            self.counters.malformed += 1;
            return;
        };
        if !is_fresh(self.clock, head.stamp) {
            self.counters.stale += 1;
            return;
        }
        if self.memory.has(head) {
            self.counters.repeated += 1;
            return;
        }
        let mut groups = self.config.groups.iter().enumerate();
        let opened = groups.find_map(|(id, group)| Some((id, head.open(group.key, sealed)?)));
        let Some((group, plain)) = opened else {
            self.counters.foreign += 1;
            return;
        };
        if !self.memory.take(self.clock, head) {
            self.counters.refused += 1;
            return;
        }
        let Some(spoken) = Spoken::read(&plain, is_voice) else {
            self.counters.malformed += 1;
            return;
        };
        self.on_spoken(GroupId(group), head, name_of(&plain), &spoken);
    }

    fn on_spoken(&mut self, group: GroupId, head: Head, name: Option<String>, spoken: &Spoken<'_>) {
        let is_heard = self.heard.as_ref().is_some_and(|heard| heard.page == head.page);
        if *spoken == Spoken::TalkEnd {
            self.memory.end(head.page);
            if is_heard {
                self.end_heard();
            }
            return;
        }
        if !is_heard {
            if !self.is_played(group, head) {
                self.counters.unheard += 1;
                return;
            }
            self.end_heard();
            let (page, is_urgent) = (head.page, head.is_urgent());
            let (until, quiet) = (self.now + MAX_PAGE, self.now);
            self.heard = Some(Heard { page, is_urgent, until, quiet });
            self.event(PagerEvent::Began { group, page, is_urgent, name });
        }
        if let Some(heard) = &mut self.heard {
            heard.quiet = self.now + PAGE_QUIET;
        }
        let mut voice = [0; PAGE_VOICE];
        // It is no longer than what was sealed.
        let length = spoken.write(&mut voice).unwrap_or(0);
        let voice = bytes::Bytes::copy_from_slice(&voice[..length]);
        self.out.push_back(PagerOutput::Event(PagerEvent::Voice(voice)));
    }

    /// Returns whether a new page is played: by the rule of its group, not while we page, and not
    /// over another one unless it alone is urgent.
    fn is_played(&self, group: GroupId, head: Head) -> bool {
        let rule = self.config.groups.get(group.0).map(|group| group.rule);
        let is_wanted = match rule.unwrap_or_default() {
            PageRule::Play => true,
            PageRule::Urgent => head.is_urgent(),
            PageRule::Silent => false,
        };
        let is_free = self.heard.as_ref().is_none_or(|heard| head.is_urgent() && !heard.is_urgent);
        is_wanted && is_free && self.pressed.is_none()
    }

    pub(super) fn end_heard(&mut self) {
        if let Some(heard) = self.heard.take() {
            self.event(PagerEvent::Ended(heard.page));
        }
    }
}
