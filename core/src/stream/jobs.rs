//! The codec jobs that are out.

use heapless::Vec;

use crate::audio::Direction;
use crate::error::InputError;
use crate::id::{JobId, StreamId};
use crate::limits::SEND_JOBS;
use crate::outbox::{Outbox, Queued, Ticket};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Jobs {
    next: u64,
    out: Vec<(JobId, Direction, Ticket), { SEND_JOBS + 1 }>,
}

impl Jobs {
    /// Tells whether one more job of the direction may go out.
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
        outbox: &mut Outbox,
    ) {
        let job = JobId(self.next);
        self.next += 1;
        let kept = self.out.push((job, direction, ticket));
        debug_assert!(kept.is_ok(), "has_room was asked first");
        outbox.push(Queued::Job { job, stream, direction, ticket });
    }

    /// Ends a job. `None` says that it ended before, or that its stream closed meanwhile.
    pub(super) fn finish(&mut self, job: JobId) -> Result<Option<Ticket>, InputError> {
        if job.0 >= self.next {
            return Err(InputError::UnknownJob(job));
        }
        let index = self.out.iter().position(|(id, _, _)| *id == job);
        Ok(index.map(|index| self.out.remove(index).2))
    }

    pub(super) fn void_all(&mut self) {
        self.out.clear();
    }
}
