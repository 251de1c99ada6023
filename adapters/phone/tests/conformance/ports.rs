//! Microphones and speakers: of every format, at either side's pace, coming and going.

use lxst_phone::{AudioError, AudioFormat, AudioSink, AudioSource, InsteadOfVoice, Phone, Voice};

use crate::support::sound::{
    Pcm, hear, hear_as_device, hear_silence, level, speak, speak_as_device,
};
use crate::support::{
    App, TestRuntime, builder, establish, eventually, finish, pair, pair_of, settings, spawn,
    within,
};

on_each_runtime!(
    sound_of_every_format_is_heard_at_the_phones_pace,
    sound_of_every_format_is_heard_at_the_devices_pace,
    what_is_no_number_costs_its_block_only,
    both_sides_hear_each_other,
    a_source_comes_and_goes_in_a_call,
    a_sink_comes_and_goes_in_a_call,
    what_ports_drop_shows_in_the_calls_quality,
    a_port_that_is_replaced_is_detached,
    a_dropped_port_is_detached_without_a_call,
    a_port_that_is_dropped_before_the_phone_has_seen_it_is_detached,
    a_dropped_source_is_heard_to_its_end,
    a_phone_without_a_source_sends_silence_where_it_is_to,
    sound_of_an_earlier_call_is_not_heard_in_the_next,
    ports_of_a_phone_that_has_shut_down_are_detached,
    formats_that_cannot_be_are_refused,
);

const fn format(rate_hz: u32, channels: u16) -> AudioFormat {
    AudioFormat { rate_hz, channels }
}

async fn sound_of_every_format_is_heard_at_the_phones_pace<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    at_phones_pace::<R, f32>(&rt, &caller, &callee, format(48_000, 1), 960).await;
    at_phones_pace::<R, i16>(&rt, &caller, &callee, format(8_000, 1), 161).await;
    at_phones_pace::<R, u16>(&rt, &caller, &callee, format(16_000, 2), 333).await;
    at_phones_pace::<R, f32>(&rt, &caller, &callee, format(44_100, 2), 4_801).await;
    at_phones_pace::<R, i16>(&rt, &caller, &callee, format(48_000, 2), 97).await;
    finish(call, caller, callee).await;
}

async fn at_phones_pace<R: TestRuntime, S: Pcm>(
    rt: &R,
    caller: &App<R>,
    callee: &App<R>,
    format: AudioFormat,
    moments: usize,
) {
    let mut sink = callee.phone.audio_sink(format).await.unwrap();
    hear_silence_of::<R, S>(rt, &mut sink, format).await;
    let source = caller.phone.audio_source(format).await.unwrap();
    let speaking = spawn(rt, speak::<S>(source, format, moments));
    // At least 10 ms, of which the tone's level can be told.
    let length = moments.max(format.rate_hz as usize / 100) * usize::from(format.channels);
    hear::<R, S>(rt, &mut sink, length).await;
    drop(caller.phone.audio_source(format).await.unwrap());
    within(rt, "the speaker is told", speaking).await;
}

async fn sound_of_every_format_is_heard_at_the_devices_pace<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    at_devices_pace::<R, f32>(&rt, &caller, &callee, format(48_000, 1), 480).await;
    at_devices_pace::<R, i16>(&rt, &caller, &callee, format(8_000, 1), 161).await;
    at_devices_pace::<R, u16>(&rt, &caller, &callee, format(16_000, 2), 333).await;
    at_devices_pace::<R, f32>(&rt, &caller, &callee, format(44_100, 2), 1_024).await;
    at_devices_pace::<R, i16>(&rt, &caller, &callee, format(48_000, 2), 513).await;
    finish(call, caller, callee).await;
}

async fn at_devices_pace<R: TestRuntime, S: Pcm>(
    rt: &R,
    caller: &App<R>,
    callee: &App<R>,
    format: AudioFormat,
    moments: usize,
) {
    let mut sink = callee.phone.device_sink(format).await.unwrap();
    let source = caller.phone.device_source(format).await.unwrap();
    let speaking = spawn(rt, speak_as_device::<R, S>(rt.clone(), source, format, moments));
    hear_as_device::<R, S>(rt, &mut sink, format, moments).await;
    drop(caller.phone.device_source(format).await.unwrap());
    within(rt, "the speaker is told", speaking).await;
}

