//! Messages that are played, and greetings that are recorded.

use std::fs;
use std::path::Path;

use lxst_audio::{OpusProfile, OpusReader, OpusWriter, SoundReader, Tags};
use rnphone_rs::control::Event;

use crate::place::{Place, Somebody, among_devices, bell, ear, make_folder, note};
use crate::sound::{Hum, hum, is_note};
use crate::support::{Phone, ask};

#[test]
fn a_message_is_played_to_its_end_and_counts_as_heard() {
    among_devices("a_message_is_played_to_its_end_and_counts_as_heard", async |place| {
        message(&place, 1, 500.0, 3);
        let mut phone = place.phone().await;
        let ear = ear();
        ask(&phone, "play").await.expect("it plays");
        assert_eq!(played(&mut phone).await, Some(0));
        ear.hears(500);
        assert_eq!(played(&mut phone).await, Some(1));
        assert_eq!(phone.status().await.new_messages, 1);
        phone.until(|event| matches!(event, Event::PlayingEnded { is_whole: true, .. })).await;
        ear.hears_nothing();
        assert_eq!(phone.status().await.new_messages, 0);
        assert!(ask(&phone, "play 2").await.expect_err("none").contains("there is no message 2"));
    });
}

#[test]
fn a_call_or_the_user_ends_a_message_which_stays_new() {
    among_devices("a_call_or_the_user_ends_a_message_which_stays_new", async |place| {
        message(&place, 1, 500.0, 50);
        message(&place, 2, 900.0, 50);
        let mut phone = place.phone().await;
        let (ear, bell) = (ear(), bell());
        ask(&phone, "play 2").await.expect("it plays");
        ear.hears(500);
        ask(&phone, "play 1").await.expect("it plays");
        phone.until(|event| matches!(event, Event::PlayingEnded { is_whole: false, .. })).await;
        ear.hears(900);
        let calling = Somebody::new().dials(&phone).await;
        phone.until(|event| matches!(event, Event::PlayingEnded { is_whole: false, .. })).await;
        bell.hears_something();
        ear.hears_nothing();
        assert!(ask(&phone, "play").await.expect_err("a call").contains("there is a call"));
        calling.call.hang_up().await.expect("it rings");
        phone.until(|event| matches!(event, Event::Ended { .. })).await;
        ask(&phone, "play").await.expect("it plays");
        ear.hears(900);
        ask(&phone, "play off").await.expect("it ends");
        phone.until(|event| matches!(event, Event::PlayingEnded { is_whole: false, .. })).await;
        ear.hears_nothing();
        assert_eq!(phone.status().await.new_messages, 2);
    });
}

#[test]
fn a_greeting_is_spoken_kept_played_and_taken_away() {
    among_devices("a_greeting_is_spoken_kept_played_and_taken_away", async |place| {
        let mut phone = place.phone().await;
        let ear = ear();
        let speaking = hum("mouth", Hum::LOW);
        assert!(ask(&phone, "greeting keep").await.expect_err("none").contains("greeting record"));
        ask(&phone, "greeting record").await.expect("it records");
        recorded(&mut phone, 2_000).await;
        ask(&phone, "greeting keep").await.expect("it is kept");
        assert_eq!(greeting(&mut phone).await, None);
        let path = place.folder.join("recorded-greeting.opus");
        let mut file = OpusReader::open(&path).expect("it is whole");
        let mut sound = vec![0.0; file.length().0.try_into().expect("it is short")];
        assert!(sound.len() >= 2 * 48_000);
        file.read(&mut sound).expect("it is whole");
        assert!(is_note(&sound[48_000..], Hum::LOW.note()));
        assert!(config(&place).contains("greeting = recorded-greeting.opus"), "{}", config(&place));

        ask(&phone, "greeting record").await.expect("it records");
        recorded(&mut phone, 1_000).await;
        ask(&phone, "greeting off").await.expect("it ends");
        assert!(greeting(&mut phone).await.expect("cancelled").contains("cancelled"));
        assert_eq!(OpusReader::open(&path).expect("it is kept").length(), file.length());
        drop(speaking);

        ask(&phone, "greeting play").await.expect("it plays");
        ear.hears(Hum::LOW.note());
        phone.until(|event| matches!(event, Event::PlayingEnded { is_whole: true, .. })).await;
        ask(&phone, "greeting default").await.expect("it is taken away");
        assert!(!config(&place).contains("greeting"), "{}", config(&place));
        ask(&phone, "greeting play").await.expect("it plays");
        ear.hears(784);
    });
}

#[test]
fn a_call_ends_the_recording_of_a_greeting() {
    among_devices("a_call_ends_the_recording_of_a_greeting", async |place| {
        let mut phone = place.phone().await;
        let _speaking = hum("mouth", Hum::LOW);
        ask(&phone, "greeting record").await.expect("it records");
        recorded(&mut phone, 1_000).await;
        let _calling = Somebody::new().dials(&phone).await;
        assert!(greeting(&mut phone).await.expect("it is not kept").contains("a call came"));
        let left = fs::read_dir(&place.folder).expect("it is there");
        let names = left.map(|file| file.expect("it is listed").file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("greeting")));
    });
}

/// Has somebody leave a message of a steady note.
fn message(place: &Place, second: u32, hz: f32, seconds: u32) {
    let folder = place.folder.join("voicemail");
    make_folder(&folder);
    let name = format!("{second}-{}.new.opus", Somebody::new().identity.hash());
    let file = OpusWriter::create(folder.join(name), OpusProfile::VoiceHigh, &Tags::default());
    note(file.expect("the folder can be written to"), hz, seconds);
}

/// Waits until something plays on, and returns the second.
async fn played(phone: &mut Phone) -> Option<u64> {
    match phone.until(|event| matches!(event, Event::Playing { .. })).await {
        Event::Playing { position_ms, length_ms: Some(3_000), .. } => Some(position_ms / 1_000),
        _ => None,
    }
}

async fn recorded(phone: &mut Phone, ms: u64) {
    let is_it =
        |event: &Event| matches!(event, Event::GreetingRecording { length_ms } if *length_ms >= ms);
    phone.until(is_it).await;
}

async fn greeting(phone: &mut Phone) -> Option<String> {
    match phone.until(|event| matches!(event, Event::GreetingRecorded { .. })).await {
        Event::GreetingRecorded { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

fn config(place: &Place) -> String {
    fs::read_to_string(Path::new(&place.folder).join("config")).expect("it is there")
}
