//! The table of transitions, row by row, through the doors.

use core::time::Duration;

use lxst_core::wire::Signal;
use lxst_core::{
    Admission, CallState, CallStatus, Command, Config, Event, IdentityHash, LinkClosed, LinkEvent,
    LinkFailed, Mode, Next, Profile, Role, TRANSITIONS, Transition, Trigger,
};

use crate::support::{ESTABLISHING, IN, IN_CALL, OUT, OUT_CALL, OwnedOutput, Script, quiet};

#[test]
fn every_row_leads_from_each_of_its_states_where_it_says() {
    for row in TRANSITIONS {
        for from in row.from {
            let mut phone = phone_in(config_for(row.trigger), row.role, *from);
            phone.take();
            apply(&mut phone, row);
            assert_eq!(reached(&mut phone), row.to, "{} {from}, {:?}", row.role, row.trigger);
        }
    }
}

#[test]
fn a_signal_without_a_row_changes_nothing() {
    for (role, state) in every_state() {
        for (signal, trigger) in SIGNALS {
            let mut phone = phone_in(quiet(), role, state);
            let before = phone.phone.clone();
            rx(&mut phone, role, &[signal]);
            match row(role, state, trigger) {
                Some(row) => assert_eq!(reached(&mut phone), row.to, "{role} {state}, {signal:?}"),
                None => assert_eq!(phone.phone, before, "{role} {state}, {signal:?}"),
            }
        }
    }
}

#[test]
fn preferences_unknown_signals_and_media_without_a_row_leave_the_state_as_it_is() {
    let packets: &[&[u8]] = &[
        b"\x81\x00\x92\xcd\x01\x3f\xcc\xf1",
        b"\x81\x00\x92\xcd\x77\x77\xcc\xfe",
        b"\x81\x00\x92\x07\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x81\x01\xc4\x02\x01\x55",
        b"\xc1",
    ];
    for (role, state) in every_state() {
        for (index, data) in packets.iter().enumerate() {
            let has_row = match index {
                0 => row(role, state, Trigger::Preferences).is_some(),
                3 => row(role, state, Trigger::Media).is_some(),
                _ => false,
            };
            let mut phone = phone_in(quiet(), role, state);
            let link = if role == Role::Caller { OUT } else { IN };
            phone.rx_bytes(link, data);
            let is_same =
                status(&phone).is_some_and(|call| (call.role, call.state) == (role, state));
            assert_eq!(is_same, !has_row, "{role} {state}, packet {index}");
        }
    }
}

/// Where the phone went since the last look.
fn reached(phone: &mut Script) -> Next {
    let ended: Vec<Next> = phone
        .take()
        .into_iter()
        .filter_map(|output| match output {
            OwnedOutput::Event(Event::Ended { reason, .. }) => Some(Next::End(reason)),
            _ => None,
        })
        .collect();
    match (ended[..].first(), status(phone)) {
        (None, Some(call)) => Next::State(call.role, call.state),
        (Some(end), None) if ended.len() == 1 => *end,
        other => panic!("{other:?}, {ended:?}"),
    }
}

/// A fresh phone, led into a state by the shortest way.
fn phone_in(config: Config, role: Role, state: CallState) -> Script {
    let mut phone = Script::new(config);
    match role {
        Role::Caller => {
            if state == CallState::Idle {
                return phone;
            }
            dial(&mut phone);
            if state == CallState::GlareWait {
                return {
                    phone.link_up().rx_on(OUT, &[Signal::Busy]);
                    phone
                };
            }
            if state >= CallState::Linked {
                phone.link_up();
            }
            let heard = match state {
                CallState::Identified => 1,
                CallState::Ringing => 2,
                CallState::Connecting => 3,
                CallState::Established => 4,
                CallState::Idle | CallState::Calling | CallState::Linked | CallState::GlareWait => {
                    0
                }
            };
            for signal in &ESTABLISHING[..heard] {
                phone.rx_on(OUT, &[*signal]);
            }
        }
        Role::Callee => {
            phone.incoming().at(5);
            if state >= CallState::Ringing {
                phone.link(IN, LinkEvent::Identified(LOWER));
            }
            if state >= CallState::Connecting {
                phone.command(Command::Answer(IN_CALL));
            }
            if state >= CallState::Established {
                phone.rx_on(IN, &[Signal::PreferredMode(1)]);
            }
        }
    }
    let at = status(&phone).map_or(CallState::Idle, |call| call.state);
    assert_eq!(at, state, "the way there");
    phone
}

