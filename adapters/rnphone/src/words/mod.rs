//! The phone in words: what a user types, and what a user reads.

mod bar;
mod complete;
mod done;
mod events;
mod help;
mod parse;
mod replies;

pub use bar::{shortened, status_bar};
pub use complete::{Completion, Hint, Names, complete, hint};
pub use done::done;
pub use events::{event, is_news};
pub use help::{help, usages};
pub use parse::{COMMANDS, CommandWord, WordsError, parse};
pub use replies::{clock, missed, reply, status_line};

#[cfg(test)]
mod tests;
