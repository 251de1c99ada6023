//! Changes of the phonebook and of the list of the blocked, in rnphone's `config`.

use lxst_phone::IdentityHash;

use super::Contact;
use super::find::folded;
use crate::folder::FileError;
use crate::ini::{Document, EditError, Entry, Value};
use crate::settings::{
    BLOCKED_CALLERS, OURS, PHONEBOOK, QUIET_EXCEPT, RINGTONES, TELEPHONE, VOICEMAIL_CONTACTS,
    digits, hash_of,
};

/// Why a contact is not changed. Nothing is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContactError {
    /// A hash or a number would be dialled in place of the contact; nothing at all cannot be typed.
    #[error("{0:?} is no name: a name has text, and is neither a number nor a hash")]
    Name(String),
    /// A number has nothing but digits.
    #[error("{0:?} is no number of a contact: write digits")]
    Number(String),
    /// A contact has this name, this number or this hash.
    #[error("{what} is that of the contact {name:?}")]
    Taken {
        /// What is taken.
        what: String,
        /// Whose it is.
        name: String,
    },
    /// The list of the blocked holds something else than hashes.
    #[error(
        "line {line}: {BLOCKED_CALLERS} is a list of hashes, and {word:?} is none: correct it first"
    )]
    Blocked {
        /// Where.
        line: usize,
        /// What it holds.
        word: String,
    },
    /// The configuration cannot be written so.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Adds a contact, behind the last one.
///
/// # Errors
/// [`ContactError`].
pub fn add(config: &mut Document, contact: &Contact) -> Result<(), ContactError> {
    let name = contact.name.trim();
    check_name(config, name, None)?;
    if let Some(other) = config.entries(PHONEBOOK).find(|entry| hash(entry) == Some(contact.hash)) {
        return Err(taken(format!("the hash {}", contact.hash), other));
    }
    if let Some(number) = &contact.number {
        check_number(config, name, number)?;
    }
    Ok(config.set(PHONEBOOK, name, &value(&contact.hash.to_string(), contact.number.as_deref()))?)
}

/// Gives a contact another name, also where ringtones, the voicemail and quiet hours name it.
///
/// # Errors
/// [`ContactError`].
pub fn rename(config: &mut Document, name: &str, new: &str) -> Result<(), ContactError> {
    let new = new.trim();
    check_name(config, new, Some(name))?;
    let mut renamed = config.clone();
    renamed.rename(PHONEBOOK, name, new)?;
    for section in RULES_OF_CONTACTS {
        if let Some(key) = key_of(&renamed, section, name) {
            renamed.rename(section, &key, new)?;
        }
    }
    change_exception(&mut renamed, name, Some(new))?;
    *config = renamed;
    Ok(())
}

/// Gives a contact the digits to dial it by, or takes them away.
///
/// # Errors
/// [`ContactError`].
pub fn set_number(
    config: &mut Document,
    name: &str,
    number: Option<&str>,
) -> Result<(), ContactError> {
    if let Some(number) = number {
        check_number(config, name, number)?;
    }
    let entry = config.get(PHONEBOOK, name).ok_or_else(|| EditError::Missing(name.to_owned()))?;
    let hash = entry.value().items().first().cloned().unwrap_or_default();
    Ok(config.set(PHONEBOOK, name, &value(&hash, number))?)
}

/// Removes a contact.
///
/// # Errors
/// [`ContactError`].
pub fn remove(config: &mut Document, name: &str) -> Result<(), ContactError> {
    config.remove(PHONEBOOK, name)?;
    for section in RULES_OF_CONTACTS {
        if let Some(key) = key_of(config, section, name) {
            config.remove(section, &key)?;
        }
    }
    change_exception(config, name, None)
}

/// Blocks somebody, contact or not: calls hear that the line is busy.
///
/// # Errors
/// [`ContactError`].
pub fn block(config: &mut Document, hash: IdentityHash) -> Result<(), ContactError> {
    let mut blocked = blocked(config)?;
    if blocked.iter().any(|(_, other)| *other == hash) {
        return Ok(());
    }
    blocked.push((hash.to_string(), hash));
    set_blocked(config, blocked)
}

