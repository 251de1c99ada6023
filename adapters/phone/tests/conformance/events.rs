//! What an app is told that is slow, or late.

use std::time::Duration;

use futures_lite::StreamExt;
use futures_lite::future::poll_once;
use lxst_core::CallState;
use lxst_phone::{DisplayName, EndReason, Event, Mode, Profile};

use crate::support::{
    App, TestRuntime, automatic, builder, establish, eventually, finish, pair, pair_of, pause,
    ring, within,
};

on_each_runtime!(
    an_app_that_sleeps_through_a_call_is_told_all_of_its_life,
    an_app_that_reads_no_events_has_calls_all_the_same,
    numbers_count_what_an_app_is_told,
    a_late_subscriber_hears_what_comes_and_sees_what_was,
    whoever_hears_of_an_event_finds_it_in_the_state,
    announces_of_others_are_told_with_the_name_that_they_tell,
    events_are_a_stream,
    a_stream_of_events_that_is_polled_and_left_loses_none,
);

async fn an_app_that_sleeps_through_a_call_is_told_all_of_its_life<R: TestRuntime>(rt: R) {
    let (mut caller, callee) = pair_of(&rt, builder(), builder().settings(automatic())).await;
    let call = caller.dial(callee.identity()).await.id();
    for app in [&caller, &callee] {
        app.until_state(|state| {
            state.call.is_some_and(|call| call.state == CallState::Established)
        })
        .await;
    }
    let incoming = callee.phone.call(callee.phone.state().call.unwrap().call);
    for _ in 0..150 {
        incoming.set_profile(Profile::HighQuality).await.unwrap();
        incoming.set_profile(Profile::MediumQuality).await.unwrap();
    }
    incoming.hang_up().await.unwrap();
    caller.until_state(|state| state.call.is_none()).await;
    caller.shutdown().await;

    let mut told = caller.rest().await;
    told.retain(|event| !matches!(event, Event::ProfileChanged { .. }));
    let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
    assert_eq!(
        told,
        [
            Event::Ringing { call },
            Event::Connecting { call },
            Event::Established { call, profile, mode },
            Event::Ended { call, reason: EndReason::RemoteHangup },
        ]
    );
    assert!(caller.events.lost() > 0, "switches beyond the backlog are left out");
    callee.shutdown().await;
}

async fn an_app_that_reads_no_events_has_calls_all_the_same<R: TestRuntime>(rt: R) {
    let (caller, callee) = pair_of(&rt, builder(), builder().settings(automatic())).await;
    drop(callee.events);
    for _ in 0..5 {
        let call =
            caller.phone.dial(callee.phone.identity(), Profile::MediumQuality).await.unwrap();
        caller
            .until_state(|state| {
                state.call.is_some_and(|call| call.state == CallState::Established)
            })
            .await;
        call.hang_up().await.unwrap();
        caller.until_state(|state| state.call.is_none()).await;
        let ended = Some((call.id(), EndReason::LocalHangup));
        assert_eq!(caller.phone.state().ended, ended);
        eventually(&rt, async || callee.phone.state().call.is_none()).await;
    }
    caller.shutdown().await;
    within(&rt, "the phone shuts down", callee.phone.shutdown()).await;
}

async fn numbers_count_what_an_app_is_told<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    // A call that stands reports its quality, and a late report takes the place of an earlier one.
    let (call, _) = ring(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    caller.end().await;
    caller.shutdown().await;
    let last = caller.events.number();
    let mut count = 0;
    while within(&rt, "the events end", caller.events.next()).await.is_some() {
        count += 1;
        assert_eq!(caller.events.number(), last + count);
    }
    assert_eq!(caller.phone.state().number, last + count);
    assert_eq!(caller.events.lost(), 0);
    callee.shutdown().await;
}

