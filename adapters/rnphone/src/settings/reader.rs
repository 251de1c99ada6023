//! Reads settings from a document.

use lxst_phone::{DisplayName, IdentityHash, Profile, ProfileChoice};

use super::callers::{self, blocked, hash_of, who};
use super::phonebook::Phonebook;
use super::text::text;
use super::{
    BLOCKED_CALLERS, GREETING, HARDWARE, Mistake, Mistakes, OURS, PHONEBOOK, QUIET_EXCEPT,
    RINGTONES, Settings, TELEPHONE, VOICEMAIL_CONTACTS, answering, paging,
};
use crate::echo_cancellation::{EchoCancellation, ParseEchoCancellationError};
use crate::folder::{ConfigFile, Folder};
use crate::ini::{Document, Entry, Section};
use crate::quiet::QuietHours;
use crate::sounds::Ring;
use crate::voicemail::Greeting;

/// Collects what is not understood.
pub(super) struct Reader<'a> {
    folder: &'a Folder,
    file: &'a ConfigFile,
    own: IdentityHash,
    settings: Settings,
    errors: Vec<Mistake>,
    skipped: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(folder: &'a Folder, file: &'a ConfigFile, own: IdentityHash) -> Self {
        let settings = Settings::default();
        Self { folder, file, own, settings, errors: Vec::new(), skipped: Vec::new() }
    }

    pub(super) fn read(mut self) -> Result<(Settings, Vec<Mistake>), Mistakes> {
        let document = self.file.document();
        for section in document.sections() {
            self.handle_section(section);
        }
        for (section, entry) in document.all() {
            match section {
                Some(section) if section.depth() > 1 => {}
                Some(section) => self.handle_entry(section.name(), entry),
                None => self.skip(entry.line(), format!("{:?} is in no section", entry.key())),
            }
        }
        let mut phonebook = Phonebook::new(self.own);
        for entry in document.entries(PHONEBOOK) {
            phonebook.read(entry);
        }
        let (contacts, skipped) = phonebook.into_contacts();
        self.settings.contacts = contacts;
        for (line, text) in skipped {
            self.skip(line, text);
        }
        self.read_rules_of_callers(document);
        self.errors.sort_by_key(|mistake| mistake.line);
        self.skipped.sort_by_key(|mistake| mistake.line);
        match self.errors.is_empty() {
            true => Ok((self.settings, self.skipped)),
            false => Err(Mistakes(self.errors)),
        }
    }

    fn handle_section(&mut self, section: &Section) {
        let name = section.name();
        let known = [TELEPHONE, PHONEBOOK, HARDWARE, OURS, RINGTONES, VOICEMAIL_CONTACTS];
        if section.depth() > 1 {
            self.skip(section.line(), format!("[[{name}]] is inside a section: nothing reads it"));
        } else if !known.contains(&name) {
            let known = known.join("], [");
            self.skip(section.line(), format!("[{name}] is none of [{known}]: nothing reads it"));
        }
    }

    fn handle_entry(&mut self, section: &str, entry: &Entry) {
        let read = match (section, entry.key()) {
            (TELEPHONE, "ringtone") => answering::ring(entry, self.folder.path()).map(|ring| {
                self.tell_missing_ring(entry, &ring);
                self.settings.ringtones.of_all = ring;
            }),
            (TELEPHONE, "speaker") => text(entry).map(|name| self.settings.speaker = Some(name)),
            (TELEPHONE, "microphone") => {
                text(entry).map(|name| self.settings.microphone = Some(name))
            }
            (TELEPHONE, "ringer") => text(entry).map(|name| self.settings.ringer = Some(name)),
            (TELEPHONE, "allowed_callers") => who(entry).map(|who| self.settings.allowed = who),
            (TELEPHONE, BLOCKED_CALLERS) => {
                blocked(entry).map(|hashes| self.settings.blocked = hashes)
            }
            (TELEPHONE, key) => {
                let known =
                    "ringtone, speaker, microphone, ringer, allowed_callers, blocked_callers";
                self.skip(entry.line(), format!("{key:?} is none of {known}: nothing reads it"));
                Ok(())
            }
            (OURS, "display_name") => {
                display_name(entry).map(|name| self.settings.display_name = Some(name))
            }
            (OURS, "profile") => profile(entry).map(|profile| self.settings.profile = profile),
            (OURS, "auto_answer") => who(entry).map(|who| self.settings.auto_answer = who),
            (OURS, "voicemail") => {
                answering::pickup(entry).map(|it| self.settings.voicemail.when_here = it)
            }
            (OURS, "voicemail_away") => {
                answering::pickup(entry).map(|it| self.settings.voicemail.when_away = it)
            }
            (OURS, GREETING) => text(entry).map(|name| self.set_greeting(entry, &name)),
            (OURS, "quiet_hours") => {
                quiet_hours(entry).map(|hours| self.settings.quiet_hours = hours)
            }
            (OURS, "echo_cancellation") => {
                echo_cancellation(entry).map(|when| self.settings.echo_cancellation = when)
            }
            (OURS, "notifications") => {
                is_wanted(entry).map(|is_wanted| self.settings.notifications = is_wanted)
            }
            // It names contacts, who are not all known yet.
            (OURS, QUIET_EXCEPT) => Ok(()),
            (OURS, "page_key") => text(entry).map(|name| {
                self.settings.page_key = Some(self.folder.path().join(name));
            }),
            (OURS, "pages") => paging::pages(entry).map(|pages| self.settings.pages = pages),
            (OURS, key) => Err(format!("{key:?} is not known: write {KEYS}")),
            _ => Ok(()),
        };
        if let Err(text) = read {
            let mistake = self.mistake(entry.line(), text);
            self.errors.push(mistake);
        }
    }

    /// Reads what holds for some callers, whose names are known by now.
    fn read_rules_of_callers(&mut self, document: &Document) {
        let folder = self.folder.path();
        for entry in document.entries(RINGTONES) {
            let read = answering::ring(entry, folder);
            if let Some((caller, ring)) = self.of_caller(entry, read) {
                self.tell_missing_ring(entry, &ring);
                self.settings.ringtones.of_callers.insert(caller, ring);
            }
        }
        for entry in document.entries(VOICEMAIL_CONTACTS) {
            let read = answering::pickup(entry);
            if let Some((caller, pickup)) = self.of_caller(entry, read) {
                self.settings.voicemail.exceptions.insert(caller, pickup);
            }
        }
        if let Some(entry) = document.get(OURS, QUIET_EXCEPT) {
            self.read_exceptions(entry);
        }
    }

    fn read_exceptions(&mut self, entry: &Entry) {
        match callers::exceptions(entry, |name| self.caller(name)) {
            Ok((who, unknown)) => {
                self.settings.quiet_except = who;
                for name in unknown {
                    self.tell_unknown(entry, &name);
                }
            }
            Err(text) => self.errors.push(self.mistake(entry.line(), text)),
        }
    }

    /// Returns the caller of an entry and what was read of it, unless one of the two is a mistake.
    fn of_caller<T>(
        &mut self,
        entry: &Entry,
        read: Result<T, String>,
    ) -> Option<(IdentityHash, T)> {
        match (read, self.caller(entry.key())) {
            (Err(text), _) => self.errors.push(self.mistake(entry.line(), text)),
            (Ok(_), None) => self.tell_unknown(entry, entry.key()),
            (Ok(read), Some(caller)) => return Some((caller, read)),
        }
        None
    }

    /// Returns whom the name of a contact, or a hash, means.
    fn caller(&self, name: &str) -> Option<IdentityHash> {
        self.settings.contacts.named(name).or_else(|| hash_of(name).ok())
    }

    fn tell_unknown(&mut self, entry: &Entry, name: &str) {
        let text = format!("{name:?} is no contact and no hash: nothing is done for it");
        self.skip(entry.line(), text);
    }

    fn tell_missing_ring(&mut self, entry: &Entry, ring: &Ring) {
        if let Ring::File(path) = ring
            && !path.is_file()
        {
            let path = path.display();
            let text = format!("the ringtone {path} is not there: our bell rings until it is");
            self.skip(entry.line(), text);
        }
    }

    fn set_greeting(&mut self, entry: &Entry, name: &str) {
        let path = self.folder.path().join(name);
        if !path.is_file() {
            let path = path.display();
            let text = format!("the greeting {path} is not there: callers hear notes until it is");
            self.skip(entry.line(), text);
        }
        self.settings.voicemail.greeting = Greeting::File(path);
    }

    fn skip(&mut self, line: usize, text: String) {
        let mistake = self.mistake(line, text);
        self.skipped.push(mistake);
    }

    fn mistake(&self, line: usize, text: String) -> Mistake {
        Mistake { path: self.file.path().to_owned(), line, text }
    }
}

