//! Pictures of a call: what two phones said to each other, and what a receive path made of it.

mod chart;
mod conversation;
mod ladder;
mod paper;
mod playout;
mod rows;
mod summary;
mod svg;

pub use chart::{Chart, Panel};
pub use conversation::{Act, Conversation, MediaTotal, Step, What, Witness, air_bytes};
pub use ladder::Ladder;
pub use paper::{Letters, Paper, fold};
pub use playout::{Frame, Playout, PlayoutRecorder};
pub use rows::kilobytes;
pub use summary::{Call, Summary, moment};
pub use svg::Svg;
