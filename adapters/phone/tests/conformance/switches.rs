//! What changes within a call.

use lxst_core::{CallState, Direction, Side};
use lxst_phone::{AudioFormat, CallError, CallStatus, Event, InputError, Mode, Profile};

use crate::support::sound::{hear, hear_silence, speak};
use crate::support::{App, TestRuntime, establish, finish, pair, ring, spawn, within};

on_each_runtime!(
    a_switch_of_the_profile_is_followed,
    a_caller_cannot_answer_and_the_profile_may_change_before_the_answer,
    in_half_duplex_is_heard_who_presses,
    a_muted_microphone_is_silent,
    a_muted_speaker_is_silent_at_once,
);

async fn a_switch_of_the_profile_is_followed<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
    for (call, is_ours) in [(&outgoing, true), (&incoming, false)] {
        for profile in [Profile::HighQuality, Profile::LowLatency, Profile::MediumQuality] {
            call.set_profile(profile).await.unwrap();
            let (here, there) =
                if is_ours { (&mut caller, &mut callee) } else { (&mut callee, &mut caller) };
            switched(here, profile, Side::Local).await;
            switched(there, profile, Side::Remote).await;
        }
    }
    finish(outgoing, caller, callee).await;
}

async fn switched<R: TestRuntime>(app: &mut App<R>, wanted: Profile, side: Side) {
    let is_it = |event: &Event| {
        let Event::ProfileChanged { profile, by, .. } = event else { return false };
        (*profile, *by) == (wanted, side)
    };
    app.until(is_it).await;
}

async fn a_caller_cannot_answer_and_the_profile_may_change_before_the_answer<R: TestRuntime>(
    rt: R,
) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = ring(&mut caller, &mut callee).await;
    let state = CallState::Ringing;
    let refused = Err(CallError::Refused(InputError::NotAllowed { state }));
    assert_eq!(outgoing.answer().await, refused);
    outgoing.set_profile(Profile::HighQuality).await.unwrap();
    // The callee hears of it before it answers.
    let is_heard = |call: CallStatus| call.profile == Profile::HighQuality;
    callee.until_state(|state| state.call.is_some_and(is_heard)).await;
    incoming.answer().await.unwrap();
    for app in [&mut caller, &mut callee] {
        app.established().await;
        assert_eq!(app.phone.state().call.unwrap().profile, Profile::HighQuality);
    }
    finish(outgoing, caller, callee).await;
}

async fn in_half_duplex_is_heard_who_presses<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
    let source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let speaking = spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960));
    let mut sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    hear::<R, f32>(&rt, &mut sink, 960).await;

    incoming.set_mode(Mode::HalfDuplex).await.unwrap();
    caller.until(|event| matches!(event, Event::ModeChanged { by: Side::Remote, .. })).await;
    assert_eq!(caller.phone.state().call.unwrap().mode, Mode::HalfDuplex);
    hear_silence(&rt, &mut sink, 10).await;
    outgoing.press_to_talk().await.unwrap();
    hear::<R, f32>(&rt, &mut sink, 960).await;
    outgoing.release().await.unwrap();
    hear_silence(&rt, &mut sink, 10).await;
    outgoing.set_mode(Mode::FullDuplex).await.unwrap();
    hear::<R, f32>(&rt, &mut sink, 960).await;
    finish(outgoing, caller, callee).await;
    within(&rt, "the speaker is told", speaking).await;
}

async fn a_muted_microphone_is_silent<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, _) = establish(&mut caller, &mut callee).await;
    let source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let speaking = spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960));
    let mut sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    for _ in 0..2 {
        hear::<R, f32>(&rt, &mut sink, 960).await;
        outgoing.mute(Direction::Send).await.unwrap();
        hear_silence(&rt, &mut sink, 10).await;
        outgoing.unmute(Direction::Send).await.unwrap();
    }
    finish(outgoing, caller, callee).await;
    within(&rt, "the speaker is told", speaking).await;
}

async fn a_muted_speaker_is_silent_at_once<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
    let source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let speaking = spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960));
    let mut sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    for _ in 0..3 {
        hear::<R, f32>(&rt, &mut sink, 960).await;
        incoming.mute(Direction::Receive).await.unwrap();
        // Nothing that waited is heard after the answer.
        for _ in 0..10 {
            let mut block = [1.0_f32; 960];
            within(&rt, "silence has a pace too", sink.read(&mut block)).await.unwrap();
            assert_eq!(block, [0.0; 960]);
        }
        incoming.unmute(Direction::Receive).await.unwrap();
    }
    finish(outgoing, caller, callee).await;
    within(&rt, "the speaker is told", speaking).await;
}
