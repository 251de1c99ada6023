//! Screens that tests look at.

use std::time::Duration;

use lxst_tokio::trace::view::Charset;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rnphone_rs::control::{Command, Event, Reply};
use rnphone_rs::history::UnixTime;
use serde_json::{Value, json};

use crate::tui::draw::{Look, draw};
use crate::tui::keys::Action;
use crate::tui::screen::Screen;

pub(super) const MARY: &str = "f3e8c3359b39d36f3baff0a616a73d3e";
pub(super) const BOB: &str = "b8d80b1b7a9d3147880b366995422a45";
pub(super) const STRANGER: &str = "0c1d2e3f405162738495a6b7c8d9eafb";
pub(super) const TODAY: u64 = 1_795_766_400;

pub(super) const UNICODE: Look = Look { charset: Charset::Unicode, has_colours: true };
pub(super) const ASCII: Look = Look { charset: Charset::Ascii, has_colours: false };

/// A phone with contacts, a history and phones that announced themselves.
pub(super) fn idle() -> Screen {
    let mut screen = Screen::new(true);
    screen.handle_time(Duration::from_secs(600), UnixTime(TODAY));
    reply(
        &mut screen,
        Command::Contacts {},
        json!({"contacts": [
            {"name": "Mary", "hash": MARY, "number": "241", "is_blocked": false},
            {"name": "Bob at the harbour", "hash": BOB, "number": null, "is_blocked": false},
            {"name": "Zoë 日本", "hash": "11".repeat(16), "number": null, "is_blocked": true},
        ]}),
    );
    reply(
        &mut screen,
        Command::Announced {},
        json!({"announced": [
            {"peer": stranger(), "hops": 3, "seconds_ago": 7_300},
            {"peer": mary(), "hops": 1, "seconds_ago": 130},
        ]}),
    );
    let past = |peer: Value, is_incoming, is_missed, before, outcome| {
        json!({
            "peer": peer, "is_incoming": is_incoming, "is_missed": is_missed,
            "started": TODAY - before, "talked_ms": null, "profile": null, "outcome": outcome,
        })
    };
    reply(
        &mut screen,
        Command::History { search: None, limit: 200 },
        json!({"history": [
            past(stranger(), true, true, 240, "cancelled"),
            past(mary(), false, false, 9_000, "busy"),
            past(mary(), true, false, 200_000, "rejected"),
        ]}),
    );
    status(&mut screen, 1, &[]);
    screen
}

/// The messages of Mary, which plays, and of a stranger.
pub(super) fn messages() -> Screen {
    let mut screen = idle();
    let left = |peer: Value, before: u64, length_ms, is_new| {
        let id = message_id(&peer, before);
        let path = format!("/phone/voicemail/{id}.opus");
        json!({
            "id": id, "peer": peer, "time": TODAY - before, "length_ms": length_ms,
            "is_new": is_new, "path": path,
        })
    };
    reply(
        &mut screen,
        Command::Messages {},
        json!({"messages": [
            left(mary(), 90, 42_000, true),
            left(stranger(), 4_000, 7_000, true),
            left(bob(), 90_000, 65_000, false),
        ]}),
    );
    for _ in 0..2 {
        assert_eq!(key(&mut screen, KeyCode::Tab), None);
    }
    let id = message_id(&mary(), 90);
    for position_ms in [0, 3_000] {
        event(
            &mut screen,
            json!({
                "event": "playing", "message": id, "position_ms": position_ms,
                "length_ms": 42_000,
            }),
        );
    }
    screen
}

pub(super) fn message_id(peer: &Value, before: u64) -> String {
    format!("{}-{}", TODAY - before, peer["hash"].as_str().unwrap())
}

/// A talk with Mary, with two minutes of quality that became worse and better.
pub(super) fn talking() -> Screen {
    let mut screen = idle();
    for second in 0..=118_u32 {
        screen.handle_time(Duration::from_secs(600 + u64::from(second)), UnixTime(TODAY));
        let trouble = if (60..80).contains(&second) { f64::from(second - 59) } else { 0.0 };
        event(&mut screen, json!({"event": "quality", "call": 7, "quality": quality(trouble)}));
    }
    let talk = call(7, &mary(), "established", &json!({"seconds": 192.4}));
    status(&mut screen, 0, &[talk]);
    event(
        &mut screen,
        json!({
            "event": "established", "call": 7, "peer": mary(), "profile": "quality_medium",
            "mode": "full_duplex",
        }),
    );
    screen
}

