//! Contacts, history and reachable phones, as tabs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::look::{Look, Tone, fit};
use super::{framed, put, put_right};
use crate::tui::focus::Focus;
use crate::tui::people::{Mark, Row, Tab};
use crate::tui::screen::Screen;

pub(super) fn draw(screen: &Screen, look: Look, area: Rect, buffer: &mut Buffer) {
    let mut inner = framed(title(screen, look, area.width.saturating_sub(2)), look, area, buffer);
    if let Focus::Find(text) = &screen.focus {
        put(buffer, inner, 0, typed("find or dial: ", text, inner.width, look));
        inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    }
    let rows = screen.rows();
    if rows.is_empty() {
        for (row, text) in (0..).zip(nobody(screen)) {
            put(buffer, inner, row, Line::styled(*text, look.faint()));
        }
        return;
    }
    let chosen = screen.chosen_index(&rows);
    // The chosen row is in sight.
    let first = (chosen + 1).saturating_sub(inner.height.into());
    for (line, (index, row)) in (0..inner.height).zip(rows.iter().enumerate().skip(first)) {
        draw_row(
            row,
            index == chosen,
            look,
            Rect { y: inner.y + line, height: 1, ..inner },
            buffer,
        );
    }
}

/// An input: what it is for, and the end of the text.
pub(super) fn typed(label: &str, text: &str, columns: u16, look: Look) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(label.width() + 1);
    let mut shown = text;
    while shown.width() > room {
        let mut letters = shown.chars();
        letters.next();
        shown = letters.as_str();
    }
    Line::from(vec![
        Span::styled(label.to_owned(), look.bold()),
        Span::raw(shown.to_owned()),
        Span::styled(" ", look.reversed()),
    ])
}

fn title(screen: &Screen, look: Look, columns: u16) -> Line<'static> {
    if matches!(screen.focus, Focus::Find(_)) {
        return Line::styled("Everybody", look.bold());
    }
    let names = Tab::ALL.map(|tab| named(screen, tab, look));
    let room = usize::from(columns).saturating_sub(GAP.len() + 1);
    let width =
        |names: &[Span<'_>]| names.iter().map(|name| name.width() + GAP.len()).sum::<usize>();
    let chosen = Tab::ALL.iter().position(|tab| *tab == screen.tab).unwrap_or_default();
    // The shown one is in sight.
    let fits = |first: &usize| width(&names[*first..=chosen]) <= room + GAP.len();
    let first = (0..chosen).find(fits).unwrap_or(chosen);
    let mut title = Vec::new();
    for name in &names[first..] {
        if width(&title) + name.width() > room && !title.is_empty() {
            title.push(Span::raw("…"));
            break;
        }
        title.push(name.clone());
    }
    Line::from_iter(title.into_iter().flat_map(|name| [name, Span::raw(GAP)]))
}

/// The name of a tab, with what is new in it.
fn named(screen: &Screen, tab: Tab, look: Look) -> Span<'static> {
    let new = match tab {
        Tab::History => screen.missed(),
        Tab::Messages => screen.new_messages(),
        Tab::Contacts | Tab::Reachable => 0,
    };
    let name = match new {
        0 => tab.name().to_owned(),
        new => format!("{} ({new})", tab.name()),
    };
    Span::styled(
        name,
        match tab == screen.tab {
            true => look.reversed(),
            false if new > 0 => look.tone(Tone::Bad),
            false => look.plain(),
        },
    )
}

fn draw_row(row: &Row, is_chosen: bool, look: Look, area: Rect, buffer: &mut Buffer) {
    let (mark, style) = match row.mark {
        Mark::None => (' ', look.plain()),
        Mark::Recent => ('●', look.tone(Tone::Good)),
        Mark::Earlier => ('○', look.plain()),
        Mark::Blocked => ('x', look.tone(Tone::Bad)),
        Mark::From => ('←', look.plain()),
        Mark::To => ('→', look.plain()),
        Mark::Missed => ('!', look.tone(Tone::Bad)),
        Mark::New => ('●', look.tone(Tone::Good)),
        Mark::Playing => ('→', look.tone(Tone::Good)),
    };
    let name_style = match row.mark {
        Mark::Missed => look.tone(Tone::Bad),
        Mark::New | Mark::Playing => look.bold(),
        Mark::Blocked => look.faint(),
        _ => look.plain(),
    };
    // A name that a stranger chose is marked where its end may be cut.
    let stranger = if row.is_contact { ' ' } else { '?' };
    let room = usize::from(area.width).saturating_sub(4 + row.detail.width());
    put(
        buffer,
        area,
        0,
        Line::from(vec![
            Span::styled(format!("{mark}{stranger}"), style),
            Span::styled(fit(&row.name, room), name_style),
        ]),
    );
    put_right(buffer, area, 0, Span::styled(row.detail.clone(), name_style));
    if is_chosen {
        buffer.set_style(area, look.reversed());
    }
}

const fn nobody(screen: &Screen) -> &'static [&'static str] {
    match (&screen.focus, screen.tab) {
        (Focus::Find(_), _) => &["nobody known: Enter dials the text"],
        (_, Tab::Contacts) => &["no contacts yet", "Tab shows who can be reached,", "n adds one"],
        (_, Tab::History) => &["no calls yet"],
        (_, Tab::Messages) => &["no messages"],
        (_, Tab::Reachable) => &["no phone announced itself yet"],
    }
}

/// Between the names of tabs.
const GAP: &str = "  ";
