//! Python callers of a busy line, or blocked ones, on paths of any length: both get the same
//! signals, and Python reports a busy line to its user.

use core::time::Duration;
use std::thread;

use lxst_interop::{Command, PacketKind, PythonPeer};
use lxst_phone::{Callers, Event, IdentityHash};

use crate::phone::{PATIENCE, RustPhone};
use crate::scene::{Runtime, Scene};
use crate::slow_path::slow_path_to;
use crate::wire::signalling;

#[test]
fn python_tells_busy_on_paths_of_any_length_whether_the_line_is_busy_or_the_caller_blocked() {
    thread::scope(|scope| {
        for (round_trip, runtime) in
            [(20, Runtime::Tokio), (200, Runtime::Smol), (800, Runtime::Tokio)]
        {
            for why in [Why::Busy, Why::Blocked] {
                scope.spawn(move || check(Duration::from_millis(round_trip), why, runtime));
            }
        }
    });
}

#[derive(Clone, Copy, Debug)]
enum Why {
    Busy,
    Blocked,
}

fn check(round_trip: Duration, why: Why, runtime: Runtime) {
    let name = format!("{}::{}ms::{why:?}", module_path!(), round_trip.as_millis());
    let scene = Scene::new(runtime, &name);
    let mut rust = scene.listening();
    let path = slow_path_to(rust.port(), round_trip);
    let mut python = scene.python().connect(path).busy_tone(BUSY_TONE).spawn();
    turn_away(&rust, &python, why);
    python.send(&Command::call(rust.identity()));
    let end = python.expect_where("end of the call", PATIENCE, |event| {
        ["busy", "ended", "rejected"].contains(&event.name.as_str())
    });

    let packets = python.packets();
    let first = packets.iter().find(|packet| packet.kind == PacketKind::LinkRequest);
    let dialled = first.expect("it dialled").at;
    let refused = packets.iter().find(|packet| packet.signals.contains(&0)).map(|packet| packet.at);
    println!(
        "{round_trip:?} {why:?}: {} {:?} after the link request, BUSY {:?} after it, {:?}",
        end.name,
        end.at - dialled,
        refused.map(|at| at - dialled),
        signalling(&packets)
    );
    assert_eq!(end.name, "busy", "{round_trip:?}, {why:?}");
    if let Why::Busy = why {
        let from = rust.expect("caller who was turned away", |event| match event {
            Event::CallerTurnedAway { from } => Some(*from),
            _ => None,
        });
        assert_eq!(from.0, python.identity());
    }
}

fn turn_away(rust: &RustPhone, python: &PythonPeer, why: Why) {
    match why {
        Why::Busy => {
            rust.block_on(rust.phone.set_available(false)).expect("the phone runs");
        }
        Why::Blocked => {
            let callers = Callers::all().blocked([IdentityHash(python.identity())]);
            rust.block_on(rust.phone.set_callers(callers)).expect("the phone runs");
        }
    }
}

/// The reference's own.
const BUSY_TONE: Duration = Duration::from_millis(4_250);
