//! A conversation drawn as text: a lifeline for each side, and arrows between them.

use std::fmt;

use lxst_tokio::telephony::Side;

use crate::conversation::Conversation;
use crate::rows::{Mark, Row, kilobytes, rows};

/// Draws a conversation, 80 columns wide. Moments count from its first step.
#[derive(Debug)]
pub struct Ladder<'a>(pub &'a Conversation);

impl fmt::Display for Ladder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = rows(&self.0.steps);
        let start = rows.first().map(|row| row.at).unwrap_or_default();
        let [left, right] = self.0.names;
        let edge = (BETWEEN + 2).saturating_sub(left.chars().count());
        writeln!(f, "{:>MOMENT$}  {left}{right:>edge$}", "ms")?;
        for row in rows {
            let millis = format!("{:.1}", row.at.saturating_sub(start).as_secs_f64() * 1_000.0);
            writeln!(f, "{millis:>MOMENT$}  {}", Drawn(&row))?;
        }
        let kinds = [(LINK, "Reticulum link"), (SIGNAL, "LXST signal"), (MEDIA, "media")];
        let legend = kinds.map(|(stroke, name)| format!("{stroke}{stroke} {name}"));
        writeln!(f, "{:>MOMENT$}  {}", "", legend.join("   "))
    }
}

/// A row between its lifelines.
struct Drawn<'a>(&'a Row);

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stroke, label) = match &self.0.mark {
            Mark::Act(what) => {
                return match self.0.by {
                    Side::Local => write!(f, "● {what:<width$}│", width = BETWEEN - 1),
                    Side::Remote => write!(f, "│{what:>width$} ●", width = BETWEEN - 1),
                };
            }
            Mark::Link(label) => (LINK, label.clone()),
            Mark::Signals(label) => (SIGNAL, label.clone()),
            Mark::Media { packets, bytes, lasted } => {
                let (size, seconds) = (kilobytes(*bytes), lasted.as_secs_f64());
                (MEDIA, format!("media: {packets} in {seconds:.1} s, {size}"))
            }
        };
        // One place is the arrow's head, two are the label's margin.
        let strokes = (BETWEEN - 3).saturating_sub(label.chars().count());
        let line = |length| String::from_iter(std::iter::repeat_n(stroke, length));
        let (before, after) = (line(strokes / 2), line(strokes - strokes / 2));
        match self.0.by {
            Side::Local => write!(f, "├{before} {label} {after}►│"),
            Side::Remote => write!(f, "│◄{before} {label} {after}┤"),
        }
    }
}

/// Columns of a moment.
const MOMENT: usize = 8;
/// Columns between the lifelines.
const BETWEEN: usize = 66;
const LINK: char = '╌';
const SIGNAL: char = '─';
const MEDIA: char = '═';

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lxst_tokio::IdentityHash;

    use super::*;
    use crate::conversation::{Act, Step, What};

    #[test]
    fn a_conversation_is_drawn_from_its_first_step_on() {
        let drawing = Ladder(&conversation()).to_string();
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

    fn conversation() -> Conversation {
        let step = |micros, by, what| Step { at: Duration::from_micros(micros), by, what };
        let media = || What::Media { payload_bytes: 60, plaintext_bytes: 65 };
        let dials = Act::Dials(IdentityHash([7; 16]));
        let steps = vec![
            step(1_000_000, Side::Local, What::Act(dials)),
            step(1_000_200, Side::Local, What::Link("link request".into())),
            step(1_007_490, Side::Remote, What::Signals("RINGING".into())),
            step(1_007_600, Side::Local, What::Act(Act::HearsRinging)),
            step(1_060_000, Side::Local, media()),
            step(1_070_000, Side::Remote, media()),
            step(1_120_000, Side::Local, media()),
            step(1_130_000, Side::Remote, What::Act(Act::HangsUp)),
        ];
        Conversation { names: ["caller", "callee"], steps }
    }
}
