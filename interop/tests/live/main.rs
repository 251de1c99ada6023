//! Live calls between our phone, on each runtime, and Python LXST, over each network.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "libtest shows it where a test fails"
)]

#[path = "../support/mod.rs"]
#[cfg_attr(
    any(feature = "codec2", feature = "codec2-system"),
    expect(dead_code, reason = "`opus_only`, which is not built then, uses the rest of it")
)]
mod support;

mod airtime;
mod conference;
mod destinations;
mod echo_line;
mod endings;
mod glare;
mod in_call;
mod lines;
mod lost_packets;
mod networks;
mod opus_only;
mod paging;
mod profiles;
mod python_calls_rust;
mod raw;
mod restarts;
mod rust_calls_python;
mod slow_paths;
mod stations;
mod streams;
mod talk_button;
mod turned_away;
mod voicemail;

use support::{
    calls, conversation, endpoint, lossy_path, phone, scene, slow_path, sound, switching, wire,
};
