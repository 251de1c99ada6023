//! How little stack a phone needs of the threads that it runs on.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::future::Future;
use std::thread;
use std::time::Instant;

use futures_lite::future::block_on;
use lxst_phone::{Event, Identity, Interface, OsRng, PhoneBuilder, Profile, Runtime};
use lxst_smol::Smol;
use lxst_tokio::Tokio;

/// The stack of each thread: half of what Rust gives a thread. The phone is compiled without
/// optimisation here; with it, a quarter is enough.
const STACK_BYTES: usize = 1_024 * 1_024;

#[test]
fn a_phone_on_tokio_calls_on_a_small_stack() {
    on_small_stack(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(call::<Tokio>());
    });
}

#[test]
fn a_phone_on_smol_starts_and_dials_on_a_small_stack() {
    on_small_stack(|| smol::block_on(call::<Smol>()));
}

#[test]
fn a_phone_whose_tasks_have_a_thread_each_calls_on_small_stacks() {
    on_small_stack(|| block_on(call::<Threads>()));
}

/// Two phones talk with each other, and shut down.
async fn call<R: Runtime>() {
    let [left, right] = Interface::pair("a line");
    let phone = || PhoneBuilder::<R>::new(Identity::generate(&mut OsRng));
    let (alice, _) = phone().interface(left).start().await.unwrap();
    let (bob, mut events) = phone().interface(right).start().await.unwrap();
    let call = alice.dial(bob.identity(), Profile::MediumQuality).await.unwrap();
    while let Some(event) = events.next().await {
        if let Event::Incoming { call, .. } = event {
            bob.call(call).answer().await.unwrap();
            break;
        }
    }
    call.established().await.unwrap();
    call.hang_up().await.unwrap();
    call.ended().await.unwrap();
    alice.shutdown().await;
    bob.shutdown().await;
}

fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap();
    thread.join().unwrap();
}

/// A runtime of threads with small stacks.
#[derive(Clone, Debug, Default)]
struct Threads;

impl Runtime for Threads {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep_until(&self, moment: Instant) {
        let (ends, ended) = async_channel::bounded::<()>(1);
        thread::spawn(move || {
            thread::sleep(moment.saturating_duration_since(Instant::now()));
            drop(ends);
        });
        let _ = ended.recv().await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task = Box::pin(task);
        thread::Builder::new().stack_size(STACK_BYTES).spawn(|| block_on(task)).unwrap();
    }
}
