//! Quiet hours: when the phone rings for exceptions alone, by the clock on the wall.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Spans of each day. Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuietHours(Vec<Span>);

/// From a time up to another, which may be that of the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: LocalTime,
    to: LocalTime,
}

/// A time of the day where the phone is. Shown and read as `22:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    seconds: u32,
}

/// A clock on the wall. The default is that of the system, which follows its time zone and daylight
/// saving time.
#[derive(Clone)]
pub struct LocalClock(Arc<dyn Fn() -> LocalTime + Send + Sync>);

/// Why texts are no quiet hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuietHoursError {
    /// A text has another form.
    #[error("{0:?} is no span of hours: write 22:00-07:00, and several with commas between")]
    Span(String),
    /// A span begins when it ends.
    #[error("{0:?} begins when it ends: write 22:00-07:00")]
    Empty(String),
    /// No time of the day is left.
    #[error("the spans hold the whole day: say who may call by allowed_callers")]
    WholeDay,
}

impl QuietHours {
    /// Reads spans such as `22:00-07:00`. A span begins with its first time and ends before its last
    /// one, on the next day if that is earlier.
    ///
    /// # Errors
    /// [`QuietHoursError`].
    pub fn read<'a>(spans: impl IntoIterator<Item = &'a str>) -> Result<Self, QuietHoursError> {
        let hours = Self(spans.into_iter().map(str::parse).collect::<Result<_, _>>()?);
        match hours.0.first() {
            // No span ends outside of all others.
            Some(span) if hours.end(span.from).is_none() => Err(QuietHoursError::WholeDay),
            _ => Ok(hours),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns when the quiet hours end that a time is in; `None` where it is in none.
    #[must_use]
    pub fn end(&self, time: LocalTime) -> Option<LocalTime> {
        if !self.holds(time) {
            return None;
        }
        // A span may go on in another one.
        let ends = self.0.iter().map(|span| span.to).filter(|end| !self.holds(*end));
        ends.min_by_key(|end| time.seconds_until(*end))
    }

    fn holds(&self, time: LocalTime) -> bool {
        let is_in = |span: &Span| span.from.seconds_until(time) < span.from.seconds_until(span.to);
        self.0.iter().any(is_in)
    }
}

impl LocalTime {
    /// Returns a time by its hour and its minute of the clock; those beyond 23:59 begin again at 0.
    #[must_use]
    pub const fn new(hour: u8, minute: u8) -> Self {
        Self { seconds: (hour as u32 * 60 + minute as u32) * 60 % DAY }
    }

    /// Returns how long the minute lasts from here on.
    #[must_use]
    pub const fn rest_of_minute(self) -> Duration {
        Duration::from_secs((60 - self.seconds % 60) as u64)
    }

    /// From this time to the next time that the clock shows `other`.
    const fn seconds_until(self, other: Self) -> u32 {
        (other.seconds + DAY - self.seconds) % DAY
    }
}

impl LocalClock {
    /// Returns a clock that shows what a function returns.
    pub fn new(now: impl Fn() -> LocalTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> LocalTime {
        (self.0)()
    }
}

impl Default for LocalClock {
    fn default() -> Self {
        Self::new(|| {
            let time = jiff::ZonedDateTime::now().time();
            let field = |value: i8| u32::from(value.unsigned_abs());
            let minutes = field(time.hour()) * 60 + field(time.minute());
            LocalTime { seconds: minutes * 60 + field(time.second()) }
        })
    }
}

impl fmt::Debug for LocalClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalClock").field(&self.now()).finish()
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.seconds / 60;
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl FromStr for Span {
    type Err = QuietHoursError;

    fn from_str(text: &str) -> Result<Self, QuietHoursError> {
        let other = || QuietHoursError::Span(text.to_owned());
        let (from, to) = text.split_once('-').ok_or_else(other)?;
        let [from, to] = [from, to].map(|time| time_of_day(time.trim()).ok_or_else(other));
        match (from?, to?) {
            (from, to) if from == to => Err(QuietHoursError::Empty(text.to_owned())),
            (from, to) => Ok(Self { from, to }),
        }
    }
}

/// Reads `07:00` or `7:00`; `24:00` is 00:00.
fn time_of_day(text: &str) -> Option<LocalTime> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { digits.parse::<u8>().ok() } else { None }
    };
    let is_whole = minute.len() == 2;
    match (number(hour)?, number(minute)?) {
        (hour @ ..=23, minute @ ..=59) if is_whole => Some(LocalTime::new(hour, minute)),
        (24, 0) if is_whole => Some(LocalTime::new(0, 0)),
        _ => None,
    }
}

