//! Code that the examples share.

pub mod console;
pub mod drawing;
pub mod grade;
pub mod reference;
pub mod relay;
pub mod report;
pub mod sound;
pub mod taps;
pub mod terminal;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
