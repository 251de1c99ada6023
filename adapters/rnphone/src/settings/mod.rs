//! What the configuration says, in types.
//!
//! | section | keys | whose |
//! |---|---|---|
//! | `telephone` | `ringtone`, `speaker`, `microphone`, `ringer`, `allowed_callers`, `blocked_callers` | rnphone's |
//! | `phonebook` | `NAME = HASH` or `NAME = HASH, NUMBER` | rnphone's |
//! | `hardware` | left alone | rnphone's |
//! | `rnphone-rs` | `display_name`, `profile`, `auto_answer`, `voicemail`, `voicemail_away`, `greeting`, `quiet_hours`, `quiet_except`, `page_key`, `pages`, `echo_cancellation`, `notifications` | ours, which rnphone ignores |
//! | `ringtones` | `CALLER = bell`, `chime`, `warble`, `silent`, or a file | ours |
//! | `voicemail_contacts` | `CALLER = never`, `at_once`, or seconds of ringing | ours |
//!
//! `quiet_hours = 22:00-07:00, 13:00-14:00` is by the clock of the system. `quiet_except` says who
//! rings then: a list of `CALLER`s, or `phonebook`.
//!
//! A `CALLER` is the name of a contact or a hash. A file is WAV or Ogg/Opus, its name absolute or in
//! the folder.
//!
//! What decides who may call, and what is ours, is an error where it is not understood: the phone
//! does not start. What rnphone skips or ignores in silence is told as well, and skipped.
//!
//! *Source*: `ReticulumTelephone.apply_config` and `load_phonebook` in LXST/Utilities/rnphone.py.

mod answering;
mod callers;
mod paging;
mod phonebook;
mod reader;
mod text;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

pub(crate) use callers::hash_of;
use lxst_phone::{Callers, DisplayName, IdentityHash, ProfileChoice};
pub use paging::PlayedPages;
pub(crate) use phonebook::digits;

use crate::contacts::Contacts;
use crate::echo_cancellation::EchoCancellation;
use crate::folder::{ConfigFile, Folder};
use crate::quiet::QuietHours;
use crate::sounds::{Ring, Ringtones};
use crate::voicemail::Rules;

/// The settings of a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What rings for whom. Files need not exist.
    pub ringtones: Ringtones,
    /// The speaker, or a part of its name; `None` is the default of the system.
    pub speaker: Option<String>,
    /// The microphone, as the speaker.
    pub microphone: Option<String>,
    /// What rings, as the speaker.
    pub ringer: Option<String>,
    /// Who may call.
    pub allowed: Who,
    /// Who may not, even if allowed.
    pub blocked: BTreeSet<IdentityHash>,
    /// Whom one can dial by name.
    pub contacts: Contacts,
    /// The name that announces tell to everybody.
    pub display_name: Option<DisplayName>,
    /// The profile of calls that the phone makes.
    pub profile: ProfileChoice,
    /// Whose calls are answered at once.
    pub auto_answer: Who,
    /// When the voicemail answers, and what callers hear. The file of the greeting need not exist.
    pub voicemail: Rules,
    /// When the phone rings for exceptions alone.
    pub quiet_hours: QuietHours,
    /// Who rings in quiet hours too.
    pub quiet_except: Who,
    /// The file of the key of pages, which need not exist. `None` is [`Folder::page_key`].
    pub page_key: Option<PathBuf>,
    /// Which pages the speaker plays.
    pub pages: PlayedPages,
    /// When the echo of the speaker is cancelled.
    pub echo_cancellation: EchoCancellation,
    /// Whether the desktop shows calls.
    pub notifications: bool,
}

/// A choice among callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// `all`
    All,
    /// `none`
    Nobody,
    /// `phonebook`
    Phonebook,
    /// Hashes. One hash is a list of one, which rnphone takes for everybody.
    Listed(BTreeSet<IdentityHash>),
}

/// Something that is not understood, where it is, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// One line of text.
    pub text: String,
}

