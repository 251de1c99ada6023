//! Reads settings from a document.

use std::collections::BTreeSet;
use std::time::Duration;

use lxst_phone::{DisplayName, IdentityHash, Profile};

use super::phonebook::Phonebook;
use super::{
    BLOCKED_CALLERS, HARDWARE, Mistake, Mistakes, OURS, PHONEBOOK, ProfileChoice, Settings,
    TELEPHONE, Who,
};
use crate::folder::{ConfigFile, Folder};
use crate::ini::{Entry, Section, Value, is_interpolated};
use crate::voicemail::{Greeting, Pickup};

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
        self.skipped.sort_by_key(|mistake| mistake.line);
        match self.errors.is_empty() {
            true => Ok((self.settings, self.skipped)),
            false => Err(Mistakes(self.errors)),
        }
    }

    fn handle_section(&mut self, section: &Section) {
        let name = section.name();
        let known = [TELEPHONE, PHONEBOOK, HARDWARE, OURS];
        if section.depth() > 1 {
            self.skip(section.line(), format!("[[{name}]] is inside a section: nothing reads it"));
        } else if !known.contains(&name) {
            let known = known.join("], [");
            self.skip(section.line(), format!("[{name}] is none of [{known}]: nothing reads it"));
        }
    }

    fn handle_entry(&mut self, section: &str, entry: &Entry) {
        let read = match (section, entry.key()) {
            (TELEPHONE, "ringtone") => text(entry).map(|name| self.set_ringtone(entry, &name)),
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
                pickup(entry).map(|pickup| self.settings.voicemail.when_here = pickup)
            }
            (OURS, "voicemail_away") => {
                pickup(entry).map(|pickup| self.settings.voicemail.when_away = pickup)
            }
            (OURS, "greeting") => text(entry).map(|name| {
                self.settings.voicemail.greeting = Greeting::File(self.folder.path().join(name));
            }),
            (OURS, key) => Err(format!("{key:?} is not known: write {KEYS}")),
            _ => Ok(()),
        };
        if let Err(text) = read {
            let mistake = self.mistake(entry.line(), text);
            self.errors.push(mistake);
        }
    }

    fn set_ringtone(&mut self, entry: &Entry, name: &str) {
        let path = self.folder.path().join(name);
        if !path.is_file() {
            let path = path.display();
            let text = format!("the ringtone {path} is not there: nothing rings until it is");
            self.skip(entry.line(), text);
        }
        self.settings.ringtone = Some(path);
    }

    fn skip(&mut self, line: usize, text: String) {
        let mistake = self.mistake(line, text);
        self.skipped.push(mistake);
    }

    fn mistake(&self, line: usize, text: String) -> Mistake {
        Mistake { path: self.file.path().to_owned(), line, text }
    }
}

/// Reads a hash; says what is wrong with it.
pub(crate) fn hash_of(text: &str) -> Result<IdentityHash, String> {
    text.parse().map_err(|_| format!("{text:?} is no hash of 32 hexadecimal digits"))
}

fn who(entry: &Entry) -> Result<Who, String> {
    let key = entry.key();
    let remedy =
        "write all, none, phonebook, or hashes of 32 hexadecimal digits with commas between";
    let word = |text: &str| match text.to_lowercase().as_str() {
        "all" => Some(Who::All),
        "none" => Some(Who::Nobody),
        "phonebook" => Some(Who::Phonebook),
        _ => None,
    };
    if let Value::Text(text) = entry.value()
        && let Some(who) = word(text)
    {
        return Ok(who);
    }
    let hashes = entry.value().items().iter().map(|item| match hash_of(item) {
        Ok(hash) => Ok(hash),
        Err(_) if word(item).is_some() => Err(format!("{item:?} stands alone in {key}: {remedy}")),
        Err(_) => Err(format!("{item:?} is not known to {key}: {remedy}")),
    });
    Ok(Who::Listed(hashes.collect::<Result<_, _>>()?))
}

/// Reads a list of hashes, which may be empty.
fn blocked(entry: &Entry) -> Result<BTreeSet<IdentityHash>, String> {
    let items = entry.value().items().iter().filter(|item| !item.is_empty());
    let hashes = items.map(|item| {
        hash_of(item).map_err(|problem| {
            format!(
                "{problem}, as {} has them: nobody may call by allowed_callers = none",
                entry.key()
            )
        })
    });
    hashes.collect()
}

fn text(entry: &Entry) -> Result<String, String> {
    let key = entry.key();
    match entry.value() {
        Value::List(_) => Err(format!("{key} is one name: put quotes around a name with commas")),
        Value::Text(text) if text.is_empty() => {
            Err(format!("{key} is empty: write a name, or remove the line"))
        }
        Value::Text(text) if is_interpolated(text) => Err(format!(
            "rnphone reads %(..)s in {key} as a reference to another key: leave it out"
        )),
        Value::Text(text) => Ok(text.clone()),
    }
}

fn display_name(entry: &Entry) -> Result<DisplayName, String> {
    DisplayName::new(&text(entry)?).map_err(|error| format!("display_name: {error}"))
}

/// Reads when the voicemail answers.
fn pickup(entry: &Entry) -> Result<Pickup, String> {
    let text = text(entry)?.to_lowercase();
    match text.as_str() {
        "never" => Ok(Pickup::Never),
        "at_once" => Ok(Pickup::AT_ONCE),
        seconds => match seconds.parse() {
            Ok(seconds @ 1..=55) => Ok(Pickup::After(Duration::from_secs(seconds))),
            _ => Err(format!(
                "{text:?} is not known to {}: write never, at_once, or 1 to 55 seconds of ringing",
                entry.key()
            )),
        },
    }
}

const KEYS: &str = "display_name, profile, auto_answer, voicemail, voicemail_away or greeting";

fn profile(entry: &Entry) -> Result<ProfileChoice, String> {
    let text = text(entry)?.to_lowercase();
    if text == "auto" {
        return Ok(ProfileChoice::Auto);
    }
    text.parse().map(ProfileChoice::Fixed).map_err(|_| {
        let known = Profile::ALL.map(Profile::abbreviation).join(", ");
        format!("{text:?} is not known to profile: write auto or one of {known}")
    })
}
