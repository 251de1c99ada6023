//! Two phones in one process, joined by TCP on loopback.

use lxst_tokio::telephony::Role;
use lxst_tokio::{CallEvent, EndReason, Event, Events, Identity, OsRng, Phone, Profile};

#[tokio::test]
async fn a_call_is_dialled_answered_and_hung_up() {
    let (callee, mut callee_events) =
        Phone::builder(Identity::generate(&mut OsRng)).listen("127.0.0.1:0").start().await.unwrap();
    let address = callee.listening()[0].to_string();
    let (caller, mut caller_events) =
        Phone::builder(Identity::generate(&mut OsRng)).connect(address).start().await.unwrap();

    let call = caller.dial(callee.identity(), Profile::MediumQuality).await.unwrap();
    let CallEvent::Incoming { call: incoming, from } =
        until(&mut callee_events, |event| matches!(event, CallEvent::Incoming { .. })).await
    else {
        unreachable!("until gives what was asked for")
    };
    assert_eq!(from, caller.identity());
    callee.call(incoming).answer().await.unwrap();
    until(&mut callee_events, |event| matches!(event, CallEvent::Established { .. })).await;
    until(&mut caller_events, |event| matches!(event, CallEvent::Established { .. })).await;
    assert_eq!(caller.status().await.unwrap().unwrap().role, Role::Caller);

    call.hang_up().await.unwrap();
    assert_eq!(end(&mut caller_events).await, EndReason::LocalHangup);
    assert_eq!(end(&mut callee_events).await, EndReason::RemoteHangup);
    assert!(call.hang_up().await.is_err());
    caller.shutdown().await;
    callee.shutdown().await;
    assert!(caller_events.next().await.is_none());
}

async fn until(events: &mut Events, wanted: impl Fn(&CallEvent) -> bool) -> CallEvent {
    loop {
        let event = events.next().await.expect("the phone runs");
        eprintln!("{event:?}");
        if let Event::Call(event) = event
            && wanted(&event)
        {
            return event;
        }
    }
}

async fn end(events: &mut Events) -> EndReason {
    match until(events, |event| matches!(event, CallEvent::Ended { .. })).await {
        CallEvent::Ended { reason, .. } => reason,
        other => unreachable!("{other:?}"),
    }
}
