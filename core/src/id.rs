//! Names of links, calls, jobs and people.

use core::fmt;
use core::str::FromStr;

/// A Reticulum link, as the driver numbers it.
///
/// The driver allocates the ids of links and of calls from one counter and reuses none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// A call, for as long as the app may ask about it.
///
/// An outgoing call has the id that [`Command::Dial`](crate::Command::Dial) gave it. An incoming
/// call has the number of the link that it arrived on, which no other call or link can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl From<LinkId> for CallId {
    fn from(link: LinkId) -> Self {
        Self(link.0)
    }
}

/// A codec job. The core counts them up from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The hash of a person's Reticulum identity (not of a destination).
///
/// *Shape*: 16 bytes, shown as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityHash(pub [u8; 16]);

impl fmt::Display for IdentityHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for IdentityHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityHash({self})")
    }
}

impl FromStr for IdentityHash {
    type Err = ParseIdentityHashError;

    /// Reads 32 hex digits, also in angle brackets as RNS prints them, and between blanks.
    ///
    /// # Errors
    /// [`ParseIdentityHashError`] for anything else.
    fn from_str(text: &str) -> Result<Self, ParseIdentityHashError> {
        let text = text.trim();
        let text = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
        if let Some(other) = text.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(ParseIdentityHashError::Digit(other));
        }
        if text.len() != 32 {
            return Err(ParseIdentityHashError::Length(text.len()));
        }
        // 32 hexadecimal digits fit.
        Ok(Self(u128::from_str_radix(text, 16).unwrap_or_default().to_be_bytes()))
    }
}

/// A text that is no identity hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseIdentityHashError {
    /// It has this many digits.
    #[error("an identity hash is 32 hexadecimal digits, not {0}")]
    Length(usize),
    /// It holds this character.
    #[error("an identity hash is 32 hexadecimal digits, and {0:?} is none")]
    Digit(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_hash_reads_what_it_writes() {
        let text = "f293e5612b27dbc491e52cc9845d3f53";
        let hash: IdentityHash = text.parse().unwrap();
        assert_eq!(std::format!("{hash}"), text);
        for pasted in [std::format!("<{text}>"), std::format!(" <{text}>\r\n"), text.to_uppercase()]
        {
            assert_eq!(pasted.parse(), Ok(hash), "{pasted:?}");
        }
        for bad in [
            "",
            "f293",
            "+293e5612b27dbc491e52cc9845d3f53",
            "g293e5612b27dbc491e52cc9845d3f53",
            "<f293e5612b27dbc491e52cc9845d3f53",
            "<<f293e5612b27dbc491e52cc9845d3f53>>",
        ] {
            assert!(bad.parse::<IdentityHash>().is_err(), "{bad}");
        }
        let error = |text: &str| text.parse::<IdentityHash>().unwrap_err();
        assert_eq!(error("f293"), ParseIdentityHashError::Length(4));
        assert_eq!(error("f293\u{e4}"), ParseIdentityHashError::Digit('\u{e4}'));
    }
}