/// Seconds of a day by the clock on the wall, also of one on which it is changed.
const DAY: u32 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> QuietHours {
        QuietHours::read(text.split(", ")).unwrap()
    }

    #[test]
    fn it_is_quiet_from_the_first_time_up_to_the_last_also_over_midnight() {
        for (spans, time, end) in [
            ("22:00-07:00", (21, 59), None),
            ("22:00-07:00", (22, 0), Some("07:00")),
            ("22:00-07:00", (0, 0), Some("07:00")),
            ("22:00-07:00", (6, 59), Some("07:00")),
            ("22:00-07:00", (7, 0), None),
            ("12:30-14:00", (12, 29), None),
            ("12:30-14:00", (12, 30), Some("14:00")),
            ("12:30-14:00", (13, 59), Some("14:00")),
            ("12:30-14:00", (14, 0), None),
            ("22:00-24:00", (23, 59), Some("00:00")),
            ("22:00-24:00", (0, 0), None),
            ("0:00 - 6:05", (6, 4), Some("06:05")),
            // One span goes on in the next, whatever their order.
            ("00:00-07:00, 13:00-14:00, 22:00-24:00", (23, 0), Some("07:00")),
            ("22:00-03:00, 02:00-06:00", (22, 30), Some("06:00")),
            ("02:00-06:00, 22:00-03:00", (4, 0), Some("06:00")),
        ] {
            let (hour, minute) = time;
            let found = hours(spans).end(LocalTime::new(hour, minute));
            let found = found.map(|end| end.to_string());
            assert_eq!(found.as_deref(), end, "{spans} {hour}:{minute}");
        }
        assert_eq!(QuietHours::default().end(LocalTime::new(0, 0)), None);
    }

    #[test]
    fn the_last_second_is_quiet_and_the_clock_is_looked_at_with_the_next_minute() {
        let last = LocalTime { seconds: 7 * 3_600 - 1 };
        assert_eq!(hours("22:00-07:00").end(last), Some(LocalTime::new(7, 0)));
        assert_eq!(last.rest_of_minute(), Duration::from_secs(1));
        assert_eq!(LocalTime::new(7, 0).rest_of_minute(), Duration::from_secs(60));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "22:00", "22-07", "22:00-7:5", "25:00-07:00", "24:01-07:00", "+1:00-7:00"]
        {
            let error = QuietHours::read([text]);
            assert_eq!(error, Err(QuietHoursError::Span(text.to_owned())));
        }
        for text in ["07:00-7:00", "00:00-24:00"] {
            assert_eq!(QuietHours::read([text]), Err(QuietHoursError::Empty(text.to_owned())));
        }
        let whole = QuietHours::read(["00:00-12:00", "12:00-24:00"]);
        assert_eq!(whole, Err(QuietHoursError::WholeDay));
        let whole = QuietHours::read(["22:00-21:00", "20:00-23:00"]);
        assert_eq!(whole, Err(QuietHoursError::WholeDay));
    }

    #[test]
    fn the_clock_of_the_system_shows_a_time_of_the_day() {
        let time = LocalClock::default().now();
        assert!(time.seconds < DAY, "{time}");
    }
}
