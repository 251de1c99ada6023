//! Why the program ends without having done what was asked.

/// A line with the remedy, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) text: String,
    pub(crate) code: u8,
}

impl Failure {
    /// The options are wrong, or the phone cannot start.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 2 }
    }

    /// The phone refused a command.
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::usage(error.to_string())
    }
}