async fn what_is_no_number_costs_its_block_only<R: TestRuntime>(rt: R) {
    #[cfg(feature = "voice-processing")]
    let caller = builder().settings(
        settings().voice(Voice::default().voice_processing(lxst_phone::VoiceProcessing::ALL)),
    );
    #[cfg(not(feature = "voice-processing"))]
    let caller = builder();
    let (mut caller, mut callee) = pair_of(&rt, caller, builder()).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    for format in [AudioFormat::PHONE, format(44_100, 2)] {
        let mut source = caller.phone.audio_source(format).await.unwrap();
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            source.write(&[value; 882]).await.unwrap();
        }
        let speaking = spawn(&rt, speak::<f32>(source, format, 441));
        hear::<R, f32>(&rt, &mut phone_sink(&callee.phone).await, 960).await;
        drop(phone_source(&caller.phone).await);
        within(&rt, "the speaker is told", speaking).await;
    }
    finish(call, caller, callee).await;
}

async fn both_sides_hear_each_other<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let mut speaking = Vec::new();
    for app in [&caller, &callee] {
        let source = phone_source(&app.phone).await;
        speaking.push(spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960)));
    }
    for app in [&caller, &callee] {
        hear::<R, f32>(&rt, &mut phone_sink(&app.phone).await, 960).await;
    }
    finish(call, caller, callee).await;
    for speaking in speaking {
        within(&rt, "the speaker is told", speaking).await;
    }
}

async fn a_source_comes_and_goes_in_a_call<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    for block in [960, 1, 48_000, 4_801] {
        let mut source = phone_source(&caller.phone).await;
        source.write::<f32>(&[]).await.unwrap();
        let goal = frames_received(&callee).await + 3;
        eventually(&rt, async || {
            source.write(&vec![0.1_f32; block]).await.unwrap();
            frames_received(&callee).await >= goal
        })
        .await;
        drop(source);
    }
    finish(call, caller, callee).await;
}

async fn a_sink_comes_and_goes_in_a_call<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let source = phone_source(&caller.phone).await;
    let speaking = spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960));
    for is_device in [false, true, false] {
        if is_device {
            let mut sink = callee.phone.device_sink(AudioFormat::PHONE).await.unwrap();
            hear_as_device::<R, f32>(&rt, &mut sink, AudioFormat::PHONE, 960).await;
        } else {
            hear::<R, f32>(&rt, &mut phone_sink(&callee.phone).await, 960).await;
        }
        callee.until_state(|state| !state.has_sink).await;
        let goal = frames_received(&callee).await + 10;
        eventually(&rt, async || frames_received(&callee).await >= goal).await;
    }
    finish(call, caller, callee).await;
    within(&rt, "the speaker is told", speaking).await;
}

async fn what_ports_drop_shows_in_the_calls_quality<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    // A device that brings more than time allows, and a reader who never comes.
    let mut source = caller.phone.device_source(AudioFormat::PHONE).await.unwrap();
    let _sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    let quality = |app: &App<R>| app.phone.state().quality.unwrap_or_default();
    eventually(&rt, async || {
        source.push(&[0.1_f32; 48_000]).unwrap();
        !quality(&caller).capture_dropped.is_zero() && !quality(&callee).playback_dropped.is_zero()
    })
    .await;
    let (sent, heard) = (caller.counters().await, callee.counters().await);
    assert!(sent.capture_dropped >= quality(&caller).capture_dropped.duration());
    assert!(heard.playback_dropped >= quality(&callee).playback_dropped.duration());
    finish(call, caller, callee).await;
}

