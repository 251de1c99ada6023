//! How calls begin and end.

use std::time::Duration;

use lxst_core::{Admission, CallState, Direction, Role};
use lxst_phone::{
    CallError, Callers, DialError, EndReason, Event, IdentityHash, InputError, Mode, Network,
    Profile, Timing, reticulum,
};

use crate::support::{
    App, TestRuntime, automatic, builder, establish, finish, impatient, is_over, nobody, pair,
    pair_of, ring, role, settings, tcp_server, within,
};

on_each_runtime!(
    a_call_is_dialled_answered_and_hung_up,
    the_callee_hangs_up,
    a_phone_answers_by_itself,
    a_call_is_rejected,
    a_phone_that_is_busy_or_in_a_call_says_so,
    a_caller_thinks_better_of_it,
    nobody_answers_for_so_long,
    a_caller_waits_for_so_long,
    a_callee_whom_nobody_knows_is_not_found,
    the_destination_of_a_phone_that_was_never_heard_is_told_as_such,
    a_phone_does_not_call_itself,
    a_call_ends_while_its_callee_is_searched,
    a_second_call_is_refused_and_the_first_goes_on,
    the_app_decides_who_rings,
    lists_decide_before_the_app,
    two_who_dial_each_other_talk,
    the_handle_of_a_call_that_is_over_touches_no_other,
);

async fn a_call_is_dialled_answered_and_hung_up<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let outgoing = caller.dial(callee.identity()).await;
    let incoming = callee.until(|event| matches!(event, Event::Incoming { .. })).await;
    let Event::Incoming { call, from } = incoming else { unreachable!("{incoming:?}") };
    assert_eq!(from, caller.identity());
    callee.phone.call(call).answer().await.unwrap();
    callee.phone.call(call).answer().await.unwrap();
    callee.established().await;
    caller.established().await;
    assert_eq!((role(&caller), role(&callee)), (Some(Role::Caller), Some(Role::Callee)));
    finish(outgoing, caller, callee).await;
}

async fn the_callee_hangs_up<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (_, incoming) = establish(&mut caller, &mut callee).await;
    finish(incoming, callee, caller).await;
}

async fn a_phone_answers_by_itself<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair_of(&rt, builder(), builder().settings(automatic())).await;
    let call = caller.phone.dial(callee.identity(), Profile::HighQuality).await.unwrap();
    caller.established().await;
    callee.established().await;
    assert_eq!(callee.phone.state().call.unwrap().profile, Profile::HighQuality);
    finish(call, caller, callee).await;
}

async fn a_call_is_rejected<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (_, incoming) = ring(&mut caller, &mut callee).await;
    incoming.reject().await.unwrap();
    assert_eq!(
        (caller.end().await, callee.end().await),
        (EndReason::Rejected, EndReason::Rejected)
    );
    assert_eq!(caller.phone.state().ended.unwrap().1, EndReason::Rejected);
}

async fn a_phone_that_is_busy_or_in_a_call_says_so<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let mut third = App::connected(&rt, callee.address()).await;
    callee.phone.set_available(false).await.unwrap();
    caller.dial(callee.identity()).await;
    callee.turned_away(caller.identity()).await;
    assert_eq!(caller.end().await, EndReason::Busy);
    callee.phone.set_available(true).await.unwrap();

    let (call, _) = establish(&mut caller, &mut callee).await;
    third.dial(callee.identity()).await;
    callee.turned_away(third.identity()).await;
    assert_eq!(third.end().await, EndReason::Busy);
    assert_eq!(caller.call_state(), CallState::Established);
    finish(call, caller, callee).await;
}

async fn a_caller_thinks_better_of_it<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = ring(&mut caller, &mut callee).await;
    outgoing.hang_up().await.unwrap();
    assert_eq!(
        (caller.end().await, callee.end().await),
        (EndReason::Cancelled, EndReason::Cancelled)
    );
    assert!(is_over(incoming.answer().await));
}

