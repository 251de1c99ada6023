//! Links that tasks above the phone have, by number, and the carriers that move their packets.

mod carriers;
mod links;

pub(crate) use carriers::Report;
pub(crate) use links::{FAREWELL, Links, PACKETS, TURNS_IN_A_ROW};
