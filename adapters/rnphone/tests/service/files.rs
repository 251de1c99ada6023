//! What clients have written to files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use lxst_audio::{Channels, OpusReader, SoundReader, WavReader};
use rnphone_rs::control::{Event, Reply};

use crate::support::{Phone, ask};

#[tokio::test]
async fn a_call_is_recorded_to_files_of_their_owner_which_are_whole_when_they_are_told() {
    let mut bob = Phone::listening("recorder").await;
    let mut alice = Phone::calling("recorded", &bob).await;
    assert!(ask(&bob, "record").await.expect_err("no call").contains("there is no call"));
    talk(&mut alice, &mut bob).await;
    assert!(ask(&bob, "record off").await.expect_err("none").contains("is not recorded"));
    let opus = file(ask(&bob, "record").await);
    assert_eq!(opus.parent(), Some(bob.file("recordings").as_path()));
    let wav = bob.file("mine.wav");
    let line = format!("record {}", wav.display());
    assert_eq!(file(ask(&bob, &line).await), wav);
    assert!(bob.status().await.calls[0].is_recorded);
    for (line, why) in
        [(line.as_str(), "exists: name another file"), ("record call.mp3", "in .opus or .wav")]
    {
        let refused = ask(&bob, line).await.expect_err(line);
        assert!(refused.contains(why), "{refused}");
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    ask(&bob, "record off").await.expect("it is recorded");
    assert!(!bob.status().await.calls[0].is_recorded);
    for _ in 0..2 {
        let ended = bob.until(|event| matches!(event, Event::RecordingEnded { .. })).await;
        let Event::RecordingEnded { path, length_ms, fault, .. } = ended else { panic!() };
        assert_eq!((fault, length_of(&path)), (None, length_ms), "{}", path.display());
        assert!(length_ms >= 1_000, "{length_ms}");
        assert_eq!(mode(&path), 0o600);
    }
    // The call goes on.
    assert_eq!(bob.status().await.calls.len(), 1);
}

#[tokio::test]
async fn the_end_of_the_phone_ends_its_recordings() {
    let mut bob = Phone::listening("stopped-recorder").await;
    let mut alice = Phone::calling("stopped-recorded", &bob).await;
    talk(&mut alice, &mut bob).await;
    let path = file(ask(&bob, "record").await);
    tokio::time::sleep(Duration::from_millis(700)).await;
    ask(&bob, "stop").await.expect("it stops");
    bob.until(|event| matches!(event, Event::RecordingEnded { fault: None, .. })).await;
    bob.until(|event| matches!(event, Event::Stopped {})).await;
    assert!(length_of(&path) >= 200, "{}", length_of(&path));
}

#[tokio::test]
async fn past_calls_are_exported_to_the_client_or_to_a_new_file() {
    let mut bob = Phone::listening("exported").await;
    let mut alice = Phone::calling("exporting", &bob).await;
    talk(&mut alice, &mut bob).await;
    ask(&alice, "hangup").await.expect("it hangs up");
    alice.until(|event| matches!(event, Event::Ended { .. })).await;
    let Ok(Reply::Exported(csv)) = ask(&alice, "export csv").await else { panic!() };
    let lines: Vec<&str> = csv.lines().collect();
    let [header, call] = lines.as_slice() else { panic!("{csv}") };
    assert!(header.starts_with("time,direction,peer"), "{header}");
    assert!(call.contains(&format!(",outgoing,{},", bob.identity)), "{call}");

    let path = alice.file("calls.json");
    let line = format!("export json {}", path.display());
    assert_eq!(file(ask(&alice, &line).await), path);
    let json = fs::read_to_string(&path).expect("it is written");
    assert_eq!(ask(&alice, "export json").await, Ok(Reply::Exported(json)));
    assert_eq!(mode(&path), 0o600);
    assert!(ask(&alice, &line).await.expect_err("it is there").contains("exists"));
}

async fn talk(alice: &mut Phone, bob: &mut Phone) {
    ask(alice, &bob.identity.to_string()).await.expect("it dials");
    bob.until(|event| matches!(event, Event::Incoming { .. })).await;
    ask(bob, "answer").await.expect("it answers");
    for phone in [alice, bob] {
        phone.until(|event| matches!(event, Event::Established { .. })).await;
    }
}

fn file(reply: Result<Reply, String>) -> std::path::PathBuf {
    match reply {
        Ok(Reply::File(path)) => path,
        other => panic!("{other:?}"),
    }
}

/// The length of a stereo file in ms.
fn length_of(path: &Path) -> u64 {
    let sound: Box<dyn SoundReader> = match path.extension().and_then(|end| end.to_str()) {
        Some("wav") => Box::new(WavReader::open(path).expect("it is whole")),
        _ => Box::new(OpusReader::open(path).expect("it is whole")),
    };
    assert_eq!(sound.channels(), Channels::Stereo);
    sound.length().duration().as_millis().try_into().expect("it is short")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}
