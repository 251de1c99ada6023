//! The events of stations and tuners.

use lxst_rooms::{StationEvent, TunerEvent};

use crate::event_stream::EventStream;

/// The events of a station.
pub type StationEvents = EventStream<StationEvent>;

/// The events of a tuner. Voice is not among them: the radio plays it.
pub type TunerEvents = EventStream<TunerEvent>;