async fn nobody_answers_for_so_long<R: TestRuntime>(rt: R) {
    let callee = settings().timing(Timing::default().ring_time(Duration::from_millis(300)));
    let (mut caller, mut callee) = pair_of(&rt, builder(), builder().settings(callee)).await;
    ring(&mut caller, &mut callee).await;
    assert_eq!(
        (caller.end().await, callee.end().await),
        (EndReason::NoAnswer, EndReason::RingTimeout)
    );
}

async fn a_caller_waits_for_so_long<R: TestRuntime>(rt: R) {
    let caller = settings().timing(Timing::default().wait_time(Duration::from_secs(2)));
    let (mut caller, mut callee) = pair_of(&rt, builder().settings(caller), builder()).await;
    ring(&mut caller, &mut callee).await;
    assert_eq!(
        (caller.end().await, callee.end().await),
        (EndReason::NoAnswer, EndReason::Cancelled)
    );
}

async fn a_callee_whom_nobody_knows_is_not_found<R: TestRuntime>(rt: R) {
    let (mut caller, _callee) = pair_of(&rt, builder().endpoint(impatient()), builder()).await;
    let call = caller.dial(nobody()).await;
    assert_eq!(caller.ended().await, (call.id(), EndReason::NoPath));
    // Somebody may connect yet.
    let alone = builder().endpoint(impatient()).interface(tcp_server());
    let mut alone = App::start(&rt, alone).await;
    alone.dial(nobody()).await;
    assert_eq!(alone.end().await, EndReason::NoPath);
}

async fn the_destination_of_a_phone_that_was_never_heard_is_told_as_such<R: TestRuntime>(rt: R) {
    let callee = builder().settings(settings().network(Network::announced_on_command()));
    let (mut caller, callee) = pair_of(&rt, builder(), callee).await;
    caller.until_connected().await;
    let identity = callee.identity();
    let given = IdentityHash(reticulum::DestinationHash::telephony(identity).0);
    let call = caller.dial(given).await.id();
    let told = async {
        while let Some(event) = caller.events.next().await {
            if event == (Event::DestinationDialled { call, given, identity }) {
                return;
            }
        }
        unreachable!("the phone runs");
    };
    within(&rt, "the app is told whom to dial", told).await;
    assert_eq!(caller.ended().await, (call, EndReason::NoPath));
    let refused = caller.phone.dial(given, Profile::MediumQuality).await;
    assert!(
        matches!(refused, Err(CallError::Dial(DialError::DestinationHash { .. }))),
        "at once, from then on"
    );
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_phone_does_not_call_itself<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let call = caller.dial(caller.identity()).await;
    assert_eq!(caller.ended().await, (call.id(), EndReason::LinkFailed));
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn a_call_ends_while_its_callee_is_searched<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let call = within(&rt, "dialling waits for nobody", caller.dial(nobody())).await;
    assert_eq!(caller.call_state(), CallState::Calling);
    call.hang_up().await.unwrap();
    assert_eq!(caller.ended().await, (call.id(), EndReason::Cancelled));
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn a_second_call_is_refused_and_the_first_goes_on<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let refused = caller.phone.dial(nobody(), Profile::MediumQuality).await.unwrap_err();
    let state = CallState::Established;
    assert_eq!(refused, CallError::Dial(DialError::Refused(InputError::NotAllowed { state })));
    let refused = callee.phone.dial(nobody(), Profile::MediumQuality).await.unwrap_err();
    assert_eq!(refused, CallError::Dial(DialError::Refused(InputError::NotAllowed { state })));
    finish(call, caller, callee).await;
}

