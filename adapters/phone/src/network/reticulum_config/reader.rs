//! Values of a section, as RNS and ConfigObj read them.

use super::{ConfigFault, ConfigSection};

/// Reads the keys of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'s>(pub(super) &'s ConfigSection);

impl<'s> Reader<'s> {
    /// Returns a list, or the one text as a list of one.
    pub(super) fn list(self, key: &str) -> Option<&'s [String]> {
        let entry = self.0.entries.iter().find(|(of, _)| of == key);
        entry.map(|(_, items)| &**items)
    }

    /// Returns a text.
    pub(super) fn text(self, key: &'static str) -> Result<Option<&'s str>, ConfigFault> {
        match self.list(key) {
            None => Ok(None),
            Some([text]) => Ok(Some(text)),
            Some(items) => {
                let value = items.join(", ");
                Err(ConfigFault::Value { key, value, wanted: "in quotes where it has a comma" })
            }
        }
    }

    /// Returns a text that must be there.
    pub(super) fn needed(self, key: &'static str) -> Result<&'s str, ConfigFault> {
        self.text(key)?.filter(|text| !text.is_empty()).ok_or(ConfigFault::Missing(key))
    }

    pub(super) fn switch(self, key: &'static str) -> Result<Option<bool>, ConfigFault> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match &*text.to_lowercase() {
            "true" | "on" | "yes" | "1" => Ok(Some(true)),
            "false" | "off" | "no" | "0" => Ok(Some(false)),
            _ => Err(wrong(key, text, "yes or no")),
        }
    }

    pub(super) fn port(self, key: &'static str) -> Result<Option<u16>, ConfigFault> {
        let port = self.number(key, 65_535, "a port from 1 to 65535")?;
        match port.and_then(|port| u16::try_from(port).ok()) {
            Some(0) => Err(wrong(key, "0", "a port from 1 to 65535")),
            port => Ok(port),
        }
    }

    pub(super) fn number(
        self,
        key: &'static str,
        most: u32,
        wanted: &'static str,
    ) -> Result<Option<u32>, ConfigFault> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let number = text.trim().parse().ok().filter(|number| *number <= most);
        number.map(Some).ok_or_else(|| wrong(key, text, wanted))
    }

    /// One of some words, in any case.
    pub(super) fn word<T: Copy>(
        self,
        key: &'static str,
        words: &[(&str, T)],
        wanted: &'static str,
    ) -> Result<Option<T>, ConfigFault> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let word = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        word.map(|(_, value)| Some(*value)).ok_or_else(|| wrong(key, text, wanted))
    }

    /// Refuses what a phone cannot do.
    pub(super) fn refuse(self, key: &'static str, remedy: &'static str) -> Result<(), ConfigFault> {
        match self.list(key) {
            Some(_) => Err(ConfigFault::Unsupported { key, remedy }),
            None => Ok(()),
        }
    }
}

fn wrong(key: &'static str, value: &str, wanted: &'static str) -> ConfigFault {
    ConfigFault::Value { key, value: value.to_owned(), wanted }
}
