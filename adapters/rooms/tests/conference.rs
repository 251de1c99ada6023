//! Who is in a conference.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

use lxst_core::{
    Admission, CallId, Command, Direction, EndReason, Event, IdentityHash, Mode, Mute, Profile,
};
use lxst_rooms::{
    Conference, ConferenceCommand, ConferenceConfig, ConferenceEvent, ConferenceOutput,
    ConferenceTone, UnknownCall,
};

#[test]
fn callers_are_answered_and_told_of_by_tones() {
    let mut conference = Conference::new(ConferenceConfig::default());
    assert_eq!(rings(&mut conference, 1, 10), [answer(1)]);
    assert_eq!(conference.members().count(), 0, "not before it is established");
    let (call, from) = (CallId(1), identity(10));
    let joined = ConferenceOutput::Event(ConferenceEvent::Joined { call, from });
    let tone = ConferenceOutput::Tone;
    assert_eq!(established(&mut conference, 1), [tone(ConferenceTone::Joined), joined]);
    assert_eq!(established(&mut conference, 1), [], "once");
    assert_eq!(conference.members().collect::<Vec<_>>(), [(call, from)]);
    let left = ConferenceOutput::Event(ConferenceEvent::Left { call, from });
    assert_eq!(ended(&mut conference, 1), [tone(ConferenceTone::Left), left]);
    assert_eq!(ended(&mut conference, 1), []);
    // A caller that gives up before it is established was no member.
    rings(&mut conference, 2, 11);
    assert_eq!(ended(&mut conference, 2), []);
}

#[test]
fn strangers_have_their_share_and_those_with_a_reserved_place_the_rest() {
    let config = ConferenceConfig::default().members(3, 2).unwrap().reserve([identity(1)]).unwrap();
    let mut conference = Conference::new(config);
    assert_eq!(rings(&mut conference, 1, 10), [answer(1)]);
    assert_eq!(rings(&mut conference, 2, 11), [answer(2)]);
    assert_eq!(rings(&mut conference, 3, 12), turned_away(3, 12));
    assert_eq!(rings(&mut conference, 4, 1), [answer(4)]);
    ended(&mut conference, 1);
    assert_eq!(rings(&mut conference, 5, 12), [answer(5)]);
    assert_eq!(rings(&mut conference, 6, 13), turned_away(6, 13));
}

#[test]
fn a_caller_for_whom_the_telephone_has_no_line_is_told_of() {
    let mut conference = Conference::new(ConferenceConfig::default());
    let from = identity(9);
    conference.handle_event(Event::CallerTurnedAway { from });
    let turned_away = ConferenceOutput::Event(ConferenceEvent::TurnedAway { from });
    assert_eq!(outputs(&mut conference), [turned_away]);
}

#[test]
fn a_member_that_calls_again_finds_the_line_busy_once() {
    let config = ConferenceConfig::default().members(2, 2).unwrap();
    let mut conference = Conference::new(config);
    for call in [1, 2] {
        rings(&mut conference, call, call as u8);
        established(&mut conference, call);
    }
    // The telephone turns away whom it has a call with.
    let from = identity(1);
    conference.handle_event(Event::CallerTurnedAway { from });
    assert_eq!(outputs(&mut conference), [hang_up(1)]);
    let left = ConferenceOutput::Event(ConferenceEvent::Left { call: CallId(1), from });
    assert_eq!(ended(&mut conference, 1).last(), Some(&left));
    assert_eq!(rings(&mut conference, 3, 1), [answer(3)]);
    established(&mut conference, 3);
    let members: Vec<_> = conference.members().map(|(call, _)| call.0).collect();
    assert_eq!(members, [2, 3]);

    // It would not be answered again: its older call stays.
    conference.handle_command(ConferenceCommand::Lock(true)).unwrap();
    conference.handle_event(Event::CallerTurnedAway { from });
    let turned_away = ConferenceOutput::Event(ConferenceEvent::TurnedAway { from });
    assert_eq!(outputs(&mut conference), [turned_away]);
}

#[test]
fn the_app_mutes_removes_and_locks() {
    let mut conference = Conference::new(ConferenceConfig::default());
    rings(&mut conference, 1, 10);
    established(&mut conference, 1);
    let mut command = |command| {
        let taken = conference.handle_command(command);
        taken.map(|()| outputs(&mut conference))
    };
    let mute = Command::Mute(CallId(1), Direction::Receive, Mute::Muted);
    let muted = command(ConferenceCommand::Mute(CallId(1), Mute::Muted));
    assert_eq!(muted, Ok(vec![ConferenceOutput::Call(mute)]));
    assert_eq!(command(ConferenceCommand::Remove(CallId(9))), Err(UnknownCall(CallId(9))));
    assert_eq!(command(ConferenceCommand::Remove(CallId(1))), Ok(vec![hang_up(1)]));
    assert_eq!(command(ConferenceCommand::Lock(true)), Ok(vec![]));
    assert_eq!(rings(&mut conference, 2, 11), turned_away(2, 11));
    conference.handle_command(ConferenceCommand::Lock(false)).unwrap();
    assert_eq!(rings(&mut conference, 3, 11), [answer(3)]);
    conference.handle_command(ConferenceCommand::Close).unwrap();
    assert_eq!(outputs(&mut conference), [hang_up(1), hang_up(3)]);
}

fn rings(conference: &mut Conference, call: u64, from: u8) -> Vec<ConferenceOutput> {
    conference.handle_event(Event::Incoming { call: CallId(call), from: identity(from) });
    outputs(conference)
}

fn established(conference: &mut Conference, call: u64) -> Vec<ConferenceOutput> {
    let (profile, mode) = (Profile::default(), Mode::default());
    conference.handle_event(Event::Established { call: CallId(call), profile, mode });
    outputs(conference)
}

fn ended(conference: &mut Conference, call: u64) -> Vec<ConferenceOutput> {
    let reason = EndReason::RemoteHangup;
    conference.handle_event(Event::Ended { call: CallId(call), reason });
    outputs(conference)
}

fn outputs(conference: &mut Conference) -> Vec<ConferenceOutput> {
    core::iter::from_fn(|| conference.poll_output()).collect()
}

fn turned_away(call: u64, from: u8) -> Vec<ConferenceOutput> {
    let from = identity(from);
    let busy = ConferenceOutput::Call(Command::Screen(CallId(call), Admission::Busy));
    vec![busy, ConferenceOutput::Event(ConferenceEvent::TurnedAway { from })]
}

fn answer(call: u64) -> ConferenceOutput {
    ConferenceOutput::Call(Command::Answer(CallId(call)))
}

fn hang_up(call: u64) -> ConferenceOutput {
    ConferenceOutput::Call(Command::HangUp(CallId(call)))
}

fn identity(of: u8) -> IdentityHash {
    IdentityHash([of; 16])
}
