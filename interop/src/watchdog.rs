//! The watchdog of this process: when it did not run although it was due, and for how long.

use core::time::Duration;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// How often a watchdog wakes: 5 ms, half of the shortest frame.
pub const PERIOD: Duration = Duration::from_millis(5);

/// Starts the watchdog, unless it runs.
pub(crate) fn start() {
    LazyLock::force(&WATCHDOG);
}

/// Returns how much of a wait is left. It is prolonged by the time for which this process did not
/// run.
pub fn left(begun: Instant, within: Duration) -> Duration {
    let late = WATCHDOG.0.lock().unwrap_or_else(PoisonError::into_inner);
    let lost: Duration =
        late.iter().rev().take_while(|(at, _)| *at >= begun).map(|(_, by)| *by).sum();
    (within + lost).saturating_sub(begun.elapsed())
}

/// Returns the worst lateness of this process in a time.
pub(crate) fn worst(time: &Range<Instant>) -> Duration {
    let late = WATCHDOG.0.lock().unwrap_or_else(PoisonError::into_inner);
    worst_of(late.iter().copied(), time)
}

/// Returns the worst record of a watchdog: when it woke, and how late.
pub(crate) fn worst_of(
    late: impl Iterator<Item = (Instant, Duration)>,
    time: &Range<Instant>,
) -> Duration {
    late.filter(|&(at, by)| at >= time.start && at < time.end + by)
        .map(|(_, by)| by)
        .max()
        .unwrap_or_default()
}

/// When it overslept, and by how much.
static WATCHDOG: LazyLock<Watchdog> = LazyLock::new(Watchdog::start);

struct Watchdog(Mutex<Vec<(Instant, Duration)>>);

impl Watchdog {
    fn start() -> Self {
        thread::spawn(|| {
            loop {
                let due = Instant::now() + PERIOD;
                thread::sleep(PERIOD);
                let by = due.elapsed();
                if by >= PERIOD {
                    let mut late = WATCHDOG.0.lock().unwrap_or_else(PoisonError::into_inner);
                    late.push((due + by, by));
                }
            }
        });
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_counts_where_it_touches_the_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let late = [(at(100), 30), (at(200), 20), (at(320), 50), (at(330), 10)];
        let worst = |from, to| {
            let late = late.iter().map(|&(at, ms)| (at, Duration::from_millis(ms)));
            worst_of(late, &(at(from)..at(to))).as_millis()
        };

        assert_eq!(worst(0, 400), 50);
        assert_eq!(worst(101, 270), 20);
        assert_eq!(worst(201, 271), 50);
        assert_eq!(worst(331, 400), 0);
    }
}
