//! LXST voice calls over Reticulum, on tokio.
//!
//! ```no_run
//! use lxst_tokio::{CallEvent, Event, Identity, OsRng, Phone, Profile};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let identity = Identity::generate(&mut OsRng);
//! let (phone, mut events) = Phone::builder(identity).connect("127.0.0.1:4242").start().await?;
//!
//! let friend = "f293e5612b27dbc491e52cc9845d3f53".parse()?;
//! let call = phone.dial(friend, Profile::MediumQuality).await?;
//! let mut speaker = phone.speaker().await?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Call(CallEvent::Established { .. }) => {
//!             let pcm = speaker.read().await; // 20 ms of 48 kHz mono, at real-time pace
//!             println!("heard {pcm:?}");
//!             call.hang_up().await?;
//!         }
//!         Event::Call(CallEvent::Ended { reason, .. }) => {
//!             println!("over: {reason:?}");
//!             break;
//!         }
//!         _ => {}
//!     }
//! }
//! phone.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! A phone is one task: it owns the [`Driver`](lxst_driver::Driver), moves bytes between it and
//! sockets, sleeps to its deadline, and keeps one thread for codecs. [`Phone`] and [`Call`] are
//! handles to it, cheap to clone. Nothing polls: an idle phone wakes for its timers only.

#![forbid(unsafe_code)]

mod audio;
mod builder;
mod events;
mod interface;
mod phone;
mod request;
mod runner;

pub use audio::{BLOCK_SAMPLES, Microphone, Speaker};
pub use builder::{PhoneBuilder, StartError};
pub use events::Events;
pub use lxst_driver::core as telephony;
pub use lxst_driver::core::{
    CallId, CallStatus, EndReason, Event as CallEvent, IdentityHash, InputError, Mode, Profile,
};
pub use lxst_driver::reticulum::{DestinationHash, Identity, Rng};
pub use lxst_driver::system::{IdentityFileError, OsRng, load_or_create_identity};
#[cfg(feature = "trace")]
pub use lxst_driver::trace;
pub use lxst_driver::{Access, Door, Event, Tap, codecs, reticulum};
pub use phone::{Call, CallError, Phone};
pub use request::Figures;
