//! Display names: the name that a phone announces, and what is shown of the names that others
//! announce.
//!
//! ```text
//! [bin name, nil, nil]        app data of an announce of lxst.telephony
//! ```
//!
//! *Source*: the reference announces no app data and reads none. The shape is that of LXMF's
//! announces; MeshChatX announces its telephone with it.

use core::fmt;
use core::str::FromStr;

use super::Overflow;
use super::msgpack::{Reader, Token, Writer};

/// The display name of a phone in its announces: one line of visible text.
///
/// Anybody can claim any name. Show a received name as a claim beside the identity's hash, and
/// prefer the name in the user's contacts.
///
/// *Bounds*: 1 to [`MAX_BYTES`](Self::MAX_BYTES) bytes of UTF-8. White space is a single space
/// between words. Control, zero-width and direction characters are left out.
///
/// ```
/// use lxst_core::DisplayName;
///
/// let name = DisplayName::new("Ada Lovelace")?;
/// let mut app_data = [0; DisplayName::MAX_APP_DATA];
/// let length = name.encode(&mut app_data).expect("there is room for any name");
/// assert_eq!(DisplayName::from_app_data(&app_data[..length]), Some(name));
/// # Ok::<(), lxst_core::DisplayNameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DisplayName {
    bytes: [u8; Self::MAX_BYTES],
    length: u8,
}

/// Why a text is not accepted as our name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisplayNameError {
    /// It is empty, or white space only.
    Empty,
    /// It has more than [`DisplayName::MAX_BYTES`] bytes.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// It has a control, zero-width or direction character, which receivers leave out.
    Invisible(char),
}

impl DisplayName {
    /// Largest name, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 64;

    /// Largest output of [`encode`](Self::encode), in bytes.
    pub const MAX_APP_DATA: usize = Self::MAX_BYTES + 5;

    /// Checks a name for our announces. White space around it is removed.
    ///
    /// # Errors
    /// [`DisplayNameError`].
    pub fn new(text: &str) -> Result<Self, DisplayNameError> {
        let bytes = text.trim().len();
        if bytes > Self::MAX_BYTES {
            return Err(DisplayNameError::TooLong { bytes });
        }
        let is_odd = |found: &char| !found.is_whitespace() && is_invisible(*found);
        match text.chars().find(is_odd) {
            Some(odd) => Err(DisplayNameError::Invisible(odd)),
            None => Self::cleaned(text.chars()).ok_or(DisplayNameError::Empty),
        }
    }

    /// Reads the name in the app data of another phone's announce. `None` if there is none, or
    /// nothing of it is visible.
    ///
    /// *Bounds*: invisible characters and invalid UTF-8 are left out. The name is cut at
    /// [`MAX_BYTES`](Self::MAX_BYTES).
    #[must_use]
    pub fn from_app_data(app_data: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(app_data);
        let Ok(Token::Array(1..)) = reader.token() else { return None };
        match reader.token() {
            Ok(Token::Bin(bytes)) => {
                Self::cleaned(bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars()))
            }
            Ok(Token::Str(text)) => Self::cleaned(text.chars()),
            _ => None,
        }
    }

    /// Writes the app data of an announce. Returns its length in bytes.
    ///
    /// # Errors
    /// [`Overflow`] if `out` is shorter than the app data, at most
    /// [`MAX_APP_DATA`](Self::MAX_APP_DATA) bytes.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Overflow> {
        let mut writer = Writer::new(out);
        writer.array(3)?;
        writer.bin(self.as_str().len())?;
        writer.bytes(self.as_str().as_bytes())?;
        writer.nil()?;
        writer.nil()?;
        Ok(writer.length())
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length.into());
        // Whole characters were pushed.
        bytes.and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn cleaned(text: impl Iterator<Item = char>) -> Option<Self> {
        let mut name = Self { bytes: [0; Self::MAX_BYTES], length: 0 };
        let mut is_apart = false;
        for found in text {
            if found.is_whitespace() {
                is_apart = name.length > 0;
            } else if !is_invisible(found) {
                let space = if is_apart { " " } else { "" };
                if !name.push(space, found) {
                    break;
                }
                is_apart = false;
            }
        }
        (name.length > 0).then_some(name)
    }

    /// Appends a character, after `space`. Returns whether there was room.
    fn push(&mut self, space: &str, found: char) -> bool {
        let mut encoded = [0; 4];
        let encoded = found.encode_utf8(&mut encoded).as_bytes();
        let at = usize::from(self.length);
        let room = self.bytes.get_mut(at..).unwrap_or_default();
        let Some(room) = room.get_mut(..space.len().saturating_add(encoded.len())) else {
            return false;
        };
        let (before, after) = room.split_at_mut(space.len());
        before.copy_from_slice(space.as_bytes());
        after.copy_from_slice(encoded);
        self.length = self.length.saturating_add(room.len() as u8);
        true
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DisplayName").field(&self.as_str()).finish()
    }
}

