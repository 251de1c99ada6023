//! Two Python LXST telephones call each other over each network of the harness.

use core::time::Duration;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use lxst_interop::{
    Builder, Command, Direction, PacketKind, PythonPeer, Recording, Rnsd, SharedInstance,
    free_udp_ports, lateness,
};
use lxst_sim::envelope::correlation;

#[test]
fn speech_of_a_call_is_heard_over_udp() {
    let _turn = turn();
    lateness::measure("network_udp", call_over_udp);
}

#[test]
fn call_goes_through_ifac_and_a_wrong_passphrase_reaches_nobody() {
    let _turn = turn();
    let mut bob = peer("network_ifac", "bob").ifac("mesh", "secret").auto_answer(0.1).spawn();
    let connected = |name, passphrase| {
        peer("network_ifac", name).connect(bob.port()).ifac("mesh", passphrase).spawn()
    };
    let (mut alice, mut mallory) = (connected("alice", "secret"), connected("mallory", "guess"));

    establish(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);

    let timeout = Duration::from_secs(1);
    mallory.send(&Command::AwaitPath { identity: bob.identity(), timeout });
    assert_eq!(mallory.expect("path", SETUP).json["known"], false);
}

#[test]
fn call_goes_through_a_shared_instance_on_a_unix_socket() {
    let _turn = turn();
    let rnsd = Rnsd::builder("network_unix_instance", "rnsd").spawn();
    assert!(matches!(rnsd.shared_instance(), SharedInstance::Unix { .. }));
    call_through("network_unix_instance", &rnsd);
}

#[test]
fn call_goes_through_a_shared_instance_on_a_tcp_port() {
    let _turn = turn();
    let rnsd = Rnsd::builder("network_tcp_instance", "rnsd").share_over_tcp().spawn();
    assert!(matches!(rnsd.shared_instance(), SharedInstance::Tcp { .. }));
    call_through("network_tcp_instance", &rnsd);
}

#[test]
fn call_goes_over_two_hops_through_a_transport_node() {
    let _turn = turn();
    let rnsd = Rnsd::builder("network_two_hops", "rnsd").transport().tcp_server().spawn();
    let connected = |name| peer("network_two_hops", name).connect(rnsd.port());
    let mut bob = connected("bob").auto_answer(0.1).spawn();
    let mut alice = connected("alice").spawn();

    bob.send(&Command::Announce);
    assert_eq!(alice.expect("announce", SETUP).identity(), Some(bob.identity()));
    alice.send(&Command::AwaitPath { identity: bob.identity(), timeout: SETUP });
    assert_eq!(alice.expect("path", SETUP).json["hops"], 2);
    establish(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
}

#[test]
fn transport_node_joins_tcp_and_udp_under_one_ifac() {
    let _turn = turn();
    let (here, there) = free_udp_ports();
    let rnsd = Rnsd::builder("network_joined", "rnsd")
        .transport()
        .tcp_server()
        .udp(there, here)
        .ifac("mesh", "secret")
        .spawn();
    let with_ifac = |name| peer("network_joined", name).ifac("mesh", "secret");
    let mut bob = with_ifac("bob").udp(here, there).auto_answer(0.1).spawn();
    let mut alice = with_ifac("alice").connect(rnsd.port()).spawn();

    bob.send(&Command::Announce);
    assert_eq!(alice.expect("announce", SETUP).identity(), Some(bob.identity()));
    establish(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
}

#[test]
fn phones_of_a_restarted_rnsd_attach_again_and_call() {
    let _turn = turn();
    lateness::measure("network_restart", attach_again_and_call);
}

fn attach_again_and_call() {
    let mut rnsd = Rnsd::builder("network_restart", "rnsd").spawn();
    let mut bob = attached("network_restart", "bob", &rnsd).auto_answer(0.1).spawn();
    let mut alice = attached("network_restart", "alice", &rnsd).spawn();
    establish(&mut alice, &mut bob);

    rnsd.kill();
    for phone in [&mut alice, &mut bob] {
        phone.expect("ended", SETUP);
        phone.await_online(false, SETUP);
    }
    rnsd.restart();
    for phone in [&mut alice, &mut bob] {
        phone.await_online(true, SETUP);
    }

    establish(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
}

fn call_over_udp() {
    let begun = Instant::now();
    let (here, there) = free_udp_ports();
    let mut bob = peer("network_udp", "bob").udp(there, here).auto_answer(0.1).spawn();
    let mut alice = peer("network_udp", "alice")
        .udp(here, there)
        .audio_in(Path::new(SPEECH), Duration::from_millis(500))
        .spawn();

    establish(&mut alice, &mut bob);
    bob.expect_packets(PacketKind::Media, Direction::Rx, FRAMES_OF_SPEECH, SPEAKING);
    hang_up(&mut alice, &mut bob);

    let speech = Recording::read(Path::new(SPEECH));
    let verdict = correlation(speech.pcm(), bob.heard().pcm(), MAX_LAG);
    if !verdict.as_ref().is_ok_and(|verdict| verdict.correlation >= 0.6) {
        let late = lateness::worst(&(begun..Instant::now()), &[&alice, &bob]);
        lateness::not_heard(&format!("{verdict:?}"), late);
    }
}

fn call_through(test: &str, rnsd: &Rnsd) {
    let mut bob = attached(test, "bob", rnsd).auto_answer(0.1).spawn();
    let mut alice = attached(test, "alice", rnsd).spawn();
    establish(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
}

fn attached(test: &str, name: &str, rnsd: &Rnsd) -> Builder {
    peer(test, name).shared_instance(rnsd)
}

fn peer(test: &str, name: &str) -> Builder {
    PythonPeer::builder(test, name).log_media_first(FRAMES_OF_SPEECH)
}

/// Calls until the callee rings: a Python caller loses a first signal that comes before its handler
/// is set.
fn establish(alice: &mut PythonPeer, bob: &mut PythonPeer) {
    for _ in 0..CALLS {
        alice.send(&Command::call(bob.identity()));
        if bob.next("ringing", CALLER_GIVES_UP).is_some() {
            assert_eq!(bob.expect("established", SETUP).identity(), Some(alice.identity()));
            assert_eq!(alice.expect("established", SETUP).identity(), Some(bob.identity()));
            return;
        }
        alice.expect("ended", SETUP);
    }
    panic!("{CALLS} calls were not heard of");
}

fn hang_up(alice: &mut PythonPeer, bob: &mut PythonPeer) {
    alice.send(&Command::HangUp);
    alice.expect("ended", SETUP);
    bob.expect("ended", SETUP);
}

/// Runs one test at a time, because audio is in real time.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|failed| failed.into_inner())
}

const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/speech.wav");
/// 7.2 s of 60 ms: the delay before the speech, the speech, and `MAX_LAG` after it.
const FRAMES_OF_SPEECH: usize = 120;
const SPEAKING: Duration = Duration::from_secs(20);
/// The caller's connect time-out of 5 s, after the path search.
const CALLER_GIVES_UP: Duration = Duration::from_secs(8);
const CALLS: usize = 3;
const SETUP: Duration = Duration::from_secs(15);
const MAX_LAG: Duration = Duration::from_millis(1500);
