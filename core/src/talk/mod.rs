//! Voice without a call: one sender and a few talkers behind two doors.
//!
//! A [`Radio`] sends talk spurts and plays those of others, over any link, and at PLAIN and GROUP
//! destinations. It is driven like a [`Telephone`](crate::Telephone): give an input, drain the
//! outputs, wait for the deadline. The duties of a driver are the same, apart from links: a radio
//! opens and closes none. [`Output::Transmit`] goes to each link that the driver has for it.
//!
//! On the wire it speaks the frames of the reference, which its `Packetizer` sends and its
//! `LinkSource` reads. The optional keys of [`wire`](crate::wire) are the number of a packet's first
//! frame, the end of a talk spurt, and the speaker whom a server relays.
//!
//! ```
//! use lxst_core::talk::{Command, Config, Event, Input, Output, Radio, SEND_STREAM};
//! use lxst_core::wire::{Codec, Frame};
//! use lxst_core::{
//!     Direction, Instant, InputError, LinkId, Outcome, PacketBuf, PortChange, Samples, Talk,
//! };
//!
//! let mut buf = PacketBuf::new();
//! let now = Instant::from_millis(60);
//! let mut walkie = Radio::<0>::new(Config::default(), Instant::ORIGIN);
//! let mut talkie = Radio::<4>::new(Config::default(), Instant::ORIGIN);
//!
//! let (direction, change) = (Direction::Send, PortChange::Attached);
//! walkie.handle_input(Instant::ORIGIN, Input::Port { direction, change })?;
//! walkie.handle_input(Instant::ORIGIN, Input::Command(Command::Talk(Talk::Pressed)))?;
//! walkie.handle_input(now, Input::Captured { samples: Samples::from_millis(60) })?;
//! while let Some(output) = walkie.poll_output(&mut buf) {
//!     match output {
//!         Output::Job { job, .. } => {
//!             // The driver encodes.
//!             let frame = Frame { codec: Codec::Opus, payload: b"\x18voice" };
//!             let outcome = Outcome::Encoded(frame);
//!             walkie.handle_input(now, Input::JobDone { job, outcome })?;
//!         }
//!         Output::Transmit { data, .. } => {
//!             talkie.handle_input(now, Input::Packet { link: LinkId(1), data })?;
//!         }
//!         Output::Stream { stream, .. } => assert_eq!(stream, SEND_STREAM),
//!         Output::Event(_) => {}
//!     }
//! }
//! let mut heard = None;
//! while let Some(output) = talkie.poll_output(&mut buf) {
//!     if let Output::Event(Event::Talking { link, .. }) = output {
//!         heard = Some(link);
//!     }
//! }
//! assert_eq!(heard, Some(LinkId(1)));
//! # Ok::<(), InputError>(())
//! ```

mod batch;
mod doors;
mod format;
mod radio;
mod sender;
mod talkers;

pub use crate::stream::TalkerTimer;
pub use doors::{Command, Config, Deadline, Event, Input, Numbers, Output};
pub use format::{Format, FrameLengthError};
pub use radio::{Radio, SEND_STREAM};
