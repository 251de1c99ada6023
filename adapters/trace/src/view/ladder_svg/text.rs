//! Text in a drawing: sized to fit, with markup escaped.

use core::fmt::{self, Display, Write};

/// A line of text.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) anchor: &'static str,
    pub(super) weight: u16,
    /// Its colour.
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            size: 11.0,
            anchor: "start",
            weight: 400,
            class: "ink",
            text: String::new(),
        }
    }
}

impl Text {
    pub(super) fn plain(self, text: &str) -> Self {
        Self { text: text.into(), ..self }
    }

    pub(super) fn bold(self, text: &str) -> Self {
        self.heavy().plain(text)
    }

    pub(super) fn heavy(self) -> Self {
        Self { weight: 600, ..self }
    }

    /// Shrinks a text that is too long for the width between two lifelines, then cuts it.
    pub(super) fn fitting(self, between: f64) -> Self {
        let room = between - MARGINS;
        let most = (room / (LEAST_SIZE * CHAR_WIDTH)) as usize;
        let length = self.text.chars().count();
        let text = if length <= most {
            self.text
        } else {
            self.text.chars().take(most - 1).chain(['…']).collect()
        };
        let size = room / (length.min(most) as f64 * CHAR_WIDTH);
        Self { size: self.size.min((size * 10.0).floor() / 10.0), text, ..self }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { x, y, size, anchor, weight, class, text } = self;
        writeln!(
            f,
            r#"<text class="{class}" x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">{}</text>"#,
            Escaped(text)
        )
    }
}

/// Escapes markup in a text. Control characters, which XML cannot hold, are left out.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().filter(|letter| !letter.is_control()).try_for_each(|letter| match letter {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            other => f.write_char(other),
        })
    }
}

/// Width between two lifelines that text leaves free.
const MARGINS: f64 = 22.0;
/// Width of a heavy letter in a wide font, as a share of the font's size.
const CHAR_WIDTH: f64 = 0.66;
const LEAST_SIZE: f64 = 8.0;
