//! The numbers of links and calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lxst_core::{CallId, LinkId};

/// The one counter of an engine's links and calls. No number is given twice.
///
/// Clones share the counter: whoever reports the links of another stack names them with one.
#[derive(Clone, Debug, Default)]
pub struct Ids(Arc<AtomicU64>);

impl Ids {
    /// Names a link.
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
