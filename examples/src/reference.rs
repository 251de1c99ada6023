//! A model of the reference's queues, for the same arrivals.

use std::time::Duration;

use lxst_sim::receive::Queues;
use lxst_tokio::Profile;
use lxst_tokio::trace::view::Playout;

/// Returns when frames were sent, and their delay until playout in a model of the reference.
#[must_use]
pub fn of_reference(playout: &Playout, profile: Profile) -> Vec<(Duration, Duration)> {
    let mut queues = Queues::new(profile);
    let block = if profile == Profile::UltraLowLatency { 10_000 } else { 20_000 };
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let mut arrivals: Vec<(u64, u32)> = (0..)
        .zip(&playout.frames)
        .filter_map(|(number, frame)| Some((micros(frame.arrived?), number)))
        .collect();
    arrivals.sort_unstable();
    let end = arrivals.last().map_or(0, |(last, _)| last + 1_000_000);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut delays = Vec::new();
    for now in (0..end).step_by(block) {
        while let Some((arrival, number)) = arrivals.next_if(|(arrival, _)| *arrival <= now) {
            queues.on_frame(arrival, number);
        }
        queues.on_block(now, block as u64, |number, starts| {
            let Some(frame) = playout.frames.get(number as usize) else { return };
            let starts = Duration::from_micros(starts);
            delays.push((frame.sent, starts.saturating_sub(frame.sent)));
        });
    }
    delays
}

#[cfg(test)]
mod tests {
    use lxst_tokio::trace::view::Frame;

    use super::*;

    #[test]
    fn the_reference_plays_a_clean_network_at_the_delay_that_was_measured_of_it() {
        let frames = (0..100).map(|number| Frame {
            sent: millis(number * 60),
            arrived: Some(millis(number * 60)),
            played: None,
        });
        let playout = Playout { frames: frames.collect(), concealed: Vec::new() };
        let delays = of_reference(&playout, Profile::MediumQuality);
        let (_, last) = delays.last().unwrap();
        // Less the 60 ms in which a frame is captured.
        assert!((millis(130)..millis(165)).contains(last), "{last:?}");
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
