//! Pictures of a call, as values that [`Display`](core::fmt::Display) writes.
//!
//! - [`Ladder`] in text and [`LadderSvg`]: the packets and actions of a [`Conversation`], side by
//!   side.
//! - [`Summary`]: its calls, their states and timings, and how they ended.
//! - [`Chart`]: the playout delay of a receive path over time, with lost, late and concealed
//!   frames, in SVG.
//! - [`Transcript`]: inputs and outputs of phones, line by line, for snapshots.

mod chart;
mod conversation;
mod conversation_reader;
mod ladder;
mod ladder_svg;
mod page;
mod playout;
mod rows;
mod summary;
mod transcript;

pub use chart::{Chart, Panel};
pub use conversation::{Action, Conversation, MediaTotal, Step, StepKind, air_bytes};
pub use conversation_reader::ConversationReader;
pub use ladder::Ladder;
pub use ladder_svg::LadderSvg;
pub use page::{Charset, Page, PageError, wrap};
pub use playout::{Frame, Playout, PlayoutRecorder};
pub use rows::kilobytes;
pub use summary::{Call, Summary, duration};
pub use transcript::Transcript;
