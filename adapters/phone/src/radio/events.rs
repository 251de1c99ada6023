//! The events of a radio.

use lxst_core::{LinkId, talk};

use crate::event_stream::EventStream;

/// An event of a radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RadioEvent {
    /// An event of the talks.
    Talk(talk::Event),
    /// A link or a channel of the radio is gone.
    Closed(LinkId),
    /// The coder panicked, which is a bug. One frame is lost.
    CoderCrashed,
}

/// The events of a radio, which end when it has shut down.
pub type RadioEvents = EventStream<RadioEvent>;
