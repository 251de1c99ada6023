//! Voice without a call.

mod properties;
mod receive;
mod recorded;
mod send;
mod support;