async fn a_late_subscriber_hears_what_comes_and_sees_what_was<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let late = caller.phone.subscribe().await.unwrap();
    let began = late.number();
    let mut late = App { rt: rt.clone(), phone: caller.phone.clone(), events: late };
    let status = late.phone.watch().changed().await.unwrap().call.unwrap();
    assert_eq!((status.call, status.state), (call.id(), CallState::Established));
    let unread = caller.phone.subscribe().await.unwrap();
    drop(unread);
    call.hang_up().await.unwrap();
    let first = late.until(|event| !matches!(event, Event::Quality { .. })).await;
    assert_eq!(first, Event::Ended { call: call.id(), reason: EndReason::LocalHangup });
    assert!(late.events.number() > began);
    assert_eq!(caller.end().await, EndReason::LocalHangup);
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
    caller.shutdown().await;
    assert_eq!(late.rest().await, []);
    assert_eq!(caller.rest().await, []);
    assert_eq!(late.events.number(), caller.events.number());
    callee.shutdown().await;
}

async fn whoever_hears_of_an_event_finds_it_in_the_state<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    for _ in 0..20 {
        let (call, _) = establish(&mut caller, &mut callee).await;
        for app in [&caller, &callee] {
            assert_eq!(app.call_state(), CallState::Established);
            assert!(app.phone.state().number >= app.events.number());
        }
        call.hang_up().await.unwrap();
        for app in [&mut caller, &mut callee] {
            let ended = app.ended().await;
            assert_eq!(app.phone.state().ended, Some(ended));
            assert_eq!(app.call_state(), CallState::Idle);
        }
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn announces_of_others_are_told_with_the_name_that_they_tell<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let from = caller.identity();
    let announced = async |callee: &mut App<R>| {
        let told = async {
            loop {
                if let Some(Event::Announced { identity, hops, name }) = callee.events.next().await
                {
                    return (identity, hops, name);
                }
            }
        };
        within(&rt, "the announce is told", told).await
    };
    caller.phone.announce().await.unwrap();
    assert_eq!(announced(&mut callee).await, (from, 1, None), "none is told unasked");
    for name in [DisplayName::new("Ada").ok(), None] {
        caller.phone.set_display_name(name).await.unwrap();
        caller.phone.announce().await.unwrap();
        assert_eq!(announced(&mut callee).await, (from, 1, name));
    }
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn events_are_a_stream<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let events = caller.phone.subscribe().await.unwrap();
    let ends = events.filter_map(|event| match event {
        Event::Ended { call, reason } => Some((call, reason)),
        _ => None,
    });
    let (first, _) = establish(&mut caller, &mut callee).await;
    first.hang_up().await.unwrap();
    callee.end().await;
    let (second, incoming) = establish(&mut caller, &mut callee).await;
    incoming.hang_up().await.unwrap();
    caller.until_state(|state| state.call.is_none()).await;
    caller.shutdown().await;
    let ends: Vec<_> = within(&rt, "the stream ends with the phone", ends.collect()).await;
    assert_eq!(
        ends,
        [(first.id(), EndReason::LocalHangup), (second.id(), EndReason::RemoteHangup)]
    );
    callee.shutdown().await;
}

async fn a_stream_of_events_that_is_polled_and_left_loses_none<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    caller.until_connected().await;
    let mut impatient = caller.phone.subscribe().await.unwrap();
    let mut seen = Vec::new();
    let (call, _) = ring(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    while !matches!(seen.last(), Some(Event::Ended { .. })) {
        // The next event is waited for again and again, by a wait that is left each time.
        let wait = poll_once(impatient.next());
        seen.extend(within(&rt, "a poll returns", wait).await.flatten());
        pause(&rt, Duration::from_millis(1)).await;
    }
    let number = impatient.number();
    assert_eq!(impatient.lost(), 0);
    assert!(number >= seen.len() as u64);
    let (call, ended) = (call.id(), EndReason::Cancelled);
    assert!(seen.contains(&Event::Ringing { call }), "{seen:?}");
    assert_eq!(seen.last(), Some(&Event::Ended { call, reason: ended }));
    callee.end().await;
    caller.shutdown().await;
    callee.shutdown().await;
}
