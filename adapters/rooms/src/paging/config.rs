//! Settings of a pager.

use alloc::string::String;
use alloc::vec::Vec;

use super::seal::PageKey;
use crate::bounds::{BoundError, text, within};
use crate::limits;

/// Settings of a pager.
///
/// *Default*: in no group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagerConfig {
    pub(super) name: String,
    pub(super) groups: Vec<Group>,
}

/// A group of a pager, by its place in the settings, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub usize);

/// Which pages of a group are played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageRule {
    /// All.
    #[default]
    Play,
    /// Urgent ones only.
    Urgent,
    /// None. The group can be paged.
    Silent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) key: PageKey,
    pub(super) rule: PageRule,
}

impl PagerConfig {
    /// Makes the settings of a pager that pages under this name.
    ///
    /// # Errors
    /// [`BoundError`] if it is empty or has more than [`NAME`](limits::NAME) bytes.
    pub fn new(name: &str) -> Result<Self, BoundError> {
        let name = text("bytes of the name", name, (1, limits::NAME))?;
        Ok(Self { name, groups: Vec::new() })
    }

    /// Adds a group.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`GROUPS`](limits::GROUPS).
    pub fn group(mut self, key: PageKey, rule: PageRule) -> Result<Self, BoundError> {
        within("groups", self.groups.len() + 1, (1, limits::GROUPS))?;
        self.groups.push(Group { key, rule });
        Ok(self)
    }
}
