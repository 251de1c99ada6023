//! Voice without a call.

mod recorded;