/// Takes somebody off the list of the blocked.
///
/// # Errors
/// [`ContactError`].
pub fn unblock(config: &mut Document, hash: IdentityHash) -> Result<(), ContactError> {
    let mut blocked = blocked(config)?;
    let length = blocked.len();
    blocked.retain(|(_, other)| *other != hash);
    match blocked.len() {
        left if left == length => Ok(()),
        0 => Ok(config.remove(TELEPHONE, BLOCKED_CALLERS)?),
        _ => set_blocked(config, blocked),
    }
}

/// The key by which a section names a contact.
fn key_of(config: &Document, section: &str, name: &str) -> Option<String> {
    let mut keys = config.entries(section).map(Entry::key);
    keys.find(|key| folded(key) == folded(name)).map(str::to_owned)
}

/// Gives an exception of quiet hours another name, or takes it off the list.
fn change_exception(
    config: &mut Document,
    name: &str,
    new: Option<&str>,
) -> Result<(), ContactError> {
    let Some(entry) = config.get(OURS, QUIET_EXCEPT) else { return Ok(()) };
    let before = entry.value().items();
    let is_it = |item: &String| folded(item) == folded(name);
    if !before.iter().any(is_it) {
        return Ok(());
    }
    let changed = |item: &String| match is_it(item) {
        true => new.map(str::to_owned),
        false => Some(item.clone()),
    };
    let items: Vec<String> = before.iter().filter_map(changed).collect();
    match items.is_empty() {
        true => Ok(config.remove(OURS, QUIET_EXCEPT)?),
        false => Ok(config.set(OURS, QUIET_EXCEPT, &Value::List(items))?),
    }
}

/// The list of the blocked, each as it is written and as it is meant.
fn blocked(config: &Document) -> Result<Vec<(String, IdentityHash)>, ContactError> {
    let Some(entry) = config.get(TELEPHONE, BLOCKED_CALLERS) else { return Ok(Vec::new()) };
    let items = entry.value().items().iter().filter(|item| !item.is_empty());
    items
        .map(|item| match hash_of(item) {
            Ok(hash) => Ok((item.clone(), hash)),
            Err(_) => Err(ContactError::Blocked { line: entry.line(), word: item.clone() }),
        })
        .collect()
}

fn set_blocked(
    config: &mut Document,
    blocked: Vec<(String, IdentityHash)>,
) -> Result<(), ContactError> {
    let items = blocked.into_iter().map(|(item, _)| item).collect();
    Ok(config.set(TELEPHONE, BLOCKED_CALLERS, &Value::List(items))?)
}

/// Refuses a name that cannot be dialled, or that another contact than `renamed` has.
fn check_name(config: &Document, name: &str, renamed: Option<&str>) -> Result<(), ContactError> {
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    if is_number || name.parse::<IdentityHash>().is_ok() {
        return Err(ContactError::Name(name.to_owned()));
    }
    let same = |entry: &&Entry| folded(entry.key()) == folded(name) && Some(entry.key()) != renamed;
    match config.entries(PHONEBOOK).find(same) {
        Some(other) => Err(taken(format!("the name {name:?}"), other)),
        None => Ok(()),
    }
}

fn check_number(config: &Document, name: &str, number: &str) -> Result<(), ContactError> {
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return Err(ContactError::Number(number.to_owned()));
    }
    let same = |entry: &&Entry| {
        let other = entry.value().items().get(1).and_then(|number| digits(number));
        other.as_deref() == Some(number) && entry.key() != name
    };
    match config.entries(PHONEBOOK).find(same) {
        Some(other) => Err(taken(format!("the number {number}"), other)),
        None => Ok(()),
    }
}

fn taken(what: String, other: &Entry) -> ContactError {
    ContactError::Taken { what, name: other.key().to_owned() }
}

fn hash(entry: &Entry) -> Option<IdentityHash> {
    entry.value().items().first().and_then(|hash| hash_of(hash).ok())
}

fn value(hash: &str, number: Option<&str>) -> Value {
    match number {
        Some(number) => Value::List(vec![hash.to_owned(), number.to_owned()]),
        None => Value::Text(hash.to_owned()),
    }
}

/// The sections with entries by the names of contacts, besides the phonebook.
const RULES_OF_CONTACTS: [&str; 2] = [RINGTONES, VOICEMAIL_CONTACTS];
