//! Moments of the wall clock.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds since 1970-01-01 00:00 UTC. Shown as `2026-11-27T02:40:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// Returns the time of the system's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    /// Returns the time by the clock on the wall of this machine: `2026-11-27 03:40`.
    #[must_use]
    pub fn local(self) -> String {
        self.at(TimeZone::system())
    }

    fn at(self, zone: TimeZone) -> String {
        let moment = i64::try_from(self.0).ok().and_then(|time| Timestamp::from_second(time).ok());
        match moment {
            Some(moment) => moment.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M").to_string(),
            // After the year 9999.
            None => self.to_string(),
        }
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut day, second) = (self.0 / DAY, self.0 % DAY);
        let mut year = 1970;
        // The calendar repeats after 400 years.
        year += day / DAYS_OF_400_YEARS * 400;
        day %= DAYS_OF_400_YEARS;
        while day >= days_of_year(year) {
            day -= days_of_year(year);
            year += 1;
        }
        let mut month = 1;
        for days in [31, days_of_year(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
            if day < days {
                break;
            }
            day -= days;
            month += 1;
        }
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let day = day + 1;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

const fn days_of_year(year: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if is_leap { 366 } else { 365 }
}

const DAY: u64 = 86_400;
const DAYS_OF_400_YEARS: u64 = 146_097;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_reads_the_time_of_his_clock_in_summer_and_winter() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let (summer, winter) = (UnixTime(1_782_864_000), UnixTime(1_795_749_599));
        assert_eq!(summer.at(zone.clone()), "2026-07-01 02:00");
        assert_eq!(winter.at(zone.clone()), "2026-11-27 04:19");
        assert_eq!(winter.at(TimeZone::UTC), "2026-11-27 03:19");
        let never = UnixTime(u64::MAX);
        assert_eq!(never.at(zone), never.to_string());
    }
}
