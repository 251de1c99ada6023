//! A chart of receive paths over time: the playout delay of frames, and which were lost, late or
//! concealed.

use core::fmt::{self, Display};
use core::time::Duration;

use lxst_core::Profile;

use crate::view::ladder_svg::Escaped;
use crate::view::playout::Playout;

/// Draws panels below each other, 720 units wide. [`Display`] writes the SVG file, which follows
/// the reader's light or dark theme.
#[derive(Debug)]
pub struct Chart<'a> {
    /// The title: what the network did.
    pub title: &'a str,
    /// The receive paths.
    pub panels: &'a [Panel],
}

/// A receive path.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The profile that was sent.
    pub profile: Profile,
    /// The result, in one line.
    pub verdict: String,
    /// What the jitter buffer did.
    pub playout: Playout,
    /// The result of another receive path with the same arrivals: when frames were sent, and their
    /// delay until playout.
    pub reference: Vec<(Duration, Duration)>,
    /// Whether its longest gap is a stall of the network.
    pub has_stall: bool,
}

impl Display for Chart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let height = HEAD + PANEL * self.panels.len() as f64;
        write!(
            f,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="system-ui, 'DejaVu Sans', Arial, sans-serif" font-size="11" role="img">
<title>{}</title>
<style>{STYLE}</style>
<rect class="paper" width="{WIDTH}" height="{height}"/>
"##,
            Escaped(self.title)
        )?;
        text(f, 14.0, 26.0, "title", self.title)?;
        let caption = "From the moment a frame is sent to the moment it plays, in ms";
        text(f, 14.0, 43.0, "grey", caption)?;
        for (place, panel) in self.panels.iter().enumerate() {
            panel.draw(f, HEAD + PANEL * place as f64)?;
        }
        f.write_str("</svg>\n")
    }
}

impl Panel {
    fn draw(&self, f: &mut fmt::Formatter<'_>, top: f64) -> fmt::Result {
        let playout = &self.playout;
        let ours = || playout.frames.iter().filter_map(|frame| Some((frame.sent, frame.delay()?)));
        let reference = &self.reference;
        let delays =
            ours().map(|(_, delay)| delay).chain(reference.iter().map(|(_, delay)| *delay));
        let longest = delays.map(millis).fold(150.0, f64::max) * 1.05;
        let start = playout.frames.first().map(|frame| frame.sent).unwrap_or_default();
        let end = playout.frames.last().map(|frame| frame.sent).unwrap_or_default();
        let seconds = end.saturating_sub(start).as_secs_f64().max(1.0);
        let frame = self.profile.frame().duration();
        let plot = Plot { top: top + 30.0, start, seconds, frame, longest };

        text(f, 14.0, top + 8.0, "name", &self.profile.to_string())?;
        end_text(f, RIGHT, top + 8.0, "grey", &self.verdict)?;
        plot.axes(f)?;
        if self.has_stall
            && let Some((from, to)) = playout.longest_gap()
        {
            let (left, right) = (plot.x(from), plot.x(to));
            let (top, width) = (plot.top, right - left);
            writeln!(
                f,
                r#"<rect class="stall" x="{left:.1}" y="{top}" width="{width:.1}" height="{DEEP}"/>"#
            )?;
            let label = format!("nothing comes for {:.0} ms", millis(to.saturating_sub(from)));
            let middle = ((left + right) / 2.0).clamp(LEFT + 75.0, RIGHT - 75.0);
            middle_text(f, middle, plot.top - 4.0, "grey", &label)?;
        }
        plot.line(f, "reference", reference.iter().copied())?;
        plot.line(f, "ours", ours())?;
        // Labels are at the ends of their lines, and do not overlap.
        let y_of = |last: Option<(Duration, Duration)>| last.map(|(_, delay)| plot.y(delay) + 4.0);
        let (mine, theirs) = (y_of(ours().next_back()), y_of(reference.last().copied()));
        let is_below = mine.zip(theirs).is_some_and(|(mine, theirs)| mine > theirs);
        if let Some(y) = theirs {
            let y = if is_below { y - 12.0 } else { y };
            text(f, RIGHT + 8.0, y, "grey", "Python LXST,")?;
            text(f, RIGHT + 8.0, y + 12.0, "grey", "simulated")?;
        }
        if let Some(y) = mine {
            let y = match theirs {
                Some(theirs) if is_below => y.max(theirs + 13.0),
                Some(theirs) => y.min(theirs - 13.0),
                None => y,
            };
            text(f, RIGHT + 8.0, y, "ours-name", "rsLXST")?;
        }
        self.lanes(f, &plot)
    }

