//! What stands over the rest: the help, inputs, questions and, over all, who calls.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};
use rnphone_rs::control::CallInfo;
use unicode_width::UnicodeWidthStr;

use super::keys::{DIALOG, HELP};
use super::lists::typed;
use super::look::{Look, fit};
use super::put;
use crate::tui::focus::Focus;
use crate::tui::screen::Screen;

pub(super) fn draw(screen: &Screen, look: Look, area: Rect, buffer: &mut Buffer) {
    match &screen.focus {
        Focus::Help => draw_help(look, area, buffer),
        Focus::Name { hash, text } => {
            let label = format!("of <{hash}>");
            let lines = vec![
                Line::raw(fit(&label, usize::from(area.width).saturating_sub(4))),
                typed("name: ", text, area.width.min(DIALOG_WIDTH).saturating_sub(4), look),
            ];
            boxed(" New contact ", &lines, look.plain(), area, buffer);
        }
        Focus::Quit => {
            let lines = [
                Line::styled("There is a call. Quit ends it.", look.bold()),
                Line::raw("q quits, any other key goes on"),
            ];
            boxed(" Quit? ", &lines, look.plain(), area, buffer);
        }
        Focus::Delete { name, .. } => {
            let lines = [
                Line::styled(format!("The message of {name} is removed."), look.bold()),
                Line::raw("y deletes it, any other key goes back"),
            ];
            boxed(" Delete? ", &lines, look.plain(), area, buffer);
        }
        Focus::Lists | Focus::Find(_) => {}
    }
    if let Some(call) = screen.dialog() {
        draw_incoming(screen, call, look, area, buffer);
    }
}

fn draw_incoming(screen: &Screen, call: &CallInfo, look: Look, area: Rect, buffer: &mut Buffer) {
    let who = match call.peer.is_contact {
        true => "a contact".to_owned(),
        false if call.peer.name.starts_with('<') => "not a contact".to_owned(),
        false => "not a contact: the name is not proven".to_owned(),
    };
    let talks = screen.main_call().filter(|main| main.call != call.call);
    let waits = talks.map(|main| format!("answering holds {}", main.peer.name));
    let keys = if screen.focus.text().is_some() {
        Line::raw("Esc leaves the input, then a, r, l")
    } else {
        let key = |(key, does): (&'static str, &'static str)| {
            [Span::styled(key, look.bold()), Span::raw(format!(" {does}   "))]
        };
        Line::from_iter(DIALOG.into_iter().flat_map(key))
    };
    let room = usize::from(area.width.min(DIALOG_WIDTH)).saturating_sub(4);
    let mut lines = vec![
        Line::styled(fit(&call.peer.name, room), look.bold()),
        Line::raw(fit(&call.peer.hash.to_string(), room)),
        Line::raw(fit(&who, room)),
    ];
    lines.extend(waits.map(|text| Line::raw(fit(&text, room))));
    lines.push(keys);
    // The last rows are cut where there is no room: the keys stand in the second then.
    if usize::from(area.height) < lines.len() + 2 {
        lines.rotate_right(1);
        lines.swap(0, 1);
    }
    boxed(" Incoming call ", &lines, look.warned(), area, buffer);
}

fn draw_help(look: Look, area: Rect, buffer: &mut Buffer) {
    let line = |(key, does): (&'static str, &'static str)| {
        Line::from(vec![Span::styled(format!("{key:<7}"), look.bold()), Span::raw(does)])
    };
    boxed(" Keys ", &HELP.map(line), look.plain(), area, buffer);
}

/// Draws lines in a box in the middle of the screen.
fn boxed(title: &str, lines: &[Line<'_>], border: Style, area: Rect, buffer: &mut Buffer) {
    let longest = lines.iter().map(Line::width).max().unwrap_or_default();
    let longest = longest.max(title.width() + 2).max(36);
    let width = u16::try_from(longest + 4).unwrap_or(u16::MAX).min(area.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    Clear.render(place, buffer);
    let block = Block::bordered().border_style(border).title(Line::styled(title, border));
    let inner = block.inner(place);
    block.render(place, buffer);
    let padding = if inner.width > 8 { 1 } else { 0 };
    let inner = Rect { x: inner.x + padding, width: inner.width - padding, ..inner };
    for (row, line) in (0..).zip(lines) {
        put(buffer, inner, row, line.clone());
    }
}

const DIALOG_WIDTH: u16 = 60;
