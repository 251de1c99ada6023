//! Finds out who is meant by what a user types.

use lxst_phone::IdentityHash;

use super::{Contact, Contacts};

/// Why a text tells nobody to dial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// No contact is called so.
    #[error("no contact begins with {0:?}: type a name, a number, or the 32 digits of a hash")]
    Unknown(String),
    /// Several contacts are.
    #[error("{text:?} is {}: type more of the name", names.join(" or "))]
    Ambiguous {
        /// What was typed.
        text: String,
        /// Their names, in the order of the phonebook.
        names: Vec<String>,
    },
}

impl Contacts {
    /// Returns the hash that a text means.
    ///
    /// A whole hash means itself. Else it is the only contact with this name or this number; else the
    /// only one whose name begins so, or whose hash does by at least [`MIN_PREFIX`](Self::MIN_PREFIX)
    /// digits. Upper and lower case are the same.
    ///
    /// # Errors
    /// [`FindError`].
    pub fn find(&self, text: &str) -> Result<IdentityHash, FindError> {
        if let Ok(hash) = text.parse() {
            return Ok(hash);
        }
        let wanted = folded(text);
        let is_it = |contact: &&Contact| {
            folded(&contact.name) == wanted || contact.number.as_ref() == Some(&wanted)
        };
        let begins_so = |contact: &&Contact| {
            folded(&contact.name).starts_with(&wanted)
                || wanted.len() >= Self::MIN_PREFIX && contact.hash.to_string().starts_with(&wanted)
        };
        if wanted.is_empty() {
            return Err(FindError::Unknown(text.to_owned()));
        }
        let exact: Vec<&Contact> = self.iter().filter(is_it).collect();
        match exact.is_empty() {
            true => only(text, &self.iter().filter(begins_so).collect::<Vec<_>>()),
            false => only(text, &exact),
        }
    }

    /// Returns the hash of the contact with this name. Upper and lower case are the same.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<IdentityHash> {
        let is_it = |contact: &&Contact| folded(&contact.name) == folded(name);
        self.iter().find(is_it).map(|contact| contact.hash)
    }

    /// The fewest digits of a hash that mean a contact.
    pub const MIN_PREFIX: usize = 4;
}

fn only(text: &str, found: &[&Contact]) -> Result<IdentityHash, FindError> {
    match found {
        [] => Err(FindError::Unknown(text.to_owned())),
        // Two names of one phone mean the same.
        [first, rest @ ..] if rest.iter().all(|other| other.hash == first.hash) => Ok(first.hash),
        several => {
            let names = several.iter().map(|contact| contact.name.clone()).collect();
            Err(FindError::Ambiguous { text: text.to_owned(), names })
        }
    }
}

/// A text as names are compared: without blanks around it, in lower case.
pub(super) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