async fn a_port_that_is_replaced_is_detached<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let mut old = phone_source(&caller.phone).await;
    let mut new = phone_source(&caller.phone).await;
    eventually(&rt, async || old.write(&[0.1_f32; 960]).await == Err(AudioError::Detached)).await;
    drop(old);
    let mut device = caller.phone.device_source(AudioFormat::PHONE).await.unwrap();
    eventually(&rt, async || new.write(&[0.1_f32; 960]).await == Err(AudioError::Detached)).await;
    let mut new = phone_source(&caller.phone).await;
    eventually(&rt, async || device.push(&[0.1_f32; 960]) == Err(AudioError::Detached)).await;
    drop(device);
    new.write(&[0.1_f32; 960]).await.unwrap();

    let mut old = phone_sink(&callee.phone).await;
    let mut new = phone_sink(&callee.phone).await;
    let mut block = [1.0_f32; 960];
    eventually(&rt, async || old.read(&mut block).await == Err(AudioError::Detached)).await;
    drop(old);
    let mut device = callee.phone.device_sink(AudioFormat::PHONE).await.unwrap();
    eventually(&rt, async || new.read(&mut block).await == Err(AudioError::Detached)).await;
    let mut new = phone_sink(&callee.phone).await;
    eventually(&rt, async || device.fill(&mut block) == Err(AudioError::Detached)).await;
    drop(device);
    new.read(&mut block).await.unwrap();
    assert!(caller.phone.state().has_source && callee.phone.state().has_sink);
    finish(call, caller, callee).await;
}

async fn a_dropped_port_is_detached_without_a_call<R: TestRuntime>(rt: R) {
    let app = App::start(&rt, builder()).await;
    let source = phone_source(&app.phone).await;
    let sink = phone_sink(&app.phone).await;
    comes_and_goes(&app, source, sink).await;
    let source = app.phone.device_source(AudioFormat::PHONE).await.unwrap();
    let sink = app.phone.device_sink(AudioFormat::PHONE).await.unwrap();
    comes_and_goes(&app, source, sink).await;
    app.shutdown().await;
}

async fn comes_and_goes<R: TestRuntime>(app: &App<R>, source: impl Sized, sink: impl Sized) {
    app.until_state(|state| state.has_source && state.has_sink).await;
    drop(source);
    app.until_state(|state| !state.has_source && state.has_sink).await;
    drop(sink);
    app.until_state(|state| !state.has_source && !state.has_sink).await;
}

async fn a_port_that_is_dropped_before_the_phone_has_seen_it_is_detached<R: TestRuntime>(rt: R) {
    let app = App::start(&rt, builder()).await;
    for _ in 0..200 {
        drop(phone_source(&app.phone).await);
        drop(phone_sink(&app.phone).await);
        app.counters().await;
        app.until_state(|state| !state.has_source && !state.has_sink).await;
    }
    app.shutdown().await;
}

async fn a_dropped_source_is_heard_to_its_end<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let mut source = phone_source(&caller.phone).await;
    // Written ahead of the call: 240 ms.
    for _ in 0..4 {
        source.write(&[0.5_f32; 2_880]).await.unwrap();
    }
    drop(source);
    let (call, _) = establish(&mut caller, &mut callee).await;
    caller.until_state(|state| !state.has_source).await;
    eventually(&rt, async || frames_received(&callee).await >= 4).await;
    finish(call, caller, callee).await;
}

async fn a_phone_without_a_source_sends_silence_where_it_is_to<R: TestRuntime>(rt: R) {
    let caller = builder()
        .settings(settings().voice(Voice::default().when_no_microphone(InsteadOfVoice::Silence)));
    let (mut caller, mut callee) = pair_of(&rt, caller, builder()).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    eventually(&rt, async || frames_received(&callee).await >= 5).await;
    let source = phone_source(&caller.phone).await;
    let speaking = spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960));
    let mut sink = phone_sink(&callee.phone).await;
    hear::<R, f32>(&rt, &mut sink, 960).await;
    drop(phone_source(&caller.phone).await);
    within(&rt, "the speaker is told", speaking).await;
    let goal = frames_received(&callee).await + 5;
    eventually(&rt, async || frames_received(&callee).await >= goal).await;
    hear_silence(&rt, &mut sink, 10).await;
    finish(call, caller, callee).await;
}

