//! The phone in words: what a user types, and what a user reads.

mod bar;
mod commands;
mod complete;
mod done;
mod events;
mod help;
mod parse;
mod replies;
mod word;

pub use bar::{shortened, status_bar};
pub use commands::commands;
pub use complete::{Completion, Hint, Names, complete, hint};
pub use done::done;
pub use events::{event, is_news};
pub use help::{help, usages};
pub use parse::parse;
pub use replies::{clock, missed, reply, status_line};
pub use word::{CommandWord, WordsError};

#[cfg(test)]
mod tests;
