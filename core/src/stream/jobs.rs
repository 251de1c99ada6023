//! The codec jobs that are out.

use heapless::Vec;

use super::Context;
use crate::audio::Direction;
use crate::id::{JobId, StreamId};
use crate::limits::SEND_JOBS;
use crate::outbox::{Queued, Ticket};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Jobs {
    out: Vec<(JobId, Direction, Ticket), { SEND_JOBS + 1 }>,
}

impl Jobs {
    /// Returns whether another job of the direction may go out.
    pub(super) fn has_room(&self, direction: Direction) -> bool {
        let limit = match direction {
            Direction::Send => SEND_JOBS,
            Direction::Receive => 1,
        };
        self.out.iter().filter(|(_, of, _)| *of == direction).count() < limit
    }

    pub(super) fn issue(
        &mut self,
        stream: StreamId,
        direction: Direction,
        ticket: Ticket,
        cx: &mut Context<'_>,
    ) {
        let job = *cx.next_job;
        cx.next_job.0 += 1;
        let kept = self.out.push((job, direction, ticket));
        debug_assert!(kept.is_ok(), "has_room was asked first");
        cx.out.push(Queued::Job { line: cx.line, job, stream, direction, ticket });
    }

    /// Returns whether a job is out: it has not ended, and its stream has not closed.
    pub(super) fn has(&self, job: JobId) -> bool {
        self.out.iter().any(|(id, _, _)| *id == job)
    }

    /// Ends a job. Returns its ticket if it was out.
    pub(super) fn finish(&mut self, job: JobId) -> Option<Ticket> {
        let index = self.out.iter().position(|(id, _, _)| *id == job)?;
        Some(self.out.remove(index).2)
    }

    pub(super) fn void_all(&mut self) {
        self.out.clear();
    }
}
