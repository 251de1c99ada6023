//! Log lines that anybody can cause.

use std::fmt;
use std::time::{Duration, Instant as Moment};

/// Limits a log to one line a second for each cause, and counts the lines that were left out.
///
/// A cause is the kind of a line, without any data that a peer chooses, so that there are few. A
/// peer that repeats something then fills no disk and hides no other line.
#[derive(Clone, Debug)]
pub struct LogLimit<C> {
    causes: Vec<Cause<C>>,
}

/// How many lines of a cause were left out since its last one.
///
/// *Shape*, as text: the end of a line, such as ` (and 12 more)`; empty if none was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut(pub u64);

#[derive(Clone, Debug)]
struct Cause<C> {
    cause: C,
    written: Moment,
    left_out: u64,
}

impl<C: PartialEq> LogLimit<C> {
    /// Returns `Some` if a line may be written now. Otherwise it is counted as left out.
    pub fn line(&mut self, now: Moment, cause: C) -> Option<LeftOut> {
        let Some(known) = self.causes.iter_mut().find(|known| known.cause == cause) else {
            self.causes.push(Cause { cause, written: now, left_out: 0 });
            return Some(LeftOut(0));
        };
        if now.saturating_duration_since(known.written) < LINE {
            known.left_out += 1;
            return None;
        }
        known.written = now;
        Some(LeftOut(std::mem::take(&mut known.left_out)))
    }
}

impl<C> Default for LogLimit<C> {
    fn default() -> Self {
        Self { causes: Vec::new() }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

const LINE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_has_one_line_a_second_and_the_next_tells_what_was_left_out() {
        let (mut limit, start) = (LogLimit::default(), Moment::now());
        let mut written = Vec::new();
        for ms in (0..3_000).step_by(10) {
            written.extend(limit.line(start + Duration::from_millis(ms), "flood"));
        }
        assert_eq!(written, [LeftOut(0), LeftOut(99), LeftOut(99)]);
        assert_eq!(limit.line(start, "another"), Some(LeftOut(0)));
        assert_eq!(format!("x{}{}", LeftOut(0), LeftOut(99)), "x (and 99 more)");
    }
}
