//! LXST voice calls over Reticulum, on tokio.
//!
//! ```no_run
//! use lxst_tokio::{AudioFormat, Event, Interface, PhoneBuilder, Profile};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let interface = Interface::tcp_client("127.0.0.1:4242");
//! let (phone, mut events) = PhoneBuilder::open("me")?.interface(interface).start().await?;
//!
//! let friend = "f293e5612b27dbc491e52cc9845d3f53".parse()?;
//! let call = phone.dial(friend, Profile::MediumQuality).await?;
//! call.established().await?; // or why not: busy, rejected, no path, ...
//! let mut speaker = phone.audio_sink(AudioFormat::PHONE).await?;
//! let mut pcm = [0_i16; 960];
//! speaker.read(&mut pcm).await?; // 20 ms, at real-time pace
//! call.hang_up().await?;
//!
//! // Whoever calls is answered.
//! while let Some(event) = events.next().await {
//!     if let Event::Incoming { call, .. } = event {
//!         let call = phone.call(call);
//!         call.answer().await?;
//!         println!("over: {}", call.ended().await?);
//!         break;
//!     }
//! }
//! phone.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The API is `lxst-smol`'s: moving an app means changing one `use`. A phone is one task of the
//! current tokio runtime, which needs time and I/O enabled.
//!
//! *Features*: `endpoint` (on by default; our own Reticulum endpoint); and, off by default, `codec2` (Codec2 3200 and 1600, in Rust) and `codec2-system` (700C as
//! well, by the system's libcodec2), both LGPL; `voice-processing` (echo cancellation, noise suppression, gain
//! control); `trace` (recorded calls). What a phone has to say besides events goes to `tracing`.

#![forbid(unsafe_code)]

#[cfg(feature = "endpoint")]
mod sockets;

use std::future::Future;
use std::time::Instant;

pub use lxst_phone::*;

/// Settings of a phone that is not started, on tokio.
pub type PhoneBuilder = lxst_phone::PhoneBuilder<Tokio>;

/// A way into a Reticulum network, for a phone on tokio.
#[cfg(feature = "endpoint")]
pub type Interface = lxst_phone::Interface<Tokio>;

/// The runtime tokio.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Runtime for Tokio {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    async fn sleep_until(&self, moment: Instant) {
        tokio::time::sleep_until(moment.into()).await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }
}
