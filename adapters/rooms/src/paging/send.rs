//! Our page.

use lxst_core::Instant;
use lxst_core::wire::Sequence;

use super::Pager;
use super::config::GroupId;
use super::event::{PagerError, PagerOutput};
use super::plain::{is_voice, write};
use super::seal::{Head, PageId, URGENT};
use crate::limits::{MAX_PAGE, PAGE_ENDS, PAGE_NAMES, PAGE_VOICE};
use crate::spoken::Spoken;

/// A page of ours that goes on.
#[derive(Clone, Debug)]
pub(super) struct Pressed {
    group: GroupId,
    /// Of the next packet.
    head: Head,
    /// The number of the next frame that comes without one.
    next: Sequence,
    pub(super) until: Instant,
}

impl Pager {
    pub(super) fn press(
        &mut self,
        group: GroupId,
        page: PageId,
        is_urgent: bool,
    ) -> Result<(), PagerError> {
        if self.pressed.is_some() {
            return Err(PagerError::Pressed);
        }
        self.config.groups.get(group.0).ok_or(PagerError::UnknownGroup)?;
        let flags = if is_urgent { URGENT } else { 0 };
        let head = Head { flags, page, packet: 0, stamp: self.clock };
        if !self.memory.add_own(self.clock, head) {
            return Err(PagerError::RefusedPage);
        }
        self.end_heard();
        let until = self.now + MAX_PAGE;
        self.pressed = Some(Pressed { group, head, next: Sequence(1), until });
        Ok(())
    }

    pub(super) fn send(&mut self, data: &[u8]) -> Result<(), PagerError> {
        let pressed = self.pressed.as_mut().ok_or(PagerError::NotPressed)?;
        let mut spoken = Spoken::read(data, is_voice).ok_or(PagerError::BadPacket)?;
        let mut first = pressed.next;
        let mut count = 0;
        if let Spoken::Frames { frames, sequence } = &mut spoken {
            first = *sequence.get_or_insert(first);
            count = frames.len() as u16;
        }
        let mut plain = [0; PAGE_VOICE];
        // The first packets have our name in them.
        let name = (pressed.head.packet < PAGE_NAMES).then_some(&*self.config.name);
        let length = write(&spoken, name, &mut plain);
        let length = length.map_err(|_| PagerError::BadPacket)?;
        pressed.next = first.plus(count);
        self.seal(&plain[..length]);
        Ok(())
    }

    /// Ends our page: says so more than once, as packets are lost.
    pub(super) fn release(&mut self) {
        let mut plain = [0; PAGE_VOICE];
        let length = Spoken::TalkEnd.write(&mut plain).unwrap_or(0);
        (0..PAGE_ENDS).for_each(|_| self.seal(&plain[..length]));
        self.pressed = None;
    }

    fn seal(&mut self, plain: &[u8]) {
        let Some(pressed) = &mut self.pressed else { return };
        let Some(group) = self.config.groups.get(pressed.group.0) else { return };
        let sealed = pressed.head.seal(group.key, plain);
        // A page has fewer packets than there are numbers: it is over before.
        pressed.head.packet = pressed.head.packet.saturating_add(1);
        self.out.push_back(PagerOutput::Broadcast(sealed.into()));
    }
}
