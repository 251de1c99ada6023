//! The events of servers and clients of rooms.

use lxst_rooms::{ClientEvent, ServerEvent};

use crate::event_stream::EventStream;

/// The events of a server of rooms.
pub type RoomServerEvents = EventStream<ServerEvent>;

/// The events of a client of rooms. Voice is not among them: the radio plays it.
pub type RoomClientEvents = EventStream<ClientEvent>;
