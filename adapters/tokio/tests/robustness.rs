//! Phones whose apps are slow, whose audio comes and goes, and whose network does.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use lxst_tokio::telephony::AnswerMode;
use lxst_tokio::{CallEvent, CallStatus, EndReason, Phone, Profile, telephony};
use support::{App, builder, config, establish, eventually, pair};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_pairs_of_phones_talk_at_once() {
    let mut pairs = JoinSet::new();
    for _ in 0..10 {
        pairs.spawn(async {
            let (mut caller, mut callee) = pair().await;
            let (call, _) = establish(&mut caller, &mut callee).await;
            call.hang_up().await.unwrap();
            let ends = (caller.end().await, callee.end().await);
            caller.phone.shutdown().await;
            callee.phone.shutdown().await;
            ends
        });
    }
    let ends = pairs.join_all().await;
    assert_eq!(ends, [(EndReason::LocalHangup, EndReason::RemoteHangup); 10]);
}

#[tokio::test]
async fn an_app_that_sleeps_through_a_call_is_told_all_of_its_life() {
    let callee = builder().telephone(config(AnswerMode::Automatic)).listen("127.0.0.1:0");
    let callee = App::start(callee).await;
    let mut caller = App::connected(callee.address()).await;
    let call =
        caller.phone.dial(callee.phone.identity(), Profile::MediumQuality).await.unwrap().id();
    eventually(async || {
        let is_established = |status: CallStatus| status.state == telephony::CallState::Established;
        let (here, there) = (caller.phone.status().await, callee.phone.status().await);
        [here, there].into_iter().all(|status| status.unwrap().is_some_and(is_established))
    })
    .await;
    let incoming = callee.phone.call(callee.phone.status().await.unwrap().unwrap().call);
    for _ in 0..150 {
        incoming.set_profile(Profile::HighQuality).await.unwrap();
        incoming.set_profile(Profile::MediumQuality).await.unwrap();
    }
    incoming.hang_up().await.unwrap();
    eventually(async || caller.phone.status().await.unwrap().is_none()).await;
    caller.phone.shutdown().await;

    let mut told = caller.rest().await;
    told.retain(|event| !matches!(event, CallEvent::ProfileChanged { .. }));
    let (profile, mode) = (Profile::MediumQuality, telephony::Mode::FullDuplex);
    assert_eq!(
        told,
        [
            CallEvent::Ringing { call },
            CallEvent::Connecting { call },
            CallEvent::Established { call, profile, mode },
            CallEvent::Ended { call, reason: EndReason::RemoteHangup },
        ]
    );
    assert!(caller.events.lost() > 0, "switches beyond the backlog are left out");
}

#[tokio::test]
async fn a_microphone_comes_and_goes_in_a_call() {
    let (mut caller, mut callee) = pair().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    for block in [960, 1, 48_000, 4_801] {
        let mut microphone = caller.phone.microphone().await.unwrap();
        assert!(microphone.write(&[]).await);
        let goal = frames_received(&callee.phone).await + 3;
        eventually(async || {
            assert!(microphone.write(&vec![0.1; block]).await);
            frames_received(&callee.phone).await >= goal
        })
        .await;
    }
    let mut old = caller.phone.microphone().await.unwrap();
    let mut new = caller.phone.microphone().await.unwrap();
    eventually(async || !old.write(&[0.1; 960]).await).await;
    assert!(new.write(&[0.1; 960]).await);
    call.hang_up().await.unwrap();
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
}