impl FromStr for DisplayName {
    type Err = DisplayNameError;

    fn from_str(text: &str) -> Result<Self, DisplayNameError> {
        Self::new(text)
    }
}

impl fmt::Display for DisplayNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("display name is empty: leave it unset to tell none"),
            Self::TooLong { bytes } => {
                let most = DisplayName::MAX_BYTES;
                write!(f, "display name of {bytes} bytes exceeds the bound of {most}")
            }
            Self::Invisible(odd) => {
                write!(f, "display name has the invisible character U+{:04X}", u32::from(*odd))
            }
        }
    }
}

impl core::error::Error for DisplayNameError {}

/// Returns whether a character shows nothing of its own, or changes how its neighbours are shown.
#[must_use]
pub fn is_invisible(found: char) -> bool {
    found.is_control()
        || matches!(
            found,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_app_data_that_other_phones_read() {
        let mut app_data = [0; DisplayName::MAX_APP_DATA];
        let length = name("Ada").encode(&mut app_data).unwrap();
        assert_eq!(app_data[..length], *b"\x93\xc4\x03Ada\xc0\xc0");
        let longest = name(&"é".repeat(32));
        assert_eq!(longest.encode(&mut app_data), Ok(app_data.len()));
        assert_eq!(DisplayName::from_app_data(&app_data), Some(longest));
        let room = app_data.len() - 1;
        assert_eq!(longest.encode(&mut app_data[..room]), Err(Overflow { room }));
    }

    #[test]
    fn what_is_heard_is_shown_as_one_line_of_visible_text() {
        for (heard, shown) in [
            (&b"\x93\xc4\x03Ada\xc0\xc0"[..], Some("Ada")),
            (b"\x91\xa3Ada", Some("Ada")),
            (b"\x92\xc4\x0d \x1b[2J\r\n A\xffda\x01", Some("[2J Ada")),
            ("\u{91}".as_bytes(), None),
            (b"\x91\xc4\x02\xe2\x80", None),
            (b"\x91\xc4\x03   ", None),
            (b"\x90", None),
            (b"\x91\xc0", None),
            (b"\x91\xc4\x09Ada", None),
            (b"Ada", None),
            (b"", None),
        ] {
            let name = DisplayName::from_app_data(heard);
            assert_eq!(name.as_ref().map(DisplayName::as_str), shown, "{heard:?}");
        }
    }

    #[test]
    fn a_name_that_is_heard_cannot_turn_the_line_or_hide_in_it() {
        for odd in ['\u{202e}', '\u{200b}', '\u{feff}', '\u{2066}', '\u{e0041}', '\0', '\u{7f}'] {
            let mut app_data = [0; 32];
            let mut writer = Writer::new(&mut app_data);
            let text = std::format!("A{odd}da");
            writer.array(1).unwrap();
            writer.bin(text.len()).unwrap();
            writer.bytes(text.as_bytes()).unwrap();
            assert_eq!(DisplayName::from_app_data(&app_data), Some(name("Ada")), "{odd:?}");
            assert_eq!(DisplayName::new(&text), Err(DisplayNameError::Invisible(odd)));
        }
    }

    #[test]
    fn a_long_name_is_cut_off_at_a_character_when_heard_and_refused_when_ours() {
        let text = "é".repeat(33);
        let mut app_data = std::vec![0x91, 0xc4, text.len() as u8];
        app_data.extend(text.as_bytes());
        let heard = DisplayName::from_app_data(&app_data);
        assert_eq!(heard, Some(name(&"é".repeat(32))));
        let refused = DisplayName::new(&text).unwrap_err();
        assert_eq!(refused, DisplayNameError::TooLong { bytes: 66 });
        assert_eq!(std::format!("{refused}"), "display name of 66 bytes exceeds the bound of 64");
        // A space at the end, which no character follows, is left out too.
        let mut app_data = std::vec![0x91, 0xc4, 66];
        app_data.extend("a".repeat(63).as_bytes());
        app_data.extend(" é".as_bytes());
        assert_eq!(DisplayName::from_app_data(&app_data), Some(name(&"a".repeat(63))));
    }

    #[test]
    fn white_space_is_a_single_space_between_words() {
        assert_eq!(name("  Ada \t\n Lovelace ").as_str(), "Ada Lovelace");
        assert_eq!(DisplayName::new(" \n"), Err(DisplayNameError::Empty));
    }

    fn name(text: &str) -> DisplayName {
        DisplayName::new(text).unwrap()
    }
}
