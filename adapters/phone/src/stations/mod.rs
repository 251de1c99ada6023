//! Stations and their listeners on the links of a phone's endpoint.
//!
//! [`lxst_rooms`] says what a station and a tuner do. Here each is a task that drives one of its
//! values on [carried links](crate::carried_links).

mod announcer;
mod events;
mod request;
mod station;
mod station_task;
mod tuner;
mod tuner_task;

pub use events::{StationEvents, TunerEvents};
pub use request::{StationError, StationStatus, TunerStatus};
pub use station::{Station, StationBuilder};
pub use tuner::{Tuner, TunerBuilder};

use lxst_core::{Destination, IdentityHash};
use lxst_reticulum::name_hash;

/// Returns the destination of a station.
fn station_of(identity: IdentityHash) -> Destination {
    Destination { identity, name: name_hash("lxst.station") }
}

/// Upper bound of the requests that wait for a task. Beyond it a handle waits for room.
const REQUESTS: usize = 32;
