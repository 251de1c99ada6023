//! What the examples share.

pub mod chart;
pub mod console;
pub mod conversation;
pub mod grade;
pub mod ladder;
pub mod paper;
pub mod playout;
pub mod relay;
pub mod report;
mod rows;
pub mod sound;
pub mod summary;
pub mod svg;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