#[tokio::test]
async fn a_speaker_comes_and_goes_in_a_call() {
    let (mut caller, mut callee) = pair().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let mut microphone = caller.phone.microphone().await.unwrap();
    let speaking = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        let tone: Vec<f32> = (0..960).map(|n| if n / 48 % 2 == 0 { 0.5 } else { -0.5 }).collect();
        while microphone.write(&tone).await {
            pace.tick().await;
        }
    });
    for _ in 0..3 {
        let mut speaker = callee.phone.speaker().await.unwrap();
        eventually(async || {
            let block = speaker.read().await.expect("the phone runs");
            block.iter().any(|sample| sample.abs() > 0.1)
        })
        .await;
    }
    let mut old = callee.phone.speaker().await.unwrap();
    let mut new = callee.phone.speaker().await.unwrap();
    eventually(async || old.read().await.is_none()).await;
    assert!(new.read().await.is_some());
    call.hang_up().await.unwrap();
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
    caller.phone.shutdown().await;
    speaking.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_phone_does_not_wake_in_an_hour() {
    let app = App::listening().await;
    sleep(Duration::from_secs(1)).await;
    let before = app.phone.figures().await.unwrap().wakeups;
    sleep(Duration::from_secs(3_600)).await;
    let asked = 1;
    assert_eq!(app.phone.figures().await.unwrap().wakeups, before + asked);
}

#[tokio::test]
async fn a_server_that_closes_each_connection_is_not_hammered() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = App::connected(server.local_addr().unwrap().to_string()).await;
    let until = Instant::now() + Duration::from_millis(1_500);
    let mut connections = 0;
    while let Ok(connection) = timeout_at(until, server.accept()).await {
        drop(connection.unwrap());
        connections += 1;
    }
    assert!((2..=4).contains(&connections), "{connections} connections");
    app.phone.shutdown().await;
}

#[tokio::test]
async fn a_call_ends_at_once_when_its_interface_breaks_and_the_next_one_works() {
    let mut callee = App::listening().await;
    let relay = Relay::bind(callee.address()).await;
    let mut caller = App::connected(relay.address()).await;
    for _ in 0..3 {
        let connection = relay.open();
        establish(&mut caller, &mut callee).await;
        connection.abort();
        // A link that is only silent would last longer than this.
        let ends = async { (caller.end().await, callee.end().await) };
        let ends = timeout(Duration::from_secs(3), ends).await.expect("at once");
        assert_eq!(ends, (EndReason::LinkLost, EndReason::LinkLost));
    }
}

#[tokio::test]
async fn a_phone_with_two_interfaces_goes_on_with_the_one_that_is_left() {
    let mut callee = App::listening().await;
    let (first, second) =
        (Relay::bind(callee.address()).await, Relay::bind(callee.address()).await);
    let caller = builder().connect(first.address()).connect(second.address());
    let mut caller = App::start(caller).await;
    let connections = [first.open(), second.open()];
    let (call, _) = establish(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    assert_eq!(caller.end().await, EndReason::LocalHangup);
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
    for (broken, relay) in connections.into_iter().zip([&first, &second]) {
        broken.abort();
        assert!(broken.await.unwrap_err().is_cancelled());
        let (call, _) = establish(&mut caller, &mut callee).await;
        call.hang_up().await.unwrap();
        assert_eq!(caller.end().await, EndReason::LocalHangup);
        assert_eq!(callee.end().await, EndReason::RemoteHangup);
        relay.open();
    }
}

/// A wire between a caller and a callee that can be cut.
struct Relay {
    listener: Arc<TcpListener>,
    to: String,
}

impl Relay {
    async fn bind(to: String) -> Self {
        Self { listener: Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap()), to }
    }

    fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// Passes one connection on until it is aborted.
    fn open(&self) -> JoinHandle<()> {
        let (listener, to) = (self.listener.clone(), self.to.clone());
        tokio::spawn(async move {
            let (mut caller, _) = listener.accept().await.unwrap();
            let mut callee = TcpStream::connect(to).await.unwrap();
            // Whichever way it ends is the test's doing.
            let _ = tokio::io::copy_bidirectional(&mut caller, &mut callee).await;
        })
    }
}

async fn frames_received(phone: &Phone) -> u64 {
    phone.figures().await.unwrap().telephone.frames_received
}
