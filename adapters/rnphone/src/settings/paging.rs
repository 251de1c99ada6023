//! Which pages are played.

use super::text::text;
use crate::ini::Entry;

/// Which pages of neighbours the speaker plays. A page names who speaks; anybody with the key can
/// claim any name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlayedPages {
    /// `always`
    #[default]
    Always,
    /// `contacts`: those of names in the phonebook.
    Contacts,
    /// `urgent`
    Urgent,
    /// `never`
    Never,
}

/// Reads which pages are played.
pub(super) fn pages(entry: &Entry) -> Result<PlayedPages, String> {
    let text = text(entry)?.to_lowercase();
    match text.as_str() {
        "always" => Ok(PlayedPages::Always),
        "contacts" => Ok(PlayedPages::Contacts),
        "urgent" => Ok(PlayedPages::Urgent),
        "never" => Ok(PlayedPages::Never),
        _ => Err(format!(
            "{text:?} is not known to {}: write always, contacts, urgent or never",
            entry.key()
        )),
    }
}
