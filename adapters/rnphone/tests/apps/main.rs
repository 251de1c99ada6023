//! Calls between `rnphone-rs` and whole applications that people use, with the devices of a sound
//! server. Our user has a headset: nothing that it plays reaches its microphone.

#![cfg(target_os = "linux")]

mod dial_in;
mod http;
mod meshchatx;
#[path = "../live/ours.rs"]
mod ours;
mod scene;
mod sideband;
mod voicemail;

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

use lxst_interop::lateness;
use serde_json::json;

use meshchatx::MeshChatX;
use scene::Scene;
use sideband::Sideband;

#[test]
fn meshchatx_calls_and_is_called_and_lists_our_name() {
    let scene = Scene::new("apps-meshchatx");
    let mut ours = scene.ours("[rnphone-rs]\ndisplay_name = Olga\n");
    let theirs = MeshChatX::start(&scene, ours.port, &json!({}));
    let announced = ours.until_announced(&theirs.identity);
    assert_eq!(announced["peer"]["name"], theirs.name_at_ours());
    ours.ctl("announce");

    theirs.post(&format!("telephone/call/{}", ours.identity));
    assert_eq!(ours.until("incoming")["peer"]["name"], theirs.name_at_ours());
    scene.their_ear.hears_tone(RINGBACK_HZ);
    ours.ctl("answer");
    ours.until("established");
    scene.speak_both_ways();
    theirs.post("telephone/hangup");
    ours.until_ended("remote_hangup");
    theirs.until("telephone/status", |status| {
        status["active_call"].is_null() && status["is_busy"] == false
    });

    ours.ctl(&format!("dial {}", theirs.identity));
    ours.until("ringing");
    scene.our_ear.hears_tone(RINGBACK_HZ);
    theirs.post("telephone/answer");
    ours.until("established");
    scene.speak_both_ways();
    ours.ctl("hangup");
    ours.until_ended("local_hangup");
    theirs.until("telephone/status", |status| status["active_call"].is_null());

    let listed = theirs.until("announces?aspect=lxst.telephony", |list| list["total_count"] == 1);
    let listed = &listed["announces"][0];
    assert_eq!(listed["identity_hash"], ours.identity.as_str());
    assert_eq!(listed["display_name"], "Olga");
}

#[test]
fn sideband_calls_and_is_called() {
    let scene = Scene::new("apps-sideband");
    let mut ours = scene.ours("");
    let mut theirs = Sideband::start(&scene, ours.port);
    theirs.tell("sideband.telephone.announce()");
    ours.until_announced(&theirs.identity);
    // It comes to them before what we send below.
    ours.ctl("announce");

    ours.ctl(&format!("dial {}", theirs.identity));
    theirs.until("sideband.telephone.is_ringing", "True");
    scene.our_ear.hears_tone(RINGBACK_HZ);
    theirs.tell("sideband.telephone.answer()");
    ours.until("established");
    scene.speak_both_ways();
    ours.ctl("hangup");
    ours.until_ended("local_hangup");
    theirs.until("sideband.telephone.is_available", "True");

    let dialled =
        theirs.ask(&format!("sideband.telephone.dial(bytes.fromhex('{}'))", ours.identity));
    // It has words for what went wrong.
    assert_eq!(dialled, "None");
    ours.until("incoming");
    scene.their_ear.hears_tone(RINGBACK_HZ);
    ours.ctl("answer");
    ours.until("established");
    scene.speak_both_ways();
    theirs.tell("sideband.telephone.hangup()");
    ours.until_ended("remote_hangup");
    let events = "[entry['event'] for entry in sideband.telephone.get_call_log()]";
    let logged = "['incoming-success', 'ongoing-ended', 'outgoing-success', 'ongoing-ended']";
    theirs.until(events, logged);
}

/// Asks until the answer is a wanted one, which it returns.
#[track_caller]
fn poll<T: Debug>(mut ask: impl FnMut() -> T, is_wanted: impl Fn(&T) -> bool) -> T {
    let began = Instant::now();
    loop {
        let answer = ask();
        if is_wanted(&answer) {
            return answer;
        }
        assert!(!lateness::left(began, PATIENCE).is_zero(), "{answer:?} to the end");
        thread::sleep(Duration::from_millis(100));
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
/// Of the tones of the reference.
const RINGBACK_HZ: u32 = 382;
