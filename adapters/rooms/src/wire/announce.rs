//! The app data of a server's announces.

use alloc::string::String;

use lxst_core::wire::Overflow;
use lxst_core::wire::msgpack::Writer;

use super::VERSION;
use super::value::Value;
use crate::limits::{COUNTRY, DESCRIPTION_ANNOUNCED, LANGUAGE, NAME};
use crate::text::clean;

/// What the announce of a server tells of it.
///
/// ```text
/// [version, name, flags, description, language, country]
/// ```
///
/// Empty texts at the end are left out, the name never. `flags`: 1 hidden, 2 password, 4 allow
/// list. A hidden server announces `[version, "", flags]`; a list of servers forgets it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedRoom {
    /// The version of the protocol.
    pub version: u64,
    /// The name of the server: at most [`NAME`] bytes.
    pub name: String,
    /// It is not to be listed.
    pub is_hidden: bool,
    /// It has a password.
    pub has_password: bool,
    /// It has an allow list.
    pub has_allow_list: bool,
    /// What it is for: at most [`DESCRIPTION_ANNOUNCED`] bytes.
    pub description: String,
    /// Its language: at most [`LANGUAGE`] bytes.
    pub language: String,
    /// Its country: at most [`COUNTRY`] bytes.
    pub country: String,
}

impl AnnouncedRoom {
    /// Reads the app data of an announce of `lxst.room`. `None`: it tells nothing.
    #[must_use]
    pub fn from_app_data(app_data: &[u8]) -> Option<Self> {
        let mut elements = Value::whole(app_data).ok()?.elements();
        let version = elements.next()?.number()?;
        let name = elements.next().and_then(Value::text).unwrap_or_default();
        let flags: u64 = elements.next().and_then(Value::number).unwrap_or(0);
        let mut text =
            |bytes| clean(elements.next().and_then(Value::text).unwrap_or_default(), bytes);
        Some(Self {
            version,
            name: clean(name, NAME),
            is_hidden: flags & 1 != 0,
            has_password: flags & 2 != 0,
            has_allow_list: flags & 4 != 0,
            description: text(DESCRIPTION_ANNOUNCED),
            language: text(LANGUAGE),
            country: text(COUNTRY),
        })
    }
}

/// Encodes the app data of an announce. Returns its length in bytes.
///
/// # Errors
/// [`Overflow`] if the buffer is too small. Its content is then unspecified.
pub fn encode_announce(room: &AnnouncedRoom, out: &mut [u8]) -> Result<usize, Overflow> {
    let flags = u64::from(room.is_hidden)
        | u64::from(room.has_password) << 1
        | u64::from(room.has_allow_list) << 2;
    let texts = match room.is_hidden {
        true => [""; 3],
        false => [room.description.as_str(), &room.language, &room.country],
    };
    let told = texts.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1);
    let mut writer = Writer::new(out);
    writer.array(3 + told)?;
    writer.unsigned(VERSION)?;
    writer.str(if room.is_hidden { "" } else { &room.name })?;
    writer.unsigned(flags)?;
    texts.iter().take(told).try_for_each(|text| writer.str(text))?;
    Ok(writer.length())
}
