//! LXST voice calls over Reticulum, on smol.
//!
//! Two phones of one process call each other:
//!
#![cfg_attr(all(feature = "endpoint", feature = "opus"), doc = "```")]
#![cfg_attr(not(all(feature = "endpoint", feature = "opus")), doc = "```ignore")]
//! use lxst_smol::{AudioFormat, Event, Identity, Interface, OsRng, PhoneBuilder, Profile};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! smol::block_on(async {
//!     let [left, right] = Interface::pair("a line");
//!     let phone = || PhoneBuilder::new(Identity::generate(&mut OsRng));
//!     let (alice, _) = phone().interface(left).start().await?;
//!     let (bob, mut events) = phone().interface(right).start().await?;
//!
//!     let call = alice.dial(bob.identity(), Profile::MediumQuality).await?;
//!     while let Some(event) = events.next().await {
//!         if let Event::Incoming { call, .. } = event {
//!             bob.call(call).answer().await?;
//!             break;
//!         }
//!     }
//!     call.established().await?; // or why not: busy, rejected, no path, ...
//!
//!     let mut speaker = bob.audio_sink(AudioFormat::PHONE).await?;
//!     let mut pcm = [0_i16; 960];
//!     speaker.read(&mut pcm).await?; // 20 ms, at real-time pace
//!
//!     call.hang_up().await?;
//!     println!("over: {}", call.ended().await?);
//!     alice.shutdown().await;
//!     bob.shutdown().await;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! A phone of a person has an identity that lasts and a way into the network: begin it with
//! `PhoneBuilder::open("me")?`, and give it `Interface::tcp_client("example.org:4242")`, say, or
//! another `Interface`: UDP, an `rnsd` of this machine, a serial line, a Reticulum stack in the
//! same process.
//!
//! The API is `lxst-tokio`'s: moving an app means changing one `use`. A phone's task runs on smol's
//! global executor.
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
use smol::Timer;

/// Settings of a phone that is not started, on smol.
pub type PhoneBuilder = lxst_phone::PhoneBuilder<Smol>;

/// Settings of a radio that is not started, on smol.
pub type RadioBuilder = lxst_phone::RadioBuilder<Smol>;

/// A conference that is not started, on smol.
#[cfg(feature = "conference")]
pub type ConferenceBuilder = lxst_phone::ConferenceBuilder<Smol>;

/// A client of rooms that is not started, on smol.
#[cfg(feature = "rooms")]
pub type RoomClientBuilder = lxst_phone::RoomClientBuilder<Smol>;

/// A server of rooms that is not started, on smol.
#[cfg(feature = "rooms")]
pub type RoomServerBuilder = lxst_phone::RoomServerBuilder<Smol>;

/// A pager that is not started, on smol.
#[cfg(feature = "paging")]
pub type PagerBuilder = lxst_phone::PagerBuilder<Smol>;

/// A station that is not started, on smol.
#[cfg(feature = "stations")]
pub type StationBuilder = lxst_phone::StationBuilder<Smol>;

/// A tuner that is not started, on smol.
#[cfg(feature = "stations")]
pub type TunerBuilder = lxst_phone::TunerBuilder<Smol>;

/// A way into a Reticulum network, for a phone on smol.
#[cfg(feature = "endpoint")]
pub type Interface = lxst_phone::Interface<Smol>;

/// The runtime smol.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smol;

impl Runtime for Smol {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep_until(&self, moment: Instant) {
        Timer::at(moment).await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }
}
