//! What can go wrong.

use crate::filter::{MAX_CUT_OFF_HZ, MIN_CUT_OFF_HZ};

/// A filter that cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A cut-off frequency outside of what the sample rate allows.
    #[error(
        "cut-off frequency of {frequency_hz} Hz is outside of {MIN_CUT_OFF_HZ} to {MAX_CUT_OFF_HZ} Hz"
    )]
    Frequency {
        /// The frequency that was asked for.
        frequency_hz: f64,
    },
    /// A band without width.
    #[error("band from {low_hz} to {high_hz} Hz is empty: the first must be the lower")]
    Band {
        /// The lower frequency that was asked for.
        low_hz: f64,
        /// The higher one.
        high_hz: f64,
    },
}
