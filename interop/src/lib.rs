//! Live calls between this implementation and Python LXST.
//!
//! A [`PythonPeer`] is a real Python LXST telephone in a process of its own, with WAV files in
//! place of its sound devices. A test starts it, gives it [`Command`]s, waits for its [`Event`]s,
//! reads every packet of its links as plaintext, and gets the audio that its user heard. Phones
//! meet over TCP, over UDP, with or without IFAC, on a local network of two namespaces, or at an
//! [`Rnsd`], RNS's own daemon, as shared instance or transport node. [`environment::python`]
//! installs all of it on first use. [`Capture`] holds recorded calls of two such telephones, to
//! replay.
//!
//! ```no_run
//! use core::time::Duration;
//! use lxst_interop::{Command, PythonPeer};
//!
//! let mut bob = PythonPeer::builder("docs", "bob").auto_answer(0.1).spawn();
//! let mut alice = PythonPeer::builder("docs", "alice").connect(bob.port()).spawn();
//! alice.send(&Command::call(bob.identity()));
//! bob.expect("established", Duration::from_secs(10));
//! alice.send(&Command::HangUp);
//! bob.expect("ended", Duration::from_secs(5));
//! assert_eq!(bob.packets().iter().filter(|packet| packet.is_proof()).count(), 0);
//! ```

mod builder;
mod capture;
mod command;
#[cfg(target_os = "linux")]
mod ear;
pub mod environment;
mod event;
mod hex;
pub mod lateness;
mod logs;
#[cfg(target_os = "linux")]
mod mouth;
#[cfg(target_os = "linux")]
mod namespace;
mod network;
mod packet;
mod partyline;
mod peer;
mod recording;
mod rnsd;
mod rnsd_builder;
#[cfg(target_os = "linux")]
mod sound_server;
#[cfg(target_os = "linux")]
mod terminal;
mod watchdog;

pub use builder::Builder;
pub use capture::{Body, Capture, CaptureError, CapturedPacket, PeerName, Record};
pub use command::Command;
#[cfg(target_os = "linux")]
pub use ear::Ear;
pub use event::{Event, Stats};
#[cfg(target_os = "linux")]
pub use mouth::Mouth;
#[cfg(target_os = "linux")]
pub use namespace::{Namespace, Segment};
pub use network::{SharedInstance, free_tcp_ports, free_udp_ports};
pub use packet::{Direction, IdentityHash, PacketKind, PacketRecord};
pub use partyline::Partyline;
pub use peer::PythonPeer;
pub use recording::Recording;
pub use rnsd::Rnsd;
pub use rnsd_builder::RnsdBuilder;
#[cfg(target_os = "linux")]
pub use sound_server::SoundServer;
#[cfg(target_os = "linux")]
pub use terminal::Terminal;
#[cfg(target_os = "linux")]
pub use vt100::Screen;
