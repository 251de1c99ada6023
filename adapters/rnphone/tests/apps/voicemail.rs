//! The voicemail of MeshChatX.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use lxst_audio::{Channels, OpusReader, SoundReader};
use lxst_interop::{Recording, lateness};
use lxst_sim::envelope::correlation;
use serde_json::json;

use crate::meshchatx::MeshChatX;
use crate::ours::Ours;
use crate::scene::{OURS, Scene};

#[test]
fn we_hear_the_greeting_of_meshchatx_and_it_keeps_our_message() {
    let test = "apps-voicemail";
    let scene = Scene::new(test);
    let mut ours = scene.ours("");
    let settings = json!({ "voicemail_enabled": true, "voicemail_auto_answer_delay_seconds": 1 });
    let theirs = MeshChatX::start(&scene, ours.port, &settings);
    let [greeting, message] = sentences();
    let path = scene.folder.join("greeting.wav");
    greeting.write(&path);
    let file = fs::read(&path).expect("it is written");
    theirs.upload("telephone/voicemail/greeting/upload", "greeting.wav", &file);
    ours.until_announced(&theirs.identity);

    let mut calls = 0;
    lateness::measure(test, || {
        let began = Instant::now();
        let heard = leave(&scene, &mut ours, &theirs, &message);
        calls += 1;
        let kept = theirs.until("telephone/voicemails", |kept| kept["unread_count"] == calls);
        // The newest.
        let kept = &kept["voicemails"][0];
        assert_eq!(kept["remote_identity_hash"], ours.identity.as_str());
        let kept = decode(theirs.file(&format!("telephone/voicemails/{}/audio", kept["id"])));
        for (what, spoken, heard) in [("greeting", &greeting, heard), ("message", &message, kept)] {
            heard.write(&scene.folder.join(format!("{what}-heard.wav")));
            let alike = alike(spoken, &heard);
            if alike < CAME_THROUGH {
                let late = lateness::worst(&(began..Instant::now()), &[]);
                lateness::not_heard(&format!("{alike:.2} of the {what} came through"), late);
            }
        }
    });
}

/// Calls, and leaves a message. Returns what is heard in the call.
fn leave(scene: &Scene, ours: &mut Ours, theirs: &MeshChatX, message: &Recording) -> Recording {
    ours.ctl(&format!("dial {}", theirs.identity));
    ours.until("established");
    let before = scene.our_ear.recording().samples.len();
    theirs.until("telephone/voicemail/status", |status| status["is_recording"] == true);
    {
        let _speaking = scene.server.speak(&format!("mouth-{OURS}"), message);
        // One round that is whole, wherever the recording begins.
        thread::sleep(3 * length(message));
    }
    ours.ctl("hangup");
    ours.until_ended("local_hangup");
    let mut heard = scene.our_ear.recording();
    heard.samples.drain(..before);
    heard
}

/// What was recorded for the examples, in two pieces.
fn sentences() -> [Recording; 2] {
    let speech = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/speech.wav");
    let greeting = Recording::sentence();
    let mut message = Recording::read(&speech);
    message.samples.drain(..greeting.samples.len());
    [greeting, message]
}

/// Decodes a file in Ogg/Opus to mono.
fn decode(file: Vec<u8>) -> Recording {
    let mut file = OpusReader::new(Cursor::new(file)).expect("Ogg/Opus");
    let channels = match file.channels() {
        Channels::Mono => 1,
        Channels::Stereo => 2,
    };
    let moments = usize::try_from(file.length().0).expect("it is short");
    let mut sound = vec![0.0; moments * channels];
    file.read(&mut sound).expect("it is whole");
    let samples = sound
        .chunks(channels)
        .map(|moment| (moment.iter().sum::<f32>() / channels as f32 * f32::from(i16::MAX)) as i16);
    Recording { samples: samples.collect(), rate_hz: 48_000 }
}

/// The correlation of speech and of the part that is most like it.
fn alike(spoken: &Recording, heard: &Recording) -> f64 {
    let lag = length(heard).saturating_sub(length(spoken));
    correlation(spoken.pcm(), heard.pcm(), lag).map_or(0.0, |verdict| verdict.correlation)
}

fn length(recording: &Recording) -> Duration {
    Duration::from_secs_f64(recording.samples.len() as f64 / f64::from(recording.rate_hz))
}

/// The correlation of speech that came through a narrow band.
const CAME_THROUGH: f64 = 0.8;
