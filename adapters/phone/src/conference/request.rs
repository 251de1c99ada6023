//! Requests of the handles, and why they fail.

use async_channel::Sender;
use lxst_core::{CallId, IdentityHash};
use lxst_rooms::{ConferenceCommand, UnknownCall};

use crate::audio::AudioError;
use crate::request::Reply;

/// Why a conference did not start, or did not do what a handle asked. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConferenceError {
    /// The phone has shut down.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// There is no such member.
    #[error(transparent)]
    Unknown(#[from] UnknownCall),
    /// The conference has ended: its phone has shut down, or a handle ended it.
    #[error("the conference has ended")]
    Ended,
}

/// A request for a conference's task.
#[derive(Debug)]
pub(super) enum Request {
    Command(ConferenceCommand, Reply<Result<(), UnknownCall>>),
    Members(Reply<Vec<(CallId, IdentityHash)>>),
    ShutDown(Reply<()>),
}

/// Makes a request, and waits for its answer.
pub(super) async fn ask<T>(
    requests: &Sender<Request>,
    request: impl FnOnce(Reply<T>) -> Request,
) -> Result<T, ConferenceError> {
    let (reply, answer) = Reply::channel();
    requests.send(request(reply)).await.map_err(|_| ConferenceError::Ended)?;
    answer.recv().await.map_err(|_| ConferenceError::Ended)
}

/// Upper bound of the requests that wait for the task. Beyond it a handle waits for room.
pub(super) const REQUESTS: usize = 32;
