//! The options of a room.

use clap::Args;
use lxst_tokio::DisplayName;

/// Who may be in the room, and what its members hear.
#[derive(Debug, Args)]
pub(crate) struct RoomOptions {
    /// The most members at once. Where the phonebook has contacts, a quarter of the places is theirs
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u8).range(2..=32))]
    pub(crate) members: u8,
    /// Tell everybody who is not in the phonebook that the line is busy
    #[arg(long)]
    pub(crate) contacts_only: bool,
    /// Play no tone when a member joins or leaves
    #[arg(long)]
    pub(crate) no_tones: bool,
    /// Tell this name in announces: 64 bytes of UTF-8 at most
    #[arg(long, value_name = "NAME")]
    pub(crate) title: Option<DisplayName>,
    /// Print what happens as JSON, an object a line
    #[arg(long)]
    pub(crate) json: bool,
}
