//! The folder of messages: an Ogg/Opus file for each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lxst_audio::FileError;
use lxst_phone::IdentityHash;
use lxst_phone::host::create_private_folder;

use super::machine::MessageBounds;
use super::message::{FileKind, Message, MessageFile, MessageId};
use super::recording::{BYTES_PER_SECOND, Recording};
use crate::contacts::{Contacts, PeerName};

/// The messages that callers left, in a folder that only its owner may enter.
///
/// The name of a file tells when its message was left, by whom, and whether it was heard, so what a
/// user removes from the folder is gone, and nothing else is kept of it. A store is cheap to clone,
/// and several may serve one folder.
///
/// *Bounds*: [`MAX_MESSAGES`](Self::MAX_MESSAGES) and [`MAX_BYTES`](Self::MAX_BYTES); of one caller
/// [`MAX_OF_CALLER`](Self::MAX_OF_CALLER), of all who are no contacts
/// [`MAX_OF_STRANGERS`](Self::MAX_OF_STRANGERS). Where a new message has no room, the oldest that
/// were heard are removed; if there are none, the call is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// What a folder of messages holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The newest first.
    pub messages: Vec<Message>,
    /// The files that are not played, with the reasons.
    pub damaged: Vec<(PathBuf, FileError)>,
}

/// Why something was not done with messages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is no such message.
    #[error("there is no message {0}: list those that there are")]
    Unknown(MessageId),
    /// A new message has no room.
    #[error("{0}, and none of them was heard: hear or delete some")]
    Full(FullOf),
}

/// What takes all the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FullOf {
    /// Messages of all.
    #[error("there are {} messages", Store::MAX_MESSAGES)]
    Messages,
    /// Bytes of the messages of all.
    #[error("the messages take {} MB", Store::MAX_BYTES / 1_000_000)]
    Bytes,
    /// Messages of the one who calls.
    #[error("there are {} messages of this caller", Store::MAX_OF_CALLER)]
    Caller,
    /// Messages of those who are no contacts.
    #[error("there are {} messages of strangers", Store::MAX_OF_STRANGERS)]
    Strangers,
}

impl Store {
    /// The most messages.
    pub const MAX_MESSAGES: usize = 200;
    /// The most bytes of all messages.
    pub const MAX_BYTES: u64 = 50_000_000;
    /// The most messages of one caller.
    pub const MAX_OF_CALLER: usize = 20;
    /// The most messages of those who are no contacts, all together.
    pub const MAX_OF_STRANGERS: usize = 100;

