//! Requests of the handles to the radio's task, and their errors.

use std::io;

use lxst_core::talk::{Command, Format};
use lxst_core::{Counters, InputError};
use lxst_engine::codecs::CodecError;

use crate::audio::{SinkPort, SourcePort};
use crate::request::Reply;

/// Why a radio did not start, or did not do what a handle asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RadioError {
    /// The codecs cannot send the format.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The system does not give a thread.
    #[error("cannot start the codec thread: {0}")]
    Thread(#[source] io::Error),
    /// There is no such talker: its place was taken, or it was quiet for long.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// The radio has shut down.
    #[error("the radio has shut down")]
    ShutDown,
}

/// A request of a handle, for the radio's task.
#[derive(Debug)]
pub(super) enum Request {
    Command(Command, Reply<Result<(), InputError>>),
    Format(Format, Reply<Result<(), RadioError>>),
    Source(SourcePort),
    Sink(SinkPort),
    Counters(Reply<Counters>),
    ShutDown(Reply<()>),
}
