//! How a phone begins, on each stack.

mod app;
#[cfg(feature = "endpoint")]
mod own;
