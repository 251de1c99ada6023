//! A conversation as a ladder diagram in text: a lifeline for each side, and arrows between them.

use core::fmt;

use lxst_core::Side;

use crate::view::conversation::Conversation;
use crate::view::page::{Charset, Page};
use crate::view::rows::{Mark, Row, kilobytes, rows};

/// Draws a conversation. Moments count from its first step. If several lines had calls, the rows of
/// a call begin with the number of its line: `2: RINGING`.
#[derive(Debug)]
pub struct Ladder<'a> {
    /// The conversation to draw.
    pub conversation: &'a Conversation,
    /// Its width and character set.
    pub page: Page,
}

impl fmt::Display for Ladder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = rows(self.conversation);
        let start = rows.first().map(|row| row.at).unwrap_or_default();
        let [left, right] = self.conversation.names;
        let columns = self.page.columns;
        let between = columns - MOMENT - 6;
        let edge = (between + 2).saturating_sub(left.chars().count());
        writeln!(f, "{:>MOMENT$}  {left}{right:>edge$}", "ms")?;
        for row in rows {
            let millis = format!("{:.1}", row.at.saturating_sub(start).as_secs_f64() * 1_000.0);
            let drawn = Drawn { row: &row, page: self.page, between };
            writeln!(f, "{millis:>MOMENT$}  {drawn}")?;
        }
        let pen = Pen::of(self.page);
        let kinds =
            [(pen.link, "Reticulum link"), (pen.signal, "LXST signal"), (pen.media, "media")];
        let kinds = kinds.map(|(stroke, name)| format!("{stroke}{stroke} {name}"));
        let lines = self.conversation.lines();
        let line = (lines > 1).then(|| format!("{lines}: line {lines}"));
        let legend: Vec<String> = kinds.into_iter().chain(line).collect();
        let one = format!("{:>MOMENT$}  {}", "", legend.join("   "));
        if one.chars().count() <= columns {
            return writeln!(f, "{one}");
        }
        legend.iter().try_for_each(|name| writeln!(f, "{:>MOMENT$}  {name}", ""))
    }
}

/// A row, drawn between the lifelines.
struct Drawn<'a> {
    row: &'a Row,
    page: Page,
    /// Columns between the lifelines.
    between: usize,
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, page, between } = self;
        let pen = Pen::of(*page);
        let (act, line, edges) = (pen.act, pen.lifeline, pen.edges);
        let (stroke, label) = match &row.mark {
            Mark::Action(what) => {
                let what = format!("{}{what}", row.prefix);
                let (what, width) = (page.cut(&what, between - 1), between - 1);
                return match row.by {
                    Side::Local => write!(f, "{act} {what:<width$}{line}"),
                    Side::Remote => write!(f, "{line}{what:>width$} {act}"),
                };
            }
            Mark::Link(label) => (pen.link, label.clone()),
            Mark::Signals(label) => (pen.signal, label.clone()),
            Mark::Media { packets, bytes, lasted } => {
                let (size, seconds) = (kilobytes(*bytes), lasted.as_secs_f64());
                (pen.media, format!("media: {packets} in {seconds:.1} s, {size}"))
            }
        };
        // One column for the arrow's head, two for the label's margins.
        let label = page.cut(&format!("{}{label}", row.prefix), between - 3);
        let strokes = (between - 3).saturating_sub(label.chars().count());
        let stretch = |length| String::from_iter(std::iter::repeat_n(stroke, length));
        let (before, after) = (stretch(strokes / 2), stretch(strokes - strokes / 2));
        let [to_left, to_right] = pen.heads;
        match row.by {
            Side::Local => write!(f, "{}{before} {label} {after}{to_right}{line}", edges[0]),
            Side::Remote => write!(f, "{line}{to_left}{before} {label} {after}{}", edges[1]),
        }
    }
}

/// The characters of lines and arrows.
struct Pen {
    act: char,
    lifeline: char,
    /// The beginning of an arrow at the left and at the right lifeline.
    edges: [char; 2],
    heads: [char; 2],
    link: char,
    signal: char,
    media: char,
}

