//! The phone in words: what a user types, and what a user reads.

mod events;
mod parse;
mod replies;

pub use events::{event, is_news};
pub use parse::{COMMANDS, CommandWord, WordsError, help, parse};
pub use replies::{clock, reply, status_line};

#[cfg(test)]
mod tests;
