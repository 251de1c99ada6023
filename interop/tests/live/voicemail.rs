//! A Python caller, and the voicemail of rnphone-rs.

use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::slice;
use std::thread;
use std::time::Instant;

use lxst_audio::SoundReader;
use lxst_interop::environment::target_dir;
use lxst_interop::{Builder, Command, PythonPeer, Recording, lateness};
use lxst_phone::{AudioFormat, EndReason, IdentityHash, Profile};
use lxst_sim::envelope::correlation;
use lxst_sim::tone::amplitude;
use rnphone_rs::contacts::{Contact, Contacts, PeerName};
use rnphone_rs::sounds::SoundFile;
use rnphone_rs::voicemail::{MessageBounds, MessageEnd, Rules, Store, Taken, take_message};

use crate::phone::{PATIENCE, RustPhone};
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{LEAST, SPEECH, speaking_after, speech};

on_both_runtimes![
    a_caller_leaves_a_message,
    a_caller_hangs_up_in_the_middle,
    a_caller_who_says_nothing_leaves_nothing,
    a_caller_leaves_a_message_in_half_duplex
];

fn a_caller_leaves_a_message(scene: &Scene) {
    let began = Instant::now();
    let mut rust = scene.listening();
    let mut python = caller(scene.python(), BEHIND_THE_BEEP, &rust);
    let store = store(scene);

    let taken = take(&mut rust, &mut python, None, &store, |_| {});
    assert_eq!(taken.end, MessageEnd::Silence);
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);

    let message = taken.message.expect("something was said");
    let name = PeerName::Contact("Python, at home".to_owned());
    assert_eq!((&message.name, message.is_new), (&name, true));
    assert_eq!(store.list().expect("it is read").messages, slice::from_ref(&message));
    let SoundFile::Opus(mut file) = SoundFile::open(&message.path).expect("it is a sound file")
    else {
        panic!("{} is no Ogg/Opus", message.path.display())
    };
    let of_python = IdentityHash(python.identity()).to_string();
    assert_eq!(file.tags().get("LXST_PEER"), Some(&*of_python));
    let said = samples(&mut file);
    check_speech(&said, &python, began);

    // The three notes of the greeting, and the beep.
    let prompt = python.heard();
    for frequency_hz in [784, 659, 523, 1_000] {
        let loudest = loudest(&prompt, frequency_hz);
        assert!(loudest > 0.03, "{frequency_hz} Hz has {loudest}");
    }
}

fn a_caller_hangs_up_in_the_middle(scene: &Scene) {
    let mut rust = scene.listening();
    let mut python = caller(scene.python(), BEHIND_THE_BEEP, &rust);
    let store = store(scene);
    let taken = take(&mut rust, &mut python, None, &store, |python| {
        thread::sleep(BEHIND_THE_BEEP + Duration::from_secs(3));
        python.send(&Command::HangUp);
    });
    assert_eq!(taken.end, MessageEnd::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
    let length = taken.message.expect("something was said").length;
    assert!((1.5..4.0).contains(&length.as_secs_f32()), "{length:?}");
}

fn a_caller_who_says_nothing_leaves_nothing(scene: &Scene) {
    let mut rust = scene.listening();
    let mut python = scene.python().connect(rust.port()).spawn();
    let store = store(scene);
    let taken = take(&mut rust, &mut python, None, &store, |_| {});
    assert_eq!((taken.end, taken.message), (MessageEnd::Silence, None));
    python.expect("ended", PATIENCE);
    assert!(store.list().expect("it is read").messages.is_empty());
}

fn a_caller_leaves_a_message_in_half_duplex(scene: &Scene) {
    let began = Instant::now();
    let mut rust = scene.listening();
    let mut python = scene.python().connect(rust.port()).spawn();
    let store = store(scene);
    let taken = take(&mut rust, &mut python, Some(2), &store, |python| {
        thread::sleep(BEHIND_THE_BEEP);
        python.send(&Command::Talk(true));
        thread::sleep(Duration::from_millis(500));
        python.send(&Command::Audio(SPEECH.into()));
        thread::sleep(Duration::from_millis(6_000));
        python.send(&Command::Talk(false));
    });
    assert_eq!(taken.end, MessageEnd::Silence);
    let message = taken.message.expect("something was said");
    let said = samples(&mut SoundFile::open(&message.path).expect("it is a sound file"));
    check_speech(&said, &python, began);
    assert!(loudest(&python.heard(), 1_000) > 0.03, "the beep was heard");
}

/// Lets Python call, and the voicemail answer, while the caller does its part from then on.
fn take(
    rust: &mut RustPhone,
    python: &mut PythonPeer,
    mode: Option<u8>,
    store: &Store,
    part: impl FnOnce(&mut PythonPeer) + Send,
) -> Taken {
    let profile = Some(Profile::MediumQuality.id());
    python.send(&Command::Call { identity: rust.identity(), profile, mode });
    let call = rust.expect_incoming(python);
    let call = rust.phone.call(call);
    let contact = Contact {
        name: "Python, at home".to_owned(),
        hash: IdentityHash(python.identity()),
        number: None,
    };
    let contacts: Contacts = [contact].into_iter().collect();
    let max_silence = Duration::from_secs(6);
    let bounds = MessageBounds { max_silence, ..MessageBounds::default() };
    let rules = Rules { bounds, ..Rules::default() };
    thread::scope(|scope| {
        scope.spawn(|| {
            python.expect("established", PATIENCE);
            part(python);
        });
        let taken = take_message(&call, None, &contacts, &rules, store);
        rust.await_work("message", taken).expect("a message is taken")
    })
}

fn check_speech(said: &Recording, python: &PythonPeer, began: Instant) {
    let speech = speech();
    let late = lateness::worst(&(began..Instant::now()), &[python]);
    let verdict = correlation(speech.pcm(), said.pcm(), Duration::from_millis(900));
    let what = format!("{verdict:?} in {:.2} s", said.samples.len() as f64 / 48_000.0);
    println!("{what}, the machine was late by {late:?}");
    match verdict {
        Ok(verdict) if verdict.correlation >= LEAST => {}
        _ => lateness::not_heard(&what, late),
    }
}

fn samples(file: &mut impl SoundReader) -> Recording {
    let mut sound = vec![0.0; usize::try_from(file.length().0).expect("it is short")];
    let read = file.read(&mut sound).expect("it is read");
    assert_eq!(read, sound.len());
    let samples = sound.iter().map(|sample| (sample * 32_768.0) as i16).collect();
    Recording { samples, rate_hz: AudioFormat::PHONE.rate_hz }
}

fn caller(python: Builder, delay: Duration, rust: &RustPhone) -> PythonPeer {
    speaking_after(delay, python).connect(rust.port()).spawn()
}

/// Returns the largest amplitude of a frequency in 200 ms.
fn loudest(heard: &Recording, frequency_hz: u32) -> f32 {
    let parts = heard.samples.chunks_exact(9_600);
    let amplitudes = parts.map(|part| {
        let part: Vec<f32> = part.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        amplitude(&part, frequency_hz, heard.rate_hz)
    });
    amplitudes.fold(0.0, f32::max)
}

/// An empty store in the folder of the run.
fn store(scene: &Scene) -> Store {
    let folder: PathBuf = target_dir().join("interop").join(&scene.test).join("voicemail");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it is ours");
    }
    Store::open(&folder).expect("there is nothing to read")
}

/// When the greeting and the beep are over, 3.2 s, and a moment more.
const BEHIND_THE_BEEP: Duration = Duration::from_millis(4_200);
