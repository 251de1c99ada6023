//! The wall clock.

use std::time::SystemTime;

use lxst_reticulum::UnixTime;

/// Returns the time of the system's wall clock; a time before 1970 counts as its beginning.
#[must_use]
pub fn unix_time() -> UnixTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixTime(since_epoch.unwrap_or_default().as_secs())
}
