//! Tests of the telephone through its two doors, in virtual time.

mod call;
mod callee;
mod caller;
mod copies;
mod door;
mod glare;
mod limits;
mod pending;
mod playout;
mod presence;
mod properties;
mod quality;
mod repeats;
mod round_trip;
mod storm;
mod switching;
mod table;
mod transmit;
mod unavailable;

use lxst_sim::calls as support;
