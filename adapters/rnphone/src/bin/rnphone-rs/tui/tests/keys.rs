//! What keys and events do to the screen.

use lxst_phone::{Mode, Profile};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rnphone_rs::control::Command;
use serde_json::json;

use super::support::{
    ASCII, BOB, MARY, STRANGER, UNICODE, call, drawn, event, idle, key, mary, reply, ringing,
    status, stranger, talking, two_calls, type_text,
};
use crate::tui::focus::Focus;
use crate::tui::keys::Action;
use crate::tui::people::Tab;
use crate::tui::screen::Screen;

#[test]
fn enter_dials_who_is_chosen() {
    let mut screen = idle();
    assert_eq!(key(&mut screen, KeyCode::Enter), dial(MARY));
    key(&mut screen, KeyCode::Down);
    assert_eq!(key(&mut screen, KeyCode::Enter), dial(BOB));
    key(&mut screen, KeyCode::Home);
    assert_eq!(key(&mut screen, KeyCode::Enter), dial(MARY));
    key(&mut screen, KeyCode::Tab);
    assert_eq!(key(&mut screen, KeyCode::Enter), dial(STRANGER));
}

#[test]
fn a_phone_that_announces_itself_moves_no_choice() {
    let mut screen = idle();
    key(&mut screen, KeyCode::BackTab);
    assert_eq!(screen.tab, Tab::Reachable);
    assert_eq!(key(&mut screen, KeyCode::Enter), dial(STRANGER));
    reply(
        &mut screen,
        Command::Announced {},
        json!({"announced": [
            {"peer": mary(), "hops": 1, "seconds_ago": 1},
            {"peer": stranger(), "hops": 3, "seconds_ago": 7_310},
        ]}),
    );
    assert_eq!(key(&mut screen, KeyCode::Enter), dial(STRANGER));
}

#[test]
fn a_text_finds_people_and_one_that_finds_nobody_is_dialled() {
    for (text, to) in [
        ("HARB", BOB),
        ("mall", STRANGER),
        ("241", MARY),
        ("f3e8", MARY),
        ("nobody", "nobody"),
        ("00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff"),
    ] {
        let mut screen = idle();
        type_text(&mut screen, "/");
        type_text(&mut screen, text);
        assert_eq!(key(&mut screen, KeyCode::Enter), dial(to), "{text}");
        assert_eq!(screen.focus, Focus::Lists);
    }
}

#[test]
fn a_pasted_hash_is_a_text_and_no_keys() {
    let mut screen = idle();
    screen.handle_paste(&format!("{BOB}\n"));
    assert_eq!(screen.focus, Focus::Find(BOB.to_owned()));
    assert_eq!(key(&mut screen, KeyCode::Enter), dial(BOB));
}

#[test]
fn who_calls_is_answered_rejected_or_put_aside() {
    let answer = Command::Answer { call: Some(8) };
    assert_eq!(key(&mut ringing(), KeyCode::Char('a')), Some(Action::Do(answer)));
    let reject = Command::Reject { call: Some(8) };
    assert_eq!(key(&mut ringing(), KeyCode::Char('r')), Some(Action::Do(reject)));

    let mut screen = ringing();
    assert_eq!(key(&mut screen, KeyCode::Enter), None);
    assert!(drawn(&screen, UNICODE, 80, 24).contains("Incoming call"));
    assert_eq!(key(&mut screen, KeyCode::Char('l')), None);
    let shown = drawn(&screen, UNICODE, 80, 24);
    assert!(!shown.contains("Incoming call") && shown.contains("a answer"), "{shown}");
    let answer = Command::Answer { call: None };
    assert_eq!(key(&mut screen, KeyCode::Char('a')), Some(Action::Do(answer)));
}

#[test]
fn letters_of_an_input_answer_nobody() {
    let mut screen = idle();
    type_text(&mut screen, "/h");
    status(&mut screen, 0, &[call(8, &stranger(), "ringing", &json!({"is_incoming": true}))]);
    event(
        &mut screen,
        json!({
            "event": "incoming", "call": 8, "peer": stranger(), "is_waiting": false,
        }),
    );
    type_text(&mut screen, "ar");
    let shown = drawn(&screen, UNICODE, 80, 24);
    assert!(shown.contains("Incoming call") && shown.contains("Esc leaves the input"), "{shown}");
    assert_eq!(key(&mut screen, KeyCode::Esc), None);
    let answer = Command::Answer { call: Some(8) };
    assert_eq!(key(&mut screen, KeyCode::Char('a')), Some(Action::Do(answer)));
}

#[test]
fn the_dialog_of_a_call_stands_over_the_help() {
    let mut screen = idle();
    type_text(&mut screen, "?");
    assert!(drawn(&screen, UNICODE, 80, 24).contains("the next profile"));
    status(&mut screen, 0, &[call(8, &stranger(), "ringing", &json!({"is_incoming": true}))]);
    event(
        &mut screen,
        json!({
            "event": "incoming", "call": 8, "peer": stranger(), "is_waiting": false,
        }),
    );
    let answer = Command::Answer { call: Some(8) };
    assert_eq!(key(&mut screen, KeyCode::Char('a')), Some(Action::Do(answer)));
}

#[test]
fn the_terminal_rings_where_no_ringer_does() {
    let calls = |screen: &mut Screen, is_waiting: bool| {
        let told = json!({
            "event": "incoming", "call": 8, "peer": stranger(), "is_waiting": is_waiting,
        });
        event(screen, told);
        screen.bells
    };
    let with_devices = &mut idle();
    assert_eq!(calls(with_devices, false), 0);
    let without = &mut idle();
    without.status.as_mut().unwrap().speaker_dbfs = None;
    assert_eq!(calls(without, false), 1);
    // Who talks sees it.
    assert_eq!(calls(without, true), 1);
}

