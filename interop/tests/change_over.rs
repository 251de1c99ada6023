//! A phone on a local network attaches to an rnsd that starts beside it, and goes back to its own
//! AutoInterface when that ends. A phone of Python's, on another machine, calls and is called all
//! along.

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

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lxst_interop::{Command, PythonPeer, Rnsd, Segment, environment, lateness};
use lxst_phone::{AutoConfig, EndReason, Event, IdentityHash, Interface, Phone, Profile};
use rnphone_rs::network::{Network, NetworkOptions};
use support::calls::python_calls;
use support::phone::{PATIENCE, RustPhone, Setup, attached, on_either};
use support::scene::{Runtime, Scene};
use support::sound::{hear_each_other, speaking, speech};

#[test]
fn a_phone_attaches_to_an_rnsd_while_it_runs() {
    // It is fetched over the network that is left.
    environment::python().expect("Python LXST is set up");
    let segment = Segment::new();
    segment.here.enter();
    for runtime in [Runtime::Tokio, Runtime::Smol] {
        change_over(&Scene::new(runtime, "change_over"), &segment);
    }
}

fn change_over(scene: &Scene, segment: &Segment) {
    let mut rnsd = scene.rnsd().auto_interface().spawn();
    rnsd.kill();
    let python = speaking(scene.python()).auto_answer(0.1);
    let mut python = python.auto_interface(&segment.there).spawn();
    let auto = on_either!(Interface::auto(AutoConfig::default()));
    let mut rust = scene.start(Setup { backup: Some(auto), ..Setup::on(attached(&rnsd)) });
    rust.speak(&speech());
    let told = watch(&rnsd, &rust.phone);

    await_connections(&rust, [0, 1]);
    call_both_ways(&mut python, &mut rust);
    // It ends where it is faster than the phone, which has a port that it wants.
    rnsd.restart_as_service();
    await_connections(&rust, [1, 0]);
    await_announce(&mut python, &mut rust);
    call_both_ways(&mut python, &mut rust);
    rnsd.kill();
    await_connections(&rust, [0, 1]);
    call_both_ways(&mut python, &mut rust);

    let told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let routes: Vec<_> = told.iter().filter(|line| !line.starts_with("nobody")).collect();
    let instance = rust.phone.state().interfaces[0].name.clone();
    let attached = format!("attached to {instance}");
    assert_eq!(routes, ["on AutoInterface", &attached, "on AutoInterface"], "{told:?}");
}

/// Watches as rnphone-rs does. Returns what it tells.
fn watch(rnsd: &Rnsd, phone: &Phone) -> Arc<Mutex<Vec<String>>> {
    let rnsconfig = Some(rnsd.folder().to_owned());
    let network = Network::find(&NetworkOptions::of_process(rnsconfig));
    let network = network.expect("the configuration is read");
    let told = Arc::<Mutex<Vec<String>>>::default();
    let (phone, lines) = (phone.clone(), told.clone());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime starts").block_on(network.watch(&phone, |route| {
            println!("{route}");
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(route.to_string());
        }));
    });
    told
}

fn call_both_ways(python: &mut PythonPeer, rust: &mut RustPhone) {
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    hear_each_other(rust, python);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
    python_calls(python, rust);
}

/// Has Python announce itself until it is heard. An rnsd that has just started finds the nodes of the
/// local network in some seconds, and forwards one search of a path alone, to those that it has.
fn await_announce(python: &mut PythonPeer, rust: &mut RustPhone) {
    let wanted = IdentityHash(python.identity());
    let begun = Instant::now();
    rust.forget();
    let before = rust.told().len();
    let is_heard =
        |event: &Event| matches!(event, Event::Announced { identity, .. } if *identity == wanted);
    while !rust.told()[before..].iter().any(is_heard) {
        assert!(!lateness::left(begun, PATIENCE).is_zero(), "no announce is heard");
        python.send(&Command::Announce);
        thread::sleep(Duration::from_secs(2));
    }
}

fn await_connections(rust: &RustPhone, wanted: [usize; 2]) {
    let mut watch = rust.phone.watch();
    let reached = async {
        loop {
            let state = watch.changed().await.expect("the phone runs");
            if state.interfaces.iter().map(|one| one.connections).eq(wanted) {
                return;
            }
        }
    };
    rust.await_work("change over", reached);
}
