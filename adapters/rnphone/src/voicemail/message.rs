//! A message of the voicemail, and the name and the tags of its file.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use lxst_audio::{FileError, OpusReader, SoundReader, TagError, Tags};
use lxst_phone::{DisplayName, IdentityHash};

use crate::contacts::PeerName;
use crate::history::UnixTime;

/// A message that somebody left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What commands call it.
    pub id: MessageId,
    /// What the caller was called then. The phonebook may have another name now.
    pub name: PeerName,
    /// How long it is.
    pub length: Duration,
    /// Whether nobody has heard it.
    pub is_new: bool,
    /// Its Ogg/Opus file.
    pub path: PathBuf,
}

/// When a message was left, and by whom.
///
/// *Shape*: as text, and in the name of its file, seconds since 1970 and the caller's hash:
/// `1795766400-f3e8c3359b39d36f3baff0a616a73d3e`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageId {
    /// When the call was answered.
    pub time: UnixTime,
    /// Who called.
    pub peer: IdentityHash,
}

/// A text that is no [`MessageId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no id of a message: it is seconds since 1970, a hyphen, and 32 hexadecimal digits")]
pub struct ParseMessageIdError;

/// What the file of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// It is being recorded, or its recorder was killed.
    Part,
    New,
    Heard,
}

/// The file of a message.
#[derive(Clone, Debug)]
pub(super) struct MessageFile {
    pub(super) id: MessageId,
    pub(super) kind: FileKind,
    pub(super) bytes: u64,
    pub(super) path: PathBuf,
}

impl MessageFile {
    /// Returns what a file of the folder is; `None` for any other file.
    pub(super) fn of(entry: &fs::DirEntry) -> Option<Self> {
        let name = entry.file_name();
        let (id, kind) = FileKind::ALL.into_iter().find_map(|kind| {
            Some((name.to_str()?.strip_suffix(kind.suffix())?.parse().ok()?, kind))
        })?;
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Self { id, kind, bytes: metadata.len(), path: entry.path() })
    }

    /// Reads the message in it.
    pub(super) fn read(&self) -> Result<Message, FileError> {
        let sound = OpusReader::open(&self.path)?;
        let tags = sound.tags();
        let announced = || DisplayName::new(tags.get(ANNOUNCED)?).ok();
        let name = match (tags.get(CONTACT), announced()) {
            (Some(name), _) => PeerName::Contact(name.to_owned()),
            (None, Some(name)) => PeerName::Announced(name, self.id.peer),
            (None, None) => PeerName::Unknown(self.id.peer),
        };
        Ok(Message {
            id: self.id,
            name,
            length: sound.length().duration(),
            is_new: self.kind != FileKind::Heard,
            path: self.path.clone(),
        })
    }
}

impl FileKind {
    pub(super) const ALL: [Self; 3] = [Self::Part, Self::New, Self::Heard];

    /// What follows the id in a file's name. None is the end of another behind an id.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Part => ".part",
            Self::New => ".new.opus",
            Self::Heard => ".opus",
        }
    }
}

impl MessageId {
    pub(super) fn path(self, folder: &Path, kind: FileKind) -> PathBuf {
        folder.join(format!("{self}{}", kind.suffix()))
    }

    /// Makes a new message of its part. One that does not play is removed, for it has no sound.
    pub(super) fn finish(self, folder: &Path) -> io::Result<Option<Message>> {
        let [part, path] = [FileKind::Part, FileKind::New].map(|kind| self.path(folder, kind));
        let file = MessageFile { id: self, kind: FileKind::New, bytes: 0, path: part.clone() };
        match file.read() {
            Ok(message) if !message.length.is_zero() => {
                fs::rename(part, &path)?;
                Ok(Some(Message { path, ..message }))
            }
            _ => fs::remove_file(part).map(|()| None),
        }
    }

    /// Returns the comments of its file: those of a recorded call, and the caller's name.
    ///
    /// # Errors
    /// [`TagError`].
    pub(super) fn tags(self, name: &PeerName) -> Result<Tags, TagError> {
        let mut tags = Tags::call(&self.peer.to_string(), true, &self.time.to_string())?;
        tags.add("TITLE", &format!("Message of {}", shortened(&name.to_string())))?;
        match name {
            PeerName::Contact(name) => tags.add(CONTACT, &shortened(name))?,
            PeerName::Announced(name, _) => tags.add(ANNOUNCED, name.as_str())?,
            PeerName::Unknown(_) => {}
        }
        Ok(tags)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.time.0, self.peer)
    }
}

impl FromStr for MessageId {
    type Err = ParseMessageIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, peer) = text.split_once('-').ok_or(ParseMessageIdError)?;
        let time = UnixTime(time.parse().map_err(|_| ParseMessageIdError)?);
        let id = Self { time, peer: peer.parse().map_err(|_| ParseMessageIdError)? };
        // Of two spellings only one is the name of the file.
        if id.to_string() == text { Ok(id) } else { Err(ParseMessageIdError) }
    }
}

/// The beginning of a name: a comment is bounded.
fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// The most characters of a name.
const MAX_NAME: usize = 128;
const CONTACT: &str = "LXST_CONTACT";
const ANNOUNCED: &str = "LXST_ANNOUNCED";