    /// Opens a folder, which need not exist. A message whose recorder was killed becomes a new
    /// message as far as it goes.
    ///
    /// # Errors
    /// The operating system's.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let store = Self { folder: folder.into() };
        for file in store.files()?.into_iter().filter(MessageFile::is_left_over) {
            file.id.finish(folder)?;
        }
        Ok(store)
    }

    /// Reads which messages there are. Those being recorded are left out.
    ///
    /// # Errors
    /// The operating system's.
    pub fn list(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        for file in self.files()?.into_iter().rev().filter(|file| file.kind != FileKind::Part) {
            match file.read() {
                Ok(message) => listing.messages.push(message),
                // Removed meanwhile.
                Err(FileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => listing.damaged.push((file.path, error)),
            }
        }
        Ok(listing)
    }

    /// Marks a message as heard, which survives restarts. Does nothing if it is.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] or [`StoreError::Io`].
    pub fn mark_heard(&self, id: MessageId) -> Result<(), StoreError> {
        let [new, heard] = [FileKind::New, FileKind::Heard].map(|kind| id.path(&self.folder, kind));
        match fs::rename(new, &heard) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && heard.is_file() => Ok(()),
            moved => moved.map_err(|error| unknown(error, id)),
        }
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] or [`StoreError::Io`].
    pub fn delete(&self, id: MessageId) -> Result<(), StoreError> {
        let delete = |kind| fs::remove_file(id.path(&self.folder, kind));
        match delete(FileKind::New) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => delete(FileKind::Heard),
            deleted => deleted,
        }
        .map_err(|error| unknown(error, id))
    }

    /// Tells whether somebody can leave a message, and removes nothing yet.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`].
    pub fn check_room(
        &self,
        peer: IdentityHash,
        contacts: &Contacts,
        bounds: &MessageBounds,
    ) -> Result<(), StoreError> {
        self.excess(peer, contacts, bounds).map(drop)
    }

    /// Begins the file of a message, in place of the oldest that were heard if it needs room.
    pub(super) fn record(
        &self,
        id: MessageId,
        name: &PeerName,
        contacts: &Contacts,
        bounds: &MessageBounds,
    ) -> Result<Recording, StoreError> {
        for path in self.excess(id.peer, contacts, bounds)? {
            fs::remove_file(path)?;
        }
        create_private_folder(&self.folder)?;
        let mut id = id;
        while FileKind::ALL.into_iter().any(|kind| id.path(&self.folder, kind).exists()) {
            id.time.0 += 1;
        }
        Recording::start(&self.folder, id, name).map_err(|error| match error {
            FileError::Io(error) => error.into(),
            other => io::Error::other(other).into(),
        })
    }

    /// Returns the files that leave if somebody leaves another message.
    fn excess(
        &self,
        peer: IdentityHash,
        contacts: &Contacts,
        bounds: &MessageBounds,
    ) -> Result<Vec<PathBuf>, StoreError> {
        let mut files = self.files()?;
        let mut leaving = Vec::new();
        let longest = bounds.max_length.as_secs().saturating_mul(BYTES_PER_SECOND);
        let is_stranger = |hash| contacts.get(hash).is_none();
        loop {
            let of_caller = |file: &MessageFile| file.id.peer == peer;
            let of_stranger = |file: &MessageFile| is_stranger(file.id.peer);
            let count = |of: &dyn Fn(&MessageFile) -> bool| files.iter().filter(|f| of(f)).count();
            let bytes: u64 = files.iter().map(|file| file.bytes).sum();
            let full_of = if count(&of_caller) >= Self::MAX_OF_CALLER {
                FullOf::Caller
            } else if is_stranger(peer) && count(&of_stranger) >= Self::MAX_OF_STRANGERS {
                FullOf::Strangers
            } else if files.len() >= Self::MAX_MESSAGES {
                FullOf::Messages
            } else if bytes.saturating_add(longest) > Self::MAX_BYTES {
                FullOf::Bytes
            } else {
                return Ok(leaving);
            };
            let oldest = files.iter().position(|file| {
                file.kind == FileKind::Heard
                    && match full_of {
                        FullOf::Caller => of_caller(file),
                        FullOf::Strangers => of_stranger(file),
                        FullOf::Messages | FullOf::Bytes => true,
                    }
            });
            leaving.push(files.remove(oldest.ok_or(StoreError::Full(full_of))?).path);
        }
    }

    /// Returns the files of messages, the oldest first.
    fn files(&self) -> io::Result<Vec<MessageFile>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files: Vec<MessageFile> =
            entries.filter_map(|entry| MessageFile::of(&entry.ok()?)).collect();
        files.sort_by_key(|file| file.id);
        Ok(files)
    }
}

impl MessageFile {
    /// Whether it is a part that nobody has written to for a while.
    fn is_left_over(&self) -> bool {
        let written = fs::metadata(&self.path).and_then(|metadata| metadata.modified());
        let age = written.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        self.kind == FileKind::Part && age.is_some_and(|age| age > LEFT_OVER)
    }
}

fn unknown(error: io::Error, id: MessageId) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::Unknown(id),
        _ => StoreError::Io(error),
    }
}

/// The age from which a part has no recorder. A recorder holds back silence for less, by default 8 s.
const LEFT_OVER: Duration = Duration::from_secs(60);
