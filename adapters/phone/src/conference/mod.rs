//! A conference of telephones on the lines of a phone.
//!
//! [`lxst_rooms`] says who is answered and which tones are played. Here a task does so, and the
//! phone's [bridge](crate::Bridge) mixes.

mod events;
mod handle;
mod request;
mod task;
mod tones;

pub use events::ConferenceEvents;
pub use handle::{Conference, ConferenceBuilder};
pub use request::ConferenceError;
