//! The pages of the last minutes, so that no packet is heard twice.

use alloc::collections::BTreeMap;

use super::seal::{Head, PageId};
use crate::limits::{MAX_PAGE, PAGE_SKEW, PAGES};

/// Pages whose packets would be fresh.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(BTreeMap<PageId, Remembered>);

#[derive(Clone, Copy, Debug)]
struct Remembered {
    stamp: u32,
    newest: u32,
    /// Bit n: the packet that is n before the newest one came.
    came: u64,
    is_own: bool,
    /// No packet of it is heard any more.
    is_over: bool,
}

impl Memory {
    /// Returns whether the packet was taken, or is of a page that is over.
    pub(super) fn has(&self, head: Head) -> bool {
        self.0.get(&head.page).is_some_and(|page| page.is_over || page.has(head.packet))
    }

    /// Takes an authentic packet that is new. Returns whether there is room for its page.
    pub(super) fn take(&mut self, clock: u32, head: Head) -> bool {
        if !self.0.contains_key(&head.page) && !self.add(clock, head, false) {
            return false;
        }
        if let Some(page) = self.0.get_mut(&head.page) {
            page.take(head.packet);
        }
        true
    }

    /// Adds a page of ours: what comes of it is an echo. Returns whether it is new and has room.
    pub(super) fn add_own(&mut self, clock: u32, head: Head) -> bool {
        !self.0.contains_key(&head.page) && self.add(clock, head, true)
    }

    /// Takes no packet of a page any more.
    pub(super) fn end(&mut self, page: PageId) {
        if let Some(page) = self.0.get_mut(&page) {
            page.is_over = true;
        }
    }

    /// Adds a page, if there is room: ours and those of others have as much each.
    fn add(&mut self, clock: u32, head: Head, is_own: bool) -> bool {
        self.0.retain(|_, page| is_fresh(clock, page.stamp));
        let alike = self.0.values().filter(|page| page.is_own == is_own);
        if alike.count() >= PAGES {
            return false;
        }
        let Head { stamp, packet: newest, .. } = head;
        let page = Remembered { stamp, newest, came: 0, is_own, is_over: is_own };
        self.0.insert(head.page, page);
        true
    }
}

impl Remembered {
    fn has(&self, packet: u32) -> bool {
        match self.newest.checked_sub(packet) {
            None => false,
            Some(behind) => behind >= u64::BITS || self.came & 1 << behind != 0,
        }
    }

    fn take(&mut self, packet: u32) {
        let ahead = packet.saturating_sub(self.newest);
        self.came = self.came.checked_shl(ahead).unwrap_or(0);
        self.newest = self.newest.max(packet);
        self.came |= 1_u64.checked_shl(self.newest - packet).unwrap_or(0);
    }
}

/// Returns whether packets of a page that began at `stamp` may be heard.
pub(super) fn is_fresh(clock: u32, stamp: u32) -> bool {
    // Both are some minutes.
    let skew = PAGE_SKEW.as_secs() as u32;
    let longest = MAX_PAGE.as_secs() as u32;
    stamp <= clock.saturating_add(skew) && clock <= stamp.saturating_add(skew + longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_of_a_page_is_taken_once() {
        let mut memory = Memory::default();
        for (packet, is_new) in [
            (5, true),
            (5, false),
            (3, true),
            (3, false),
            (4, true),
            (68, true),
            (5, false),
            (4, false),
            (6, true),
            (1_000, true),
            (900, false),
            (937, true),
            (u32::MAX, true),
        ] {
            let head = Head { flags: 0, page: PageId([1; 8]), packet, stamp: 7 };
            assert_eq!(!memory.has(head), is_new, "{packet}");
            if is_new {
                assert!(memory.take(7, head));
            }
        }
    }

    #[test]
    fn a_page_is_fresh_from_before_its_stamp_to_the_end_of_the_longest_page() {
        for (clock, is_it) in
            [(879, false), (880, true), (1_000, true), (1_240, true), (1_241, false)]
        {
            assert_eq!(is_fresh(clock, 1_000), is_it, "{clock}");
        }
    }
}