fn display_name(entry: &Entry) -> Result<DisplayName, String> {
    DisplayName::new(&text(entry)?).map_err(|error| format!("display_name: {error}"))
}

const KEYS: &str = "display_name, profile, auto_answer, voicemail, voicemail_away, greeting, \
                    quiet_hours, quiet_except, page_key, pages, echo_cancellation or notifications";

/// Reads spans, which may be none.
fn quiet_hours(entry: &Entry) -> Result<QuietHours, String> {
    let spans = entry.value().items().iter().map(String::as_str).filter(|span| !span.is_empty());
    QuietHours::read(spans).map_err(|error| format!("quiet_hours: {error}"))
}

fn echo_cancellation(entry: &Entry) -> Result<EchoCancellation, String> {
    text(entry)?.parse().map_err(|error: ParseEchoCancellationError| error.to_string())
}

/// Reads yes or no, in each of the words that ConfigObj has for them.
fn is_wanted(entry: &Entry) -> Result<bool, String> {
    let text = text(entry)?.to_lowercase();
    match text.as_str() {
        "yes" | "on" | "true" | "1" => Ok(true),
        "no" | "off" | "false" | "0" => Ok(false),
        _ => Err(format!("{text:?} is not known to {}: write yes or no", entry.key())),
    }
}

fn profile(entry: &Entry) -> Result<ProfileChoice, String> {
    let text = text(entry)?.to_lowercase();
    text.parse().map_err(|_| {
        let known = Profile::ALL.map(Profile::abbreviation).join(", ");
        format!("{text:?} is not known to profile: write auto or one of {known}")
    })
}
