//! Reads who is meant by a list of callers.

use std::collections::BTreeSet;

use lxst_phone::IdentityHash;

use super::Who;
use crate::ini::{Entry, Value};

/// Reads a hash; says what is wrong with it.
pub(crate) fn hash_of(text: &str) -> Result<IdentityHash, String> {
    text.parse().map_err(|_| format!("{text:?} is no hash of 32 hexadecimal digits"))
}

/// Reads a word, or hashes.
pub(super) fn who(entry: &Entry) -> Result<Who, String> {
    let (key, remedy) =
        (entry.key(), format!("{WORDS}, or hashes of 32 hexadecimal digits {LIST}"));
    if let Some(who) = word_alone(entry) {
        return Ok(who);
    }
    let hashes = entry.value().items().iter().map(|item| match hash_of(item) {
        Ok(hash) => Ok(hash),
        Err(_) if word(item).is_some() => Err(stands_alone(entry, item, &remedy)),
        Err(_) => Err(format!("{item:?} is not known to {key}: {remedy}")),
    });
    Ok(Who::Listed(hashes.collect::<Result<_, _>>()?))
}

/// Reads a word, or contacts and hashes, of which `caller` knows who is meant. Returns the names that
/// mean nobody as well.
pub(super) fn exceptions(
    entry: &Entry,
    caller: impl Fn(&str) -> Option<IdentityHash>,
) -> Result<(Who, Vec<String>), String> {
    if let Some(who) = word_alone(entry) {
        return Ok((who, Vec::new()));
    }
    let (mut hashes, mut unknown) = (BTreeSet::new(), Vec::new());
    for item in entry.value().items().iter().filter(|item| !item.is_empty()) {
        match caller(item) {
            Some(hash) => drop(hashes.insert(hash)),
            None if word(item).is_some() => {
                let remedy = format!("{WORDS}, or names of contacts and hashes {LIST}");
                return Err(stands_alone(entry, item, &remedy));
            }
            None => unknown.push(item.clone()),
        }
    }
    Ok((Who::Listed(hashes), unknown))
}

/// Reads a list of hashes, which may be empty.
pub(super) fn blocked(entry: &Entry) -> Result<BTreeSet<IdentityHash>, String> {
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

fn word_alone(entry: &Entry) -> Option<Who> {
    match entry.value() {
        Value::Text(text) => word(text),
        Value::List(_) => None,
    }
}

fn word(text: &str) -> Option<Who> {
    match text.to_lowercase().as_str() {
        "all" => Some(Who::All),
        "none" => Some(Who::Nobody),
        "phonebook" => Some(Who::Phonebook),
        _ => None,
    }
}

fn stands_alone(entry: &Entry, item: &str, remedy: &str) -> String {
    format!("{item:?} stands alone in {}: {remedy}", entry.key())
}

const WORDS: &str = "write all, none, phonebook";
const LIST: &str = "with commas between";
