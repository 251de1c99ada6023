//! The echo line: answers everybody and plays back what they say, so that they hear how they are
//! heard.

mod line;
mod machine;
mod shares;

pub use line::{EchoConfig, EchoEvent, EchoLine};
pub use machine::Echo;
