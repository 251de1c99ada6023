//! Snapshot tests, in a crate of their own so that unreferenced snapshots are found.
//!
//! A [`Conversation`] prints what passes the doors of phones as lines to read and to compare.

mod conversation;

pub use conversation::Conversation;
