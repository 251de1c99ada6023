//! A caller who prefers a profile whose codec the callee's build has not.

use lxst_core::{CallState, CallStatus, ThinPath};
use lxst_phone::{AudioFormat, Call, CallId, EndReason, Event, Mode, Profile, Voice};

use crate::stack::Network;
use crate::support::sound::{hear, speak};
use crate::support::{App, TestRuntime, finish, settings, spawn, within};

on_each_runtime!(
    a_caller_who_prefers_a_codec_that_is_not_built_in_is_told_ours_and_both_are_heard,
    a_caller_on_a_thin_path_is_rejected_and_the_app_told_why,
    a_caller_on_a_thin_path_is_heard_where_the_app_wants_it,
);

async fn a_caller_who_prefers_a_codec_that_is_not_built_in_is_told_ours_and_both_are_heard<
    R: TestRuntime,
>(
    rt: R,
) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    network.wish(caller.identity(), Profile::LowBandwidth);
    let (outgoing, incoming) = ring(&mut caller, &mut callee).await;
    let (asked, used) = (Profile::LowBandwidth, Profile::MediumQuality);
    unavailable(&mut callee, incoming.id(), asked, used).await;
    // It rings there, and the caller has the callee's profile before the answer.
    let is_ours = |call: CallStatus| call.profile == used && call.state == CallState::Ringing;
    caller.until_state(|state| state.call.is_some_and(is_ours)).await;
    incoming.answer().await.unwrap();
    for app in [&mut caller, &mut callee] {
        app.established().await;
        assert_eq!(app.phone.state().call.unwrap().profile, used);
    }
    check_both_are_heard(&rt, &caller, &callee).await;
    finish(outgoing, caller, callee).await;
}

async fn a_caller_on_a_thin_path_is_rejected_and_the_app_told_why<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let (mut caller, mut callee) = (network.phone(&rt).await, network.phone(&rt).await);
    for thin in [Profile::UltraLowBandwidth, Profile::VeryLowBandwidth] {
        network.wish(caller.identity(), thin);
        let outgoing = dial(&caller, &callee).await;
        let incoming = callee.incoming().await;
        unavailable(&mut callee, incoming.id(), thin, Profile::MediumQuality).await;
        let refused = (incoming.id(), EndReason::ProfileUnavailable);
        assert_eq!(callee.ended().await, refused);
        assert_eq!(caller.ended().await, (outgoing.id(), EndReason::Rejected));
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_caller_on_a_thin_path_is_heard_where_the_app_wants_it<R: TestRuntime>(rt: R) {
    let network = Network::default();
    let mut caller = network.phone(&rt).await;
    let accepting = settings().voice(Voice::default().thin_path(ThinPath::Accept));
    let mut callee = network.phone_with(&rt, accepting).await;
    network.wish(caller.identity(), Profile::UltraLowBandwidth);
    let (outgoing, incoming) = ring(&mut caller, &mut callee).await;
    let (asked, used) = (Profile::UltraLowBandwidth, Profile::MediumQuality);
    unavailable(&mut callee, incoming.id(), asked, used).await;
    incoming.answer().await.unwrap();
    caller.established().await;
    callee.established().await;
    check_both_are_heard(&rt, &caller, &callee).await;
    finish(outgoing, caller, callee).await;
}

/// Dials in another profile than the callee's.
async fn dial<R: TestRuntime>(caller: &App<R>, callee: &App<R>) -> Call {
    let (to, profile, mode) = (callee.identity(), Profile::HighQuality, Mode::FullDuplex);
    caller.phone.dial_in_mode(to, profile, mode).await.unwrap()
}

async fn ring<R: TestRuntime>(caller: &mut App<R>, callee: &mut App<R>) -> (Call, Call) {
    let outgoing = dial(caller, callee).await;
    (outgoing, callee.incoming().await)
}

async fn unavailable<R: TestRuntime>(
    app: &mut App<R>,
    call: CallId,
    asked: Profile,
    used: Profile,
) {
    let told = app.until(|event| matches!(event, Event::ProfileUnavailable { .. })).await;
    assert_eq!(told, Event::ProfileUnavailable { call, asked, used });
}

async fn check_both_are_heard<R: TestRuntime>(rt: &R, one: &App<R>, other: &App<R>) {
    for (from, to) in [(one, other), (other, one)] {
        let source = from.phone.audio_source(AudioFormat::PHONE).await.unwrap();
        let speaking = spawn(rt, speak::<f32>(source, AudioFormat::PHONE, 960));
        let mut sink = to.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
        hear::<R, f32>(rt, &mut sink, 960).await;
        drop(from.phone.audio_source(AudioFormat::PHONE).await.unwrap());
        within(rt, "the speaker is told", speaking).await;
    }
}
