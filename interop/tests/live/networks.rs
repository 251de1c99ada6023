//! Calls over each kind of Reticulum network, in both directions.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use lxst_interop::{Builder, Command, PythonPeer, Rnsd, free_udp_ports};
use lxst_phone::reticulum::limits;
use lxst_phone::{EndReason, Ifac, Interface, Profile};

use crate::calls::{python_calls, speak_both_ways};
use crate::phone::{OnEither, PATIENCE, RustPhone, Setup, attached, on_either, tcp_client};
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::speaking;

on_both_runtimes![
    over_udp,
    an_instance_sends_a_phone_its_own_announce_back,
    through_a_unix_instance_to_an_attached_phone,
    through_a_unix_instance_to_a_phone_behind_it,
    through_a_tcp_instance_to_an_attached_phone,
    through_a_tcp_instance_to_a_phone_behind_it,
    over_two_hops_through_a_transport_node,
    through_a_transport_node_that_joins_udp_and_tcp_under_one_access_code,
    with_an_access_code_and_nobody_hears_who_has_another,
    python_with_another_access_code_does_not_find_us,
];

fn over_udp(scene: &Scene) {
    let (here, there) = free_udp_ports();
    let mut python = callee(scene).udp(there, here).spawn();
    let mut rust = scene.connected(udp(here, there));
    speak_both_ways(&mut python, &mut rust);
    python_calls(&mut python, &mut rust);
}

/// The echo by which a phone knows that the shared instance hears it.
fn an_instance_sends_a_phone_its_own_announce_back(scene: &Scene) {
    let rnsd = scene.rnsd().spawn();
    let rust = scene.connected(attached(&rnsd));
    let end = Instant::now() + limits::INSTANCE_SILENCE;
    while rust.packets_received() == 0 {
        assert!(Instant::now() < end, "rnsd sends our announce back");
        thread::sleep(Duration::from_millis(100));
    }
}

fn through_a_unix_instance_to_an_attached_phone(scene: &Scene) {
    let rnsd = scene.rnsd().spawn();
    let mut python = callee(scene).shared_instance(&rnsd).spawn();
    let mut rust = scene.connected(attached(&rnsd));
    speak_both_ways(&mut python, &mut rust);
    python_calls(&mut python, &mut rust);
}

fn through_a_unix_instance_to_a_phone_behind_it(scene: &Scene) {
    call_behind(scene, &scene.rnsd().tcp_server().spawn());
}

fn through_a_tcp_instance_to_an_attached_phone(scene: &Scene) {
    let rnsd = scene.rnsd().share_over_tcp().spawn();
    let mut python = callee(scene).shared_instance(&rnsd).spawn();
    let mut rust = scene.connected(attached(&rnsd));
    call_both_ways(&mut python, &mut rust);
}

fn through_a_tcp_instance_to_a_phone_behind_it(scene: &Scene) {
    let rnsd = scene.rnsd().share_over_tcp().tcp_server().spawn();
    let mut python = callee(scene).connect(rnsd.port()).spawn();
    let mut rust = scene.connected(attached(&rnsd));
    speak_both_ways(&mut python, &mut rust);
    python_calls(&mut python, &mut rust);
}

fn over_two_hops_through_a_transport_node(scene: &Scene) {
    let rnsd = scene.rnsd().transport().tcp_server().spawn();
    let mut python = callee(scene).connect(rnsd.port()).spawn();
    let mut rust = scene.connected(tcp_client(rnsd.port()));
    python.send(&Command::Announce);
    assert_eq!(rust.expect_announce(&python), 2);
    speak_both_ways(&mut python, &mut rust);

    python.send(&Command::AwaitPath { identity: rust.identity(), timeout: PATIENCE });
    assert_eq!(python.expect("path", PATIENCE).json["hops"], 2);
    python_calls(&mut python, &mut rust);
}

fn through_a_transport_node_that_joins_udp_and_tcp_under_one_access_code(scene: &Scene) {
    let (here, there) = free_udp_ports();
    let rnsd = scene.rnsd().transport().tcp_server().udp(there, here).ifac(NETWORK, "secret");
    let rnsd = rnsd.spawn();
    let mut python = callee(scene).connect(rnsd.port()).ifac(NETWORK, "secret").spawn();
    let mut rust = scene.connected(udp(here, there).with_ifac(ifac("secret")));
    python.send(&Command::Announce);
    assert_eq!(rust.expect_announce(&python), 2);
    call_both_ways(&mut python, &mut rust);
}

fn with_an_access_code_and_nobody_hears_who_has_another(scene: &Scene) {
    let mut python = callee(scene).ifac(NETWORK, "secret").spawn();
    let with = |passphrase| tcp_client(python.port()).with_ifac(ifac(passphrase));
    let mut stranger = scene.connected(with("guess"));
    stranger.dial(python.identity(), Profile::MediumQuality);
    let mut rust = scene.connected(with("secret"));
    speak_both_ways(&mut python, &mut rust);
    python_calls(&mut python, &mut rust);
    assert_eq!(stranger.expect_end(), EndReason::NoPath);
}

fn python_with_another_access_code_does_not_find_us(scene: &Scene) {
    let interface = on_either!(Interface::tcp_server("127.0.0.1:0")).with_ifac(ifac("secret"));
    let mut rust = scene.start(Setup::on(interface));
    let with =
        |name, passphrase| scene.python_named(name).connect(rust.port()).ifac(NETWORK, passphrase);
    let mut stranger = with("stranger", "guess").spawn();
    let mut python = with("python", "secret").auto_answer(0.1).spawn();
    call_both_ways(&mut python, &mut rust);

    let timeout = Duration::from_secs(1);
    stranger.send(&Command::AwaitPath { identity: rust.identity(), timeout });
    assert_eq!(stranger.expect("path", PATIENCE).json["known"], false);
}

fn call_behind(scene: &Scene, rnsd: &Rnsd) {
    let mut python = callee(scene).connect(rnsd.port()).spawn();
    let mut rust = scene.connected(attached(rnsd));
    call_both_ways(&mut python, &mut rust);
}

fn callee(scene: &Scene) -> Builder {
    speaking(scene.python()).auto_answer(0.1)
}

fn call_both_ways(python: &mut PythonPeer, rust: &mut RustPhone) {
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    rust.expect_established();
    python.expect("established", PATIENCE);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
    python_calls(python, rust);
}

pub(crate) fn udp(here: u16, there: u16) -> OnEither {
    on_either!(Interface::udp(format!("127.0.0.1:{here}"), format!("127.0.0.1:{there}")))
}

fn ifac(passphrase: &str) -> Ifac {
    Ifac::new(Some(NETWORK), Some(passphrase), Ifac::SIZE).expect("a name, and RNS's own size")
}

const NETWORK: &str = "mesh";
