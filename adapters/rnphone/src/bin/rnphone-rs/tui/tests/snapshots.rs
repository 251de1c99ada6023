//! The screen as text, compared with files.

use super::support::{ASCII, UNICODE, drawn, idle, messages, ringing, talking, two_calls};
use crate::tui::draw::Look;
use crate::tui::screen::Screen;

#[test]
fn the_screen_without_a_call() {
    compare(&idle(), UNICODE, (80, 24), include_str!("idle.txt"));
}

#[test]
fn the_screen_of_a_call_that_rings_here() {
    compare(&ringing(), UNICODE, (80, 24), include_str!("ringing.txt"));
}

#[test]
fn the_screen_of_a_call_with_its_quality_of_two_minutes() {
    compare(&talking(), UNICODE, (80, 24), include_str!("talking.txt"));
}

#[test]
fn the_screen_of_messages() {
    compare(&messages(), UNICODE, (80, 24), include_str!("messages.txt"));
}

#[test]
fn the_screen_of_two_calls() {
    compare(&two_calls(), UNICODE, (120, 40), include_str!("two_calls.txt"));
}

#[test]
fn the_screen_of_40_columns() {
    compare(&talking(), UNICODE, (40, 20), include_str!("narrow.txt"));
}

#[test]
fn the_screen_in_ascii() {
    let screen = talking();
    compare(&screen, ASCII, (80, 24), include_str!("ascii.txt"));
    assert!(drawn(&screen, ASCII, 80, 24).is_ascii());
}

fn compare(screen: &Screen, look: Look, (columns, rows): (u16, u16), wanted: &str) {
    let shown = drawn(screen, look, columns, rows);
    assert!(shown == wanted, "shown is\n{shown}\nin place of\n{wanted}");
}
