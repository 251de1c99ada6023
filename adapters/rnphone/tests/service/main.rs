//! Two running phones and their clients, in one process, over TCP.

mod files;
#[cfg(unix)]
mod listen;
#[cfg(unix)]
mod pages;
#[cfg(unix)]
mod pcm;
mod quiet;
mod support;

use std::time::Duration;

use std::f64::consts::TAU;

use lxst_tokio::{
    AudioFormat, AudioSource, DestinationHash, EndReason, Identity, Interface, OsRng, PhoneBuilder,
    Profile,
};
use rnphone_rs::control::{CallStage, Command, Event, Reply};
use rnphone_rs::history::Outcome;
use support::{Phone, ask, done};

#[tokio::test]
async fn a_call_is_dialled_by_name_answered_and_kept_in_both_histories() {
    let mut bob = Phone::listening("bob").await;
    let mut alice = Phone::calling("alice", &bob).await;
    done(
        &alice,
        Command::AddContact { name: "Bob".into(), who: bob.identity.to_string(), number: None },
    )
    .await;

    let Reply::Call(call) = ask(&alice, "dial bob ll").await.expect("it dials") else { panic!() };
    let dialled = alice.until(|event| matches!(event, Event::Dialled { .. })).await;
    assert!(matches!(dialled, Event::Dialled { peer, .. } if peer.name == "Bob"));
    bob.until(|event| matches!(event, Event::Incoming { .. })).await;
    ask(&bob, "answer").await.expect("it answers");
    alice.until(|event| matches!(event, Event::Established { .. })).await;
    bob.until(|event| matches!(event, Event::Established { .. })).await;

    let status = alice.status().await;
    let [info] = status.calls.as_slice() else { panic!("{status:?}") };
    assert_eq!((info.call, info.state, info.is_incoming), (call, CallStage::Established, false));
    assert_eq!((info.peer.name.as_str(), info.profile.abbreviation()), ("Bob", "ll"));
    assert!(info.seconds.is_some());

    ask(&bob, "hangup").await.expect("it hangs up");
    for phone in [&mut alice, &mut bob] {
        phone.until(|event| matches!(event, Event::Ended { .. })).await;
        let Reply::History(calls) = ask(phone, "history").await.expect("it lists") else {
            panic!()
        };
        assert_eq!(calls.len(), 1);
        assert!(calls[0].talked_ms.is_some() && !calls[0].is_missed);
    }
    assert!(ask(&alice, "block #2").await.expect_err("one call").contains("no call #2"));
    ask(&alice, "block #1").await.expect("it was a call");
    let Ok(Reply::Contacts(contacts)) = ask(&alice, "contacts").await else { panic!() };
    assert!(contacts[0].is_blocked);
    // The next start reads it.
    let alice = alice.restarted().await;
    let Reply::History(calls) = ask(&alice, "history").await.expect("it lists") else { panic!() };
    assert_eq!(
        (calls[0].peer.name.as_str(), calls[0].outcome),
        ("Bob", Outcome::Ended(EndReason::RemoteHangup))
    );
}

#[tokio::test]
async fn a_call_without_a_profile_takes_what_fits_the_path_and_the_status_says_why() {
    let mut bob = Phone::listening("bob-of-auto").await;
    let mut alice = Phone::calling("alice-of-auto", &bob).await;
    ask(&alice, &bob.identity.to_string()).await.expect("it dials");
    let chosen = alice.until(|event| matches!(event, Event::ProfileChosen { .. })).await;
    let Event::ProfileChosen { chosen, .. } = chosen else { panic!("{chosen:?}") };
    bob.until(|event| matches!(event, Event::Incoming { .. })).await;
    ask(&bob, "answer").await.expect("it answers");
    let established = bob.until(|event| matches!(event, Event::Established { .. })).await;
    assert!(matches!(established, Event::Established { profile, .. } if profile == chosen.profile));
    alice.until(|event| matches!(event, Event::Established { .. })).await;

    let status = alice.status().await;
    assert_eq!(status.calls[0].chosen, Some(chosen));
    assert_eq!(bob.status().await.calls[0].chosen, None);
    let told = rnphone_rs::words::reply(&Reply::Status(Box::new(status)));
    let why = format!("began in {}, which fits a round trip of", chosen.profile);
    assert!(told.contains(&why), "{told}");
}

#[tokio::test]
async fn a_second_call_waits_is_answered_and_swapped_with_the_first() {
    let mut bob = Phone::listening("bob-of-two").await;
    let mut first = Phone::calling("first", &bob).await;
    let mut second = Phone::calling("second", &bob).await;
    for (phone, is_waiting) in [(&mut first, false), (&mut second, true)] {
        let hash = bob.identity.to_string();
        ask(phone, &hash).await.expect("it dials");
        let rings = bob.until(|event| matches!(event, Event::Incoming { .. })).await;
        assert!(matches!(rings, Event::Incoming { is_waiting: told, .. } if told == is_waiting));
        ask(&bob, "answer").await.expect("it answers");
        bob.until(|event| matches!(event, Event::Established { .. })).await;
        phone.until(|event| matches!(event, Event::Established { .. })).await;
    }
    let held = |status: &rnphone_rs::control::Status| {
        status.calls.iter().map(|call| call.is_held).collect::<Vec<_>>()
    };
    assert_eq!(held(&bob.status().await), [true, false]);
    ask(&bob, "swap").await.expect("it swaps");
    assert_eq!(held(&bob.status().await), [false, true]);
    // A third call has no line, and the one that is talked on goes on.
    ask(&bob, &format!("dial {}", "7".repeat(32))).await.expect_err("no line is free");
    assert_eq!(held(&bob.status().await), [false, true]);
    ask(&bob, "hangup").await.expect("it hangs up");
    first.until(|event| matches!(event, Event::Ended { .. })).await;
    ask(&bob, "resume").await.expect("it goes on");
    assert_eq!(held(&bob.status().await), [false]);
}

