//! A Python peer while it dials us: it says BUSY to our link at link-up and closes it, and its own
//! call goes on.

use lxst_core::wire::Signal;
use lxst_core::{CallState, Command, Event, IdentityHash, LinkClosed, LinkEvent, LinkRequest};

use super::{LOWER, dial, idle};
use crate::support::{IN, IN_CALL, OUT, OUT_CALL, OwnedOutput, PEER, Script, quiet};

#[test]
fn a_peer_that_says_busy_while_it_dials_gets_its_call_answered() {
    for peer in [LOWER, PEER] {
        for ours_up in (0..200).step_by(10) {
            for theirs_up in (0..200).step_by(7) {
                let story = format!("{peer}, our link at {ours_up} ms, its at {theirs_up} ms");
                let mut phone = Script::new(quiet());
                phone.command(dial(peer));
                let told = python_dials_too(&mut phone, peer, ours_up, theirs_up);
                let call = phone.phone.call().expect(&story);
                assert_eq!((call.state, call.peer), (CallState::Established, peer), "{story}");
                let ends = told.iter().filter(|event| matches!(event, Event::Ended { .. }));
                // A link that comes later than a moment after its BUSY is an ordinary caller's.
                let is_crossing = theirs_up <= ours_up + 10 + 150;
                let expected = if is_crossing { (OUT_CALL, 0) } else { (IN_CALL, 1) };
                assert_eq!((call.call, ends.count()), expected, "{story}");
                phone.command(Command::HangUp(call.call)).take();
                idle(&phone);
            }
        }
    }
}

/// Plays a Python peer for 3 s, 10 ms away, and an app that answers. Gives what the app was told.
fn python_dials_too(
    phone: &mut Script,
    peer: IdentityHash,
    ours_up: u64,
    theirs_up: u64,
) -> Vec<Event> {
    let mut told = Vec::new();
    let mut agenda: Vec<(u64, Python)> = vec![
        (ours_up, Python::OurLinkUp),
        (ours_up + 10, Python::Busy),
        (ours_up + 110, Python::ClosesOurs),
        (theirs_up, Python::ItsLinkUp),
    ];
    let mut is_ours_open = true;
    for now in 0..3_000 {
        phone.at(now);
        let due: Vec<_> = agenda.extract_if(.., |(at, _)| *at == now).collect();
        for (_, does) in due {
            match does {
                Python::OurLinkUp if is_ours_open => drop(phone.link_up()),
                Python::Busy if is_ours_open => drop(phone.rx_on(OUT, &[Signal::Busy])),
                Python::ClosesOurs if is_ours_open => drop(phone.closed(OUT, LinkClosed::Peer)),
                Python::ItsLinkUp => drop(phone.incoming()),
                Python::Identifies => drop(phone.link(IN, LinkEvent::Identified(peer))),
                Python::Prefers => {
                    phone.rx_on(IN, &[Signal::PreferredProfile(0x40), Signal::PreferredMode(1)]);
                }
                Python::OurLinkUp | Python::Busy | Python::ClosesOurs => {}
            }
        }
        for output in phone.take() {
            match output {
                OwnedOutput::Tx(IN, signals) if signals == [Signal::Available] => {
                    agenda.push((now + 20, Python::Identifies));
                }
                OwnedOutput::Tx(IN, signals) if signals == [Signal::Ringing] => {
                    agenda.push((now + 20, Python::Prefers));
                }
                OwnedOutput::Tx(IN, signals) if signals == [Signal::Busy] => {
                    panic!("busy to the peer")
                }
                OwnedOutput::Link(OUT, LinkRequest::Close) => is_ours_open = false,
                OwnedOutput::Event(Event::Incoming { call, .. }) => {
                    phone.command(Command::Answer(call));
                }
                OwnedOutput::Event(event) => told.push(event),
                _ => {}
            }
        }
    }
    told
}

#[derive(Clone, Copy, Debug)]
enum Python {
    OurLinkUp,
    Busy,
    ClosesOurs,
    ItsLinkUp,
    Identifies,
    Prefers,
}
