//! Calls that are awaited.

use futures_lite::future::{poll_once, zip};
use lxst_phone::{
    Admission, CallError, CallId, CallState, Callers, EndReason, InputError, Mode, Profile, Role,
};
use lxst_tokio::Tokio;

use crate::support::{
    TestRuntime, automatic, builder, establish, nobody, pair, pair_of, ring, spawn, tcp_server,
    within,
};

on_each_runtime!(
    a_call_is_awaited_from_its_dial_to_its_end,
    a_call_that_never_stood_says_why,
    the_end_is_known_to_a_handle_that_is_made_late,
    everybody_who_waits_is_told_and_a_wait_that_is_left_harms_nobody,
    a_caller_who_is_screened_is_a_call_when_it_rings,
    a_call_is_rejected_while_it_rings_or_is_screened_and_not_when_it_is_answered,
    two_who_dial_each_other_await_one_call,
    a_call_that_ends_with_its_phone_says_so,
);

async fn a_call_is_awaited_from_its_dial_to_its_end<R: TestRuntime>(rt: R) {
    let (caller, callee) = pair_of(&rt, builder(), builder().settings(automatic())).await;
    let call = caller.phone.dial(callee.identity(), Profile::HighQuality).await.unwrap();
    assert_eq!(call.status().unwrap().state, CallState::Calling);
    let status = within(&rt, "the call stands", call.established()).await.unwrap();
    assert_eq!(
        (status.call, status.peer, status.role, status.state, status.profile, status.mode),
        (
            call.id(),
            callee.identity(),
            Role::Caller,
            CallState::Established,
            Profile::HighQuality,
            Mode::FullDuplex
        )
    );
    assert_eq!(call.status(), Some(status));
    assert_eq!(call.established().await, Ok(status), "at once, where it stands");
    assert_eq!(poll_once(call.ended()).await, None);
    let (ended, hung_up) = zip(call.ended(), call.hang_up()).await;
    assert_eq!((ended, hung_up), (Ok(EndReason::LocalHangup), Ok(())));
    assert_eq!(call.status(), None);
    assert_eq!(call.established().await, Err(CallError::Ended(EndReason::LocalHangup)));
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_call_that_never_stood_says_why<R: TestRuntime>(rt: R) {
    let (caller, callee) = pair(&rt).await;
    caller.until_connected().await;
    callee.phone.set_available(false).await.unwrap();
    let busy = caller.dial(callee.identity()).await;
    let told = within(&rt, "the caller hears why", busy.established()).await;
    assert_eq!(told, Err(CallError::Ended(EndReason::Busy)));
    assert_eq!(told.unwrap_err().to_string(), "the call is over: busy");
    let cancelled = caller.dial(nobody()).await;
    cancelled.hang_up().await.unwrap();
    assert_eq!(cancelled.established().await, Err(CallError::Ended(EndReason::Cancelled)));
    assert_eq!(busy.ended().await, Ok(EndReason::Busy), "of each its own");
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn the_end_is_known_to_a_handle_that_is_made_late<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
    outgoing.hang_up().await.unwrap();
    callee.end().await;
    assert_eq!(callee.phone.call(incoming.id()).ended().await, Ok(EndReason::RemoteHangup));
    // The latest 64 are remembered.
    for _ in 1..64 {
        caller.dial(nobody()).await.hang_up().await.unwrap();
    }
    assert_eq!(outgoing.ended().await, Ok(EndReason::LocalHangup));
    caller.dial(nobody()).await.hang_up().await.unwrap();
    let unknown = Err(CallError::Refused(InputError::UnknownCall));
    assert_eq!(outgoing.ended().await, unknown);
    assert_eq!(caller.phone.call(CallId(u64::MAX)).ended().await, unknown, "nor who never was");
    caller.shutdown().await;
    callee.shutdown().await;
    assert_eq!(incoming.ended().await, Ok(EndReason::RemoteHangup), "after the phone too");
}

async fn everybody_who_waits_is_told_and_a_wait_that_is_left_harms_nobody<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    for _ in 0..10 {
        let (outgoing, incoming) = ring(&mut caller, &mut callee).await;
        let mut waiting = Vec::new();
        for call in [&outgoing, &incoming] {
            assert_eq!(poll_once(call.established()).await, None);
            for _ in 0..5 {
                let (call, (standing, seen)) = (call.clone(), async_channel::bounded(1));
                let wait = spawn(&rt, async move {
                    call.established().await.unwrap();
                    standing.send(()).await.unwrap();
                    call.ended().await.unwrap()
                });
                waiting.push((wait, seen));
            }
        }
        incoming.answer().await.unwrap();
        within(&rt, "the call stands", outgoing.established()).await.unwrap();
        within(&rt, "the call stands", incoming.established()).await.unwrap();
        assert_eq!(poll_once(outgoing.ended()).await, None);
        let standing: Vec<_> = waiting.iter().map(|(_, standing)| standing).collect();
        for standing in standing {
            within(&rt, "everybody is told", standing.recv()).await.unwrap();
        }
        incoming.hang_up().await.unwrap();
        for (waiting, _) in waiting {
            let reason = within(&rt, "everybody is told", waiting).await;
            assert!(matches!(reason, EndReason::LocalHangup | EndReason::RemoteHangup));
        }
        caller.end().await;
        callee.end().await;
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_caller_who_is_screened_is_a_call_when_it_rings<R: TestRuntime>(rt: R) {
    let (caller, mut callee) = pair(&rt).await;
    callee.phone.set_callers(Callers::ask()).await.unwrap();
    let outgoing = caller.dial(callee.identity()).await;
    let asked = callee.screening().await;
    assert_eq!(asked.status(), None);
    assert_eq!(asked.ended().await, Err(CallError::Refused(InputError::UnknownCall)));
    asked.screen(Admission::Ring).await.unwrap();
    assert_eq!(asked.status().unwrap().state, CallState::Ringing, "as soon as that is done");
    asked.answer().await.unwrap();
    within(&rt, "the call stands", asked.established()).await.unwrap();
    within(&rt, "the call stands", outgoing.established()).await.unwrap();
    outgoing.hang_up().await.unwrap();
    let ended = within(&rt, "the call ends", asked.ended()).await;
    assert_eq!(ended, Ok(EndReason::RemoteHangup));
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_call_is_rejected_while_it_rings_or_is_screened_and_not_when_it_is_answered<
    R: TestRuntime,
>(
    rt: R,
) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = ring(&mut caller, &mut callee).await;
    let state = CallState::Ringing;
    let refused = Err(CallError::Refused(InputError::NotAllowed { state }));
    assert_eq!(outgoing.reject().await, refused, "it is not ours to reject");
    incoming.reject().await.unwrap();
    assert_eq!(incoming.ended().await, Ok(EndReason::Rejected));
    let told = within(&rt, "the caller is told", outgoing.established()).await;
    assert_eq!(told, Err(CallError::Ended(EndReason::Rejected)));

    let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
    let state = CallState::Established;
    let refused = Err(CallError::Refused(InputError::NotAllowed { state }));
    assert_eq!(incoming.reject().await, refused);
    outgoing.hang_up().await.unwrap();
    callee.until_state(|state| state.call.is_none()).await;

    callee.phone.set_callers(Callers::ask()).await.unwrap();
    let outgoing = caller.dial(callee.identity()).await;
    callee.screening().await.reject().await.unwrap();
    let told = within(&rt, "the caller is told", outgoing.ended()).await;
    assert_eq!(told, Ok(EndReason::Rejected));
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn two_who_dial_each_other_await_one_call<R: TestRuntime>(rt: R) {
    let (mut one, mut other) = pair(&rt).await;
    // Then both know the way.
    let (call, _) = ring(&mut one, &mut other).await;
    call.hang_up().await.unwrap();
    other.end().await;

    let (to_other, to_one) = (other.identity(), one.identity());
    let (left, right) = zip(
        one.phone.dial(to_other, Profile::MediumQuality),
        other.phone.dial(to_one, Profile::MediumQuality),
    )
    .await;
    // One may have heard of the other's call before it dialled: then it rings there.
    let (Ok(left), Ok(right)) = (left, right) else { return };
    let both = zip(left.established(), right.established());
    let (left_status, right_status) = within(&rt, "the call stands", both).await;
    assert_ne!(left_status.unwrap().role, right_status.unwrap().role);
    left.hang_up().await.unwrap();
    let ends = within(&rt, "the call ends", zip(left.ended(), right.ended())).await;
    assert_eq!(ends, (Ok(EndReason::LocalHangup), Ok(EndReason::RemoteHangup)));
    one.shutdown().await;
    other.shutdown().await;
}

async fn a_call_that_ends_with_its_phone_says_so<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
    let ended = spawn(&rt, async move { incoming.ended().await });
    let waited = zip(outgoing.ended(), caller.phone.shutdown());
    assert_eq!(within(&rt, "it ends", waited).await.0, Ok(EndReason::LocalHangup));
    assert_eq!(within(&rt, "the peer hears of it", ended).await, Ok(EndReason::RemoteHangup));
    callee.shutdown().await;
}

#[test]
fn a_call_whose_runtime_ends_keeps_nobody_waiting() {
    let mut runtime = ::tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let phone = builder::<Tokio>().interface(tcp_server());
    let (phone, _events) = runtime.block_on(phone.start()).unwrap();
    let call = runtime.block_on(phone.dial(nobody(), Profile::MediumQuality)).unwrap();
    drop(runtime);
    let both = zip(call.established(), call.ended());
    let gone = (Err(CallError::ShutDown), Err(CallError::ShutDown));
    assert_eq!(futures_lite::future::block_on(both), gone);
}
