//! Code that the examples share.

pub mod drawing;
pub mod grade;
pub mod reference;
pub mod relay;
pub mod report;
pub mod taps;

pub use rnphone_rs::{console, errln, outln, terminal, wav};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
