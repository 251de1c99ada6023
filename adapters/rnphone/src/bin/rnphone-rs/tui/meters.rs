//! Levels with their peaks, and the quality of the last minutes.

use std::collections::VecDeque;
use std::time::Duration;

use rnphone_rs::control::CallQuality;

/// A level, and the highest of the last [`HOLD`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PeakHold {
    pub(super) level_dbfs: Option<f32>,
    peak: Option<(Duration, f32)>,
}

impl PeakHold {
    pub(super) fn push(&mut self, now: Duration, level_dbfs: Option<f32>) {
        self.level_dbfs = level_dbfs;
        let is_over = |at: Duration| now.saturating_sub(at) > HOLD;
        self.peak = match (level_dbfs, self.peak) {
            (Some(level), Some((at, peak))) if level < peak && !is_over(at) => Some((at, peak)),
            (Some(level), _) => Some((now, level)),
            (None, _) => None,
        };
    }

    pub(super) fn peak_dbfs(&self) -> Option<f32> {
        self.peak.map(|(_, peak)| peak)
    }
}

/// The quality reports of a call in the last [`SPAN`](Self::SPAN), the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct QualityGraph(VecDeque<(Duration, CallQuality)>);

impl QualityGraph {
    pub(super) const SPAN: Duration = Duration::from_secs(120);

    pub(super) fn push(&mut self, now: Duration, quality: CallQuality) {
        self.0.push_back((now, quality));
        let is_over = |at: &Duration| now.saturating_sub(*at) > Self::SPAN;
        while self.0.front().is_some_and(|(at, _)| is_over(at)) || self.0.len() > MAX_REPORTS {
            self.0.pop_front();
        }
    }

    pub(super) fn latest(&self) -> Option<CallQuality> {
        self.0.back().map(|(_, quality)| *quality)
    }

    /// Returns the worst report by a measure of badness in each column of a graph that ends now;
    /// `None` where there is none.
    pub(super) fn columns(
        &self,
        now: Duration,
        columns: u16,
        badness: impl Fn(&CallQuality) -> f64,
    ) -> Vec<Option<CallQuality>> {
        let mut worst: Vec<Option<CallQuality>> = vec![None; columns.into()];
        for (at, quality) in &self.0 {
            let age = now.saturating_sub(*at).as_secs_f64() / Self::SPAN.as_secs_f64();
            let from_right = age * f64::from(columns);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a column: not below 0, and beyond the width it is left out"
            )]
            let from_right = from_right as usize;
            let Some(column) = usize::from(columns).checked_sub(1 + from_right) else { continue };
            if let Some(slot) = worst.get_mut(column)
                && slot.is_none_or(|slot| badness(&slot) <= badness(quality))
            {
                *slot = Some(*quality);
            }
        }
        worst
    }
}

/// How long a peak is shown.
const HOLD: Duration = Duration::from_secs(2);
/// One a second comes; nothing makes more of them harmful.
const MAX_REPORTS: usize = 240;
