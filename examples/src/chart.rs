//! A picture of receive paths over time: what waited, and what was made up.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use plotters::prelude::*;

use crate::playout::Playout;

/// One panel of the picture.
#[derive(Debug)]
pub struct Panel {
    /// What it shows.
    pub title: String,
    /// The receive path.
    pub playout: Playout,
}

/// Draws a panel below the other into an SVG file.
///
/// # Errors
/// The file cannot be written.
pub fn draw(path: &Path, panels: &[Panel]) -> Result<(), Box<dyn Error>> {
    let height = PANEL_HEIGHT * u32::try_from(panels.len().max(1))?;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((panels.len().max(1), 1)).iter().zip(panels) {
        let Panel { title, playout } = panel;
        let times = playout.delays.iter().chain(&playout.concealed).map(|(at, _)| *at);
        let end = times.max().unwrap_or_default().as_secs_f64().max(1.0);
        let longest = playout.delays.iter().map(|(_, delay)| millis(*delay)).fold(100.0, f64::max);
        let mut chart = ChartBuilder::on(area)
            .caption(title, ("sans-serif", 16))
            .margin(8)
            .x_label_area_size(32)
            .y_label_area_size(48)
            .build_cartesian_2d(0.0..end, 0.0..longest * 1.1)?;
        chart.configure_mesh().light_line_style(TRANSPARENT).x_desc("s").y_desc("ms").draw()?;
        let concealed = playout.concealed.iter().map(|(at, length)| {
            let from = at.as_secs_f64();
            Rectangle::new(
                [(from, 0.0), (from + length.as_secs_f64(), longest)],
                RED.mix(0.3).filled(),
            )
        });
        chart
            .draw_series(concealed)?
            .label("made up")
            .legend(|(x, y)| Rectangle::new([(x, y - 4), (x + 12, y + 4)], RED.mix(0.3).filled()));
        let delays = playout.delays.iter().map(|(at, delay)| (at.as_secs_f64(), millis(*delay)));
        chart
            .draw_series(LineSeries::new(delays, BLUE.stroke_width(2)))?
            .label("waited before it played")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 12, y)], BLUE.stroke_width(2)));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    root.present()?;
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

const WIDTH: u32 = 900;
const PANEL_HEIGHT: u32 = 240;
