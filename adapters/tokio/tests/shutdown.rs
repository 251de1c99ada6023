//! Phones that shut down, in every state of a call.

mod support;

use std::time::Duration;

use lxst_tokio::telephony::CallerPolicy;
use lxst_tokio::{CallEvent, EndReason, Identity, OsRng, Profile};
use support::{App, builder, establish, pair, ring};
use tokio::time::timeout;

#[tokio::test]
async fn an_idle_phone_shuts_down_without_a_word() {
    let (mut caller, mut callee) = pair().await;
    assert_eq!(shut_down(&mut caller).await, []);
    assert_eq!(shut_down(&mut callee).await, []);
    let dialled = caller.phone.dial(callee.phone.identity(), Profile::MediumQuality).await;
    assert!(dialled.is_err());
    caller.phone.shutdown().await;
}

#[tokio::test]
async fn a_call_that_searches_its_callee_ends_with_the_phone() {
    let mut caller = App::start(builder()).await;
    let nobody = Identity::generate(&mut OsRng);
    let to = lxst_tokio::IdentityHash(nobody.hash().0);
    caller.phone.dial(to, Profile::MediumQuality).await.unwrap();
    assert_eq!(shut_down(&mut caller).await, [EndReason::Cancelled]);
}

#[tokio::test]
async fn a_caller_that_shuts_down_while_it_rings_there_stops_the_ringing() {
    let (mut caller, mut callee) = pair().await;
    ring(&mut caller, &mut callee).await;
    assert_eq!(shut_down(&mut caller).await, [EndReason::Cancelled]);
    assert_eq!(callee.end().await, EndReason::Cancelled);
    assert_eq!(shut_down(&mut callee).await, []);
}

#[tokio::test]
async fn a_callee_that_shuts_down_while_it_rings_here_rejects_the_call() {
    let (mut caller, mut callee) = pair().await;
    ring(&mut caller, &mut callee).await;
    assert_eq!(shut_down(&mut callee).await, [EndReason::Rejected]);
    assert_eq!(caller.end().await, EndReason::Rejected);
    assert_eq!(shut_down(&mut caller).await, []);
}

#[tokio::test]
async fn either_side_of_a_call_may_shut_down() {
    for is_caller in [true, false] {
        let (mut caller, mut callee) = pair().await;
        establish(&mut caller, &mut callee).await;
        let (mut first, mut second) = if is_caller { (caller, callee) } else { (callee, caller) };
        assert_eq!(shut_down(&mut first).await, [EndReason::LocalHangup]);
        assert_eq!(second.end().await, EndReason::RemoteHangup);
        assert_eq!(shut_down(&mut second).await, []);
    }
}

#[tokio::test]
async fn a_caller_about_whom_the_app_is_asked_is_gone_with_the_phone() {
    let (mut caller, mut callee) = pair().await;
    callee.phone.set_callers(CallerPolicy::Ask).await.unwrap();
    caller.phone.dial(callee.phone.identity(), Profile::MediumQuality).await.unwrap();
    callee.until(|event| matches!(event, CallEvent::Screening { .. })).await;
    timeout(BOUND, callee.phone.shutdown()).await.expect("a phone shuts down");
    let rest = callee.rest().await;
    assert!(matches!(rest[..], [CallEvent::CallerGone { .. }]), "{rest:?}");
    assert_eq!(caller.end().await, EndReason::NoAnswer);
}

#[tokio::test]
async fn a_phone_ends_with_its_last_handle_and_so_do_its_ports() {
    let (mut caller, mut callee) = pair().await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let mut microphone = caller.phone.microphone().await.unwrap();
    let mut speaker = caller.phone.speaker().await.unwrap();
    let App { phone, mut events } = caller;
    drop(phone);
    assert!(microphone.write(&[0.0; 960]).await, "the call holds a handle");
    drop(call);
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
    timeout(BOUND, async { while events.next().await.is_some() {} }).await.expect("events end");
    assert!(!microphone.write(&[0.0; 960]).await);
    timeout(BOUND, async { while speaker.read().await.is_some() {} }).await.expect("sound ends");
}

/// Shuts down, and gives the ends of calls that are told after that.
async fn shut_down(app: &mut App) -> Vec<EndReason> {
    let ends = async {
        app.phone.shutdown().await;
        let rest = app.rest().await;
        assert!(
            rest.iter().all(|event| !matches!(event, CallEvent::Incoming { .. })),
            "nobody rings at a phone that shuts down: {rest:?}"
        );
        let reason = |event| match event {
            CallEvent::Ended { reason, .. } => Some(reason),
            _ => None,
        };
        rest.into_iter().filter_map(reason).collect()
    };
    timeout(BOUND, ends).await.expect("a phone shuts down")
}

const BOUND: Duration = Duration::from_secs(2);
