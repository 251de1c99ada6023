//! Calls with Python whose set-up loses one packet, or two in a row, at every position.
//!
//! Some losses only Python could repair, and it does not. Those rows are named, with what its user
//! sees.

use core::time::Duration;
use std::ops::Range;
use std::panic;
use std::thread;

use lxst_interop::{Command, PythonPeer};
use lxst_phone::{EndReason, Event, Profile};

use crate::lossy_path::{Kind, LossyPath, PathDirection};
use crate::phone::{PATIENCE, RustPhone, tcp_client};
use crate::scene::{Runtime, Scene};
use crate::sound::{hear_each_other, speech};

/// The losses of a call: how many packets in a row, from which one on, and their kinds.
type Row = (Range<usize>, &'static [Kind]);

/// The packets of our caller, the path known.
const OF_OUR_CALLER: [Row; 10] = [
    (0..1, &[Kind::LinkRequest]),
    (0..2, &[Kind::LinkRequest, Kind::LinkRequest]),
    (1..2, &[Kind::LinkRtt]),
    (1..3, &[Kind::LinkRtt, Kind::LinkRtt]),
    (2..3, &[Kind::Identify]),
    (2..4, &[Kind::Identify, Kind::Identify]),
    // The preferences.
    (3..4, &[Kind::Data]),
    (3..5, &[Kind::Data, Kind::Data]),
    // The echo.
    (4..5, &[Kind::Data]),
    (4..6, &[Kind::Data, Kind::Data]),
];

/// The packets of a callee: proof, AVAILABLE, RINGING, CONNECTING, ESTABLISHED.
const OF_PYTHONS_CALLEE: [Row; 10] = [
    (0..1, &[Kind::LinkProof]),
    (0..2, &[Kind::LinkProof, Kind::LinkProof]),
    (1..2, &[Kind::Data]),
    (1..3, &[Kind::Data, Kind::Data]),
    (2..3, &[Kind::Data]),
    (2..4, &[Kind::Data, Kind::Data]),
    (3..4, &[Kind::Data]),
    (3..5, &[Kind::Data, Kind::Data]),
    (4..5, &[Kind::Data]),
    (4..6, &[Kind::Data, Kind::Data]),
];

const OF_OUR_CALLEE: [Row; 10] = OF_PYTHONS_CALLEE;

/// The packets of Python's caller, from its report of the round-trip time on.
const OF_PYTHONS_CALLER: [Row; 8] = [
    (1..2, &[Kind::LinkRtt]),
    (1..3, &[Kind::LinkRtt, Kind::Identify]),
    (2..3, &[Kind::Identify]),
    (2..4, &[Kind::Identify, Kind::Identify]),
    (3..4, &[Kind::Data]),
    (3..5, &[Kind::Data, Kind::Data]),
    (4..5, &[Kind::Data]),
    (4..6, &[Kind::Data, Kind::Data]),
];

/// The path search of our caller, and its answer.
const OF_OUR_SEARCH: [(PathDirection, Row); 4] = [
    (PathDirection::Forward, (0..1, &[Kind::PathRequest])),
    (PathDirection::Forward, (0..2, &[Kind::PathRequest, Kind::PathRequest])),
    (PathDirection::Return, (0..1, &[Kind::PathResponse])),
    (PathDirection::Return, (0..2, &[Kind::PathResponse, Kind::PathResponse])),
];

/// Packets that only Python could repeat, and what its user sees in the end. It requests a path
/// once, and a link once: no path is known within its wait time, or it gives up 5 s after it
/// dialled.
const ONLY_PYTHONS: [(&str, PathDirection, Row, &str); 3] = [
    ("path-request", PathDirection::Forward, (0..1, &[Kind::PathRequest]), "error"),
    ("path-response", PathDirection::Return, (0..1, &[Kind::PathResponse]), "error"),
    ("link-request", PathDirection::Forward, (1..2, &[Kind::LinkRequest]), "ended"),
];

#[test]
fn calls_with_python_stand_whichever_packets_of_their_set_up_are_lost() {
    thread::scope(|scope| {
        let plays = [
            scope.spawn(|| we_call(PathDirection::Forward, &OF_OUR_CALLER)),
            scope.spawn(|| we_call(PathDirection::Return, &OF_PYTHONS_CALLEE)),
            scope.spawn(|| python_calls(PathDirection::Forward, &OF_PYTHONS_CALLER)),
            scope.spawn(|| python_calls(PathDirection::Return, &OF_OUR_CALLEE)),
            scope.spawn(we_search),
        ];
        for play in plays {
            play.join().unwrap_or_else(|failure| panic::resume_unwind(failure));
        }
    });
}

#[test]
fn what_python_never_says_again_costs_its_call_and_nothing_rings_here() {
    thread::scope(|scope| {
        for (name, way, row, end) in ONLY_PYTHONS {
            scope.spawn(move || python_gives_up(name, way, &row, end));
        }
    });
}

/// Each side times its keepalives by the round trip that it measured, and a late report is measured
/// as a long one. Without traffic, a link of 20 ms is lost after 15 s.
#[test]
fn a_call_whose_report_of_the_round_trip_was_lost_rings_on() {
    let lost: Row = (2..3, &[Kind::LinkRtt]);
    thread::scope(|scope| {
        scope.spawn(|| {
            let scene = scene("python_rings_on");
            let mut python = scene.python().auto_answer(RINGING.as_secs_f64()).spawn();
            let path = LossyPath::to(python.port());
            let mut rust = scene.connected(tcp_client(path.port()));
            rust.speak(&speech());
            let (way, profile) = (PathDirection::Forward, Profile::MediumQuality);
            dial_and_talk(&path, way, &lost, profile, &mut rust, &mut python);
        });
        scope.spawn(|| {
            let scene = scene("rust_rings_on");
            let mut rust = scene.listening();
            rust.speak(&speech());
            let path = LossyPath::to(rust.port());
            let mut python = scene.python().connect(path.port()).spawn();
            path.lose(PathDirection::Forward, lost.0.clone());
            python.send(&Command::call(rust.identity()));
            let call = rust.expect_incoming(&python);
            thread::sleep(RINGING);
            rust.answer(call);
            hear_each_other(&mut rust, &mut python);
            assert_eq!(path.lost(), lost.1);
        });
    });
}

fn we_call(way: PathDirection, rows: &[Row]) {
    let scene = scene(&format!("we_call::{way:?}"));
    let mut python = scene.python().auto_answer(0.1).spawn();
    let path = LossyPath::to(python.port());
    let mut rust = scene.connected(tcp_client(path.port()));
    rust.speak(&speech());
    // The first call makes the path known.
    for (row, profile) in plays(rows) {
        dial_and_talk(&path, way, row, profile, &mut rust, &mut python);
    }
}

fn we_search() {
    let scene = scene("we_search");
    let mut python = scene.python().auto_answer(0.1).spawn();
    for ((way, row), profile) in OF_OUR_SEARCH.iter().zip(PROFILES) {
        let path = LossyPath::to(python.port());
        let mut rust = scene.connected(tcp_client(path.port()));
        rust.speak(&speech());
        dial_and_talk(&path, *way, row, profile, &mut rust, &mut python);
    }
}

fn dial_and_talk(
    path: &LossyPath,
    way: PathDirection,
    row: &Row,
    profile: Profile,
    rust: &mut RustPhone,
    python: &mut PythonPeer,
) {
    println!("we call, {profile}, {way:?} {row:?}");
    until_lost(path, way, row, || {
        let call = rust.dial(python.identity(), profile);
        hear_each_other(rust, python);
        rust.hang_up(call.id());
        assert_eq!(rust.expect_end(), EndReason::LocalHangup);
        python.expect("ended", PATIENCE);
    });
}

fn python_calls(way: PathDirection, rows: &[Row]) {
    let scene = scene(&format!("python_calls::{way:?}"));
    let mut rust = scene.listening();
    rust.speak(&speech());
    let path = LossyPath::to(rust.port());
    let mut python = scene.python().connect(path.port()).spawn();
    for (row, profile) in plays(rows) {
        println!("python calls, {profile}, {way:?} {row:?}");
        until_lost(&path, way, row, || {
            let (identity, profile) = (rust.identity(), Some(profile.id()));
            python.send(&Command::Call { identity, profile, mode: None });
            let call = rust.expect_incoming(&python);
            rust.answer(call);
            hear_each_other(&mut rust, &mut python);
            python.send(&Command::HangUp);
            assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
            python.expect("ended", PATIENCE);
        });
    }
}

/// The calls to play: in each profile one that loses nothing, and one that loses what a row says.
fn plays(rows: &[Row]) -> impl Iterator<Item = (&Row, Profile)> {
    let rows = [&NOTHING].into_iter().chain(rows);
    rows.flat_map(|row| PROFILES.map(|profile| (row, profile)))
}

/// Repeats a call until it loses the packets of a row: on a late machine, packets before them are
/// repeated.
fn until_lost(
    path: &LossyPath,
    way: PathDirection,
    (packets, kinds): &Row,
    mut call: impl FnMut(),
) {
    for _ in 0..TIMES {
        path.lose(way, packets.clone());
        call();
        if path.lost() == *kinds {
            return;
        }
    }
    panic!("{way:?} {packets:?}: {:?} was lost each time", path.lost());
}

fn python_gives_up(name: &str, way: PathDirection, (packets, kinds): &Row, end: &str) {
    let scene = scene(&format!("python_gives_up::{name}"));
    let mut rust = scene.listening();
    let path = LossyPath::to(rust.port());
    let mut python = scene.python().connect(path.port()).wait_time(WAIT).spawn();
    path.lose(way, packets.clone());
    python.send(&Command::call(rust.identity()));
    let told = python.expect(end, PATIENCE);
    let no_path = told.json["message"].as_str().is_some_and(|told| told.starts_with("no path"));
    assert_eq!(no_path, end == "error", "{told}");
    assert_eq!(path.lost(), *kinds, "{name}");
    assert!(!python.events().iter().any(|event| event.name == "established"), "{name}");
    let mut told = rust.told().iter();
    assert!(told.all(|event| matches!(event, Event::Announced { .. })), "{name}");
}

fn scene(name: &str) -> Scene {
    Scene::new(Runtime::Tokio, &format!("{}::{name}", module_path!()))
}

const PROFILES: [Profile; 5] = [
    Profile::MediumQuality,
    Profile::LowLatency,
    Profile::HighQuality,
    Profile::UltraLowLatency,
    Profile::SuperHighQuality,
];
const NOTHING: Row = (0..0, &[]);
/// How long Python searches a path, or waits for an answer.
const WAIT: Duration = Duration::from_secs(6);
const TIMES: u32 = 5;
const RINGING: Duration = Duration::from_secs(25);
