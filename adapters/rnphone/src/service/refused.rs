//! Why a command is not done.

use std::fmt::Display;

/// The reason, in words for the user.
#[derive(Debug)]
pub(super) struct Refused(String);

impl Refused {
    pub(super) fn new(reason: impl Display) -> Self {
        Self(reason.to_string())
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl<E: std::error::Error> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
