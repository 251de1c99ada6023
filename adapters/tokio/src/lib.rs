//! LXST voice calls over Reticulum, on tokio.
//!
//! Two phones of one process call each other:
//!
#![cfg_attr(all(feature = "endpoint", feature = "opus"), doc = "```")]
#![cfg_attr(not(all(feature = "endpoint", feature = "opus")), doc = "```ignore")]
//! use lxst_tokio::{AudioFormat, Event, Identity, Interface, OsRng, PhoneBuilder, Profile};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let [left, right] = Interface::pair("a line");
//! let phone = || PhoneBuilder::new(Identity::generate(&mut OsRng));
//! let (alice, _) = phone().interface(left).start().await?;
//! let (bob, mut events) = phone().interface(right).start().await?;
//!
//! let call = alice.dial(bob.identity(), Profile::MediumQuality).await?;
//! while let Some(event) = events.next().await {
//!     if let Event::Incoming { call, .. } = event {
//!         bob.call(call).answer().await?;
//!         break;
//!     }
//! }
//! call.established().await?; // or why not: busy, rejected, no path, ...
//!
//! let mut speaker = bob.audio_sink(AudioFormat::PHONE).await?;
//! let mut pcm = [0_i16; 960];
//! speaker.read(&mut pcm).await?; // 20 ms, at real-time pace
//!
//! call.hang_up().await?;
//! println!("over: {}", call.ended().await?);
//! alice.shutdown().await;
//! bob.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! A phone of a person has an identity that lasts and a way into the network: begin it with
//! `PhoneBuilder::open("me")?`, and give it `Interface::tcp_client("example.org:4242")`, say, or
//! another `Interface`: UDP, an `rnsd` of this machine, a serial line, a Reticulum stack in the
//! same process.
//!
//! The API is `lxst-smol`'s: moving an app means changing one `use`. A phone is one task of the
//! current tokio runtime, which needs time and I/O enabled.
//!
//! *Features*: `endpoint` (on by default: our own Reticulum endpoint, under the Reticulum License;
//! without it a phone is [on the app's links](lxst_phone::PhoneBuilder::on_links)); and, off by
//! default, `codec2` (Codec2 3200 and 1600, in Rust) and `codec2-system` (700C as well, by the
//! system's libcodec2), both LGPL; `voice-processing` (echo cancellation, noise suppression, gain
//! control); `conference` (calls that hear each other, and a room that any LXST phone calls);
//! `rooms` (servers and clients of `lxst.room`); `stations` (stations of `lxst.station` and their
//! listeners);
//! `paging` (pages to neighbours who share a key); `trace` (recorded calls).
//! The phone logs to `tracing`.

#![forbid(unsafe_code)]

#[cfg(feature = "endpoint")]
mod sockets;

use std::future::Future;
use std::time::Instant;

pub use lxst_phone::*;
#[cfg(feature = "endpoint")]
pub use sockets::byte_stream;

/// Settings of a phone that is not started, on tokio.
pub type PhoneBuilder = lxst_phone::PhoneBuilder<Tokio>;

/// Settings of a radio that is not started, on tokio.
pub type RadioBuilder = lxst_phone::RadioBuilder<Tokio>;

/// A conference that is not started, on tokio.
#[cfg(feature = "conference")]
pub type ConferenceBuilder = lxst_phone::ConferenceBuilder<Tokio>;

/// A client of rooms that is not started, on tokio.
#[cfg(feature = "rooms")]
pub type RoomClientBuilder = lxst_phone::RoomClientBuilder<Tokio>;

/// A server of rooms that is not started, on tokio.
#[cfg(feature = "rooms")]
pub type RoomServerBuilder = lxst_phone::RoomServerBuilder<Tokio>;

/// A pager that is not started, on tokio.
#[cfg(feature = "paging")]
pub type PagerBuilder = lxst_phone::PagerBuilder<Tokio>;

/// A station that is not started, on tokio.
#[cfg(feature = "stations")]
pub type StationBuilder = lxst_phone::StationBuilder<Tokio>;

/// A tuner that is not started, on tokio.
#[cfg(feature = "stations")]
pub type TunerBuilder = lxst_phone::TunerBuilder<Tokio>;

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
