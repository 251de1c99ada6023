//! What a phone wakes for.

use std::time::Duration;

use lxst_phone::{AudioFormat, Network};
use lxst_tokio::Tokio;

use crate::support::sound::{hear_as_device, speak_as_device};
use crate::support::{
    App, TestRuntime, builder, establish, eventually, finish, pair, pause, settings, spawn,
    tcp_server, within,
};

on_each_runtime!(
    an_idle_phone_does_not_wake,
    a_call_at_a_devices_pace_wakes_for_the_device_and_for_packets,
);

async fn an_idle_phone_does_not_wake<R: TestRuntime>(rt: R) {
    let app = App::listening(&rt).await;
    let mut source = app.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let _sink = app.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    source.write(&[0.5_f32; 960]).await.unwrap();
    // What the start left to do may be late on a busy machine; then there is the question alone.
    eventually(&rt, async || {
        let before = app.counters().await.wakeups;
        pause(&rt, Duration::from_millis(500)).await;
        app.counters().await.wakeups - before == 1
    })
    .await;
    app.shutdown().await;
}

async fn a_call_at_a_devices_pace_wakes_for_the_device_and_for_packets<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let (format, moments) = (AudioFormat::PHONE, 480);
    let source = caller.phone.device_source(format).await.unwrap();
    let speaking = spawn(&rt, speak_as_device::<R, f32>(rt.clone(), source, format, moments));
    let mut sink = callee.phone.device_sink(format).await.unwrap();
    hear_as_device::<R, f32>(&rt, &mut sink, format, moments).await;

    let before = callee.counters().await;
    let since = rt.now();
    let mut due = since;
    for _ in 0..100 {
        sink.fill(&mut [0.0_f32; 480]).unwrap();
        due += Duration::from_millis(10);
        rt.sleep_until(due).await;
    }
    let after = callee.counters().await;
    // On a busy machine, devices are looked at for longer.
    let blocks = (rt.now() - since).as_millis() as u64 / 10;
    let packets = |counters: &lxst_phone::Counters| {
        let endpoint = counters.endpoint.as_ref().unwrap();
        endpoint.packets_in + endpoint.packets_out
    };
    // A block makes at most a job, which ends, and a timer is set beside each.
    let explained = 3 * blocks + 4 * (packets(&after) - packets(&before)) + 50;
    let wakeups = after.wakeups - before.wakeups;
    assert!(wakeups <= explained, "{wakeups} of {explained}");
    finish(call, caller, callee).await;
    within(&rt, "the speaker is told", speaking).await;
}

#[test]
fn in_an_idle_hour_a_phone_wakes_for_its_announces_only() {
    let mut runtime = ::tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    let hour = async |network| {
        let phone = builder().settings(settings().network(network)).interface(tcp_server());
        let app = App::start(&Tokio, phone).await;
        pause(&Tokio, Duration::from_secs(1)).await;
        let before = app.counters().await.wakeups;
        pause(&Tokio, Duration::from_secs(3_600)).await;
        let asked = 1;
        let wakeups = app.counters().await.wakeups - before - asked;
        app.shutdown().await;
        wakeups
    };
    runtime.block_on(async {
        assert_eq!(hour(Network::announced_on_command()).await, 0);
        let interval = Some(Duration::from_secs(600));
        assert_eq!(hour(Network::default().announce_every(interval)).await, 6);
    });
}
