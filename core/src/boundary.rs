//! Inputs and outputs at the two doors of a telephone, for recorders.

use crate::config::Config;
use crate::id::IdentityHash;
use crate::input::Input;
use crate::output::Output;

/// One item that passed a door of a [`Telephone`](crate::Telephone), in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary<'a> {
    /// The telephone was created. The first item, exactly once.
    Start {
        /// The identity that it serves.
        identity: IdentityHash,
        /// Its settings.
        config: &'a Config,
        /// The number of lines.
        lines: usize,
    },
    /// An input that was applied.
    In(Input<'a>),
    /// An output.
    Out(Output<'a>),
}
