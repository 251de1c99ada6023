//! A phone of several lines.

use lxst_phone::{AudioFormat, EndReason, Interface};

use crate::support::sound::{HIGH, LOW, hear_alone, speak_of};
use crate::support::{App, TestRuntime, builder, establish, finish, tcp_server};

on_each_runtime!(
    each_call_of_two_lines_hears_its_own_peer_and_goes_on_when_the_other_ends,
    a_caller_finds_a_phone_busy_whose_lines_are_all_taken,
    two_lines_share_the_ports_of_their_phone,
);

async fn each_call_of_two_lines_hears_its_own_peer_and_goes_on_when_the_other_ends<
    R: TestRuntime,
>(
    rt: R,
) {
    let mut desk = desk(&rt).await;
    let [mut low, mut high] = callers(&rt, &desk).await;
    let (low_call, desk_low) = establish(&mut low, &mut desk).await;
    let (high_call, desk_high) = establish(&mut high, &mut desk).await;
    assert_eq!(desk.phone.state().calls.len(), 2);

    speak_of(&rt, low.phone.audio_source(AudioFormat::PHONE).await.unwrap(), LOW);
    speak_of(&rt, high.phone.audio_source(AudioFormat::PHONE).await.unwrap(), HIGH);
    speak_of(&rt, desk_low.audio_source(AudioFormat::PHONE).await.unwrap(), LOW);
    speak_of(&rt, desk_high.audio_source(AudioFormat::PHONE).await.unwrap(), HIGH);
    let mut hears_high = desk_high.audio_sink(AudioFormat::PHONE).await.unwrap();
    for (sink, hz, other) in [
        (&mut desk_low.audio_sink(AudioFormat::PHONE).await.unwrap(), LOW, HIGH),
        (&mut hears_high, HIGH, LOW),
        (&mut low.phone.audio_sink(AudioFormat::PHONE).await.unwrap(), LOW, HIGH),
        (&mut high.phone.audio_sink(AudioFormat::PHONE).await.unwrap(), HIGH, LOW),
    ] {
        hear_alone(&rt, sink, hz, other).await;
    }

    low_call.hang_up().await.unwrap();
    assert_eq!(low.end().await, EndReason::LocalHangup);
    assert_eq!(desk.end().await, EndReason::RemoteHangup);
    assert_eq!(desk.phone.state().calls.len(), 1);
    hear_alone(&rt, &mut hears_high, HIGH, LOW).await;
    low.shutdown().await;
    finish(high_call, high, desk).await;
}

async fn a_caller_finds_a_phone_busy_whose_lines_are_all_taken<R: TestRuntime>(rt: R) {
    let mut desk = desk(&rt).await;
    let [mut first, mut second, mut third] = callers(&rt, &desk).await;
    let (first_call, _) = establish(&mut first, &mut desk).await;
    establish(&mut second, &mut desk).await;
    third.dial(desk.identity()).await;
    assert_eq!(third.end().await, EndReason::Busy);
    first_call.hang_up().await.unwrap();
    first.end().await;
    desk.end().await;
    let (call, _) = establish(&mut third, &mut desk).await;
    first.shutdown().await;
    second.shutdown().await;
    desk.end().await;
    finish(call, third, desk).await;
}

async fn two_lines_share_the_ports_of_their_phone<R: TestRuntime>(rt: R) {
    let mut desk = desk(&rt).await;
    speak_of(&rt, desk.phone.audio_source(AudioFormat::PHONE).await.unwrap(), LOW);
    let [mut first, mut second] = callers(&rt, &desk).await;
    let (_, _) = establish(&mut first, &mut desk).await;
    let (second_call, _) = establish(&mut second, &mut desk).await;
    for app in [&first, &second] {
        let mut sink = app.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
        hear_alone(&rt, &mut sink, LOW, HIGH).await;
    }
    first.shutdown().await;
    desk.end().await;
    finish(second_call, second, desk).await;
}

async fn desk<R: TestRuntime>(rt: &R) -> App<R> {
    let builder = builder::<R>().interface(tcp_server());
    let (phone, events) = builder.start_with_lines::<2>().await.unwrap();
    App { rt: rt.clone(), phone, events }
}

async fn callers<R: TestRuntime, const N: usize>(rt: &R, desk: &App<R>) -> [App<R>; N] {
    let mut callers = Vec::new();
    for _ in 0..N {
        let client = Interface::tcp_client(desk.address());
        let caller = App::start(rt, builder().interface(client)).await;
        caller.until_connected().await;
        callers.push(caller);
    }
    callers.try_into().ok().unwrap()
}
