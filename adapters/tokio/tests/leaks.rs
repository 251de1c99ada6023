//! What a long life of a phone leaves behind. One test, since it counts what the process has.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::mem;
use std::time::Duration;

use lxst_tokio::EndReason;
use lxst_tokio::reticulum::limits::LINK_REQUESTS;
use support::{establish, eventually, pair};
use tokio::runtime::Handle;
use tokio::time::interval;

#[tokio::test]
async fn two_hundred_calls_leave_nothing_behind() {
    let before = Held::count();
    let (mut caller, mut callee) = pair().await;
    let mut after_one = None;
    let mut pace = interval(PACE);
    for n in 0..200 {
        pace.tick().await;
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
        let held = Held::count();
        assert_eq!(*after_one.get_or_insert(held), held, "call {n}");
        mem::swap(&mut caller, &mut callee);
    }
    caller.phone.shutdown().await;
    callee.phone.shutdown().await;
    eventually(async || Held::count() == before).await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    files: usize,
    threads: usize,
    tasks: usize,
}

impl Held {
    fn count() -> Self {
        let entries = |folder| std::fs::read_dir(folder).unwrap().count();
        Self {
            files: entries("/proc/self/fd"),
            threads: entries("/proc/self/task"),
            tasks: Handle::current().metrics().num_alive_tasks(),
        }
    }
}

/// The two phones dial in turns, no faster than either answers link requests.
const PACE: Duration = Duration::from_millis(500 / LINK_REQUESTS.0 as u64);
