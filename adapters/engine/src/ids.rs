//! The counter of link and call ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lxst_core::{CallId, LinkId};

/// The one counter of an engine's link and call ids. No id is given twice.
///
/// Clones share the counter. The code that reports the links of another stack takes their ids from
/// one.
#[derive(Clone, Debug, Default)]
pub struct Ids(Arc<AtomicU64>);

impl Ids {
    /// Returns the id of a new link.
    #[must_use]
    pub fn next_link(&self) -> LinkId {
        LinkId(self.next())
    }

    pub(crate) fn next_call(&self) -> CallId {
        CallId(self.next())
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}
