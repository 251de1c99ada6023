//! Voice without a call: a radio on links and broadcast channels.

mod audio;
mod builder;
mod events;
mod handle;
mod lanes;
#[cfg(feature = "endpoint")]
mod on_link;
mod request;
mod task;

pub use builder::RadioBuilder;
pub use events::{RadioEvent, RadioEvents};
pub use handle::Radio;
pub use lanes::RadioPort;
#[cfg(any(feature = "paging", feature = "stations"))]
pub(crate) use lanes::talk_end;
pub use request::RadioError;
