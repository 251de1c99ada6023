//! The quality of a call over the last two minutes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Sparkline, SparklineBar, Widget};
use rnphone_rs::control::{CallInfo, CallQuality};

use super::look::{Look, Tone};
use super::put;
use crate::tui::meters::QualityGraph;
use crate::tui::screen::Screen;

/// A figure of the quality over time.
#[derive(Clone, Copy, Debug)]
struct Curve {
    name: &'static str,
    unit: &'static str,
    decimals: usize,
    of: fn(&CallQuality) -> f64,
    /// The value at the bottom, and the least one at the top.
    scale: (f64, f64),
    /// From here on it is fair, and bad.
    fair: f64,
    bad: f64,
}

/// The curves; the one that matters most stands first.
const CURVES: [Curve; 3] = [
    Curve {
        name: "MOS",
        unit: "",
        decimals: 1,
        of: |quality| quality.mos,
        scale: (1.0, 4.5),
        fair: 3.6,
        bad: 2.6,
    },
    Curve {
        name: "delay",
        unit: " ms",
        decimals: 0,
        of: |quality| quality.delay_ms as f64,
        scale: (0.0, 300.0),
        fair: 250.0,
        bad: 400.0,
    },
    Curve {
        name: "loss",
        unit: " %",
        decimals: 1,
        of: |quality| quality.loss_percent,
        scale: (0.0, 5.0),
        fair: 2.0,
        bad: 5.0,
    },
];

/// Draws the curves of a call; where there is no room for them, the latest figures.
pub(super) fn draw(screen: &Screen, call: &CallInfo, look: Look, area: Rect, buffer: &mut Buffer) {
    let latest = screen.graphs.get(&call.call).and_then(QualityGraph::latest).or(call.quality);
    let Some(latest) = latest else { return };
    let Some(graph) = screen.graphs.get(&call.call).filter(|_| area.height >= 3) else {
        let figures = CURVES.map(|curve| curve.figure(&latest));
        put(buffer, area, 0, Line::raw(figures.join("  ")));
        return;
    };
    let has_axis = area.height >= 4;
    let height = (area.height - u16::from(has_axis)) / 3;
    for (index, curve) in (0..).zip(CURVES) {
        let place = Rect { y: area.y + index * height, height, ..area };
        curve.draw(graph, screen, look, place, buffer);
    }
    if has_axis && area.width > LABEL + 16 {
        let axis = Rect { x: area.x + LABEL, width: area.width - LABEL, ..area };
        put(buffer, axis, height * 3, Line::styled("2 min ago", look.faint()));
        put(buffer, axis, height * 3, Line::styled("now", look.faint()).right_aligned());
    }
}

impl Curve {
    fn figure(&self, quality: &CallQuality) -> String {
        format!("{} {:.*}{}", self.name, self.decimals, (self.of)(quality), self.unit)
    }

    /// MOS is bad where it is low, and all others where they are high.
    fn badness(&self, value: f64) -> f64 {
        if self.bad < self.fair { -value } else { value }
    }

    fn style(&self, value: f64, look: Look) -> Style {
        let is_beyond = |limit| self.badness(value) >= self.badness(limit);
        look.tone(match (is_beyond(self.fair), is_beyond(self.bad)) {
            (_, true) => Tone::Bad,
            (true, false) => Tone::Fair,
            (false, false) => Tone::Good,
        })
    }

    fn draw(
        &self,
        graph: &QualityGraph,
        screen: &Screen,
        look: Look,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let columns = area.width.saturating_sub(LABEL);
        let worst = graph.columns(screen.now, columns, |quality| self.badness((self.of)(quality)));
        let values: Vec<Option<f64>> =
            worst.iter().map(|quality| quality.as_ref().map(self.of)).collect();
        let (bottom, top) = self.scale;
        let highest = values.iter().flatten().fold(top, |top, value| top.max(*value));
        let tops = std::iter::successors(Some(top), |top| Some(top * 2.0));
        let top = tops.take(MAX_DOUBLINGS).find(|top| *top >= highest).unwrap_or(highest);
        let latest = graph.latest().map_or(bottom, |quality| (self.of)(&quality));
        let figure = format!("{latest:.*}{}", self.decimals, self.unit);
        let name = self.name;
        put(
            buffer,
            area,
            0,
            Line::from(vec![
                Span::raw(format!("{name:<5} ")),
                Span::styled(format!("{figure:>7}"), self.style(latest, look)),
            ]),
        );
        let range = format!("{bottom:.0} to {top:.*}", usize::from(top.fract() > 0.0));
        put(buffer, area, 1, Line::styled(range, look.faint()));
        let levels = u64::from(area.height) * LEVELS_OF_CELL;
        let bar = |value: &Option<f64>| match value {
            None => SparklineBar::from(None),
            Some(value) => {
                let part = ((value - bottom) / (top - bottom)).clamp(0.0, 1.0);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "from 0 to the levels"
                )]
                let level = (part * levels as f64).round() as u64;
                // The lowest value is a line, unlike none.
                SparklineBar::from(level.max(1)).style(self.style(*value, look))
            }
        };
        let place = Rect { x: area.x + area.width - columns, width: columns, ..area };
        let bars: Vec<SparklineBar> = values.iter().map(bar).collect();
        Sparkline::default().data(bars).max(levels).absent_value_symbol(" ").render(place, buffer);
    }
}

/// Columns of the figures at the left.
const LABEL: u16 = 14;
/// The scale of a curve grows this often by two, before it ends at the highest value.
const MAX_DOUBLINGS: usize = 16;
/// A bar ends at any eighth of a cell.
const LEVELS_OF_CELL: u64 = 8;