    /// Draws lost, late and concealed frames, each kind in a lane below the plot.
    fn lanes(&self, f: &mut fmt::Formatter<'_>, plot: &Plot) -> fmt::Result {
        let playout = &self.playout;
        let tick = Duration::ZERO;
        let lost: Vec<_> = playout.lost().map(|at| (at, tick)).collect();
        let late: Vec<_> = playout.late().map(|at| (at, tick)).collect();
        let end = plot.start + Duration::from_secs_f64(plot.seconds);
        let concealed = playout.concealed.iter().filter(|(at, _)| (plot.start..end).contains(at));
        let concealed: Vec<_> = concealed.copied().collect();
        let total: Duration = concealed.iter().map(|(_, length)| *length).sum();
        let frames = playout.frames.len();
        let lanes = [
            ("lost", lost.len().to_string(), lost),
            ("late", late.len().to_string(), late),
            ("made up", format!("{:.0} ms", millis(total)), concealed),
        ];
        let mut y = plot.top + DEEP + 12.0;
        for (name, total, marks) in lanes {
            let class = name.replace(' ', "-");
            end_text(f, LEFT - 8.0, y + 8.0, &class, name)?;
            let total = if name == "lost" { format!("{total} of {frames}") } else { total };
            text(f, RIGHT + 8.0, y + 8.0, &class, &total)?;
            writeln!(
                f,
                r#"<rect class="lane" x="{LEFT}" y="{y}" width="{}" height="10"/>"#,
                RIGHT - LEFT
            )?;
            for (at, length) in marks {
                let x = plot.x(at);
                let width = (plot.x(at + length) - x).max(2.0).min(RIGHT - x);
                writeln!(
                    f,
                    r#"<rect class="{class}" x="{x:.1}" y="{y}" width="{width:.1}" height="10"/>"#
                )?;
            }
            y += LANE;
        }
        for second in 0..=plot.seconds as u64 {
            let x = plot.x(plot.start + Duration::from_secs(second));
            middle_text(f, x, y + 10.0, "grey", &format!("{second} s"))?;
        }
        Ok(())
    }
}

/// The coordinates of moments and delays.
struct Plot {
    top: f64,
    start: Duration,
    seconds: f64,
    /// Length of a frame.
    frame: Duration,
    /// The delay at the top, in ms.
    longest: f64,
}

impl Plot {
    fn x(&self, at: Duration) -> f64 {
        let seconds = at.saturating_sub(self.start).as_secs_f64().min(self.seconds);
        LEFT + seconds / self.seconds * (RIGHT - LEFT)
    }

    fn y(&self, delay: Duration) -> f64 {
        self.top + DEEP * (1.0 - millis(delay) / self.longest)
    }

    fn axes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = [20_u32, 50, 100, 200, 250, 500, 1_000, 2_000, 5_000];
        let step =
            steps.into_iter().find(|step| self.longest / f64::from(*step) <= 5.0).unwrap_or(10_000);
        let mut level = 0_u32;
        while f64::from(level) <= self.longest {
            let y = self.y(Duration::from_millis(level.into()));
            writeln!(f, r#"<path class="grid" d="M{LEFT} {y:.1}H{RIGHT}"/>"#)?;
            end_text(f, LEFT - 8.0, y + 4.0, "grey", &level.to_string())?;
            level += step;
        }
        Ok(())
    }

