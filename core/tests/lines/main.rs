//! A telephone of several lines, in virtual time.

mod at_once;
mod properties;
mod sharing;
mod world;
