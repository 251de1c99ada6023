//! The events of a conference.

use lxst_rooms::ConferenceEvent;

use crate::event_stream::EventStream;

/// The events of a conference.
pub type ConferenceEvents = EventStream<ConferenceEvent>;
