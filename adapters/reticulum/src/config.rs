//! The settings of the endpoint as a whole. Those of each destination are in `destination`.

use core::time::Duration;

use crate::destination::{BoundError, within};
use crate::limits;

/// The settings of the endpoint as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(crate) path_search: Duration,
    pub(crate) outgoing_links: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { path_search: limits::PATH_SEARCH, outgoing_links: limits::OUTGOING_LINKS }
    }
}

impl Config {
    /// Sets how long a path search lasts; [`Duration::MAX`] is without limit. *Default*:
    /// [`PATH_SEARCH`](limits::PATH_SEARCH).
    #[must_use]
    pub const fn path_search(self, path_search: Duration) -> Self {
        Self { path_search, ..self }
    }

    /// Sets how many outgoing links exist at once, path searches included. *Default*:
    /// [`OUTGOING_LINKS`](limits::OUTGOING_LINKS).
    ///
    /// # Errors
    /// [`BoundError`] below 1 or beyond [`MAX_OUTGOING_LINKS`](limits::MAX_OUTGOING_LINKS).
    pub const fn outgoing_links(self, links: usize) -> Result<Self, BoundError> {
        match within("outgoing links", links, (1, limits::MAX_OUTGOING_LINKS)) {
            Ok(outgoing_links) => Ok(Self { outgoing_links, ..self }),
            Err(error) => Err(error),
        }
    }
}
