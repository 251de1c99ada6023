//! Reads what rings for callers, and when the voicemail answers them.

use std::path::Path;
use std::time::Duration;

use lxst_audio::Ringtone;

use super::text::text;
use crate::ini::Entry;
use crate::sounds::Ring;
use crate::voicemail::Pickup;

/// Reads the name of a ringtone of our own, `silent`, or the name of a file of the folder.
pub(super) fn ring(entry: &Entry, folder: &Path) -> Result<Ring, String> {
    let name = text(entry)?;
    if name.eq_ignore_ascii_case("silent") {
        return Ok(Ring::Silent);
    }
    let own = Ringtone::ALL.into_iter().find(|own| own.name().eq_ignore_ascii_case(&name));
    Ok(own.map_or_else(|| Ring::File(folder.join(name)), Ring::Own))
}

/// Reads when the voicemail answers.
pub(super) fn pickup(entry: &Entry) -> Result<Pickup, String> {
    let text = text(entry)?.to_lowercase();
    match text.as_str() {
        "never" => Ok(Pickup::Never),
        "at_once" => Ok(Pickup::AT_ONCE),
        seconds => match seconds.parse() {
            // A call rings for 60 s.
            Ok(seconds @ 1..=55) => Ok(Pickup::After(Duration::from_secs(seconds))),
            _ => Err(format!(
                "{text:?} is not known to {}: write never, at_once, or 1 to 55 seconds of ringing",
                entry.key()
            )),
        },
    }
}
