//! A conversation drawn as text: a lifeline for each side, and arrows between them.

use std::fmt;
use std::time::Duration;

use lxst_tokio::telephony::Role;

use crate::conversation::{Act, Conversation, Step, What};

/// Draws a conversation from the moment of dialling on, 80 columns wide.
///
/// Media is drawn as one arrow for each direction and each stretch without signals, at the moment
/// of its first packet.
#[derive(Debug)]
pub struct Ladder<'a>(pub &'a Conversation);

/// A line of the drawing.
struct Row {
    at: Duration,
    by: Role,
    mark: Mark,
}

enum Mark {
    Act(String),
    Arrow { stroke: char, label: String },
    Media { packets: usize, bytes: usize, lasted: Duration },
}

impl fmt::Display for Ladder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.moment(Role::Caller, Act::Dials).unwrap_or_default();
        let edge = BETWEEN - 10;
        writeln!(f, "{:>MOMENT$}  caller{:edge$}callee", "ms", "")?;
        for row in rows(self.0.steps()) {
            let Some(at) = row.at.checked_sub(start) else {
                continue;
            };
            let millis = format!("{:.1}", at.as_secs_f64() * 1_000.0);
            writeln!(f, "{millis:>MOMENT$}  {row}")?;
        }
        let kinds = [(LINK, "Reticulum link"), (SIGNAL, "LXST signal"), (MEDIA, "media")];
        let legend = kinds.map(|(stroke, name)| format!("{stroke}{stroke} {name}"));
        writeln!(f, "{:>MOMENT$}  {}", "", legend.join("   "))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stroke, label) = match &self.mark {
            Mark::Act(what) => {
                return match self.by {
                    Role::Caller => write!(f, "● {what:<width$}│", width = BETWEEN - 1),
                    Role::Callee => write!(f, "│{what:>width$} ●", width = BETWEEN - 1),
                };
            }
            Mark::Arrow { stroke, label } => (*stroke, label.clone()),
            Mark::Media { packets, bytes, lasted } => {
                let (size, seconds) = (kilobytes(*bytes), lasted.as_secs_f64());
                (MEDIA, format!("media: {packets} in {seconds:.1} s, {size}"))
            }
        };
        // One place is the arrow's head, two are the label's margin.
        let strokes = (BETWEEN - 3).saturating_sub(label.chars().count());
        let line = |length| String::from_iter(std::iter::repeat_n(stroke, length));
        let (before, after) = (line(strokes / 2), line(strokes - strokes / 2));
        match self.by {
            Role::Caller => write!(f, "├{before} {label} {after}►│"),
            Role::Callee => write!(f, "│◄{before} {label} {after}┤"),
        }
    }
}

/// Writes a number of bytes in thousands, with one decimal.
#[must_use]
pub fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1_000.0)
}

/// Makes a row of each step, and one of each stretch of media.
fn rows(steps: &[Step]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut stretch = 0;
    for step in steps {
        let (at, by) = (step.at, step.by);
        let mark = match &step.what {
            What::Media { payload_bytes, .. } => {
                let sent = rows[stretch..].iter_mut().find(|row| row.by == by);
                if let Some(row) = sent
                    && let Mark::Media { packets, bytes, lasted } = &mut row.mark
                {
                    *packets += 1;
                    *bytes += payload_bytes;
                    *lasted = at.saturating_sub(row.at);
                } else {
                    let mark =
                        Mark::Media { packets: 1, bytes: *payload_bytes, lasted: Duration::ZERO };
                    rows.push(Row { at, by, mark });
                }
                continue;
            }
            // What the caller hears is the arrow that rings.
            What::Act(Act::HearsRinging) => continue,
            What::Act(act) => Mark::Act(describe(*act)),
            What::Link(label) => Mark::Arrow { stroke: LINK, label: (*label).to_owned() },
            What::Signals(label) => Mark::Arrow { stroke: SIGNAL, label: label.clone() },
        };
        rows.push(Row { at, by, mark });
        stretch = rows.len();
    }
    rows
}

fn describe(act: Act) -> String {
    match act {
        Act::Dials => "dials".into(),
        Act::HearsRinging => "hears ringing".into(),
        Act::Rings => "rings".into(),
        Act::Answers => "answers".into(),
        Act::Established => "established, audio is open".into(),
        Act::HangsUp => "hangs up".into(),
        Act::Ended(reason) => format!("ended: {reason}"),
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
    use super::*;

    #[test]
    fn a_conversation_is_drawn_from_the_dialling_on() {
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

    #[test]
    fn a_signal_parts_the_media_before_it_from_the_media_after_it() {
        let steps = [
            media(0, Role::Caller),
            signal(10, Role::Callee, "ESTABLISHED"),
            media(20, Role::Caller),
            media(30, Role::Caller),
        ];
        let packets: Vec<usize> = rows(&steps)
            .iter()
            .filter_map(|row| match row.mark {
                Mark::Media { packets, .. } => Some(packets),
                _ => None,
            })
            .collect();
        assert_eq!(packets, [1, 2]);
    }

    fn conversation() -> Conversation {
        let step = |micros, by, what| Step { at: Duration::from_micros(micros), by, what };
        Conversation::new(vec![
            signal(999, Role::Callee, "before"),
            step(1_000_000, Role::Caller, What::Act(Act::Dials)),
            step(1_000_200, Role::Caller, What::Link("link request")),
            step(1_007_490, Role::Callee, What::Signals("RINGING".into())),
            step(1_007_600, Role::Caller, What::Act(Act::HearsRinging)),
            media(1_060, Role::Caller),
            media(1_070, Role::Callee),
            media(1_120, Role::Caller),
            step(1_130_000, Role::Callee, What::Act(Act::HangsUp)),
        ])
    }

    fn signal(millis: u64, by: Role, name: &str) -> Step {
        Step { at: Duration::from_millis(millis), by, what: What::Signals(name.into()) }
    }

    fn media(millis: u64, by: Role) -> Step {
        Step {
            at: Duration::from_millis(millis),
            by,
            what: What::Media { payload_bytes: 60, plaintext_bytes: 65 },
        }
    }
}
