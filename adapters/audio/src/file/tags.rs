//! What a file says of itself.

/// Comments of a file: names and values.
///
/// *Bounds*: [`Self::MAX`] comments, of [`Self::MAX_BYTES`] bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    comments: Vec<(String, String)>,
}

impl Tags {
    /// The most comments.
    pub const MAX: usize = 32;
    /// The most bytes of a comment's name and value.
    pub const MAX_BYTES: usize = 1_024;

    /// Makes the comments of a recorded call.
    ///
    /// *Shape*: `LXST_PEER` is who the other is, as the app names it, `LXST_DIRECTION` is
    /// `incoming` or `outgoing`, `DATE` is ISO 8601, `2026-11-26T21:45:00Z`.
    ///
    /// # Errors
    /// [`TagError::TooLong`].
    pub fn call(peer: &str, is_incoming: bool, date: &str) -> Result<Self, TagError> {
        let mut tags = Self::default();
        tags.add("LXST_PEER", peer)?;
        tags.add("LXST_DIRECTION", if is_incoming { "incoming" } else { "outgoing" })?;
        tags.add("DATE", date)?;
        Ok(tags)
    }

    /// Adds a comment. A name may be there more than once.
    ///
    /// # Errors
    /// [`TagError`], and nothing has changed.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), TagError> {
        let is_name = |byte| (b' '..=b'}').contains(&byte) && byte != b'=';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(TagError::Name);
        }
        if name.len() + value.len() > Self::MAX_BYTES {
            return Err(TagError::TooLong { bytes: name.len() + value.len() });
        }
        if self.comments.len() == Self::MAX {
            return Err(TagError::TooMany);
        }
        self.comments.push((name.into(), value.into()));
        Ok(())
    }

    /// Returns the first value of a name, without regard to case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.comments.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Why a comment was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// The name is not of printable ASCII without `=`.
    #[error("a comment's name is printable ASCII without `=`")]
    Name,
    /// The comment is longer than [`Tags::MAX_BYTES`].
    #[error("comment of {bytes} bytes exceeds {}", Tags::MAX_BYTES)]
    TooLong {
        /// Bytes of name and value.
        bytes: usize,
    },
    /// There are [`Tags::MAX`] already.
    #[error("{} comments are there already", Tags::MAX)]
    TooMany,
}
