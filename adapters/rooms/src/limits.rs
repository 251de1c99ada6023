//! Every bound and every fixed time of clients and servers.
//!
//! *Source*: Partyline 1.0.5, where a value does not say "our choice".

// Texts, in bytes of UTF-8. Longer ones are cut at a character.

/// Names of servers, rooms and members.
pub const NAME: usize = 48;
/// Text, poke, notice, message of the day, and the reason of a refusal.
pub const TEXT: usize = 300;
/// Description of a room.
pub const DESCRIPTION: usize = 120;
/// Description of a server in its announces.
pub const DESCRIPTION_ANNOUNCED: usize = 100;
/// Language of a server in its announces.
pub const LANGUAGE: usize = 16;
/// Country of a server in its announces.
pub const COUNTRY: usize = 16;
