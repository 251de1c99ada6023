//! Pages and stations of files.

use std::process::Command;

use rnphone_rs::control::{Event, Reply};
use rnphone_rs::page_key;
use rnphone_rs::wav::{Existing, WavSink};

use lxst_tokio::rooms::PageKey;

use crate::support::{Phone, ask};

#[tokio::test]
async fn a_page_and_a_station_of_a_file_begin_under_the_longest_display_name() {
    let name = "n".repeat(64);
    let (mut bob, _alice) = neighbours("paging", &format!("display_name = {name}")).await;
    let file = bob.file("note.wav");
    let mut sound = WavSink::create(&file, Existing::Kept).expect("there is room");
    sound.write(&[0.1; 4_800]).expect("there is room");
    sound.finish().expect("there is room");
    assert_eq!(ask(&bob, &format!("page {}", file.display())).await, Ok(Reply::Done));
    bob.until(|event| *event == Event::PageSent { fault: None }).await;
    let station = format!("station {}", file.display());
    assert_eq!(ask(&bob, &station).await, Ok(Reply::Done));
    let second = ask(&bob, &station).await.expect_err("there is one");
    assert!(second.contains("station off"), "{second}");
    assert_eq!(ask(&bob, "station off").await, Ok(Reply::Done));
}

#[tokio::test]
async fn a_page_and_a_station_of_a_pipe_are_refused() {
    let (bob, _alice) = neighbours("paging-a-pipe", "").await;
    let pipe = bob.file("pipe.wav");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("it runs");
    assert!(made.success());
    for command in ["page", "station"] {
        let refused = ask(&bob, &format!("{command} {}", pipe.display())).await;
        let refused = refused.expect_err("it has no end");
        assert!(refused.contains("not a regular file"), "{refused}");
    }
}

/// Two connected phones, the first with a page key and these settings.
async fn neighbours(name: &str, settings: &str) -> (Phone, Phone) {
    let bob = Phone::set_up(name, &format!("[rnphone-rs]\n{settings}\n")).await;
    page_key::replace(&bob.file("page_key"), PageKey([7; 32])).expect("it is written");
    let alice = Phone::calling(&format!("{name}-neighbour"), &bob).await;
    while bob.status().await.connections == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    (bob, alice)
}
