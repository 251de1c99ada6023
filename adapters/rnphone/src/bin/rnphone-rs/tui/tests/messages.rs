//! Messages that are played and deleted by keys.

use ratatui::crossterm::event::KeyCode;
use rnphone_rs::control::Command;
use serde_json::json;

use super::support::{
    MARY, UNICODE, call, drawn, event, key, mary, message_id, messages, status, stranger,
};
use crate::tui::focus::Focus;
use crate::tui::keys::Action;

#[test]
fn enter_plays_the_chosen_message_and_ends_the_one_that_plays() {
    let mut screen = messages();
    let stops = Some(Action::Do(Command::StopPlaying {}));
    assert_eq!(key(&mut screen, KeyCode::Enter), stops);
    let ended = json!({"event": "playing_ended", "message": null, "is_whole": false});
    event(&mut screen, ended);
    let plays = |id| Some(Action::Do(Command::PlayMessage { message: id }));
    assert_eq!(key(&mut screen, KeyCode::Enter), plays(message_id(&mary(), 90)));
    key(&mut screen, KeyCode::Down);
    assert_eq!(key(&mut screen, KeyCode::Enter), plays(message_id(&stranger(), 4_000)));
    key(&mut screen, KeyCode::Up);
    let calls = key(&mut screen, KeyCode::Char('c'));
    assert!(matches!(calls, Some(Action::Do(Command::Dial { to, .. })) if to == MARY));
}

#[test]
fn a_message_is_deleted_when_the_user_says_so_twice() {
    let mut screen = messages();
    for no in [KeyCode::Esc, KeyCode::Enter, KeyCode::Char('D')] {
        assert_eq!(key(&mut screen, KeyCode::Char('D')), None);
        assert!(drawn(&screen, UNICODE, 80, 24).contains("The message of Mary is removed."));
        assert_eq!(key(&mut screen, no), None);
        assert_eq!(screen.focus, Focus::Lists);
    }
    key(&mut screen, KeyCode::Delete);
    let deletes = Command::DeleteMessage { message: message_id(&mary(), 90) };
    assert_eq!(key(&mut screen, KeyCode::Char('y')), Some(Action::Do(deletes)));
}

#[test]
fn who_calls_takes_the_place_of_the_question() {
    let mut screen = messages();
    key(&mut screen, KeyCode::Char('D'));
    status(&mut screen, 0, &[call(8, &stranger(), "ringing", &json!({"is_incoming": true}))]);
    let incoming = json!({"event": "incoming", "call": 8, "peer": stranger(), "is_waiting": false});
    event(&mut screen, incoming);
    assert_eq!(key(&mut screen, KeyCode::Char('y')), None);
    let answers = Some(Action::Do(Command::Answer { call: Some(8) }));
    assert_eq!(key(&mut screen, KeyCode::Char('a')), answers);
}
