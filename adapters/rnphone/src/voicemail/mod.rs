//! The voicemail: takes messages of callers whom nobody answers.
//!
//! [`Rules`] say when it answers whom. [`take_message`] is the call: an [`AnsweringMachine`] between
//! the call's audio ports, which plays a [`Greeting`] and listens. [`Store`] is the folder of
//! [`Message`]s.

mod activity;
mod greeting;
mod machine;
mod message;
mod recording;
mod rules;
mod session;
mod store;
mod take;

pub use greeting::{Greeting, beep};
pub use machine::{AnsweringMachine, MessageBounds, MessageEnd};
pub use message::{Message, MessageId, ParseMessageIdError};
pub use rules::{Pickup, Presence, Rules};
pub use session::{TakeError, Taken, take_message};
pub use store::{FullOf, Listing, Store, StoreError};

#[cfg(test)]
#[cfg(unix)]
mod tests;
