//! Requests of the handles, what they are answered, and their errors.

use async_channel::{Receiver, Sender};
use lxst_core::{IdentityHash, LinkId};
use lxst_rooms::wire::Program;
use lxst_rooms::{InputError, StationCounters, TunerCounters};

use crate::destinations::DestinationError;
use crate::radio::{RadioError, RadioPort};
use crate::request::Reply;

/// Why a station or a tuner did not start, or did not do what a handle asked. Nothing changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StationError {
    /// The phone does not serve the destination: another handle does, or a bound is exceeded.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The settings are those of a station of another identity.
    #[error("the settings are of another identity: make them with Phone::identity")]
    OtherIdentity,
    /// The station or tuner refused the request.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// The radio cannot send what the station sends, or has shut down.
    #[error(transparent)]
    Radio(#[from] RadioError),
    /// The station or tuner has ended: its phone or its radio has shut down, or a handle ended it.
    #[error("the station or tuner has ended")]
    Ended,
}

/// What a station does at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StationStatus {
    /// What the listeners get, and where it comes from.
    pub program: Program,
    /// The links of the listeners, by the numbers of its events.
    pub listeners: Vec<LinkId>,
    /// What was dropped of what peers sent, and refused.
    pub counters: StationCounters,
    /// Packets of the radio that were not sent: they were no voice of the station's profile, or the
    /// station relays another one.
    pub unsent: u64,
    /// Packets that were dropped because too many waited for the link of a listener.
    pub late: u64,
}

/// What a tuner does at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TunerStatus {
    /// What the station sends, once it said so.
    pub program: Option<Program>,
    /// What was dropped of what stations sent.
    pub counters: TunerCounters,
}

/// A request for a station's task.
#[derive(Debug)]
pub(super) enum StationRequest {
    Play(RadioPort),
    Relay(IdentityHash, Reply<Result<(), InputError>>),
    StopRelay(Reply<Result<(), InputError>>),
    Announce(Reply<()>),
    Status(Reply<StationStatus>),
    ShutDown(Reply<()>),
}

/// A request for a tuner's task.
#[derive(Debug)]
pub(super) enum TunerRequest {
    Tune(IdentityHash, Reply<Result<(), InputError>>),
    Leave(Reply<Result<(), InputError>>),
    Status(Reply<TunerStatus>),
    ShutDown(Reply<()>),
}

/// Makes a request, and waits for its answer.
pub(super) async fn ask<Q, T>(
    requests: &Sender<Q>,
    request: impl FnOnce(Reply<T>) -> Q,
) -> Result<T, StationError> {
    let (reply, answer) = Reply::channel();
    requests.send(request(reply)).await.map_err(|_| StationError::Ended)?;
    answer.recv().await.map_err(|_| StationError::Ended)
}

/// Refuses all requests from here on.
pub(super) fn end<Q>(requests: &Receiver<Q>) {
    requests.close();
    // What waits is answered by the end of its reply.
    while requests.try_recv().is_ok() {}
}
