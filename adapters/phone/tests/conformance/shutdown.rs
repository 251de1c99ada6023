//! Phones that shut down, in every state of a call.

use futures_lite::future::{block_on, zip};
use lxst_core::{Direction, RawDepth, TransmitCodec};
use lxst_phone::reticulum::DropReason;
use lxst_phone::{
    AudioError, AudioFormat, CallError, Callers, Counters, EndReason, Event, InsteadOfVoice,
    Interface, Profile, Voice,
};
use lxst_tokio::Tokio;

use crate::support::relay::Relay;
use crate::support::{
    App, TestRuntime, builder, establish, eventually, nobody, pair, ring, settings, spawn,
    tcp_server, within,
};

on_each_runtime!(
    an_idle_phone_shuts_down_without_a_word,
    all_that_is_asked_of_a_phone_that_has_shut_down_is_refused,
    a_call_that_searches_its_callee_ends_with_the_phone,
    a_caller_that_shuts_down_while_it_rings_there_stops_the_ringing,
    a_callee_that_shuts_down_while_it_rings_here_rejects_the_call,
    either_side_of_a_call_may_shut_down,
    a_caller_about_whom_the_app_is_asked_is_gone_with_the_phone,
    a_phone_ends_with_its_last_handle_and_so_do_its_ports,
    whoever_asks_while_a_phone_shuts_down_is_answered,
    a_phone_shuts_down_while_the_network_is_away,
    a_phone_shuts_down_while_its_peer_reads_nothing,
);

async fn an_idle_phone_shuts_down_without_a_word<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    assert_eq!(shut_down(&mut caller).await, []);
    assert_eq!(shut_down(&mut callee).await, []);
    caller.shutdown().await;
    let mut watch = caller.phone.watch();
    let state = watch.changed().await.unwrap();
    assert!(state.is_shut_down && state.call.is_none() && state.connections == 0);
    assert_eq!(watch.changed().await, None);
}

async fn all_that_is_asked_of_a_phone_that_has_shut_down_is_refused<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    assert_eq!(shut_down(&mut caller).await, [EndReason::LocalHangup]);
    let phone = &caller.phone;
    let refused = phone.dial(nobody(), Profile::MediumQuality).await.unwrap_err();
    assert_eq!(refused, CallError::ShutDown);
    assert_eq!(phone.subscribe().await.unwrap_err(), CallError::ShutDown);
    assert_eq!(phone.counters().await.unwrap_err(), CallError::ShutDown);
    let gone = Err(CallError::ShutDown);
    assert_eq!(phone.announce().await, gone);
    assert_eq!(phone.set_callers(Callers::all()).await, gone);
    assert_eq!(call.hang_up().await, gone);
    assert_eq!(call.mute(Direction::Send).await, gone);
    callee.shutdown().await;
}

async fn a_call_that_searches_its_callee_ends_with_the_phone<R: TestRuntime>(rt: R) {
    let mut caller = App::listening(&rt).await;
    caller.dial(nobody()).await;
    assert_eq!(shut_down(&mut caller).await, [EndReason::Cancelled]);
}

async fn a_caller_that_shuts_down_while_it_rings_there_stops_the_ringing<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    ring(&mut caller, &mut callee).await;
    assert_eq!(shut_down(&mut caller).await, [EndReason::Cancelled]);
    assert_eq!(callee.end().await, EndReason::Cancelled);
    assert_eq!(shut_down(&mut callee).await, []);
}

async fn a_callee_that_shuts_down_while_it_rings_here_rejects_the_call<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    ring(&mut caller, &mut callee).await;
    assert_eq!(shut_down(&mut callee).await, [EndReason::Rejected]);
    assert_eq!(caller.end().await, EndReason::Rejected);
    assert_eq!(shut_down(&mut caller).await, []);
}

async fn either_side_of_a_call_may_shut_down<R: TestRuntime>(rt: R) {
    for is_caller in [true, false] {
        let (mut caller, mut callee) = pair(&rt).await;
        establish(&mut caller, &mut callee).await;
        let (mut first, mut second) = if is_caller { (caller, callee) } else { (callee, caller) };
        assert_eq!(shut_down(&mut first).await, [EndReason::LocalHangup]);
        assert_eq!(second.end().await, EndReason::RemoteHangup);
        assert_eq!(shut_down(&mut second).await, []);
    }
}

async fn a_caller_about_whom_the_app_is_asked_is_gone_with_the_phone<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    callee.phone.set_callers(Callers::ask()).await.unwrap();
    caller.dial(callee.identity()).await;
    callee.until(|event| matches!(event, Event::Screening { .. })).await;
    callee.shutdown().await;
    let rest = callee.rest().await;
    assert!(matches!(rest[..], [Event::CallerGone { .. }]), "{rest:?}");
    assert_eq!(caller.end().await, EndReason::NoAnswer);
}

