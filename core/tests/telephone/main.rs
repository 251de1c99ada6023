//! Tests of the telephone through its two doors, in virtual time.

mod call;
mod crossing;
mod door;
mod incoming;
mod limits;
mod outgoing;
mod pending;
mod playout;
mod presence;
mod properties;
mod quality;
mod repeats;
mod storm;
mod support;
mod switching;
mod table;
mod transmit;
mod unavailable;
