//! The wall clock.

use std::time::SystemTime;

use lxst_reticulum::UnixTime;

/// Reads the system's wall clock; what lies before 1970 is taken as its beginning.
#[must_use]
pub fn unix_time() -> UnixTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixTime(since_epoch.unwrap_or_default().as_secs())
}
