//! Our caller, and a Python callee.

use core::time::Duration;
use std::path::Path;
use std::thread;

use crate::support::{
    PATIENCE, RustPhone, SPEAKING, SPEECH, SPEECH_DELAY, check_speech_call, check_wire, python,
    python_heard, speech, talk, turn,
};
use lxst_interop::{Command, PacketKind};
use lxst_tokio::{CallEvent, EndReason, Profile};

#[test]
fn speech_goes_both_ways_and_the_wire_is_that_of_the_reference() {
    let _turn = turn();
    let mut python = python("rust_calls_speech").audio_in(Path::new(SPEECH), SPEECH_DELAY).spawn();
    let mut rust = RustPhone::connected_to(&python);
    let heard = rust.listen();

    let call = rust.dial(python.identity(), Profile::MediumQuality);
    let ringing = python.expect("ringing", PATIENCE);
    assert_eq!(ringing.identity(), Some(rust.identity()));
    rust.expect_ringing();
    python.expect_where("our preferences", PATIENCE, |event| {
        event.packet().is_some_and(|packet| packet.signals == [319, 241])
    });
    python.send(&Command::Answer);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    rust.speak(&speech());
    python.expect("established", PATIENCE);

    talk(&mut python);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);

    let signals = ["> [3]", "< identify", "> [4]", "< [319, 241]", "> [5]", "< [6]", "> [6]"];
    check_speech_call(&mut python, &heard, signals);
    python.quit();
}

#[test]
fn python_rejects() {
    let _turn = turn();
    let mut python = python("rust_calls_reject").spawn();
    let mut rust = RustPhone::connected_to(&python);
    rust.dial(python.identity(), Profile::MediumQuality);
    python.expect("ringing", PATIENCE);
    python.send(&Command::HangUp);
    rust.expect_ringing();
    assert_eq!(rust.expect_end(), EndReason::Rejected);
}

#[test]
fn python_is_busy() {
    let _turn = turn();
    let mut python = python("rust_calls_busy").spawn();
    let mut rust = RustPhone::connected_to(&python);
    python.send(&Command::Busy(true));
    rust.dial(python.identity(), Profile::MediumQuality);
    assert_eq!(rust.expect_end(), EndReason::Busy);
}

#[test]
fn python_does_not_answer() {
    let _turn = turn();
    let mut python = python("rust_calls_no_answer").ring_time(Duration::from_secs(1)).spawn();
    let mut rust = RustPhone::connected_to(&python);
    rust.dial(python.identity(), Profile::MediumQuality);
    python.expect("ringing", PATIENCE);
    rust.expect_ringing();
    assert_eq!(rust.expect_end(), EndReason::NoAnswer);
}

#[test]
fn python_hangs_up() {
    let _turn = turn();
    let mut python = python("rust_calls_remote_hangup").auto_answer(0.1).spawn();
    let mut rust = RustPhone::connected_to(&python);
    rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
}

#[test]
fn a_cancelled_call_ends_at_python_too() {
    let _turn = turn();
    let mut python = python("rust_calls_cancel").spawn();
    let mut rust = RustPhone::connected_to(&python);
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    python.expect("ringing", PATIENCE);
    rust.expect_ringing();
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::Cancelled);
    python.expect("ended", PATIENCE);
    assert!(python.packets().iter().any(|packet| packet.kind == PacketKind::LinkClose));
}

#[test]
fn nobody_knows_a_path() {
    let _turn = turn();
    let python = python("rust_calls_no_path").spawn();
    let mut rust = RustPhone::connected_to(&python);
    rust.dial([7; 16], Profile::MediumQuality);
    assert_eq!(rust.expect_end(), EndReason::NoPath);
}

#[test]
fn every_opus_profile_is_heard_by_python() {
    let _turn = turn();
    for profile in [
        Profile::HighQuality,
        Profile::SuperHighQuality,
        Profile::LowLatency,
        Profile::UltraLowLatency,
    ] {
        let mut python = python("rust_calls_profiles")
            .audio_in(Path::new(SPEECH), SPEECH_DELAY)
            .auto_answer(0.1)
            .spawn();
        let mut rust = RustPhone::connected_to(&python);
        let heard = rust.listen();
        let call = rust.dial(python.identity(), profile);
        assert_eq!(rust.expect_established(), profile);
        rust.speak(&speech());
        let established = python.expect("established", PATIENCE);
        assert_eq!(established.json["profile"], profile.id());
        thread::sleep(SPEAKING);
        rust.hang_up(call.id());
        rust.expect("end", |event| matches!(event, CallEvent::Ended { .. }).then_some(()));
        python.expect("ended", PATIENCE);

        let (python_heard, rust_heard) = (python_heard(&mut python), heard.compare(&speech()));
        println!("{profile}: python heard {python_heard:?}, rust heard {rust_heard:?}");
        assert!(python_heard.correlation >= 0.9, "{profile}: {python_heard:?}");
        assert!(rust_heard.correlation >= 0.9, "{profile}: {rust_heard:?}");
        check_wire(&python.packets(), profile.byte_ceiling());
    }
}
