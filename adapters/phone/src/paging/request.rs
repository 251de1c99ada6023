//! Requests of the handles to the pager's task, and their errors.

use lxst_rooms::{GroupId, PagerCounters, PagerError};

use crate::destinations::DestinationError;
use crate::radio::RadioError;
use crate::request::Reply;

/// Why a pager did not start, or did not do what a handle asked. Nothing changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagingError {
    /// The phone does not join the channel: another handle has joined it, or a bound is exceeded.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The pager refused the request.
    #[error(transparent)]
    Refused(#[from] PagerError),
    /// The radio has shut down.
    #[error(transparent)]
    Radio(#[from] RadioError),
    /// The pager has ended: its phone or its radio has shut down, or a handle ended it.
    #[error("the pager has ended")]
    Ended,
}

/// A request for a pager's task.
#[derive(Debug)]
pub(super) enum Request {
    Press { group: GroupId, is_urgent: bool, reply: Reply<Result<(), PagingError>> },
    Release(Reply<Result<(), PagingError>>),
    Counters(Reply<PagerCounters>),
    ShutDown(Reply<()>),
}
