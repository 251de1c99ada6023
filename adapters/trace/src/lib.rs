//! Traces: recorded inputs and outputs of the core, to be replayed and drawn.
//!
//! A [`Recorder`] writes the lines of a trace, a [`Reader`] reads them, and a [`Replay`] gives its
//! inputs to a fresh telephone and compares the outputs. A trace holds the conversation, voices
//! included, unless its payloads are [stripped](Payloads::Stripped). [`view`] draws it: as a ladder
//! diagram in text or SVG, as a summary of its calls, as a chart of a receive path.
//!
//! ```
//! use std::time::Duration;
//!
//! use lxst_core::{
//!     Boundary, CallId, Command, Config, IdentityHash, Input, Instant, LinkEvent, LinkId, Mode,
//!     PacketBuf, Profile, Telephone,
//! };
//! use lxst_trace::view::{Charset, ConversationReader, Ladder, Page};
//! use lxst_trace::{Ending, Payloads, Reader, Recorder};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Record a telephone: it dials, its link comes up, the peer is available.
//! let (identity, config, mut now) = (IdentityHash([1; 16]), Config::default(), Instant::ORIGIN);
//! let mut telephone = Telephone::new(identity, config, now);
//! let mut recorder = Recorder::new(Payloads::Kept);
//! let mut trace = recorder.line(now, Boundary::Start { identity, config: &config, lines: 1 });
//! let (call, link, to) = (CallId(1), LinkId(2), IdentityHash([7; 16]));
//! let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
//! for input in [
//!     Input::Command(Command::Dial { call, link, to, profile, mode }),
//!     Input::Link { link, event: LinkEvent::Up { rtt: Some(Duration::from_millis(40)), mdu: None } },
//!     Input::Packet { link, data: &[0x81, 0x00, 0x91, 0x03] },
//! ] {
//!     telephone.handle_input(now, input)?;
//!     trace += &recorder.line(now, Boundary::In(input));
//!     let mut buf = PacketBuf::new();
//!     while let Some(output) = telephone.poll_output(&mut buf) {
//!         trace += &recorder.line(now, Boundary::Out(output));
//!     }
//!     now = now + Duration::from_millis(40);
//! }
//! trace += &Ending::Closed.line();
//!
//! // Read the trace, and draw it.
//! let mut reader = Reader::new(trace.as_bytes())?;
//! let mut conversation = ConversationReader::new();
//! while let Some(record) = reader.next_record()? {
//!     conversation.read(&record);
//! }
//! let conversation = conversation.conversation();
//! let page = Page::new(60, Charset::Ascii)?;
//! let ladder = Ladder { conversation: &conversation, page }.to_string();
//! let drawn = "
//!       ms  this phone                                  peer
//!      0.0  o dials                                        |
//!      0.0  |............... link request ................>|
//!     40.0  |<................ link proof .................|
//!     80.0  |<----------------- AVAILABLE -----------------|
//!     80.0  |................. identify ..................>|
//!           .. Reticulum link   -- LXST signal   == media
//! ";
//! assert_eq!(ladder, drawn[1..]);
//! # Ok(())
//! # }
//! ```
//!
//! # The format
//! JSON Lines: each line is one flat object, compact, in UTF-8, ended by a line feed, its keys in
//! the order below. The first line is the header, the last line the end. Between them are inputs and
//! outputs in the order of the doors: each input that was applied, then its outputs.
//!
//! ```text
//! {"trace":1,"by":"0.1.0","payloads":"kept","t":0,"identity":"f293..","profile":"mq","mode":"full_duplex",...}
//! {"t":5000,"in":"command","command":"dial","call":1,"link":2,"to":"0707..","profile":"mq",...}
//! {"t":5000,"out":"link","link":2,"request":"open","to":"0707..","name":"d11f.."}
//! {"t":81250,"in":"link","link":2,"event":"up","rtt_ns":52000000,"mdu":431}
//! {"t":90125,"in":"packet","link":2,"data":"81009103"}
//! {"t":90125,"out":"link","link":2,"request":"identify"}
//! {"end":"closed"}
//! ```
//!
//! | line | keys, besides `t` |
//! |---|---|
//! | header | `trace` (the version), `by` (of the recording crate), `payloads` (`kept`, `stripped`), `identity`, `lines` if there are several, each field of [`Config`](lxst_core::Config); `codecs` only if they differ from the reference's, `callers` only if the app is not asked |
//! | `"in":"timeout"`, `"interface_up"` | |
//! | `"in":"packet"` | `link`, `data` |
//! | `"in":"link"` | `link`, `event`: `incoming` (`on`, `name`, `rtt_ns`, `mdu`); `up` (`rtt_ns`, `mdu`); `failed`, `closed` (`reason`); `identified` (`identity`); `heard` |
//! | `"in":"command"` | `command`: `dial` (`call`, `link`, `to`, `profile`, `mode`); `answer`, `hang_up` (`call`); `screen` (`call`, `admission`); `set_profile`, `set_mode`, `talk` (`call` and the value); `mute` (`call`, `direction`, `mute`); `set_available` (`available`); `know` (`who`); `limit_callers` (the limits as in the header); `announce` |
//! | `"in":"captured"`, `"consumed"` | `stream`, `samples` |
//! | `"in":"overrun"` | `stream`, `direction`, `samples` |
//! | `"in":"port"` | `stream`, `direction`, `change` |
//! | `"in":"job_done"` | `job`, `outcome`: `encoded` (`codec`, `data`); `no_voice`; `played` (`samples`, `level`); `discarded`; `failed` |
//! | `"out":"transmit"` | `link`, `class`, `data` |
//! | `"out":"link"` | `link`, `request`: `open` (`to`, `name`); `identify`; `close` |
//! | `"out":"announce"` | |
//! | `"out":"stream"` | `stream`, `direction`, `change` |
//! | `"out":"job"` | `job`, `stream`, `direction`, `work`: `encode` (`format`, `source`, `samples`); `decode` (`codec`, `tempo`, with `faster` also `most`, `data`); `discard`, `conceal` (`samples`) |
//! | `"out":"event"` | `event`, and what it carries |
//! | the end | `end` alone: `closed` when the phone ended, `overflow` when the file could not keep up |
//!
//! *Units*: `t` and `until` in µs since the engine's origin, as integers; keys in `_ns` in ns, at
//! most 584 years; `samples` per channel at 48 kHz; `level` in -dBov; `mdu` in bytes. Bytes are
//! lower-case hex. An identity hash has 32 hex digits; the `name` of a destination has 20, the hash
//! of its app's name. Values have the names of their variants in lower case; profiles have their
//! abbreviation.
//!
//! *Bounds*: a line has at most [`LINE_BYTES`], a telephone at most [`MAX_LINES`] lines. Unknown keys
//! are refused, so a misspelt one is found: a format with more keys has a higher version. A file
//! without an end was cut, or its phone was killed. A reader accepts what mail and editors do to
//! text: a byte order mark, carriage returns, blank lines after the end, and no line feed there.

#![forbid(unsafe_code)]

pub mod view;

mod config;
mod header;
mod input;
mod line;
mod names;
mod output;
mod reader;
mod recorder;
mod replay;
mod strip;

#[cfg(test)]
mod tests;

pub use header::{Ending, Header, LINE_BYTES, MAX_LINES, Payloads, VERSION};
pub use reader::{Problem, Reader, Record, Recorded, TraceError};
pub use recorder::Recorder;
pub use replay::{Divergence, Replay};