async fn sound_of_an_earlier_call_is_not_heard_in_the_next<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let mut sink = phone_sink(&callee.phone).await;
    let source = phone_source(&caller.phone).await;
    let speaking = spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960));
    hear::<R, f32>(&rt, &mut sink, 960).await;
    // From here on the sink's owner takes nothing.
    let goal = frames_received(&callee).await + 10;
    eventually(&rt, async || frames_received(&callee).await >= goal).await;
    call.hang_up().await.unwrap();
    caller.end().await;
    callee.end().await;
    drop(phone_source(&caller.phone).await);
    within(&rt, "the speaker is told", speaking).await;

    let (call, _) = establish(&mut caller, &mut callee).await;
    callee.counters().await;
    let mut block = [0.0_f32; 960];
    for _ in 0..40 {
        within(&rt, "silence has a pace too", sink.read(&mut block)).await.unwrap();
        assert!(level(&block) < 0.01, "{}", level(&block));
    }
    finish(call, caller, callee).await;
}

async fn ports_of_a_phone_that_has_shut_down_are_detached<R: TestRuntime>(rt: R) {
    let phone = App::start(&rt, builder()).await.phone;
    let (mut source, mut sink) = (phone_source(&phone).await, phone_sink(&phone).await);
    phone.shutdown().await;
    let mut block = [1_i16; 960];
    assert_eq!(source.write(&block).await, Err(AudioError::Detached));
    assert_eq!(sink.read(&mut block).await, Err(AudioError::Detached));
    assert_eq!(phone.audio_source(AudioFormat::PHONE).await.err(), Some(AudioError::Detached));
    assert_eq!(phone.audio_sink(AudioFormat::PHONE).await.err(), Some(AudioError::Detached));

    let phone = App::start(&rt, builder()).await.phone;
    let mut source = phone.device_source(AudioFormat::PHONE).await.unwrap();
    let mut sink = phone.device_sink(AudioFormat::PHONE).await.unwrap();
    phone.shutdown().await;
    assert_eq!(source.push(&block), Err(AudioError::Detached));
    assert_eq!(sink.fill(&mut block), Err(AudioError::Detached));
    assert_eq!(block, [0; 960]);
    assert_eq!(phone.device_source(AudioFormat::PHONE).await.err(), Some(AudioError::Detached));
    assert_eq!(phone.device_sink(AudioFormat::PHONE).await.err(), Some(AudioError::Detached));
}

async fn formats_that_cannot_be_are_refused<R: TestRuntime>(rt: R) {
    let app = App::start(&rt, builder()).await;
    let refused = app.phone.audio_sink(format(48_000, 0)).await.unwrap_err();
    assert_eq!(refused, AudioError::NoChannel);
    let refused = app.phone.audio_source(format(10, 1)).await.unwrap_err();
    assert!(matches!(refused, AudioError::Rate { rate_hz: 10, .. }), "{refused}");
    let mut sink = app.phone.device_sink(format(48_000, 2)).await.unwrap();
    let partial = AudioError::Partial { length: 3, channels: 2 };
    assert_eq!(sink.fill(&mut [0_i16; 3]), Err(partial));
    app.shutdown().await;
}

async fn phone_source(phone: &Phone) -> AudioSource {
    phone.audio_source(AudioFormat::PHONE).await.unwrap()
}

async fn phone_sink(phone: &Phone) -> AudioSink {
    phone.audio_sink(AudioFormat::PHONE).await.unwrap()
}

async fn frames_received<R: TestRuntime>(app: &App<R>) -> u64 {
    app.counters().await.telephone.frames_received
}

/// Waits until what was said before is not heard any more.
async fn hear_silence_of<R: TestRuntime, S: Pcm>(
    rt: &R,
    sink: &mut AudioSink,
    format: AudioFormat,
) {
    let quiet = async {
        let mut block =
            vec![S::of(1.0); format.rate_hz as usize / 50 * usize::from(format.channels)];
        let mut silent = 0;
        while silent < 10 {
            sink.read(&mut block).await.expect("the phone runs");
            silent = if level(&block) < 0.01 { silent + 1 } else { 0 };
        }
    };
    within(rt, "there is silence", quiet).await;
}
