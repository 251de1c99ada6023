//! A Python caller on the echo line of rnphone-rs, and a second one who finds it busy.

use core::time::Duration;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use lxst_interop::{Command, lateness};
use lxst_phone::{EndReason, IdentityHash, Profile};
use lxst_sim::envelope::correlation;
use lxst_smol::Smol;
use rnphone_rs::echo::{EchoConfig, EchoEvent, EchoLine};

use crate::phone::PATIENCE;
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{LEAST, speaking_after, speech};

on_both_runtimes![a_caller_hears_itself_a_second_later_and_another_finds_the_line_busy];

fn a_caller_hears_itself_a_second_later_and_another_finds_the_line_busy(scene: &Scene) {
    let began = Instant::now();
    let mut rust = scene.listening();
    let python = speaking_after(BEHIND_THE_GREETING, scene.python());
    let mut python = python.connect(rust.port()).spawn();
    let mut second = scene.python_named("second").connect(rust.port()).spawn();

    let phone = rust.phone.clone();
    let mut of_phone = rust.block_on(phone.subscribe()).expect("the phone runs");
    let (told, events) = channel();
    let line = thread::spawn(move || {
        smol::block_on(async {
            let mut line = EchoLine::new(EchoConfig::default());
            let tell = |event| told.send(event).expect("the test goes on");
            line.serve(&Smol, &phone, &mut of_phone, tell).await;
        });
    });

    let profile = Some(Profile::MediumQuality.id());
    let mode = None;
    python.send(&Command::Call { identity: rust.identity(), profile, mode });
    python.expect("established", PATIENCE);
    second.send(&Command::Call { identity: rust.identity(), profile, mode });
    second.expect("busy", PATIENCE);

    thread::sleep(BEHIND_THE_GREETING + Duration::from_secs(9));
    let heard = python.heard();
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
    let late = lateness::worst(&(began..Instant::now()), &[&python]);
    let verdict = correlation(speech().pcm(), heard.pcm(), Duration::from_secs(7));
    println!("{verdict:?}, the machine was late by {late:?}");
    // The way there and back takes some 400 ms.
    let soonest = BEHIND_THE_GREETING + Duration::from_millis(1_100);
    match verdict {
        Ok(verdict)
            if verdict.correlation >= LEAST
                && (soonest..soonest + Duration::from_secs(1)).contains(&verdict.lag) => {}
        _ => lateness::not_heard(&format!("{verdict:?}"), late),
    }

    let caller = IdentityHash(python.identity());
    let next = || events.recv_timeout(PATIENCE).expect("an event comes");
    assert!(matches!(next(), EchoEvent::Answered { from, greeting_fault: None } if from == caller));
    let EchoEvent::Ended { from, result: Ok(length) } = next() else { panic!("not ended") };
    assert!(from == caller && length >= BEHIND_THE_GREETING, "{length:?}");
    smol::block_on(rust.phone.shutdown());
    line.join().expect("the line ends with the phone");
}

/// When the greeting is over, 2.7 s, and a moment more.
const BEHIND_THE_GREETING: Duration = Duration::from_millis(4_000);
