//! Our caller, and a Python callee on a path with a round trip of seconds.

use core::cell::Cell;
use core::time::Duration;

use lxst_interop::{Direction, PacketKind};
use lxst_phone::{BuiltInCodecs, Codecs, EndReason, Event, Profile, ProfileChoice};

use crate::phone::{PATIENCE, tcp_client};
use crate::scene::{Runtime, Scene};
use crate::slow_path::slow_path_to;
use crate::sound::{hear_each_other, speech};

#[test]
fn a_call_to_python_comes_about_at_a_round_trip_of_2_s() {
    call_over(Duration::from_secs(2));
}

#[test]
#[ignore = "takes a minute"]
fn a_call_to_python_comes_about_at_a_round_trip_of_8_s() {
    call_over(Duration::from_secs(8));
}

#[test]
fn a_call_that_leaves_its_profile_to_the_path_has_the_best_at_20_ms() {
    let (profile, told) = chosen_over(Duration::from_millis(20));
    assert!(told >= Duration::from_millis(20), "{told:?}");
    // A busy machine may make the path seem longer.
    assert!(profile == Profile::SuperHighQuality || told >= Duration::from_millis(60), "{told:?}");
}

#[test]
fn a_call_that_leaves_its_profile_to_the_path_has_the_thinnest_at_3_s() {
    let (profile, told) = chosen_over(Duration::from_secs(3));
    let thinnest = BuiltInCodecs.profiles().nearest(Profile::UltraLowBandwidth);
    assert_eq!(Some(profile), thinnest, "{told:?}");
}

/// Calls Python, and returns the profile that both talk in, and the round trip that it was chosen
/// for.
fn chosen_over(round_trip: Duration) -> (Profile, Duration) {
    let name = format!("{}::auto_{round_trip:?}", module_path!());
    let scene = Scene::new(Runtime::Tokio, &name);
    let mut python = scene.python().auto_answer(0.1).spawn();
    let path = slow_path_to(python.port(), round_trip);
    let mut rust = scene.connected(tcp_client(path));
    rust.speak(&speech());
    let call = rust.dial(python.identity(), ProfileChoice::Auto);
    let latest = Cell::new(None);
    let established = rust.expect("a chosen profile", |event| match event {
        Event::ProfileChosen { profile, round_trip, .. } => {
            latest.set(Some((*profile, *round_trip)));
            None
        }
        Event::Established { profile, .. } => Some(*profile),
        _ => None,
    });
    let (profile, told) = latest.get().expect("it is chosen before the call is answered");
    assert_eq!(established, profile);
    assert_eq!(python.expect("established", PATIENCE).json["profile"], profile.id());
    python.expect_packets(PacketKind::Media, Direction::Rx, 10, PATIENCE);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    (profile, told)
}

fn call_over(round_trip: Duration) {
    let name = format!("{}::{round_trip:?}", module_path!());
    let scene = Scene::new(Runtime::Tokio, &name);
    let mut python = scene.python().auto_answer(0.1).spawn();
    let path = slow_path_to(python.port(), round_trip);
    let mut rust = scene.connected(tcp_client(path));
    rust.speak(&speech());
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_ringing();
    hear_each_other(&mut rust, &mut python);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
}
