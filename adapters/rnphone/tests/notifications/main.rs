//! Notifications of the desktop: on a D-Bus and by a notification server of the test's own.

#![cfg(all(target_os = "linux", feature = "notifications"))]

mod bus;
mod desktop;
mod support;

use std::time::{Duration, Instant};

use bus::Bus;
use desktop::{Asked, Desktop, Shown};
use support::{Phone, folder, until};

const ALL: &[&str] = &["actions", "body", "body-markup"];

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_and_rejected_by_its_notification_and_its_name_is_no_markup() {
    let bus = Bus::start(&folder("bus-pressed"));
    let mut desktop = Desktop::start(&bus, ALL).await;
    let (bob, alice) = phones("pressed", &bus.address, "");
    let (hash, short) = (&alice.identity, alice.identity.get(..8).expect("a hash"));
    let body = format!("&lt;b&gt;Mary&lt;/b&gt; &amp; co (unverified, {short}..)");
    // It is known by its announce.
    until(|| bob.ctl(&["who"]).contains("Mary"));
    for (button, held) in [("answer", "<b>Mary</b> & co"), ("reject", "")] {
        assert_eq!(alice.ctl(&["dial", &bob.identity]), "");
        let shown = desktop.shown().await;
        let id = shown.id;
        let actions = ["answer", "Answer", "reject", "Reject"].map(str::to_owned).to_vec();
        let summary = "Incoming call".to_owned();
        let wanted = Shown { id, replaces: 0, summary, body: body.clone(), actions };
        assert_eq!(shown, wanted, "{hash}");
        // A person presses some time later. What the phone does is waited for below.
        let is_done = || match button {
            "answer" => bob.ctl(&["status"]).contains("  0"),
            _ => alice.ctl(&["history"]).contains("rejected"),
        };
        let limit = Instant::now() + Duration::from_secs(60);
        while !tokio::task::block_in_place(is_done) {
            assert!(Instant::now() < limit, "nothing is done when {button} is pressed");
            desktop.press(id, button).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if !held.is_empty() {
            assert!(bob.ctl(&["status"]).contains(held));
            assert_eq!(alice.ctl(&["hangup"]), "");
            until(|| !bob.ctl(&["status"]).contains("call  "));
        }
    }
    assert!(desktop.is_idle(), "{:?}", desktop.asked().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notification_goes_when_the_caller_gives_up_and_missed_calls_are_counted_in_one() {
    let bus = Bus::start(&folder("bus-missed"));
    // It shows bodies as they are.
    let mut desktop = Desktop::start(&bus, &["body"]).await;
    let (bob, alice) = phones("missed", &bus.address, "");
    until(|| bob.ctl(&["who"]).contains("Mary"));
    let mut first = 0;
    for (summary, body) in [("Missed call", ""), ("2 missed calls", "the latest from ")] {
        assert_eq!(alice.ctl(&["dial", &bob.identity]), "");
        let shown = desktop.shown().await;
        assert!(shown.body.starts_with("<b>Mary</b> & co (unverified, "), "{shown:?}");
        assert_eq!(alice.ctl(&["hangup"]), "");
        // One task closes, another tells.
        let (mut closed, mut missed) = (None, None);
        while closed.is_none() || missed.is_none() {
            match desktop.asked().await {
                Asked::Closed(id) => closed = Some(id),
                Asked::Shown(shown) => missed = Some(shown),
            }
        }
        let missed = missed.expect("it is shown");
        assert_eq!((closed, missed.replaces), (Some(shown.id), first));
        assert_eq!(missed.summary, summary);
        assert!(missed.body.starts_with(&format!("{body}<b>Mary")), "{missed:?}");
        assert!(missed.actions.is_empty());
        first = missed.id;
    }
    // A phone that ends leaves no call behind.
    assert_eq!(alice.ctl(&["dial", &bob.identity]), "");
    let rings = desktop.shown().await.id;
    assert_eq!(bob.stop(), Some(0));
    assert_eq!(desktop.asked().await, Asked::Closed(rings));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_wants_no_notifications_gets_none_until_the_settings_say_otherwise() {
    let bus = Bus::start(&folder("bus-unwanted"));
    let mut desktop = Desktop::start(&bus, ALL).await;
    let (bob, alice) = phones("unwanted", &bus.address, "[rnphone-rs]\nnotifications = no\n");
    let missed = |count: usize| {
        assert_eq!(alice.ctl(&["dial", &bob.identity]), "");
        until(|| bob.ctl(&["status"]).contains(" calls"));
        assert_eq!(alice.ctl(&["hangup"]), "");
        until(|| bob.ctl(&["history", "missed"]).lines().count() == count);
    };
    missed(1);
    bob.write_settings("");
    assert_eq!(bob.ctl(&["reload"]), "");
    missed(2);
    // The first that is shown is the second call.
    assert_eq!(desktop.shown().await.summary, "Incoming call");
}

#[test]
fn without_a_notification_server_the_phone_rings_and_the_log_tells_once() {
    let (mut bob, alice) = phones("nobody", "unix:path=/nowhere/bus", "");
    for count in 1..=2 {
        assert_eq!(alice.ctl(&["dial", &bob.identity]), "");
        until(|| bob.ctl(&["status"]).contains(" calls"));
        assert_eq!(alice.ctl(&["hangup"]), "");
        until(|| bob.ctl(&["history", "missed"]).lines().count() == count);
    }
    assert_eq!(bob.ctl(&["stop"]), "");
    let told = bob.log();
    let lines: Vec<_> = told.lines().filter(|line| line.contains("notifications")).collect();
    let [line] = lines[..] else { panic!("{told}") };
    assert!(line.contains("INFO") && line.contains("there are no desktop notifications: "));
}

/// A phone at this bus, and one that calls it under a name with markup.
fn phones(test: &str, bus: &str, settings: &str) -> (Phone, Phone) {
    let bob = Phone::start(&format!("b-{test}"), settings, bus, &["--listen", "127.0.0.1:0"]);
    let name = ["--name", "<b>Mary</b> & co", "--connect", &bob.address];
    let alice = Phone::start(&format!("a-{test}"), "", "unix:path=/nowhere/bus", &name);
    (bob, alice)
}
