//! Voice without a call.

mod batches;
mod properties;
mod receive;
mod recorded;
mod send;
mod support;
