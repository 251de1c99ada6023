//! A conversation as a ladder diagram in SVG, for a phone's screen and for paper.

mod text;

use core::fmt::{self, Display};
use core::time::Duration;

use lxst_core::{CallState, Side};

use crate::view::conversation::Conversation;
use crate::view::rows::{Mark, Row, kilobytes, rows};
use crate::view::summary::{Call, duration};
pub(crate) use text::Escaped;
use text::Text;

/// Draws a conversation, 360 units wide. [`Display`] writes the SVG file.
///
/// The drawing follows the reader's light or dark theme. Moments count from the first step. The
/// states of a call are on the lifeline of the side that shows them. If several lines had calls,
/// each line of the left side has a lifeline, and the labels of its call begin with its number. The
/// greys of the states differ, and each state has its name in or below the drawing. Arrows differ
/// by their strokes. The drawing needs no colours.
#[derive(Debug)]
pub struct LadderSvg<'a> {
    /// The conversation to draw.
    pub conversation: &'a Conversation,
    /// A line of text below the drawing, such as its source; empty for none.
    pub note: &'a str,
}

/// A row and its vertical position.
struct Placed {
    row: Row,
    y: f64,
    /// The time before it, if the drawing shows it.
    pause: Option<Duration>,
}

impl Display for LadderSvg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sheet = Sheet { lines: self.conversation.lines() };
        let (placed, end) = place(sheet.top(), rows(self.conversation));
        let legend = Legend { y: end + 26.0, note: self.note };
        let height = legend.end();
        let (title, subtitle) = titles(self.conversation);
        write!(
            f,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="system-ui, 'DejaVu Sans', Arial, sans-serif" class="ink" role="img">
<title>{}</title>
<style>{STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="ink" d="M0 0.6 8 4 0 7.4z"/></marker></defs>
<rect class="paper" width="{WIDTH}" height="{height}"/>
"##,
            Escaped(&title),
        )?;
        Text { x: 14.0, y: 25.0, size: 15.0, ..Text::default() }.bold(&title).fmt(f)?;
        Text { x: 14.0, y: 41.0, size: 11.0, class: "grey", ..Text::default() }
            .plain(&subtitle)
            .fmt(f)?;
        sheet.lifelines(f, self.conversation.names, end)?;
        for line in 0..sheet.lines {
            for side in [Side::Local, Side::Remote] {
                bars(f, &placed, side, line, end)?;
            }
        }
        let start = placed.first().map(|first| first.row.at).unwrap_or_default();
        let margins = margins(&placed, sheet.lines);
        for placed in &placed {
            placed.draw(f, start, sheet, margins)?;
        }
        legend.draw(f)?;
        f.write_str("</svg>\n")
    }
}