/// A stranger calls.
pub(super) fn ringing() -> Screen {
    let mut screen = idle();
    status(&mut screen, 0, &[call(8, &stranger(), "ringing", &json!({"is_incoming": true}))]);
    event(
        &mut screen,
        json!({
            "event": "incoming", "call": 8, "peer": stranger(), "is_waiting": false,
        }),
    );
    screen
}

/// A talk with Mary, while Bob is held.
pub(super) fn two_calls() -> Screen {
    let mut screen = talking();
    let talk = json!({"seconds": 61.0, "is_muted": true, "quality": quality(2.0)});
    let held = json!({"seconds": 3_725.0, "is_held": true, "is_incoming": true});
    let calls = [call(9, &bob(), "established", &held), call(7, &mary(), "established", &talk)];
    status(&mut screen, 0, &calls);
    event(&mut screen, json!({"event": "held", "call": 9}));
    screen
}

pub(super) fn call(call: u64, peer: &Value, state: &str, more: &Value) -> Value {
    let mut info = json!({
        "call": call, "peer": peer, "is_incoming": false, "state": state,
        "profile": "quality_medium", "mode": "full_duplex", "seconds": null, "is_held": false,
        "is_muted": false, "is_talking": false, "is_voicemail": false, "is_recorded": false,
        "quality": null,
    });
    for (name, value) in more.as_object().unwrap() {
        info[name] = value.clone();
    }
    info
}

pub(super) fn status(screen: &mut Screen, missed: usize, calls: &[Value]) {
    reply(
        screen,
        Command::Status {},
        json!({"status": {
            "identity": "5a".repeat(16), "name": "Ada", "network": "rnsd", "connections": 1,
            "trouble": null, "do_not_disturb": false, "calls": calls, "missed": missed,
        "new_messages": 0, "is_away": false,
            "microphone_dbfs": -23.0, "speaker_dbfs": -41.5, "volume": 0.0,
        }}),
    );
}

pub(super) fn reply(screen: &mut Screen, command: Command, reply: Value) {
    let reply: Reply = serde_json::from_value(reply).unwrap();
    screen.handle_reply(&command, Ok(reply));
}

pub(super) fn event(screen: &mut Screen, event: Value) {
    let event: Event = serde_json::from_value(event).unwrap();
    screen.handle_event(&event);
}

pub(super) fn key(screen: &mut Screen, code: KeyCode) -> Option<Action> {
    screen.handle_key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// Types a text, a key a letter.
pub(super) fn type_text(screen: &mut Screen, text: &str) {
    for letter in text.chars() {
        assert_eq!(key(screen, KeyCode::Char(letter)), None, "{letter}");
    }
}

pub(super) fn mary() -> Value {
    json!({"hash": MARY, "name": "Mary", "is_contact": true})
}

pub(super) fn bob() -> Value {
    json!({"hash": BOB, "name": "Bob at the harbour", "is_contact": true})
}

pub(super) fn stranger() -> Value {
    let name = "Mallory (unverified, 0c1d2e3f..)";
    json!({"hash": STRANGER, "name": name, "is_contact": false})
}

/// Returns what is drawn, a line a row without the blanks at its end.
pub(super) fn drawn(screen: &Screen, look: Look, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let frame =
        terminal.draw(|frame| draw(screen, look, frame.area(), frame.buffer_mut())).unwrap();
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        let mut skipped = 0;
        for column in 0..columns {
            let symbol = frame.buffer[(column, row)].symbol();
            if skipped == 0 {
                line.push_str(symbol);
                skipped = ratatui::text::Span::raw(symbol).width().saturating_sub(1);
            } else {
                skipped -= 1;
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn quality(trouble: f64) -> Value {
    json!({
        "mos": 4.2 - trouble * 0.12, "delay_ms": 84 + (trouble * 20.0) as u64,
        "loss_percent": trouble * 0.4, "jitter_ms": 3, "received_bps": 8_000, "sent_bps": 8_000,
    })
}