impl Pen {
    const fn of(page: Page) -> Self {
        match page.charset {
            Charset::Unicode => Self {
                act: '●',
                lifeline: '│',
                edges: ['├', '┤'],
                heads: ['◄', '►'],
                link: '╌',
                signal: '─',
                media: '═',
            },
            Charset::Ascii => Self {
                act: 'o',
                lifeline: '|',
                edges: ['|', '|'],
                heads: ['<', '>'],
                link: '.',
                signal: '-',
                media: '=',
            },
        }
    }
}

/// Columns of a moment.
const MOMENT: usize = 8;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use lxst_core::IdentityHash;

    use super::*;
    use crate::view::conversation::{Action, Step, StepKind};

    #[test]
    fn a_conversation_is_drawn_from_its_first_step_on() {
        let drawing = Ladder { conversation: &conversation(), page: Page::WIDE }.to_string();
        let expected = "
      ms  caller                                                        callee
     0.0  ● dials                                                            │
     0.2  ├╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ link request ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌►│
     7.5  │◄──────────────────────────── RINGING ────────────────────────────┤
    60.0  ├═══════════════════ media: 2 in 0.1 s, 0.1 kB ═══════════════════►│
    70.0  │◄═══════════════════ media: 1 in 0.0 s, 0.1 kB ═══════════════════┤
   130.0  │                                                         hangs up ●
          ╌╌ Reticulum link   ── LXST signal   ══ media
";
        assert_eq!(drawing, expected.trim_start_matches('\n'), "\n{drawing}");
        for line in drawing.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn a_narrow_terminal_without_unicode_gets_a_narrow_drawing_in_ascii() {
        let page = Page::new(60, Charset::Ascii).expect("within its bounds");
        let drawing = Ladder { conversation: &conversation(), page }.to_string();
        let expected = "
      ms  caller                                    callee
     0.0  o dials                                        |
     0.2  |............... link request ................>|
     7.5  |<------------------ RINGING ------------------|
    60.0  |========= media: 2 in 0.1 s, 0.1 kB =========>|
    70.0  |<========= media: 1 in 0.0 s, 0.1 kB =========|
   130.0  |                                     hangs up o
          .. Reticulum link   -- LXST signal   == media
";
        assert_eq!(drawing, expected.trim_start_matches('\n'), "\n{drawing}");
    }

    #[test]
    fn a_phone_upright_gets_a_drawing_of_40_columns() {
        for columns in [0, 39, 81] {
            let refused = Page::new(columns, Charset::Unicode).unwrap_err().to_string();
            assert_eq!(refused, format!("page of {columns} columns, where 40 to 80 are possible"));
        }
        let page = Page::new(40, Charset::Unicode).expect("within its bounds");
        let drawing = Ladder { conversation: &conversation(), page }.to_string();
        let expected = "
      ms  caller                callee
     0.0  ● dials                    │
     0.2  ├╌╌╌╌╌ link request ╌╌╌╌╌╌►│
     7.5  │◄──────── RINGING ────────┤
    60.0  ├ media: 2 in 0.1 s, 0.1… ►│
    70.0  │◄ media: 1 in 0.0 s, 0.1… ┤
   130.0  │                 hangs up ●
          ╌╌ Reticulum link
          ── LXST signal
          ══ media
";
        assert_eq!(drawing, expected.trim_start_matches('\n'), "\n{drawing}");
    }

    fn conversation() -> Conversation {
        let step =
            |micros, by, kind| Step { at: Duration::from_micros(micros), by, line: Some(0), kind };
        let media = || StepKind::Media { payload_bytes: 60, plaintext_bytes: 65 };
        let dials = Action::Dials(IdentityHash([7; 16]));
        let steps = vec![
            step(1_000_000, Side::Local, StepKind::Action(dials)),
            step(1_000_200, Side::Local, StepKind::Link("link request".into())),
            step(1_007_490, Side::Remote, StepKind::Signals("RINGING".into())),
            step(1_007_600, Side::Local, StepKind::Action(Action::HearsRinging)),
            step(1_060_000, Side::Local, media()),
            step(1_070_000, Side::Remote, media()),
            step(1_120_000, Side::Local, media()),
            step(1_130_000, Side::Remote, StepKind::Action(Action::HangsUp)),
        ];
        Conversation { names: ["caller", "callee"], steps }
    }
}
