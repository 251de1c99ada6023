//! What a phone does, on every runtime alike, over real sockets on loopback.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod awaiting;
mod backups;
#[cfg(feature = "conference")]
mod conference;
mod crowds;
mod destinations;
mod events;
mod flows;
mod interfaces;
mod lines;
mod live;
#[cfg(any(feature = "rooms", feature = "stations"))]
mod node;
#[cfg(feature = "paging")]
mod paging;
mod ports;
mod radio;
#[cfg(feature = "recording")]
mod recordings;
#[cfg(feature = "rooms")]
mod rooms;
mod settings;
mod shutdown;
mod stack;
#[cfg(feature = "stations")]
mod stations;
mod switches;
#[cfg(unix)]
mod transports;
#[cfg(not(any(feature = "codec2", feature = "codec2-system")))]
mod unavailable;
mod wakeups;