async fn the_app_decides_who_rings<R: TestRuntime>(rt: R) {
    let callee = settings().callers(Callers::ask());
    let (mut caller, mut callee) = pair_of(&rt, builder(), builder().settings(callee)).await;
    for (admission, end) in [
        (Admission::Busy, EndReason::Busy),
        (Admission::Reject, EndReason::Rejected),
        (Admission::Drop, EndReason::NoAnswer),
    ] {
        caller.dial(callee.identity()).await;
        callee.screening().await.screen(admission).await.unwrap();
        assert_eq!(caller.end().await, end, "{admission:?}");
    }
    let outgoing = caller.dial(callee.identity()).await;
    let asked = callee.screening().await;
    asked.screen(Admission::Ring).await.unwrap();
    let incoming = callee.incoming().await;
    assert_eq!(incoming.id(), asked.id());
    incoming.answer().await.unwrap();
    caller.established().await;
    callee.established().await;
    finish(outgoing, caller, callee).await;
}

async fn lists_decide_before_the_app<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let blocked = Callers::all().blocked([caller.identity()]);
    callee.phone.set_callers(blocked).await.unwrap();
    caller.dial(callee.identity()).await;
    assert_eq!(caller.end().await, EndReason::Busy);
    // A busy line tells of nobody who would not have rung.
    callee.phone.set_available(false).await.unwrap();
    caller.dial(callee.identity()).await;
    assert_eq!(caller.end().await, EndReason::Busy);
    callee.phone.set_available(true).await.unwrap();

    callee.phone.set_callers(Callers::none()).await.unwrap();
    caller.dial(callee.identity()).await;
    assert_eq!(caller.end().await, EndReason::Busy);

    let allowed = Callers::none().allowed([caller.identity()]);
    callee.phone.set_callers(allowed).await.unwrap();
    let outgoing = caller.dial(callee.identity()).await;
    let first = callee.until(|_| true).await;
    assert!(matches!(first, Event::Incoming { .. }), "{first:?}");
    outgoing.hang_up().await.unwrap();
    assert_eq!(
        (caller.end().await, callee.end().await),
        (EndReason::Cancelled, EndReason::Cancelled)
    );
    let (call, _) = establish(&mut caller, &mut callee).await;
    finish(call, caller, callee).await;
}

async fn two_who_dial_each_other_talk<R: TestRuntime>(rt: R) {
    let (mut one, mut other) =
        pair_of(&rt, builder().settings(automatic()), builder().settings(automatic())).await;
    // Then both know the way.
    let call = one.dial(other.identity()).await;
    one.established().await;
    other.established().await;
    call.hang_up().await.unwrap();
    one.end().await;
    other.end().await;

    let (to_other, to_one) = (other.identity(), one.identity());
    let (left, right) = futures_lite::future::zip(
        one.phone.dial(to_other, Profile::MediumQuality),
        other.phone.dial(to_one, Profile::MediumQuality),
    )
    .await;
    // Whose call stands is theirs to agree on; that of the other is refused if it came later.
    assert!(left.is_ok() || right.is_ok());
    one.established().await;
    other.established().await;
    assert_ne!(role(&one), role(&other));
    let call = one.phone.call(one.phone.state().call.unwrap().call);
    finish(call, one, other).await;
}

async fn the_handle_of_a_call_that_is_over_touches_no_other<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (old, old_incoming) = establish(&mut caller, &mut callee).await;
    old.hang_up().await.unwrap();
    assert_eq!((caller.end().await, callee.end().await), {
        (EndReason::LocalHangup, EndReason::RemoteHangup)
    });
    let (call, _) = establish(&mut caller, &mut callee).await;
    for old in [&old, &old_incoming] {
        assert!(is_over(old.hang_up().await));
        assert!(is_over(old.answer().await));
        assert!(is_over(old.screen(Admission::Busy).await));
        assert!(is_over(old.set_profile(Profile::HighQuality).await));
        assert!(is_over(old.set_mode(Mode::HalfDuplex).await));
        assert!(is_over(old.press_to_talk().await));
        assert!(is_over(old.mute(Direction::Send).await));
    }
    for app in [&caller, &callee] {
        let status = app.phone.state().call.unwrap();
        assert_eq!(status.state, CallState::Established);
        assert_eq!((status.profile, status.mode), (Profile::MediumQuality, Mode::FullDuplex));
    }
    finish(call, caller, callee).await;
}
