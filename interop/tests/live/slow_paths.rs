//! Our caller, and a Python callee on a path with a round trip of seconds.

use core::time::Duration;

use lxst_phone::{EndReason, Profile};

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
