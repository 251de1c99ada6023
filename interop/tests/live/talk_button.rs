//! Half duplex: only the side that presses the talk button is heard, although both speak all the
//! time.

use core::ops::Range;
use core::time::Duration;

use lxst_interop::{Command, lateness};
use lxst_phone::{EndReason, IdentityHash, Mode, Profile};

use crate::conversation::Conversation;
use crate::phone::PATIENCE;
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{LEAST, MAX_LAG, is_heard, speaking};

on_both_runtimes![who_presses_the_button_is_heard_until_it_is_released];

fn who_presses_the_button_is_heard_until_it_is_released(scene: &Scene) {
    let mut python = speaking(scene.python()).audio_loop().auto_answer(0.1).spawn();
    let mut rust = scene.connected_to(&python);
    let heard = rust.listen();
    let to = IdentityHash(python.identity());
    let dialled = rust.phone.dial_in_mode(to, Profile::MediumQuality, Mode::HalfDuplex);
    let call = rust.block_on(dialled).expect("the line is free");
    rust.expect_established();
    let established = python.expect("established", PATIENCE);
    assert_eq!(established.json["mode"], Mode::HalfDuplex.id());
    let conversation = Conversation::begin(&mut python, &established, &rust, heard);

    conversation.go_on(SILENCE);
    rust.block_on(call.press_to_talk()).expect("the call stands");
    let ours = press(&conversation);
    rust.block_on(call.release()).expect("the call stands");
    conversation.go_on(SILENCE);
    python.send(&Command::Talk(true));
    let pythons = press(&conversation);
    python.send(&Command::Talk(false));
    conversation.go_on(SILENCE);
    let end = conversation.time();
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);

    let python_heard = conversation.python_heard(&mut python, &ours, MAX_LAG);
    let rust_heard = conversation.rust_heard(&pythons, MAX_LAG);
    let what = format!("python heard {python_heard:?}, rust heard {rust_heard:?}");
    println!("{what}");
    if !(is_heard(LEAST, &python_heard) && is_heard(LEAST, &rust_heard)) {
        lateness::not_heard(&what, conversation.lateness(&python, &(Duration::ZERO..end)));
    }
    for silence in [Duration::ZERO..ours.start - EDGE, ours.end + MAX_LAG..end] {
        assert!(conversation.loudness_at_python(&mut python, &silence) < SILENT, "{silence:?}");
    }
    for silence in [Duration::ZERO..pythons.start - EDGE, pythons.end + MAX_LAG..end] {
        assert!(conversation.loudness_at_rust(&silence) < SILENT, "{silence:?}");
    }
}

/// Presses the button for a while. Audio at its press and release may be cut.
fn press(conversation: &Conversation) -> Range<Duration> {
    conversation.go_on(EDGE);
    let from = conversation.time();
    conversation.go_on(PRESSED);
    let pressed = from..conversation.time();
    conversation.go_on(EDGE);
    pressed
}

const PRESSED: Duration = Duration::from_millis(2_500);
const EDGE: Duration = Duration::from_millis(200);
const SILENCE: Duration = Duration::from_millis(1_500);
/// -60 dBFS.
const SILENT: f64 = 33.0;
