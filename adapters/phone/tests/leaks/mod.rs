//! What a long life of phones leaves behind, shared by one test binary for each runtime, since it
//! counts what the process has.

use std::mem;
use std::time::Duration;

use lxst_phone::reticulum::limits::LINK_REQUESTS;
use lxst_phone::{AudioFormat, EndReason, Interface};

use crate::support::sound::{hear, speak};
use crate::support::{
    App, TestRuntime, builder, establish, eventually, pair, spawn, tcp_server, within,
};

pub(crate) async fn a_long_life_leaves_nothing_behind<R: TestRuntime>(rt: R, tasks: fn() -> usize) {
    // What the runtime makes once, it keeps.
    talk_in_pairs(&rt, 2).await;
    let held = || ResourceUsage::count(tasks());
    eventually(&rt, async || tasks() == 0 && !has_thread_of_a_phone()).await;
    let before = held();
    two_hundred_calls(&rt, held).await;
    settled(&rt, held, before).await;
    talk_in_pairs(&rt, 20).await;
    settled(&rt, held, before).await;
    dropped_phones(&rt).await;
    settled(&rt, held, before).await;
}

async fn two_hundred_calls<R: TestRuntime>(rt: &R, held: impl Fn() -> ResourceUsage) {
    let (mut caller, mut callee) = pair(rt).await;
    let mut after_one = None;
    let mut due = rt.now();
    for n in 0..200 {
        rt.sleep_until(due).await;
        due = rt.now() + PACE;
        let (outgoing, incoming) = establish(&mut caller, &mut callee).await;
        let (local, remote) = (EndReason::LocalHangup, EndReason::RemoteHangup);
        let ends = if n % 4 < 2 {
            outgoing.hang_up().await.unwrap();
            (local, remote)
        } else {
            incoming.hang_up().await.unwrap();
            (remote, local)
        };
        assert_eq!((caller.end().await, callee.end().await), ends, "call {n}");
        assert_eq!(*after_one.get_or_insert(held()), held(), "call {n}");
        mem::swap(&mut caller, &mut callee);
    }
    caller.shutdown().await;
    callee.shutdown().await;
}

/// So many phones stand in a circle. Every second calls its neighbour on the one side, all at once,
/// and then those in between call theirs.
async fn talk_in_pairs<R: TestRuntime>(rt: &R, phones: usize) {
    let mut apps: Vec<App<R>> = Vec::new();
    for n in 0..phones {
        let mut phone = builder().interface(tcp_server());
        if let Some(before) = apps.last() {
            phone = phone.interface(Interface::tcp_client(before.address()));
        }
        if n + 1 == phones {
            phone = phone.interface(Interface::tcp_client(apps[0].address()));
        }
        apps.push(App::start(rt, phone).await);
    }
    for _ in 0..2 {
        let mut pairs = Vec::new();
        let mut circle = apps.into_iter();
        while let (Some(caller), Some(callee)) = (circle.next(), circle.next()) {
            pairs.push(spawn(rt, talk(rt.clone(), caller, callee)));
        }
        apps = Vec::new();
        for pair in pairs {
            let (caller, callee) = within(rt, "the pair has talked", pair).await;
            apps.extend([caller, callee]);
        }
        apps.rotate_left(1);
    }
    for app in apps {
        app.shutdown().await;
    }
}

async fn talk<R: TestRuntime>(rt: R, mut caller: App<R>, mut callee: App<R>) -> (App<R>, App<R>) {
    let (call, _) = establish(&mut caller, &mut callee).await;
    let source = caller.phone.audio_source(AudioFormat::PHONE).await.unwrap();
    let speaking = spawn(&rt, speak::<f32>(source, AudioFormat::PHONE, 960));
    let mut sink = callee.phone.audio_sink(AudioFormat::PHONE).await.unwrap();
    hear::<R, f32>(&rt, &mut sink, 960).await;
    drop(caller.phone.audio_source(AudioFormat::PHONE).await.unwrap());
    within(&rt, "the speaker is told", speaking).await;
    call.hang_up().await.unwrap();
    let ends = (caller.end().await, callee.end().await);
    assert_eq!(ends, (EndReason::LocalHangup, EndReason::RemoteHangup));
    (caller, callee)
}

/// Nobody shuts these down.
async fn dropped_phones<R: TestRuntime>(rt: &R) {
    for _ in 0..3 {
        let (mut caller, mut callee) = pair(rt).await;
        establish(&mut caller, &mut callee).await;
    }
}

/// Waits until the process holds what it did before.
async fn settled<R: TestRuntime>(rt: &R, held: impl Fn() -> ResourceUsage, before: ResourceUsage) {
    eventually(rt, async || held() == before).await;
}

/// A thread that was joined may be listed for a moment.
fn has_thread_of_a_phone() -> bool {
    std::fs::read_dir("/proc/self/task").unwrap().any(|thread| {
        let name = std::fs::read_to_string(thread.unwrap().path().join("comm"));
        name.is_ok_and(|name| name.starts_with("lxst-"))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ResourceUsage {
    files: usize,
    threads: usize,
    tasks: usize,
}

impl ResourceUsage {
    fn count(tasks: usize) -> Self {
        let entries = |folder| std::fs::read_dir(folder).unwrap().count();
        Self { files: entries("/proc/self/fd"), threads: entries("/proc/self/task"), tasks }
    }
}

/// The two phones dial in turns, no faster than either answers link requests.
const PACE: Duration = Duration::from_millis(500 / LINK_REQUESTS.0 as u64);