#[tokio::test]
async fn what_is_refused_says_why_and_changes_nothing() {
    let bob = Phone::listening("refusing").await;
    for (line, why) in [
        ("answer", "no call rings here"),
        ("hangup", "there is no call"),
        ("resume", "no call is held"),
        ("dial nobody", "no contact begins with"),
        ("redial", "nobody was called yet"),
        ("volume 90", "allowed are -60 to 20"),
        ("remove nobody", "nobody"),
    ] {
        let refused = ask(&bob, line).await.expect_err(line);
        assert!(refused.contains(why), "{line}: {refused}");
    }
    let own = bob.identity.to_string();
    assert!(ask(&bob, &own).await.expect_err("itself").contains("this phone"));
}

#[tokio::test]
async fn whoever_dials_a_destination_is_told_the_identity() {
    let bob = Phone::listening("destination").await;
    let alice = Phone::calling("caller-of-destination", &bob).await;
    while ask(&alice, "who").await == Ok(Reply::Announced(Vec::new())) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let destination = DestinationHash::telephony(bob.identity).to_string();
    let refused = ask(&alice, &destination).await.expect_err("a destination");
    assert!(refused.ends_with(&bob.identity.to_string()), "{refused}");
}

#[tokio::test]
async fn callers_hear_busy_while_nobody_is_to_disturb() {
    let bob = Phone::listening("dnd").await;
    let mut alice = Phone::calling("caller-of-dnd", &bob).await;
    assert!(!bob.status().await.do_not_disturb);
    ask(&bob, "dnd").await.expect("it is set");
    assert!(bob.status().await.do_not_disturb);
    ask(&alice, &bob.identity.to_string()).await.expect("it dials");
    let ended = alice.until(|event| matches!(event, Event::Ended { .. })).await;
    assert!(
        matches!(ended, Event::Ended { past, .. } if past.outcome == Outcome::Ended(EndReason::Busy))
    );
}

#[tokio::test]
async fn the_voicemail_takes_a_message_of_a_caller_whom_nobody_answers() {
    let mut bob = Phone::set_up("recording", "[rnphone-rs]\nvoicemail = 1\n").await;
    let (caller, mut events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
        .interface(Interface::tcp_client(bob.address()))
        .start()
        .await
        .expect("it starts");
    let hums = caller.audio_source(AudioFormat::PHONE).await.expect("a source");
    tokio::spawn(hum(hums));
    let call = caller.dial(bob.identity, Profile::MediumQuality).await.expect("it dials");
    let answers = bob.until(|event| matches!(event, Event::VoicemailAnswers { .. })).await;
    assert!(
        matches!(answers, Event::VoicemailAnswers { peer, .. } if peer.hash == caller.identity())
    );
    call.established().await.expect("it is answered");
    // No command without its number is for the voicemail's call.
    assert!(ask(&bob, "hangup").await.expect_err("no call").contains("there is no call"));
    tokio::time::sleep(Duration::from_secs(6)).await;
    call.hang_up().await.expect("it hangs up");
    let left = bob.until(|event| matches!(event, Event::Message { .. })).await;
    let Event::Message { message, .. } = left else { panic!() };
    assert!(message.is_new && message.length_ms >= 1_000, "{message:?}");
    assert_eq!(bob.status().await.new_messages, 1);
    ask(&bob, "heard 1").await.expect("it is marked");
    assert_eq!(bob.status().await.new_messages, 0);
    ask(&bob, "delete 1").await.expect("it is deleted");
    assert!(!message.path.with_extension("opus").exists());
    assert_eq!(ask(&bob, "messages").await, Ok(Reply::Messages(Vec::new())));
    caller.shutdown().await;
    while events.next().await.is_some() {}
}

/// Speaks for ever, as far as a machine can tell.
async fn hum(mut source: AudioSource) {
    let mut moment = 0_u32;
    loop {
        let block: Vec<f32> = (0..960)
            .map(|_| {
                moment += 1;
                let time = f64::from(moment) / 48_000.0;
                let voice = (1..6).map(|part| (time * 140.0 * f64::from(part) * TAU).sin());
                (voice.sum::<f64>() * 0.1 * (0.6 + 0.4 * (time * 3.0 * TAU).sin())) as f32
            })
            .collect();
        if source.write(&block).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_phone_that_stops_tells_its_clients_and_hangs_up() {
    let mut bob = Phone::listening("stopping").await;
    let mut alice = Phone::calling("staying", &bob).await;
    ask(&alice, &bob.identity.to_string()).await.expect("it dials");
    bob.until(|event| matches!(event, Event::Incoming { .. })).await;
    ask(&bob, "stop").await.expect("it stops");
    bob.until(|event| matches!(event, Event::Stopped {})).await;
    alice.until(|event| matches!(event, Event::Ended { .. })).await;
    tokio::time::timeout(Duration::from_secs(10), bob.ended()).await.expect("it ends");
}
