//! What keys are for.

use lxst_phone::IdentityHash;

/// Where keys go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    /// The lists, and the commands of single keys.
    Lists,
    /// People are found, or somebody is dialled, by a text.
    Find(String),
    /// A new contact is named.
    Name { hash: IdentityHash, text: String },
    /// The help is shown.
    Help,
    /// Whether to quit although there is a call.
    Quit,
    /// Whether to delete a message of somebody.
    Delete { message: String, name: String },
}

impl Focus {
    /// The text that is typed.
    pub(super) const fn text(&self) -> Option<&String> {
        match self {
            Self::Find(text) | Self::Name { text, .. } => Some(text),
            Self::Lists | Self::Help | Self::Quit | Self::Delete { .. } => None,
        }
    }

    /// Whether it stands over the lists and takes no text, so that who calls may take its place.
    pub(super) const fn is_question(&self) -> bool {
        matches!(self, Self::Help | Self::Quit | Self::Delete { .. })
    }

    /// Adds a text, as far as there is room, without control characters.
    pub(super) fn type_text(&mut self, typed: &str) {
        if let Self::Find(text) | Self::Name { text, .. } = self {
            let room = MAX_TYPED.saturating_sub(text.chars().count());
            text.extend(typed.chars().filter(|letter| !letter.is_control()).take(room));
        }
    }

    /// Takes the last character away.
    pub(super) fn delete(&mut self) {
        if let Self::Find(text) | Self::Name { text, .. } = self {
            text.pop();
        }
    }

    /// Takes all characters away.
    pub(super) fn clear(&mut self) {
        if let Self::Find(text) | Self::Name { text, .. } = self {
            text.clear();
        }
    }
}

/// Characters that fit into an input.
const MAX_TYPED: usize = 100;