    /// Draws delays. A run of missing frames breaks the line.
    fn line(
        &self,
        f: &mut fmt::Formatter<'_>,
        class: &str,
        points: impl Iterator<Item = (Duration, Duration)>,
    ) -> fmt::Result {
        write!(f, r#"<path class="{class}" d=""#)?;
        let mut last = None;
        for (at, delay) in points {
            let is_next = last.is_some_and(|last| at.saturating_sub(last) < self.frame * 7 / 2);
            let step = if is_next { 'L' } else { 'M' };
            write!(f, "{step}{:.1} {:.1}", self.x(at), self.y(delay))?;
            last = Some(at);
        }
        f.write_str("\"/>\n")
    }
}

fn text(f: &mut fmt::Formatter<'_>, x: f64, y: f64, class: &str, text: &str) -> fmt::Result {
    writeln!(f, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{}</text>"#, Escaped(text))
}

fn end_text(f: &mut fmt::Formatter<'_>, x: f64, y: f64, class: &str, text: &str) -> fmt::Result {
    anchored(f, "end", [x, y], class, text)
}

fn middle_text(f: &mut fmt::Formatter<'_>, x: f64, y: f64, class: &str, text: &str) -> fmt::Result {
    anchored(f, "middle", [x, y], class, text)
}

fn anchored(
    f: &mut fmt::Formatter<'_>,
    anchor: &str,
    [x, y]: [f64; 2],
    class: &str,
    text: &str,
) -> fmt::Result {
    let text = Escaped(text);
    writeln!(
        f,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
    )
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

const STYLE: &str = "
.paper{fill:#fff}.title,.name{fill:#1a1a1a;font-weight:600}.title{font-size:15px}.name{font-size:12.5px}
.grey{fill:#555}.grid{stroke:#e4e4e4}.lane{fill:#f3f3f3}.stall{fill:#fdf3c4}
.reference,.ours{fill:none;stroke-linejoin:round}.reference{stroke:#999;stroke-width:1.4}
.ours{stroke:#1b66b0;stroke-width:1.8}.ours-name{fill:#1b66b0;font-weight:600}
.lost{fill:#b3261e}.late{fill:#9a5b00}.made-up{fill:#6a3fa0}
@media (prefers-color-scheme:dark){
.paper{fill:#16181c}.title,.name{fill:#ececec}.grey{fill:#a9adb4}.grid{stroke:#2e3238}.lane{fill:#202329}
.stall{fill:#3b3516}.reference{stroke:#858b94}.ours{stroke:#6db3f2}.ours-name{fill:#6db3f2}
.lost{fill:#ff8a80}.late{fill:#ffb74d}.made-up{fill:#c4a5f5}}
";
const WIDTH: f64 = 720.0;
/// Left edge of the plots.
const LEFT: f64 = 66.0;
const RIGHT: f64 = 620.0;
/// Height of the title.
const HEAD: f64 = 66.0;
const PANEL: f64 = 270.0;
/// Height of a plot.
const DEEP: f64 = 140.0;
const LANE: f64 = 16.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::playout::Frame;

    #[test]
    fn a_picture_has_a_title_marks_what_went_wrong_and_the_stall_and_is_dark_for_who_wants_that() {
        let frames = (0..50).map(|number| Frame {
            sent: Duration::from_millis(number * 60),
            arrived: (number != 7).then_some(Duration::from_millis(number * 60 + 5)),
            played: (number != 7).then_some(Duration::from_millis(number * 60 + 120)),
        });
        let concealed = vec![(Duration::from_millis(540), Duration::from_millis(60))];
        let panel = Panel {
            profile: Profile::MediumQuality,
            verdict: "fair <MOS>".into(),
            playout: Playout { frames: frames.collect(), concealed },
            reference: vec![(Duration::ZERO, Duration::from_millis(150))],
            has_stall: true,
        };
        let drawing = Chart { title: "2 % loss", panels: &[panel] }.to_string();
        for wanted in [
            "<title>2 % loss</title>",
            "Medium Quality",
            "fair &lt;MOS&gt;",
            "1 of 50",
            "60 ms",
            "nothing comes for 120 ms",
            "simulated",
            "prefers-color-scheme:dark",
        ] {
            assert!(drawing.contains(wanted), "{wanted}: {drawing}");
        }
        assert_eq!(drawing.matches(r#"<rect class="lost""#).count(), 1);
    }
}
