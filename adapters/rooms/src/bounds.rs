//! Settings within their bounds.

use alloc::string::String;

use crate::limits;
use crate::text::clean;

/// A setting beyond its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {found}, and may be {least} to {most}")]
pub struct BoundError {
    /// The setting.
    pub what: &'static str,
    /// What it was set to.
    pub found: usize,
    /// The lower bound.
    pub least: usize,
    /// The upper bound.
    pub most: usize,
}

/// Takes a text within its bounds, in bytes, without control characters.
pub(crate) fn text(
    what: &'static str,
    text: &str,
    bounds: (usize, usize),
) -> Result<String, BoundError> {
    let cleaned = clean(text, usize::MAX);
    within(what, cleaned.len(), bounds)?;
    Ok(cleaned)
}

/// Takes a password within its bounds.
pub(crate) fn secret(password: &str) -> Result<String, BoundError> {
    within("bytes of the password", password.len(), (1, limits::PASSWORD))?;
    Ok(password.into())
}

/// Checks a number against its bounds, which are inclusive.
pub(crate) const fn within(
    what: &'static str,
    found: usize,
    (least, most): (usize, usize),
) -> Result<usize, BoundError> {
    if found < least || found > most {
        return Err(BoundError { what, found, least, most });
    }
    Ok(found)
}
