//! Reads contacts from the section `phonebook`.

use lxst_phone::IdentityHash;

use super::hash_of;
use crate::contacts::{Contact, Contacts};
use crate::ini::Entry;

/// Collects contacts, and what is skipped: a line and what is wrong with it.
pub(super) struct Phonebook {
    own: IdentityHash,
    contacts: Vec<Contact>,
    skipped: Vec<(usize, String)>,
}

impl Phonebook {
    pub(super) const fn new(own: IdentityHash) -> Self {
        Self { own, contacts: Vec::new(), skipped: Vec::new() }
    }

    /// Reads `NAME = HASH` or `NAME = HASH, NUMBER`.
    pub(super) fn read(&mut self, entry: &Entry) {
        let name = entry.key();
        let (hash, rest) = match entry.value().items() {
            [] => return self.skip(entry, "has no hash: write 32 hexadecimal digits"),
            [hash, rest @ ..] => (hash, rest),
        };
        let hash = match hash_of(hash) {
            Ok(hash) if hash == self.own => {
                return self
                    .skip(entry, "has the hash of this phone itself: nobody is dialled by it");
            }
            Ok(hash) => hash,
            Err(problem) => return self.skip(entry, &format!("is no contact, for {problem}")),
        };
        if name.trim().is_empty() || name.contains(char::is_control) {
            return self.skip(entry, "is no name that can be shown: write visible text");
        }
        if rest.len() > 1 {
            self.skip(entry, "has more than a hash and a number: the rest is ignored");
        }
        let number = rest.first().and_then(|number| digits(number));
        self.tell_doubles(entry, hash, number.as_deref());
        self.contacts.push(Contact { name: name.to_owned(), hash, number });
    }

    pub(super) fn into_contacts(self) -> (Contacts, Vec<(usize, String)>) {
        (self.contacts.into_iter().collect(), self.skipped)
    }

    fn tell_doubles(&mut self, entry: &Entry, hash: IdentityHash, number: Option<&str>) {
        let mut texts = Vec::new();
        for other in &self.contacts {
            if other.hash == hash {
                texts.push(format!("has the hash of {:?}: its calls show this name", other.name));
            }
            if number.is_some() && other.number.as_deref() == number {
                texts.push(format!("has the number of {:?}: it dials neither", other.name));
            }
        }
        for text in texts {
            self.skip(entry, &text);
        }
    }

    fn skip(&mut self, entry: &Entry, problem: &str) {
        self.skipped.push((entry.line(), format!("{:?} {problem}", entry.key())));
    }
}

/// Returns the digits of a text, which is all that a keypad has.
pub(crate) fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    Some(digits).filter(|digits| !digits.is_empty())
}