impl Placed {
    fn draw(
        &self,
        f: &mut fmt::Formatter<'_>,
        start: Duration,
        sheet: Sheet,
        margins: [f64; 2],
    ) -> fmt::Result {
        let Row { by, line, prefix, .. } = &self.row;
        let (y, by) = (self.y, *by);
        let ends = sheet.ends(by, *line, margins);
        if let Some(pause) = self.pause {
            let text = format!("· · ·  {}  · · ·", duration(pause));
            let y = y - self.row.mark.above() - PAUSE / 2.0 + 2.0;
            sheet.middle(y, 10.0, &text, "grey").fmt(f)?;
        }
        let time = duration(self.row.at.saturating_sub(start));
        let time =
            Text { x: X[0] - 14.0, y: y + 3.5, size: 10.0, anchor: "end", ..Text::default() }
                .plain(&time);
        time.fmt(f)?;
        match &self.row.mark {
            Mark::Action(what) => sheet.act(f, y, by, *line, &format!("{prefix}{what}")),
            Mark::Link(label) => {
                sheet.middle(y - 5.0, 11.0, &format!("{prefix}{label}"), "ink").fmt(f)?;
                arrow(f, y, ends, r#"stroke-width="1.2" stroke-dasharray="2 3""#)
            }
            Mark::Signals(label) => {
                let label = format!("{prefix}{label}");
                sheet.middle(y - 5.0, 11.5, &label, "ink").heavy().fmt(f)?;
                arrow(f, y, ends, r#"stroke-width="1.4""#)
            }
            Mark::Media { packets, bytes, lasted } => {
                let plural = if *packets == 1 { "" } else { "s" };
                let text = format!(
                    "{prefix}{packets} media packet{plural}, {}, {}",
                    kilobytes(*bytes),
                    duration(*lasted)
                );
                sheet.middle(y - 7.0, 11.0, &text, "ink").fmt(f)?;
                arrow(f, y, ends, r#"stroke-width="4.5" stroke-opacity="0.4""#)
            }
        }
    }
}

/// The lifelines. Those of the left side's lines are side by side, with their numbers above.
#[derive(Clone, Copy)]
struct Sheet {
    lines: usize,
}

impl Sheet {
    /// Returns the top of the lifelines.
    const fn top(self) -> f64 {
        if self.lines > 1 { TOP + NUMBER } else { TOP }
    }

    /// Returns the last lifeline of the left side.
    fn left(self) -> f64 {
        lifeline(Side::Local, self.lines - 1)
    }

    fn lifelines(self, f: &mut fmt::Formatter<'_>, names: [&str; 2], end: f64) -> fmt::Result {
        let top = self.top();
        let [left, right] = names;
        head(f, (X[0] + self.left()) / 2.0, left)?;
        for line in 0..self.lines {
            let x = lifeline(Side::Local, line);
            if self.lines > 1 {
                let number =
                    Text { x, y: top - 3.0, size: 10.0, anchor: "middle", ..Text::default() };
                number.plain(&(line + 1).to_string()).fmt(f)?;
            }
            writeln!(f, r#"<path class="line" d="M{x} {top}V{end}" stroke-width="1.2"/>"#)?;
        }
        head(f, X[1], right)?;
        writeln!(f, r#"<path class="line" d="M{} {TOP}V{end}" stroke-width="1.2"/>"#, X[1])
    }

    /// Returns a text between the lifelines.
    fn middle(self, y: f64, size: f64, text: &str, class: &'static str) -> Text {
        let x = (self.left() + X[1]) / 2.0;
        Text { x, y, size, anchor: "middle", class, ..Text::default() }
            .plain(text)
            .fitting(X[1] - self.left())
    }

    fn act(
        self,
        f: &mut fmt::Formatter<'_>,
        y: f64,
        by: Side,
        line: Option<usize>,
        what: &str,
    ) -> fmt::Result {
        let x = lifeline(by, line.unwrap_or(0));
        writeln!(f, r#"<circle class="line paper" cx="{x}" cy="{y}" r="4" stroke-width="1.6"/>"#)?;
        let (x, anchor) = match by {
            Side::Local => (self.left() + 13.0, "start"),
            Side::Remote => (x - 13.0, "end"),
        };
        Text { x, y: y + 4.0, size: 11.5, anchor, ..Text::default() }
            .plain(what)
            .fitting(X[1] - self.left())
            .fmt(f)
    }

    /// Returns the beginning and the end of a side's arrow.
    fn ends(self, by: Side, line: Option<usize>, margins: [f64; 2]) -> [f64; 2] {
        let left = line.map_or(self.left(), |line| lifeline(Side::Local, line)) + margins[0];
        let right = X[1] - margins[1];
        match by {
            Side::Local => [left, right],
            Side::Remote => [right, left],
        }
    }
}

/// Returns the lifeline of a line. If both sides are known, each has one line.
fn lifeline(side: Side, line: usize) -> f64 {
    match side {
        Side::Local => X[0] + LANE * line as f64,
        Side::Remote => X[1],
    }
}

impl Mark {
    const fn is_act(&self) -> bool {
        matches!(self, Self::Action(_))
    }

    /// Returns the height that it needs above its position.
    const fn above(&self) -> f64 {
        match self {
            Self::Action(_) => 11.0,
            Self::Link(_) | Self::Signals(_) => 19.0,
            Self::Media { .. } => 21.0,
        }
    }

    const fn below(&self) -> f64 {
        match self {
            Self::Action(_) => 9.0,
            Self::Link(_) | Self::Signals(_) => 8.0,
            Self::Media { .. } => 9.0,
        }
    }
}

/// Places rows below each other. Returns where the last one ends.
fn place(top: f64, rows: Vec<Row>) -> (Vec<Placed>, f64) {
    let mut y = top + 6.0;
    let mut quiet_since: Option<Duration> = None;
    let mut placed = Vec::with_capacity(rows.len());
    for row in rows {
        let quiet = quiet_since.map(|since| row.at.saturating_sub(since));
        let pause = quiet.filter(|quiet| *quiet >= LEAST_PAUSE);
        if pause.is_some() {
            y += PAUSE;
        }
        y += row.mark.above();
        let lasted = match row.mark {
            Mark::Media { lasted, .. } => lasted,
            Mark::Action(_) | Mark::Link(_) | Mark::Signals(_) => Duration::ZERO,
        };
        quiet_since = quiet_since.max(Some(row.at + lasted));
        let below = row.mark.below();
        placed.push(Placed { row, y, pause });
        y += below;
    }
    (placed, y + 8.0)
}

/// Draws the states of a side's line on its lifeline.
fn bars(
    f: &mut fmt::Formatter<'_>,
    placed: &[Placed],
    side: Side,
    line: usize,
    end: f64,
) -> fmt::Result {
    let state_of = |placed: &Placed| placed.row.state(side, line);
    let x = lifeline(side, line);
    for run in placed.chunk_by(|one, next| state_of(one) == state_of(next)) {
        // A run holds at least one row, and is part of the slice.
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let Some(look) = Look::of(state_of(first)) else { continue };
        let after = placed.iter().find(|placed| placed.y > last.y);
        let (top, bottom) = (first.y, after.map_or(end, |after| after.y));
        writeln!(
            f,
            r#"<rect class="line {}" x="{}" y="{top}" width="{BAR}" height="{}" stroke-width="0.8"/>"#,
            look.name,
            x - BAR / 2.0,
            bottom - top,
        )?;
        let (above, below) = clear_stretch(run, side, line, bottom);
        if below - above > look.name.len() as f64 * 6.0 + 10.0 {
            writeln!(
                f,
                r#"<text class="on-{name}" transform="translate({} {})rotate(-90)" font-size="10" text-anchor="middle">{name}</text>"#,
                x + 3.5,
                (above + below) / 2.0,
                name = look.name,
            )?;
        }
    }
    Ok(())
}

/// Returns the longest stretch of a lifeline, from the top of a run to its bottom, without a dot.
fn clear_stretch(run: &[Placed], side: Side, line: usize, bottom: f64) -> (f64, f64) {
    let is_its = |row: &Row| row.by == side && row.line.unwrap_or(0) == line;
    let has_dot = |placed: &&Placed| is_its(&placed.row) && placed.row.mark.is_act();
    let dots = run.iter().filter(has_dot).map(|placed| placed.y);
    let mut above = run.first().map_or(bottom, |first| first.y);
    let mut longest = (above, above);
    for dot in dots.chain([bottom]) {
        if dot - above > longest.1 - longest.0 {
            longest = (above, dot);
        }
        above = dot;
    }
    longest
}

/// The look of a state: the class named after it, and the class of its label, `on-` and that name.
#[derive(Clone, Copy)]
struct Look {
    name: &'static str,
}

impl Look {
    const ALL: [CallState; 4] =
        [CallState::Calling, CallState::Ringing, CallState::Connecting, CallState::Established];

    fn of(state: CallState) -> Option<Self> {
        let name = match state {
            CallState::Calling | CallState::Linked | CallState::Identified => "calling",
            CallState::Ringing => "ringing",
            CallState::Connecting => "connecting",
            CallState::Established => "established",
            _ => return None,
        };
        Some(Self { name })
    }
}

fn head(f: &mut fmt::Formatter<'_>, x: f64, name: &str) -> fmt::Result {
    let width = name.chars().count() as f64 * 6.6 + 14.0;
    // Kept within the sheet.
    let left = (x - width / 2.0).min(f64::from(WIDTH) - width - 6.0);
    writeln!(
        f,
        r#"<rect class="ink" x="{left}" y="{}" width="{width}" height="20" rx="4"/>"#,
        TOP - 20.0
    )?;
    let (x, y) = (left + width / 2.0, TOP - 6.0);
    Text { x, y, size: 11.0, anchor: "middle", class: "paper", ..Text::default() }.bold(name).fmt(f)
}

/// Draws an arrow.
fn arrow(f: &mut fmt::Formatter<'_>, y: f64, ends: [f64; 2], stroke: &str) -> fmt::Result {
    let [from, to] = ends;
    writeln!(f, r#"<path class="line" d="M{from} {y}H{to}" {stroke} marker-end="url(#head)"/>"#)
}

/// Returns the distance of arrows from the lifelines of each side: zero, or half a state's bar.
fn margins(placed: &[Placed], lines: usize) -> [f64; 2] {
    [Side::Local, Side::Remote].map(|side| {
        let is_known = |placed: &Placed| {
            (0..lines).any(|line| placed.row.state(side, line) != CallState::Idle)
        };
        if placed.iter().any(is_known) { BAR / 2.0 + 1.0 } else { 1.0 }
    })
}

/// The meaning of strokes and greys.
struct Legend<'a> {
    y: f64,
    note: &'a str,
}

impl Legend<'_> {
    fn end(&self) -> f64 {
        self.y + if self.note.is_empty() { 30.0 } else { 46.0 }
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let y = self.y;
        let strokes = [
            ("Reticulum link", r#"stroke-width="1.2" stroke-dasharray="2 3""#),
            ("LXST signal", r#"stroke-width="1.4""#),
            ("media", r#"stroke-width="4.5" stroke-opacity="0.4""#),
        ];
        let mut x = 14.0;
        for (name, stroke) in strokes {
            writeln!(f, r#"<path class="line" d="M{x} {y}h22" {stroke}/>"#)?;
            Text { x: x + 27.0, y: y + 3.5, size: 10.0, ..Text::default() }.plain(name).fmt(f)?;
            x += 122.0;
        }
        let y = y + 18.0;
        let mut x = 14.0;
        for look in Look::ALL.into_iter().filter_map(Look::of) {
            writeln!(
                f,
                r#"<rect class="line {}" x="{x}" y="{}" width="10" height="10" stroke-width="0.8"/>"#,
                look.name,
                y - 6.0
            )?;
            Text { x: x + 15.0, y: y + 3.0, size: 10.0, ..Text::default() }
                .plain(look.name)
                .fmt(f)?;
            x += 83.0;
        }
        Text { x: 14.0, y: y + 19.0, size: 9.5, class: "grey", ..Text::default() }
            .plain(&tail(self.note))
            .fmt(f)
    }
}

/// Cuts the start of a note to fit the width: the end of a path says more.
fn tail(note: &str) -> String {
    let length = note.chars().count();
    if length <= NOTE_CHARS {
        return note.into();
    }
    ['…'].into_iter().chain(note.chars().skip(length + 1 - NOTE_CHARS)).collect()
}

/// Returns what the drawing shows and how the call ended, in one line each.
fn titles(conversation: &Conversation) -> (String, String) {
    let calls = Call::all(conversation);
    match &calls[..] {
        [] => ("No call".into(), String::new()),
        [call] => {
            let who = match call.dialled_by {
                Side::Local => "to",
                Side::Remote => "from",
            };
            let peer: String = call.peer.to_string().chars().take(8).collect();
            let mut parts = Vec::new();
            if let Some((profile, _)) = call.established {
                parts.push(profile.to_string());
            }
            parts.extend(
                call.talked().map(|talked| format!("talked for {:.1} s", talked.as_secs_f64())),
            );
            parts.push(call.ended.map_or("not ended".into(), |(_, reason)| reason.to_string()));
            (format!("Call {who} {peer}…"), parts.join(" · "))
        }
        calls => {
            let ends = conversation.steps.first().zip(conversation.steps.last());
            let lasted = ends.map(|(first, last)| last.at.saturating_sub(first.at));
            let lasted = lasted.map(|lasted| format!("within {}", duration(lasted)));
            let lines = match conversation.lines() {
                1 => String::new(),
                lines => format!(" on {lines} lines"),
            };
            (format!("{} calls{lines}", calls.len()), lasted.unwrap_or_default())
        }
    }
}

/// Earlier states are lighter.
const STYLE: &str = "
.ink{fill:#1a1a1a}.paper{fill:#fff}.grey{fill:#555}.line{stroke:#1a1a1a}path.line{fill:none}
.calling{fill:#fdf3c4}.ringing{fill:#f7bd4f}.connecting{fill:#4f86d9}.established{fill:#14603a}
.on-calling,.on-ringing{fill:#1a1a1a}.on-connecting,.on-established{fill:#fff}
@media (prefers-color-scheme:dark){
.ink{fill:#ececec}.paper{fill:#16181c}.grey{fill:#a9adb4}.line{stroke:#ececec}
.connecting{fill:#5b92e5}.established{fill:#1f7a4c}}
";
const WIDTH: u16 = 360;
/// The lifelines.
const X: [f64; 2] = [76.0, 334.0];
/// Top of the lifelines.
const TOP: f64 = 78.0;
/// Distance between the lifelines of two lines.
const LANE: f64 = 18.0;
/// Height of the lines' numbers.
const NUMBER: f64 = 14.0;
/// Width of a state's bar.
const BAR: f64 = 14.0;
/// Height of a pause's text.
const PAUSE: f64 = 20.0;
const LEAST_PAUSE: Duration = Duration::from_secs(1);
const NOTE_CHARS: usize = 56;

#[cfg(test)]
mod tests {
    use lxst_core::IdentityHash;

    use super::*;
    use crate::view::conversation::{Action, Step, StepKind};

    #[test]
    fn a_drawing_tells_signals_states_and_media_in_counts() {
        let step =
            |millis, by, kind| Step { at: Duration::from_millis(millis), by, line: Some(0), kind };
        let media = || StepKind::Media { payload_bytes: 60, plaintext_bytes: 65 };
        let steps = vec![
            step(0, Side::Local, StepKind::Action(Action::Dials(IdentityHash([7; 16])))),
            step(5_000, Side::Remote, StepKind::Signals("RINGING".into())),
            step(5_100, Side::Local, media()),
            step(5_200, Side::Local, media()),
        ];
        let conversation = Conversation { names: ["us", "them"], steps };
        let drawing =
            LadderSvg { conversation: &conversation, note: "a <note> & more" }.to_string();
        for wanted in [
            "Call to 07070707…",
            "RINGING",
            "2 media packets, 0.1 kB, 100.0 ms",
            "· · ·  5.000 s  · · ·",
            ">calling<",
            "a &lt;note&gt; &amp; more",
            ">us<",
            ">them<",
            "prefers-color-scheme:dark",
        ] {
            assert!(drawing.contains(wanted), "{wanted}: {drawing}");
        }
        // A colour outside of the style does not follow the theme.
        let (_, drawn) = drawing.split_once("</style>").expect("it has a style");
        assert!(!drawn.contains("=\"#"), "{drawn}");
    }

    #[test]
    fn rows_never_overlap() {
        let steps: Vec<Step> = (0..50)
            .map(|at| Step {
                at: Duration::from_millis(at * 300),
                by: if at % 2 == 0 { Side::Local } else { Side::Remote },
                line: Some(0),
                kind: match at % 3 {
                    0 => StepKind::Signals(at.to_string()),
                    1 => StepKind::Action(Action::Other(at.to_string())),
                    _ => StepKind::Media { payload_bytes: 1, plaintext_bytes: 6 },
                },
            })
            .collect();
        let (placed, end) = place(TOP, rows(&Conversation { names: ["a", "b"], steps }));
        for pair in placed.windows(2) {
            let [one, next] = pair else { unreachable!("windows of two") };
            assert!(one.y + one.row.mark.below() <= next.y - next.row.mark.above());
        }
        assert!(placed.last().unwrap().y < end);
    }
}
