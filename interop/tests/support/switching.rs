//! A call whose profile is switched repeatedly while both sides speak.

use core::time::Duration;

use lxst_core::{Counters, Samples, Side, VoiceCodec};
use lxst_interop::{Command, Direction, PacketKind, PythonPeer, lateness};
use lxst_phone::{Call, EndReason, Profile};

use super::conversation::Conversation;
use super::phone::{PATIENCE, RustPhone};
use super::scene::{Runtime, Scene};
use super::sound::{is_heard, speaking};

/// Dials at the last of the profiles, and switches to each of them in turn. The sides alternate; on
/// smol the other side begins. Speech has to be heard at each profile, on both sides, in streams
/// that stay open.
pub(crate) fn switch_through(profiles: &[Profile], scene: &Scene) {
    let mut python = speaking(scene.python()).audio_loop().auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    let heard = rust.listen();
    let first = *profiles.last().expect("there are some");
    let call = rust.dial(python.identity(), first);
    assert_eq!(rust.expect_established(), first);
    let established = python.expect("established", PATIENCE);
    let conversation = Conversation::begin(&mut python, &established, &rust, heard);

    let sides = match scene.runtime {
        Runtime::Tokio => [Side::Local, Side::Remote],
        Runtime::Smol => [Side::Remote, Side::Local],
    };
    for (&profile, by) in profiles.iter().zip(sides.into_iter().cycle()) {
        switch(&mut python, &mut rust, &call, profile, by);
        lateness::measure(&format!("{} at {profile:?}", scene.test), || {
            conversation.go_on(SETTLING);
            check_heard(&conversation, &mut python, profile);
        });
    }
    check_all_was_said_and_decoded(&rust, codec_changes(profiles));
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
    assert_eq!(rust.streams_opened(), 2, "a stream was opened again");
}

/// Checks that both hear well what is said from here on.
fn check_heard(conversation: &Conversation, python: &mut PythonPeer, profile: Profile) {
    let from = conversation.time();
    conversation.go_on(stretch(profile));
    let stretch = from..conversation.time();
    let max_lag = longest_lag(profile);
    conversation.go_on(max_lag);
    let python_heard = conversation.python_heard(python, &stretch, max_lag);
    let rust_heard = conversation.rust_heard(&stretch, max_lag);
    let what = format!("{profile:?}: python heard {python_heard:?}, rust heard {rust_heard:?}");
    // Audio that was late before still counts.
    let time = from.saturating_sub(SETTLING)..conversation.time();
    let late = conversation.lateness(python, &time);
    println!("{what}, the machine was late by {late:?}");
    if !(is_heard(LEAST, &python_heard) && is_heard(LEAST, &rust_heard)) {
        lateness::not_heard(&what, late);
    }
}

fn switch(python: &mut PythonPeer, rust: &mut RustPhone, call: &Call, to: Profile, by: Side) {
    let signal = 0xff + u64::from(to.id());
    match by {
        Side::Local => rust.block_on(call.set_profile(to)).expect("the call stands"),
        Side::Remote => python.send(&Command::Profile(to.id())),
    }
    rust.expect_profile(to, by);
    let direction = if by == Side::Local { Direction::Rx } else { Direction::Tx };
    python.expect_where("the switch", PATIENCE, |event| {
        event.packet().is_some_and(|packet| {
            (packet.kind, packet.direction) == (PacketKind::Signal, direction)
                && packet.signals == [signal]
        })
    });
}

/// Checks that none of our speech was left out, and that all received frames were decoded but one
/// at each change of the codec. Python reads the codec byte after it has encoded
/// (`Packetizer.handle_frame`), so a change between the two labels an old frame with the new
/// codec's byte.
fn check_all_was_said_and_decoded(rust: &RustPhone, codec_changes: u64) {
    let counters = rust.block_on(rust.phone.counters()).expect("the phone runs");
    let Counters { capture_discarded, frames_unsent, frames_undecodable, frames_unknown, .. } =
        counters.telephone;
    assert_eq!((capture_discarded, counters.capture_dropped), (Samples(0), Duration::ZERO));
    assert_eq!((frames_unsent, frames_unknown), (0, 0));
    assert!(frames_undecodable <= codec_changes, "{frames_undecodable} frames were no sound");
}

/// Returns how often Python's codec changes on the way from the last of the profiles through all.
fn codec_changes(profiles: &[Profile]) -> u64 {
    let before = profiles.iter().cycle().skip(profiles.len() - 1);
    let changes =
        profiles.iter().zip(before).filter(|(to, from)| is_codec2(**to) != is_codec2(**from));
    changes.count() as u64
}

fn is_codec2(profile: Profile) -> bool {
    matches!(profile.codec(), VoiceCodec::Codec2 { .. })
}

/// Returns how much is compared. 700C is intelligible as a whole but not in each word, so all of it
/// is.
fn stretch(profile: Profile) -> Duration {
    match profile {
        Profile::UltraLowBandwidth => Duration::from_millis(5_300),
        _ => Duration::from_secs(2),
    }
}

/// Returns the largest lag. The next switch waits for it, because a switch cuts audio that Python
/// has recorded in part and not played.
fn longest_lag(profile: Profile) -> Duration {
    Duration::from_millis(if is_codec2(profile) { 2_500 } else { 1_000 })
}

/// How long Python's microphone is closed at a switch, and both jitter buffers adapt to the other
/// frames. Ours time-compresses meanwhile, so words are closer to each other than they were spoken.
const SETTLING: Duration = Duration::from_secs(3);
/// Smallest correlation of a stretch.
const LEAST: f64 = 0.8;