async fn a_phone_ends_with_its_last_handle_and_so_do_its_ports<R: TestRuntime>(rt: R) {
    let (mut caller, mut callee) = pair(&rt).await;
    let (call, _) = establish(&mut caller, &mut callee).await;
    let mut source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let mut sink = caller.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    let mut watch = caller.phone.watch();
    let App { phone, mut events, .. } = caller;
    drop(phone);
    source.write(&[0.0_f32; 960]).await.expect("the call holds a handle");
    drop(call);
    assert_eq!(callee.end().await, EndReason::RemoteHangup);
    let end = async {
        while events.next().await.is_some() {}
        while watch.changed().await.is_some() {}
    };
    within(&rt, "events and changes end", end).await;
    assert_eq!(source.write(&[0.0_f32; 960]).await, Err(AudioError::Detached));
    let mut block = [0.0_f32; 960];
    let silence = async { while sink.read(&mut block).await.is_ok() {} };
    within(&rt, "sound ends", silence).await;
    callee.shutdown().await;
}

async fn whoever_asks_while_a_phone_shuts_down_is_answered<R: TestRuntime>(rt: R) {
    for _ in 0..5 {
        let (mut caller, mut callee) = pair(&rt).await;
        let (call, _) = establish(&mut caller, &mut callee).await;
        let mut asked = Vec::new();
        for _ in 0..50 {
            let (phone, call) = (caller.phone.clone(), call.clone());
            asked.push(spawn(&rt, async move {
                while phone.counters().await.is_ok() {}
                phone.shutdown().await;
                assert_eq!(call.hang_up().await, Err(CallError::ShutDown));
                assert!(phone.state().is_shut_down);
            }));
        }
        let both = zip(caller.phone.shutdown(), caller.phone.shutdown());
        within(&rt, "a phone shuts down for two", both).await;
        for answered in asked {
            within(&rt, "everybody is answered", answered).await;
        }
        callee.shutdown().await;
    }
}

async fn a_phone_shuts_down_while_the_network_is_away<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let mut relay = Relay::new(callee.address());
    let mut caller = App::connected(&rt, relay.address()).await;
    establish(&mut caller, &mut callee).await;
    relay.unplug();
    assert_eq!(caller.end().await, EndReason::LinkLost);
    caller.dial(callee.identity()).await;
    assert_eq!(shut_down(&mut caller).await, [EndReason::Cancelled]);
    assert_eq!(callee.end().await, EndReason::LinkLost);
    assert_eq!(shut_down(&mut callee).await, []);
}

async fn a_phone_shuts_down_while_its_peer_reads_nothing<R: TestRuntime>(rt: R) {
    let mut callee = App::listening(&rt).await;
    let relay = Relay::new(callee.address());
    // Raw samples fill the buffers of sockets soon.
    let transmit = TransmitCodec::Raw { depth: RawDepth::Float128 };
    let silence = InsteadOfVoice::Silence;
    let voice = Voice::default().transmit(transmit).when_no_microphone(silence);
    let caller = builder()
        .settings(settings().voice(voice))
        .interface(Interface::tcp_client(relay.address()));
    let mut caller = App::start(&rt, caller).await;
    establish(&mut caller, &mut callee).await;
    relay.freeze();
    let dropped =
        |counters: Counters| counters.endpoint.unwrap().dropped(DropReason::MediaOverflow);
    eventually(&rt, async || dropped(caller.counters().await) > 0).await;
    assert_eq!(shut_down(&mut caller).await, [EndReason::LocalHangup]);
    callee.shutdown().await;
}

#[test]
fn a_phone_whose_runtime_ends_is_shut_down() {
    let mut runtime = ::tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let phone = builder::<Tokio>().interface(tcp_server());
    let (phone, mut events) = runtime.block_on(phone.start()).unwrap();
    drop(runtime);
    block_on(async {
        while events.next().await.is_some() {}
        assert!(phone.state().is_shut_down);
        phone.shutdown().await;
        assert_eq!(phone.counters().await.unwrap_err(), CallError::ShutDown);
    });
}

/// Shuts down, and gives the ends of calls that are told after that.
async fn shut_down<R: TestRuntime>(app: &mut App<R>) -> Vec<EndReason> {
    app.shutdown().await;
    let rest = app.rest().await;
    assert!(
        rest.iter().all(|event| !matches!(event, Event::Incoming { .. })),
        "nobody rings at a phone that shuts down: {rest:?}"
    );
    let reason = |event| match event {
        Event::Ended { reason, .. } => Some(reason),
        _ => None,
    };
    rest.into_iter().filter_map(reason).collect()
}