#[test]
fn keys_of_a_call_follow_its_state() {
    let done = |screen: &mut Screen, letter| match key(screen, KeyCode::Char(letter)) {
        Some(Action::Do(command)) => Some(command),
        other => panic!("{letter}: {other:?}"),
    };
    let screen = &mut talking();
    assert_eq!(done(screen, 'h'), Some(Command::HangUp { call: None }));
    assert_eq!(done(screen, 'x'), Some(Command::Hold { call: None }));
    assert_eq!(done(screen, 'm'), Some(Command::Mute { on: true }));
    assert_eq!(done(screen, 'V'), Some(Command::Volume { decibels: 3.0 }));
    assert_eq!(done(screen, 'd'), Some(Command::DoNotDisturb { on: true }));
    assert_eq!(key(screen, KeyCode::Char(' ')), None);
    assert_eq!(screen.news.back().unwrap(), "both may speak at once: the call is in full duplex");

    let screen = &mut two_calls();
    assert_eq!(done(screen, 'x'), Some(Command::Resume { call: None }));
    assert_eq!(done(screen, 'm'), Some(Command::Mute { on: false }));

    let half = json!({"mode": "half_duplex", "is_talking": true, "seconds": 1.0});
    status(screen, 0, &[call(7, &mary(), "established", &half)]);
    assert_eq!(done(screen, ' '), Some(Command::Talk { on: false }));
}

#[test]
fn the_next_profile_is_after_one_that_was_refused() {
    let mut screen = talking();
    let next = |screen: &mut Screen| match key(screen, KeyCode::Char('p')) {
        Some(Action::Do(Command::Profile { profile })) => profile,
        other => panic!("{other:?}"),
    };
    let at = |profile| Profile::ALL.iter().position(|other| *other == profile).unwrap();
    let first = next(&mut screen);
    assert_eq!(at(first), (at(Profile::MediumQuality) + 1) % 8);
    screen.handle_reply(&Command::Profile { profile: first }, Err("no codec".to_owned()));
    assert_eq!(at(next(&mut screen)), (at(first) + 1) % 8);
}

#[test]
fn a_stranger_becomes_a_contact_or_is_blocked() {
    let mut screen = idle();
    key(&mut screen, KeyCode::Tab);
    let block = Command::Block { who: STRANGER.to_owned() };
    assert_eq!(key(&mut screen, KeyCode::Char('b')), Some(Action::Do(block)));
    type_text(&mut screen, "n");
    type_text(&mut screen, " M.");
    let who = STRANGER.to_owned();
    let add = Command::AddContact { name: "Mallory M.".to_owned(), who, number: None };
    assert_eq!(key(&mut screen, KeyCode::Enter), Some(Action::Do(add)));
}

#[test]
fn a_blocked_contact_is_let_through_again() {
    let mut screen = idle();
    key(&mut screen, KeyCode::End);
    let unblock = Command::Unblock { who: "11".repeat(16) };
    assert_eq!(key(&mut screen, KeyCode::Char('b')), Some(Action::Do(unblock)));
}

#[test]
fn quitting_asks_once_while_the_phone_of_this_screen_has_a_call() {
    assert_eq!(key(&mut idle(), KeyCode::Char('q')), Some(Action::Leave));
    let mut screen = talking();
    assert_eq!(key(&mut screen, KeyCode::Char('q')), None);
    assert_eq!(key(&mut screen, KeyCode::Esc), None);
    assert_eq!(key(&mut screen, KeyCode::Char('q')), None);
    assert!(drawn(&screen, UNICODE, 80, 24).contains("Quit?"));
    assert_eq!(key(&mut screen, KeyCode::Char('q')), Some(Action::Leave));

    let mut screen = talking();
    screen.is_own = false;
    assert_eq!(key(&mut screen, KeyCode::Char('q')), Some(Action::Leave));
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(talking().handle_key(control_c), Some(Action::Leave));
}

#[test]
fn missed_calls_count_as_seen_when_the_history_is_shown() {
    let mut screen = idle();
    assert!(!screen.questions().contains(&Command::MissedSeen {}));
    key(&mut screen, KeyCode::Tab);
    assert!(screen.questions().contains(&Command::MissedSeen {}));
    status(&mut screen, 0, &[]);
    assert_eq!(screen.questions(), [Command::Status {}]);
}

#[test]
fn what_an_event_made_old_is_asked_again() {
    let mut screen = idle();
    screen.questions();
    event(&mut screen, json!({"event": "settings_changed"}));
    let questions = screen.questions();
    for question in [Command::Contacts {}, Command::Announced {}, Command::Status {}] {
        assert!(questions.contains(&question), "{questions:?}");
    }
}

#[test]
fn any_size_is_drawn() {
    for mut screen in [idle(), ringing(), talking(), two_calls()] {
        for focus in [Focus::Lists, Focus::Help, Focus::Quit, Focus::Find("x".repeat(100))] {
            screen.focus = focus;
            for (columns, rows) in (0..=50).flat_map(|size| [(size, 50 - size), (size, size)]) {
                drawn(&screen, UNICODE, columns, rows);
            }
        }
    }
    let shown = drawn(&ringing(), ASCII, 20, 4);
    assert!(shown.contains("a answer"), "{shown}");
}

fn dial(to: &str) -> Option<Action> {
    let mode = Mode::FullDuplex;
    Some(Action::Do(Command::Dial { to: to.to_owned(), profile: None, mode }))
}
