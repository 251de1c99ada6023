//! How long interfaces wait between two attempts.

use std::time::Duration;

pub(super) const MIN_RECONNECT: Duration = Duration::from_millis(250);
pub(super) const MAX_RECONNECT: Duration = Duration::from_secs(30);
