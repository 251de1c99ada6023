//! A call whose profile is switched again and again while both sides speak.

use core::ops::Range;
use core::time::Duration;

use lxst_interop::{Command, Direction, PacketKind, PythonPeer};
use lxst_phone::telephony::{Samples, Side, Stats, VoiceCodec};
use lxst_phone::{Call, EndReason, Profile};

use super::conversation::Conversation;
use super::phone::{PATIENCE, RustPhone};
use super::scene::{Runtime, Scene};
use super::sound::speaking;

/// Dials at the last of the profiles, and switches to each of them in turn, by either side in
/// turn: on smol the other side begins. Speech has to be heard at each, on both sides, in streams
/// that go on.
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
    let mut stretches: Vec<(Profile, Range<Duration>)> = Vec::new();
    for (&profile, by) in profiles.iter().zip(sides.into_iter().cycle()) {
        switch(&mut python, &mut rust, &call, profile, by);
        conversation.go_on(SETTLING);
        let from = conversation.time();
        conversation.go_on(stretch(profile));
        stretches.push((profile, from..conversation.time()));
        conversation.go_on(ending(profile));
    }
    conversation.go_on(longest_lag(profiles));
    check_all_was_said_and_decoded(&rust);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
    assert_eq!(rust.streams_opened(), 2, "a stream was opened again");

    let mut failures = Vec::new();
    for (profile, stretch) in stretches {
        let max_lag = longest_lag(&[profile]);
        let python_heard = conversation.python_heard(&mut python, &stretch, max_lag);
        let rust_heard = conversation.rust_heard(&stretch, max_lag);
        println!("{profile:?}: python heard {python_heard:?}, rust heard {rust_heard:?}");
        if python_heard.correlation.min(rust_heard.correlation) < LEAST {
            failures.push(profile);
        }
    }
    assert!(failures.is_empty(), "not heard well at {failures:?}");
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

/// Nothing of what we said was left out, and all that came was sound.
fn check_all_was_said_and_decoded(rust: &RustPhone) {
    let figures = rust.block_on(rust.phone.figures()).expect("the phone runs");
    let Stats { capture_discarded, frames_unsent, frames_undecodable, frames_unknown, .. } =
        figures.telephone;
    assert_eq!((capture_discarded, figures.capture_dropped), (Samples(0), Samples(0)));
    assert_eq!((frames_unsent, frames_undecodable, frames_unknown), (0, 0, 0));
}

fn is_codec2(profile: Profile) -> bool {
    matches!(profile.codec(), VoiceCodec::Codec2 { .. })
}

/// How much is compared: of 700C, which is heard well on the whole but not in each word, all.
fn stretch(profile: Profile) -> Duration {
    match profile {
        Profile::UltraLowBandwidth => Duration::from_millis(5_300),
        _ => Duration::from_secs(2),
    }
}

/// How long before a switch it cuts what is said: Python forgets frames that are half recorded, and
/// some that it has not played.
fn ending(profile: Profile) -> Duration {
    Duration::from_millis(if is_codec2(profile) { 800 } else { 250 })
}

fn longest_lag(profiles: &[Profile]) -> Duration {
    let has_codec2 = profiles.iter().any(|profile| is_codec2(*profile));
    Duration::from_millis(if has_codec2 { 2_500 } else { 1_000 })
}

/// How long Python's microphone is closed at a switch, and playout on both sides finds the delay of
/// the other frames: ours plays faster meanwhile, so that words stand closer than they were said.
const SETTLING: Duration = Duration::from_secs(3);
/// The least correlation of a stretch.
const LEAST: f64 = 0.8;
