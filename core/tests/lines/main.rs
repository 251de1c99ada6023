//! A telephone of several lines, in virtual time.

mod at_once;
mod glare;
mod properties;
mod sharing;
mod simulation;