fn apply(phone: &mut Script, row: &Transition) {
    let (link, call) = match row.role {
        Role::Caller => (OUT, OUT_CALL),
        Role::Callee => (IN, IN_CALL),
    };
    let expire = |phone: &mut Script, after| {
        let start = phone.millis();
        phone.at(start + after);
    };
    if let Some((signal, _)) = SIGNALS.into_iter().find(|(_, trigger)| *trigger == row.trigger) {
        return rx(phone, row.role, &[signal]);
    }
    match row.trigger {
        Trigger::Dial => dial(phone),
        Trigger::Answer => drop(phone.command(Command::Answer(call))),
        Trigger::HangUp => drop(phone.command(Command::HangUp(call))),
        Trigger::ScreenedBusy => drop(phone.command(Command::Screen(call, Admission::Busy))),
        Trigger::ScreenedOut => drop(phone.command(Command::Screen(call, Admission::Drop))),
        Trigger::ProfileRefused => rx(phone, row.role, &[Signal::PreferredProfile(0x10)]),
        Trigger::LinkUp => drop(phone.link_up()),
        Trigger::NoPath => drop(phone.link_failed(LinkFailed::NoPath)),
        Trigger::NoNetwork => drop(phone.link_failed(LinkFailed::NoNetwork)),
        Trigger::LinkFailed => drop(phone.link_failed(LinkFailed::Timeout)),
        Trigger::LinkClosed => drop(phone.closed(link, LinkClosed::Peer)),
        Trigger::LinkLost => drop(phone.closed(link, LinkClosed::Interface)),
        Trigger::CallerAccepted => drop(phone.link(IN, LinkEvent::Identified(LOWER))),
        Trigger::PeerCalls => {
            phone.incoming().link(IN, LinkEvent::Identified(LOWER));
        }
        Trigger::Media => drop(phone.rx_frame(b"voice")),
        Trigger::Preferences => rx(phone, row.role, &[Signal::PreferredProfile(0x40)]),
        Trigger::RepeatExpired if row.from == [CallState::Established] => expire(phone, 1_500),
        Trigger::RepeatExpired => expire(phone, 250),
        Trigger::WaitExpired => expire(phone, 1_280),
        Trigger::ConnectExpired => expire(phone, 5_280),
        Trigger::EstablishExpired => expire(phone, 10_280),
        Trigger::RingExpired => expire(phone, 60_000),
        Trigger::GlareExpired => expire(phone, 150),
        Trigger::MediaExpired => {
            phone.link(link, LinkEvent::Heard);
            expire(phone, 60_000);
        }
        Trigger::Available
        | Trigger::Ringing
        | Trigger::Connecting
        | Trigger::Established
        | Trigger::Busy
        | Trigger::Rejected => unreachable!("a signal"),
    }
}

/// The default settings, but the timer of the trigger is the first.
fn config_for(trigger: Trigger) -> Config {
    match trigger {
        Trigger::WaitExpired => Config { wait_time: Duration::from_secs(1), ..quiet() },
        _ => quiet(),
    }
}

fn rx(phone: &mut Script, role: Role, signals: &[Signal]) {
    phone.rx_on(if role == Role::Caller { OUT } else { IN }, signals);
}

/// Dials a peer whose own call would stand.
fn dial(phone: &mut Script) {
    let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
    phone.command(Command::Dial { call: OUT_CALL, link: OUT, to: LOWER, profile, mode });
}

fn row(role: Role, state: CallState, trigger: Trigger) -> Option<&'static Transition> {
    TRANSITIONS
        .iter()
        .find(|row| row.role == role && row.trigger == trigger && row.from.contains(&state))
}

fn every_state() -> Vec<(Role, CallState)> {
    let rows = TRANSITIONS.iter();
    let mut states: Vec<_> =
        rows.flat_map(|row| row.from.iter().map(|from| (row.role, *from))).collect();
    states.retain(|(_, state)| *state != CallState::Idle);
    states.sort_by_key(|(role, state)| (*role == Role::Callee, *state));
    states.dedup();
    assert_eq!(states.len(), 10, "{states:?}");
    states
}

fn status(phone: &Script) -> Option<CallStatus> {
    phone.phone.call()
}

const LOWER: IdentityHash = IdentityHash([0x11; 16]);

const SIGNALS: [(Signal, Trigger); 6] = [
    (Signal::Busy, Trigger::Busy),
    (Signal::Rejected, Trigger::Rejected),
    (Signal::Available, Trigger::Available),
    (Signal::Ringing, Trigger::Ringing),
    (Signal::Connecting, Trigger::Connecting),
    (Signal::Established, Trigger::Established),
];
