//! Ids of links, calls, streams and jobs, and the hash of an identity.

use core::fmt;
use core::str::FromStr;

/// A Reticulum link, numbered by the driver.
///
/// The driver takes the ids of links and calls from one counter, and reuses none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// A call.
///
/// An outgoing call has the id that [`Command::Dial`](crate::Command::Dial) gave it. An incoming
/// call has the number of the link that it arrived on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl From<LinkId> for CallId {
    fn from(link: LinkId) -> Self {
        Self(link.0)
    }
}

/// Both directions of a call's audio, until the call ends.
///
/// The stream of a call has the number of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

impl From<CallId> for StreamId {
    fn from(call: CallId) -> Self {
        Self(call.0)
    }
}

/// A codec job, numbered by the telephone from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The hash of a Reticulum identity: the address of a person. A destination's hash is another hash.
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

    /// Parses 32 hex digits. The angle brackets that RNS prints and surrounding white space are
    /// optional.
    ///
    /// # Errors
    /// [`ParseIdentityHashError`] for any other text.
    fn from_str(text: &str) -> Result<Self, ParseIdentityHashError> {
        let text = text.trim();
        let text = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
        if let Some(other) = text.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(ParseIdentityHashError::Digit(other));
        }
        if text.len() != 32 {
            return Err(ParseIdentityHashError::Length(text.len()));
        }
        // 32 hex digits fit in 128 bits.
        Ok(Self(u128::from_str_radix(text, 16).unwrap_or_default().to_be_bytes()))
    }
}

/// Why a text is not an identity hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseIdentityHashError {
    /// The number of digits is not 32 but this.
    #[error("an identity hash is 32 hexadecimal digits, not {0}")]
    Length(usize),
    /// This character is no hex digit.
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