/// Settings with mistakes that the phone does not start with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Settings {
    /// Reads the settings in the file of a folder. Returns what is skipped as well.
    ///
    /// `own` is the hash of the phone itself, which is no contact.
    ///
    /// # Errors
    /// [`Mistakes`], all of them.
    pub fn read(
        folder: &Folder,
        file: &ConfigFile,
        own: IdentityHash,
    ) -> Result<(Self, Vec<Mistake>), Mistakes> {
        reader::Reader::new(folder, file, own).read()
    }

    /// Returns who may call, as a phone is told it.
    #[must_use]
    pub fn callers(&self) -> Callers {
        let contacts = || self.contacts.iter().map(|contact| contact.hash);
        let callers = match &self.allowed {
            // Contacts are no strangers to its limits.
            Who::All => Callers::all().allowed(contacts()),
            Who::Nobody => Callers::none(),
            Who::Phonebook => Callers::none().allowed(contacts()),
            Who::Listed(hashes) => Callers::none().allowed(hashes.iter().copied()),
        };
        callers.blocked(self.blocked.iter().copied())
    }

    /// Returns who may call in quiet hours, as a phone is told it: exceptions ring, and the app is
    /// asked about all others. It turns them away, so that their calls are told as missed.
    #[must_use]
    pub fn callers_while_quiet(&self) -> Callers {
        Callers::ask().allowed(self.exceptions()).blocked(self.blocked.iter().copied())
    }

    /// Returns what rings in quiet hours: nothing for callers whom the voicemail takes.
    #[must_use]
    pub fn ringtones_while_quiet(&self) -> Ringtones {
        let of_one = |hash| (hash, self.ringtones.of(hash).clone());
        let of_all = match self.quiet_except {
            Who::All => self.ringtones.of_all.clone(),
            Who::Nobody | Who::Phonebook | Who::Listed(_) => Ring::Silent,
        };
        Ringtones { of_all, of_callers: self.exceptions().map(of_one).collect() }
    }

    /// Whether somebody may call.
    #[must_use]
    pub fn may_call(&self, hash: IdentityHash) -> bool {
        self.allowed.holds(hash, &self.contacts) && !self.blocked.contains(&hash)
    }

    /// Whether somebody's call rings in quiet hours too.
    #[must_use]
    pub fn rings_while_quiet(&self, hash: IdentityHash) -> bool {
        self.may_call(hash) && self.quiet_except.holds(hash, &self.contacts)
    }

    /// Whether somebody's call is answered at once.
    #[must_use]
    pub fn answers_at_once(&self, hash: IdentityHash) -> bool {
        self.auto_answer.holds(hash, &self.contacts)
    }

    /// Those who ring in quiet hours too, as far as they are known by hash.
    fn exceptions(&self) -> impl Iterator<Item = IdentityHash> {
        let contacts = self.contacts.iter().map(|contact| contact.hash);
        let known = contacts.chain(self.quiet_except.listed());
        known.filter(|hash| self.rings_while_quiet(*hash))
    }
}

impl Who {
    fn holds(&self, hash: IdentityHash, contacts: &Contacts) -> bool {
        match self {
            Self::All => true,
            Self::Nobody => false,
            Self::Phonebook => contacts.get(hash).is_some(),
            Self::Listed(hashes) => hashes.contains(&hash),
        }
    }

    fn listed(&self) -> impl Iterator<Item = IdentityHash> {
        let listed = match self {
            Self::Listed(hashes) => Some(hashes),
            Self::All | Self::Nobody | Self::Phonebook => None,
        };
        listed.into_iter().flatten().copied()
    }
}

impl Default for Settings {
    /// Those of a file that says nothing.
    fn default() -> Self {
        Self {
            ringtones: Ringtones::default(),
            speaker: None,
            microphone: None,
            ringer: None,
            allowed: Who::All,
            blocked: BTreeSet::new(),
            contacts: Contacts::default(),
            display_name: None,
            profile: ProfileChoice::Auto,
            auto_answer: Who::Nobody,
            voicemail: Rules::default(),
            quiet_hours: QuietHours::default(),
            quiet_except: Who::Nobody,
            page_key: None,
            pages: PlayedPages::default(),
            echo_cancellation: EchoCancellation::Auto,
            notifications: true,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.text)
    }
}

impl fmt::Display for Mistakes {
    /// Writes a line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

pub(crate) const TELEPHONE: &str = "telephone";
pub(crate) const PHONEBOOK: &str = "phonebook";
pub(crate) const BLOCKED_CALLERS: &str = "blocked_callers";
const HARDWARE: &str = "hardware";
pub(crate) const OURS: &str = "rnphone-rs";
pub(crate) const GREETING: &str = "greeting";
pub(crate) const QUIET_EXCEPT: &str = "quiet_except";
pub(crate) const RINGTONES: &str = "ringtones";
pub(crate) const VOICEMAIL_CONTACTS: &str = "voicemail_contacts";

#[cfg(test)]
mod tests;
