//! Characters and colours.

use std::env;

use lxst_tokio::trace::view::Charset;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use rnphone_rs::terminal;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How the screen is drawn.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Look {
    pub(in crate::tui) charset: Charset,
    pub(in crate::tui) has_colours: bool,
}

/// What a colour says. Each is readable on dark and on light, and says nothing that no word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Fair,
    Bad,
}

impl Look {
    /// Characters by the locale, and colours unless `NO_COLOR` is set.
    pub(in crate::tui) fn of_terminal() -> Self {
        let has_colours = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { charset: terminal::page().charset(), has_colours }
    }

    pub(super) fn plain(self) -> Style {
        Style::new()
    }

    pub(super) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn reversed(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// For what must not be overlooked.
    pub(super) fn warned(self) -> Style {
        self.tone(Tone::Bad).add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    pub(super) fn tone(self, tone: Tone) -> Style {
        let colour = match tone {
            Tone::Good => Color::Green,
            Tone::Fair => Color::Magenta,
            Tone::Bad => Color::Red,
        };
        if self.has_colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// Replaces what the terminal cannot show.
    pub(super) fn finish(self, buffer: &mut Buffer) {
        if self.charset == Charset::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                // The cell after a wide one is a blank.
                let shown = cell.symbol().chars().next().map_or(' ', ascii);
                cell.set_char(shown);
            }
        }
    }
}

/// Cuts a text to a width, and says so.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut width = 0;
    let is_in = |letter: &char| {
        width += letter.width().unwrap_or_default();
        width < columns
    };
    let mut cut: String = text.chars().take_while(is_in).collect();
    if columns > 0 {
        cut.push('…');
    }
    cut
}

const fn ascii(symbol: char) -> char {
    match symbol {
        '─' => '-',
        '│' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => '+',
        '▁' => '_',
        '▂' => '.',
        '▃' => ':',
        '▄' => '-',
        '▅' => '=',
        '▆' => '+',
        '▇' => '*',
        '█' => '#',
        '·' => '.',
        '●' => '*',
        '○' => 'o',
        '←' => '<',
        '→' => '>',
        '…' => '~',
        _ => '?',
    }
}
