//! What passes the two doors, for whoever records or draws a call.

use crate::config::Config;
use crate::id::IdentityHash;
use crate::input::Input;
use crate::output::Output;

/// One thing that passed a door of a [`Telephone`](crate::Telephone), as its driver saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary<'a> {
    /// The telephone was made. Seen once, before all else.
    Start {
        /// Whose it is.
        identity: IdentityHash,
        /// The settings that are in force.
        config: &'a Config,
    },
    /// An input that was taken.
    In(Input<'a>),
    /// An output, in the order of the door.
    Out(Output<'a>),
}
