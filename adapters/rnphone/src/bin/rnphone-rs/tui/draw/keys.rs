//! The keys that are good for something now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::look::Look;
use super::put;
use crate::tui::focus::Focus;
use crate::tui::people::Tab;
use crate::tui::screen::{Screen, rings_here};

/// A key and what it does.
pub(super) type Key = (&'static str, &'static str);

/// Draws as many keys as there is room for, what matters most first.
pub(super) fn draw(screen: &Screen, look: Look, area: Rect, buffer: &mut Buffer) {
    let mut keys = shown(screen).into_iter().peekable();
    for row in 0..area.height {
        let (mut line, mut width) = (Vec::new(), 0);
        while let Some((key, does)) =
            keys.next_if(|(key, does)| width + key.len() + does.len() < usize::from(area.width))
        {
            width += key.len() + does.len() + 3;
            line.push(Span::styled(key, look.bold()));
            line.push(Span::raw(format!(" {does}  ")));
        }
        put(buffer, area, row, Line::from(line));
    }
}

fn shown(screen: &Screen) -> Vec<Key> {
    match &screen.focus {
        Focus::Find(_) => return vec![("Enter", "dial"), ("Esc", "back"), ("Up/Down", "choose")],
        Focus::Name { .. } => return vec![("Enter", "add the contact"), ("Esc", "back")],
        _ if screen.dialog().is_some() => return DIALOG.to_vec(),
        Focus::Quit => return vec![("q", "end the call and quit"), ("Esc", "back")],
        Focus::Delete { .. } => return vec![("y", "delete the message"), ("Esc", "back")],
        Focus::Help => return vec![("Esc", "back")],
        Focus::Lists => {}
    }
    let is_half_duplex =
        |call: &rnphone_rs::control::CallInfo| call.mode == lxst_phone::Mode::HalfDuplex;
    let mut keys = Vec::new();
    if screen.incoming().is_some() {
        keys.extend([("a", "answer"), ("r", "reject")]);
    }
    match screen.main_call().filter(|call| !rings_here(call)) {
        Some(call) => {
            keys.push(("h", "hang up"));
            if is_half_duplex(call) {
                keys.push(("Space", "talk"));
            }
            keys.extend([("m", "mute"), ("?", "help")]);
            let is_any_held = screen.calls().iter().any(|call| call.is_held);
            let swaps = match (is_any_held, screen.calls().len()) {
                (false, _) => "hold",
                (true, 1) => "go on",
                (true, _) => "swap",
            };
            keys.push(("x", swaps));
            keys.extend([("p", "profile"), ("v/V", "volume"), ("q", "quit")]);
        }
        None if screen.tab == Tab::Messages && screen.chosen_row().is_some() => {
            keys.extend(MESSAGES);
        }
        None => keys.extend(IDLE),
    }
    keys
}

pub(super) const DIALOG: [Key; 3] = [("a", "answer"), ("r", "reject"), ("l", "later")];
const IDLE: [Key; 8] = [
    ("Enter", "dial"),
    ("/", "find"),
    ("?", "help"),
    ("q", "quit"),
    ("Tab", "lists"),
    ("n", "add"),
    ("b", "block"),
    ("d", "do not disturb"),
];

const MESSAGES: [Key; 7] = [
    ("Enter", "play, stop"),
    ("c", "call back"),
    ("D", "delete"),
    ("?", "help"),
    ("q", "quit"),
    ("Tab", "lists"),
    ("n", "add"),
];

/// All keys.
pub(super) const HELP: [Key; 19] = [
    ("Enter", "dial who is chosen; play a message"),
    ("/", "find or dial by a name or hash"),
    ("Tab", "the next list"),
    ("a", "answer, and hold the other call"),
    ("r", "reject"),
    ("l", "show the call that rings small"),
    ("h", "hang up"),
    ("x", "hold, go on, swap"),
    ("m", "mute or open the microphone"),
    ("Space", "talk, or stop, in half duplex"),
    ("p", "the next profile"),
    ("v/V", "quieter, louder"),
    ("d", "do not disturb, on and off"),
    ("c", "merge two calls; call back who left the message"),
    ("D", "delete the message"),
    ("n", "add who is chosen as a contact"),
    ("b", "block who is chosen, or unblock"),
    ("q", "quit"),
    ("Ctrl-C", "quit at once"),
];
