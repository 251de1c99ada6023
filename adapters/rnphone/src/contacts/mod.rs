//! Contacts: who is meant by a text, and who calls.

mod edit;
mod find;

use std::fmt;

pub use edit::{ContactError, add, block, remove, rename, set_number, unblock};
pub use find::FindError;
use lxst_phone::{DisplayName, IdentityHash};

/// An entry of the phonebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// As its owner wrote it.
    pub name: String,
    /// Whom to dial.
    pub hash: IdentityHash,
    /// The digits to dial it by on a keypad: its alias.
    pub number: Option<String>,
}

/// The entries of a phonebook, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts(Vec<Contact>);

/// What somebody is called, everywhere the same. Shown as one line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerName {
    /// A contact's name.
    Contact(String),
    /// The name that somebody who is no contact announced. Nobody proves it, so it is shown with
    /// the first digits of the hash.
    Announced(DisplayName, IdentityHash),
    /// Nothing else is known.
    Unknown(IdentityHash),
}

impl Contacts {
    /// Returns the contacts, in the order of the phonebook.
    pub fn iter(&self) -> impl Iterator<Item = &Contact> {
        self.0.iter()
    }

    /// Returns the contact with this hash; of several the last, as rnphone does.
    #[must_use]
    pub fn get(&self, hash: IdentityHash) -> Option<&Contact> {
        self.0.iter().rfind(|contact| contact.hash == hash)
    }

    /// Returns what somebody is called: the contact's name, else the announced one, else the hash.
    #[must_use]
    pub fn name(&self, hash: IdentityHash, announced: Option<DisplayName>) -> PeerName {
        match (self.get(hash), announced) {
            (Some(contact), _) => PeerName::Contact(contact.name.clone()),
            (None, Some(name)) => PeerName::Announced(name, hash),
            (None, None) => PeerName::Unknown(hash),
        }
    }
}

impl FromIterator<Contact> for Contacts {
    fn from_iter<I: IntoIterator<Item = Contact>>(contacts: I) -> Self {
        Self(contacts.into_iter().collect())
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contact(name) => f.write_str(name),
            Self::Announced(name, hash) => {
                let digits = hash.to_string();
                write!(f, "{name} (unverified, {}..)", digits.get(..8).unwrap_or_default())
            }
            Self::Unknown(hash) => write!(f, "<{hash}>"),
        }
    }
}

#[cfg(test)]
mod tests;
