//! Phones on a local network find each other by AutoInterface alone, and call: ours and Python's,
//! and ours and ours. They are in network namespaces with a cable between.

#![cfg(target_os = "linux")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "libtest shows it where a test fails"
)]

#[path = "support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the tests in `live` use the rest of it"
)]
mod support;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use lxst_interop::{Segment, environment, lateness};
use lxst_phone::{
    AutoConfig, EndReason, Identity, IdentityHash, Interface, OsRng, PhoneBuilder, Profile,
    StartError,
};
use lxst_tokio::Tokio;
use support::calls::{python_calls, speak_both_ways};
use support::phone::{OnEither, PATIENCE, RustPhone, Setup, on_either};
use support::scene::{Runtime, Scene, play};
use support::sound::speaking;

#[test]
fn python_and_our_phone_find_each_other_and_speak() {
    let (_turn, segment) = turn();
    for runtime in RUNTIMES {
        play(runtime, "local_network-python", |scene| {
            let python = speaking(scene.python()).auto_answer(0.1);
            let mut python = python.auto_interface(&segment.there).spawn();
            let mut rust = scene.connected(auto());
            speak_both_ways(&mut python, &mut rust);
            python_calls(&mut python, &mut rust);
        });
    }
}

#[test]
fn our_phones_find_each_other_and_call_without_python() {
    let (_turn, segment) = turn();
    for runtime in RUNTIMES {
        let scene = Scene::new(runtime, "local_network-ours");
        let mut there = start_there(&scene, segment);
        let mut here = scene.connected(auto());
        call(&mut here, &mut there);
        call(&mut there, &mut here);
    }
}

#[test]
fn a_cable_that_is_plugged_in_late_and_again_is_found() {
    let (_turn, segment) = turn();
    for runtime in RUNTIMES {
        segment.unplug();
        let scene = Scene::new(runtime, "local_network-cable");
        let mut there = start_there(&scene, segment);
        let mut here = scene.start(Setup::on(auto()));
        for _ in 0..2 {
            await_trouble(&here, "no network interface has an IPv6 link-local address");
            segment.plug_in();
            here.await_connections(1);
            call(&mut here, &mut there);
            segment.unplug();
            here.await_connections(0);
        }
        segment.plug_in();
    }
}

#[test]
fn nobody_there_is_told() {
    let (_turn, _) = turn();
    for runtime in RUNTIMES {
        let scene = Scene::new(runtime, "local_network-nobody");
        let here = scene.start(Setup::on(auto()));
        await_trouble(&here, "no other node is found on eth0");
    }
}

#[test]
fn a_port_that_a_reticulum_of_this_machine_has_is_told_with_the_remedy() {
    let (_turn, segment) = turn();
    let scene = Scene::new(Runtime::Tokio, "local_network-taken");
    let _python = scene.python().auto_interface(&segment.here).spawn();
    let interface = Interface::<Tokio>::auto(AutoConfig::default());
    let builder = PhoneBuilder::new(Identity::generate(&mut OsRng)).interface(interface);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let started = runtime.expect("a runtime starts").block_on(builder.start());
    let error = started.expect_err("the port is taken");
    assert!(matches!(error, StartError::Interface { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("42671 of eth0 is in use"), "{said}");
    assert!(said.contains("attach to that as a shared instance"), "{said}");
}

fn call(caller: &mut RustPhone, callee: &mut RustPhone) {
    let call = caller.dial(callee.identity(), Profile::MediumQuality);
    let incoming = callee.expect_call_of(IdentityHash(caller.identity()));
    callee.answer(incoming);
    for phone in [&mut *caller, &mut *callee] {
        phone.expect_established();
    }
    caller.hang_up(call.id());
    assert_eq!(caller.expect_end(), EndReason::LocalHangup);
    assert_eq!(callee.expect_end(), EndReason::RemoteHangup);
}

/// Starts a phone on tokio, whose threads stay where the first one was.
fn start_there(scene: &Scene, segment: &'static Segment) -> RustPhone {
    let scene = Scene::new(Runtime::Tokio, &format!("{}-there", scene.test));
    let start = move || {
        segment.there.enter();
        scene.start(Setup::on(auto()))
    };
    thread::spawn(start).join().expect("the phone starts")
}

fn await_trouble(phone: &RustPhone, wanted: &str) {
    let (begun, mut watch) = (Instant::now(), phone.phone.watch());
    let told = async {
        while let Some(state) = watch.changed().await {
            let trouble = state.interfaces[0].trouble.as_deref();
            if trouble.is_some_and(|trouble| trouble.contains(wanted)) {
                return;
            }
            assert!(!lateness::left(begun, PATIENCE).is_zero(), "{trouble:?}");
        }
    };
    phone.await_work(wanted, told);
}

fn auto() -> OnEither {
    on_either!(Interface::auto(AutoConfig::default()))
}

/// One test at a time, here: the executor of smol stays where its first task was started.
fn turn() -> (MutexGuard<'static, ()>, &'static Segment) {
    static TURN: Mutex<()> = Mutex::new(());
    static SEGMENT: OnceLock<Segment> = OnceLock::new();
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // It is fetched over the network that is left.
    environment::python().expect("Python LXST is set up");
    let segment = SEGMENT.get_or_init(Segment::new);
    segment.here.enter();
    (turn, segment)
}

const RUNTIMES: [Runtime; 2] = [Runtime::Tokio, Runtime::Smol];
