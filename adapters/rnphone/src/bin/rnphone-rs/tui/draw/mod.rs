//! The screen as cells: a pure function of its state, the look and the size.

mod call;
mod dialogs;
mod graph;
mod keys;
mod lists;
mod look;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Widget};

pub(super) use look::Look;

use super::screen::Screen;
use look::{Tone, fit};

/// Draws the screen. What matters less is left out where there is no room.
pub(super) fn draw(screen: &Screen, look: Look, area: Rect, buffer: &mut Buffer) {
    let is_wide = area.width >= WIDE;
    let header = if area.height >= 10 { 2 } else { 1 };
    let keys = if !is_wide && area.height >= 16 { 2 } else { 1 };
    let news = match area.height {
        30.. => 6,
        20.. if is_wide => 3,
        14.. => 1,
        _ => 0,
    };
    let rows = [Constraint::Length(header), Constraint::Fill(1)];
    let rows = rows.into_iter().chain([Constraint::Length(news), Constraint::Length(keys)]);
    let [header, body, news, keys] = area.layout(&Layout::vertical(rows));
    draw_header(screen, look, header, buffer);
    let is_in_call = screen.main_call().is_some();
    match (is_wide, is_in_call) {
        (true, _) => {
            let columns = [Constraint::Percentage(44), Constraint::Fill(1)];
            let [left, right] = body.layout(&Layout::horizontal(columns));
            lists::draw(screen, look, left, buffer);
            call::draw(screen, look, right, buffer);
        }
        (false, true) => {
            let rows = [Constraint::Percentage(64), Constraint::Fill(1)];
            let [upper, lower] = body.layout(&Layout::vertical(rows));
            call::draw(screen, look, upper, buffer);
            lists::draw(screen, look, lower, buffer);
        }
        (false, false) => lists::draw(screen, look, body, buffer),
    }
    draw_news(screen, look, news, buffer);
    keys::draw(screen, look, keys, buffer);
    dialogs::draw(screen, look, area, buffer);
    look.finish(buffer);
}

/// Who this is and how the mesh is reached.
fn draw_header(screen: &Screen, look: Look, area: Rect, buffer: &mut Buffer) {
    let Some(status) = &screen.status else {
        put(buffer, area, 0, Line::from("rnphone-rs"));
        return;
    };
    let identity = status.identity.to_string();
    let name = status.name.as_deref().unwrap_or("rnphone-rs");
    let away = match &status.quiet_until {
        _ if status.do_not_disturb => " DO NOT DISTURB ".to_owned(),
        Some(until) => format!(" QUIET UNTIL {until} "),
        None => String::new(),
    };
    let room = usize::from(area.width).saturating_sub(away.len());
    let has_name = room >= identity.len() + 6;
    let mut first = Vec::new();
    if has_name || area.height > 1 && room < identity.len() {
        let room = room.saturating_sub(if has_name { identity.len() + 2 } else { 0 });
        first.push(Span::styled(fit(name, room), look.bold()));
        first.push(Span::raw("  "));
    }
    if room >= identity.len() {
        first.push(Span::raw(identity));
    }
    put(buffer, area, 0, Line::from(first));
    put_right(buffer, area, 0, Span::styled(away, look.warned()));
    let network = match (status.connections, &status.trouble) {
        (0, Some(trouble)) => Span::styled(format!("no network: {trouble}"), look.tone(Tone::Bad)),
        (0, None) => Span::styled(format!("no network ({})", status.network), look.tone(Tone::Bad)),
        _ => Span::raw(format!("online: {}", status.network)),
    };
    put(buffer, area, 1, Line::from(network));
}

fn draw_news(screen: &Screen, look: Look, area: Rect, buffer: &mut Buffer) {
    let shown = usize::from(area.height);
    let first = screen.news.len().saturating_sub(shown);
    for (row, text) in (0..).zip(screen.news.iter().skip(first)) {
        let is_latest = first + usize::from(row) + 1 == screen.news.len();
        let style = if is_latest { look.bold() } else { look.plain() };
        put(buffer, area, row, Line::styled(fit(text, area.width.into()), style));
    }
}

/// Draws a frame with a title, where there is room for one. Returns what is inside.
fn framed(title: Line<'_>, look: Look, area: Rect, buffer: &mut Buffer) -> Rect {
    let borders = if area.width >= FRAMED { Borders::ALL } else { Borders::TOP };
    let block = Block::new().borders(borders).border_style(look.faint()).title(title);
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Puts a line into a row of an area, if there is such a row.
fn put(buffer: &mut Buffer, area: Rect, row: u16, line: Line<'_>) {
    if row < area.height {
        line.render(Rect { y: area.y + row, height: 1, ..area }, buffer);
    }
}

/// Puts a text at the right end of a row.
fn put_right(buffer: &mut Buffer, area: Rect, row: u16, span: Span<'_>) {
    put(buffer, area, row, Line::from(span).right_aligned());
}

/// From here on, lists and call stand side by side.
const WIDE: u16 = 70;
const FRAMED: u16 = 30;
