//! Programs that hear calls by a socket and say nothing.

use std::time::Duration;

use rnphone_rs::control::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::pcm::{client, connect, establish, level, phones, samples, say, try_client};
use super::support::ask;

#[tokio::test]
async fn several_listen_to_both_sides_while_one_talks_and_a_slow_one_holds_up_nobody() {
    let (mut bob, mut alice) = phones("listen").await;
    let of_bob = client(&bob, r#"{"live":true}"#).await;
    let of_alice = client(&alice, r#"{"live":true}"#).await;
    let mut apart = client(&bob, r#"{"listen":true,"channels":2}"#).await;
    let slow = client(&bob, r#"{"listen":true}"#).await;
    establish(&mut alice, &mut bob).await;
    let call = bob.status().await.calls[0].call;
    let mut mixed = client(&bob, &format!(r#"{{"listen":true,"call":{call}}}"#)).await;
    let mixed = tokio::spawn(async move {
        let mut heard = Vec::new();
        mixed.read_to_end(&mut heard).await.expect("it ends with the call");
        heard
    });
    let says = [say(of_bob, 48_000, 1, 400.0), say(of_alice, 48_000, 1, 700.0)].map(tokio::spawn);

    let mut both = vec![0; 4 * 48_000 * 3];
    apart.read_exact(&mut both).await.expect("3 s of the call");
    let both = samples(&both);
    let [left, right]: [Vec<f64>; 2] =
        [0, 1].map(|side| both.iter().copied().skip(side).step_by(2).collect());
    assert!(level(&left, 48_000, 400.0) > 0.1, "to the left is what bob says");
    assert!(level(&right, 48_000, 700.0) > 0.1, "to the right is what alice says");
    assert!(level(&left, 48_000, 700.0) < 0.02 && level(&right, 48_000, 400.0) < 0.02);

    // That of the call ends with it.
    ask(&alice, "hangup").await.expect("it hangs up");
    bob.until(|event| matches!(event, Event::Ended { .. })).await;
    let mix = samples(&mixed.await.expect("no panic"));
    assert!(level(&mix, 48_000, 400.0) > 0.1 && level(&mix, 48_000, 700.0) > 0.1);
    says.iter().for_each(tokio::task::JoinHandle::abort);
    drop(slow);
}

#[tokio::test]
async fn who_listens_slowly_misses_sound() {
    let (mut bob, mut alice) = phones("listen-slow").await;
    let mut slow = client(&bob, r#"{"listen":true}"#).await;
    establish(&mut alice, &mut bob).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    ask(&alice, "hangup").await.expect("it hangs up");
    bob.until(|event| matches!(event, Event::Ended { .. })).await;
    let (mut waited, mut bytes) = (0, [0; 4_096]);
    let next = Duration::from_millis(500);
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(next, slow.read(&mut bytes)).await {
        waited += count;
    }
    assert!(waited > 0 && waited < 96_000, "{waited} bytes of 288,000 waited");
}

#[tokio::test]
async fn a_phone_without_a_speaker_is_heard_and_so_is_the_next_call() {
    let (mut bob, mut alice) = phones("listen-bare").await;
    let mut listens = client(&bob, r#"{"listen":true}"#).await;
    let says = client(&alice, r#"{"live":true}"#).await;
    let says = tokio::spawn(say(says, 48_000, 1, 700.0));
    for _ in 0..2 {
        establish(&mut alice, &mut bob).await;
        let mut heard = vec![0; 2 * 48_000 * 2];
        listens.read_exact(&mut heard).await.expect("2 s of the call");
        assert!(level(&samples(&heard), 48_000, 700.0) > 0.1);
        ask(&alice, "hangup").await.expect("it hangs up");
        alice.until(|event| matches!(event, Event::Ended { .. })).await;
        bob.until(|event| matches!(event, Event::Ended { .. })).await;
    }
    says.abort();
}

#[tokio::test]
async fn listeners_are_bounded() {
    let (bob, _alice) = phones("listen-bound").await;
    let line = r#"{"listen":true}"#;
    let mut clients = Vec::new();
    for _ in 0..16 {
        clients.push(client(&bob, line).await);
    }
    let mut stream = connect(&bob).await;
    stream.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("it closes");
    assert_eq!(reply, "{\"error\":\"16 clients listen already\"}\n");
    // One who leaves makes room, and a client that talks is no listener.
    client(&bob, "{}").await;
    clients.pop();
    while try_client(&bob, line).await.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
