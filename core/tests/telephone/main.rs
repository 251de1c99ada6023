//! Tests of the telephone through its two doors, in virtual time.

mod call;
mod door;
mod incoming;
mod outgoing;
mod pending;
mod playout;
mod properties;
mod support;
mod switching;
mod transmit;
