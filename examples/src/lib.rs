//! What the examples share.

pub mod conversation;
pub mod ladder;
pub mod report;
pub mod sound;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
