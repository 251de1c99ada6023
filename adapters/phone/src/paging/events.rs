//! The events of a pager.

use lxst_rooms::PagerEvent;

use crate::event_stream::EventStream;

/// The events of a pager. Voice is not among them: the radio plays it.
pub type PagerEvents = EventStream<PagerEvent>;
