//! Live sources: what they hear is sent at once or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_lite::future::zip;
use lxst_phone::{AudioError, AudioFormat, DeviceSource, Phone};
use lxst_sim::tone::amplitude;

use crate::support::sound::{Tone, hear};
use crate::support::{
    App, TestRuntime, establish, eventually, finish, pair, pause, ring, spawn, within,
};

on_each_runtime!(
    what_a_live_source_heard_before_the_answer_is_not_sent,
    what_a_live_source_heard_between_two_calls_is_not_sent,
    a_live_source_never_waits,
    what_was_written_is_sent_when_it_is_drained,
    a_drain_tells_that_the_call_ended_first,
);

/// What the room sounds like.
const BEFORE_HZ: u32 = 500;
const AFTER_HZ: u32 = 1_500;

async fn what_a_live_source_heard_before_the_answer_is_not_sent<R: TestRuntime>(rt: R) {
    for period in [20, 125, 500, 2_000] {
        let (mut caller, mut callee) = pair(&rt).await;
        let mut sink = caller.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
        let room = Room::new();
        let listening = spawn(&rt, room.clone().record(rt.clone(), callee.phone.clone(), period));
        let (call, incoming) = ring(&mut caller, &mut callee).await;
        // It rings until the microphone has brought more than once.
        pause(&rt, Duration::from_millis(period + 100)).await;
        room.is_answered.store(true, Ordering::SeqCst);
        incoming.answer().await.unwrap();
        caller.established().await;
        let (mut before, mut after) = (0.0_f32, 0);
        let heard = async {
            let mut block = [0.0_f32; 960];
            while after < 20 {
                sink.read(&mut block).await.unwrap();
                before = before.max(amplitude(&block, BEFORE_HZ, 48_000));
                after += usize::from(amplitude(&block, AFTER_HZ, 48_000) > 0.1);
            }
        };
        within(&rt, "what was said after the answer is heard", heard).await;
        assert!(before < 0.05, "{before} of before the answer, at periods of {period} ms");
        finish(call, caller, callee).await;
        within(&rt, "the microphone is told", listening).await;
    }
}

async fn what_a_live_source_heard_between_two_calls_is_not_sent<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let mut sink = caller.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    let mut source = callee.phone.device_source(AudioFormat::PHONE).await.unwrap();
    for _ in 0..2 {
        // A second, as fast as can be.
        for _ in 0..50 {
            source.push(&Tone::new(AudioFormat::PHONE).block::<f32>(960)).unwrap();
        }
        let (call, _) = establish(&mut caller, &mut callee).await;
        let mut block = [0.0_f32; 960];
        for _ in 0..50 {
            within(&rt, "silence has a pace too", sink.read(&mut block)).await.unwrap();
            let loudness = amplitude(&block, BEFORE_HZ, 48_000);
            assert!(loudness < 0.05, "{loudness}");
        }
        call.hang_up().await.unwrap();
        caller.end().await;
        callee.end().await;
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

async fn a_live_source_never_waits<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let mut source = caller.phone.device_source(AudioFormat::PHONE).await.unwrap();
    let second = vec![0.1_f32; 48_000];
    let push = |source: &mut DeviceSource| {
        for _ in 0..60 {
            source.push(&second).unwrap();
        }
    };
    push(&mut source);
    assert_eq!(source.dropped(), Duration::ZERO);
    let (call, _) = establish(&mut caller, &mut callee).await;
    eventually(&rt, async || {
        push(&mut source);
        source.dropped() > Duration::ZERO
    })
    .await;
    // The call sends, so that all that is pushed counts from here on.
    let before = caller.counters().await.capture_dropped;
    push(&mut source);
    eventually(&rt, async || {
        caller.counters().await.capture_dropped - before >= Duration::from_secs(50)
    })
    .await;
    finish(call, caller, callee).await;
}

async fn what_was_written_is_sent_when_it_is_drained<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let mut source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let mut sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    let (call, _) = establish(&mut caller, &mut callee).await;
    let sent = async |app: &App<R>| app.counters().await.telephone.media_packets_sent;
    let before = sent(&caller).await;
    let drained = async {
        let mut tone = Tone::new(AudioFormat::PHONE);
        for _ in 0..25 {
            source.write(&tone.block::<f32>(960)).await.unwrap();
        }
        within(&rt, "it is drained", source.drain()).await.unwrap();
        // 500 ms are eight frames of 60 ms, and a part of one.
        let packets = sent(&caller).await - before;
        assert!(packets >= 9, "{packets}");
    };
    // A sink whose owner is late keeps the newest, which is silence.
    zip(drained, hear::<R, f32>(&rt, &mut sink, 960)).await;
    finish(call, caller, callee).await;
}

async fn a_drain_tells_that_the_call_ended_first<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let mut source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    source.write(&[0.1_f32; 96_000]).await.unwrap();
    let (call, _) = establish(&mut caller, &mut callee).await;
    call.hang_up().await.unwrap();
    let drained = within(&rt, "the end is told", source.drain()).await;
    assert_eq!(drained, Err(AudioError::CallEnded));
    caller.end().await;
    callee.end().await;
    caller.shutdown().await;
    assert_eq!(source.drain().await, Err(AudioError::Detached));
    callee.shutdown().await;
}

/// A room that sounds in one way before the answer, and in another after it.
#[derive(Clone)]
struct Room {
    is_answered: Arc<AtomicBool>,
}

impl Room {
    fn new() -> Self {
        Self { is_answered: Arc::default() }
    }

    /// Brings a period of what was heard whenever one is over, until the port is detached. A
    /// machine that is late brings what is heard until then.
    async fn record<R: TestRuntime>(self, rt: R, phone: Phone, period: u64) {
        let mut source = phone.device_source(AudioFormat::PHONE).await.unwrap();
        drop(phone);
        let (mut heard, mut at) = (Vec::new(), rt.now());
        let period = Duration::from_millis(period);
        let mut due = at + period;
        let [mut before, mut after] =
            [BEFORE_HZ, AFTER_HZ].map(|hz| Tone::of(AudioFormat::PHONE, hz));
        loop {
            // What is heard in each millisecond is decided when that is over.
            pause(&rt, Duration::from_millis(1)).await;
            let mut hear = || {
                let now = rt.now();
                // An answer that comes from here on is one after that moment.
                let is_answered = self.is_answered.load(Ordering::SeqCst);
                // A part of a moment is kept for the next one: the room's clock is no slower than
                // ours.
                let moments = (now - at).as_nanos() as usize * 48 / 1_000_000;
                at += Duration::from_nanos(moments as u64 * 1_000_000 / 48);
                let tone = if is_answered { &mut after } else { &mut before };
                heard.extend(tone.block::<f32>(moments));
                now
            };
            if hear() >= due {
                due += period;
                hear();
                if source.push(&std::mem::take(&mut heard)).is_err() {
                    return;
                }
            }
        }
    }
}
