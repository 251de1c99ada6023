//! Writes the file of a message, on a thread of its own.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use async_channel::Sender;
use lxst_audio::{FileError, OpusProfile, OpusWriter, SoundWriter};
use lxst_phone::host::create_private_file;

use super::message::{FileKind, Message, MessageId};
use crate::contacts::PeerName;

/// The file of a message that is being recorded.
///
/// Dropping it ends the message, which is stored as far as it goes.
#[derive(Debug)]
pub(super) struct Recording {
    sound: SyncSender<Vec<f32>>,
    stored: async_channel::Receiver<io::Result<Option<Message>>>,
}

impl Recording {
    /// Creates the file, and the thread that writes it.
    pub(super) fn start(folder: &Path, id: MessageId, name: &PeerName) -> Result<Self, FileError> {
        // A name is cut to what a comment takes.
        let tags = id.tags(name).map_err(io::Error::other)?;
        let file = create_private_file(&id.path(folder, FileKind::Part))?;
        let writer = OpusWriter::new(file, OpusProfile::VoiceHigh, &tags)?;
        let (sound, blocks) = sync_channel(BACKLOG);
        let (done, stored) = async_channel::bounded(1);
        let folder = folder.to_owned();
        let write = move || write_all(writer, &blocks, &folder, id, &done);
        thread::Builder::new().name("voicemail".into()).spawn(write)?;
        Ok(Self { sound, stored })
    }

    /// Takes sound of 48 kHz mono, without waiting. Tells whether it was taken: not if the file
    /// cannot be written on, or the disk is too slow.
    pub(super) fn write(&self, sound: Vec<f32>) -> bool {
        self.sound.try_send(sound).is_ok()
    }

    /// Ends the message, and waits until it is stored. `None` is one without sound.
    pub(super) async fn finish(self) -> io::Result<Option<Message>> {
        drop(self.sound);
        // The thread always answers, unless it panics.
        self.stored.recv().await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

fn write_all(
    mut writer: OpusWriter<File>,
    blocks: &Receiver<Vec<f32>>,
    folder: &Path,
    id: MessageId,
    done: &Sender<io::Result<Option<Message>>>,
) {
    let written = blocks
        .iter()
        .try_for_each(|sound| writer.write(&sound))
        .and_then(|()| writer.finish())
        .and_then(|()| Ok(writer.into_inner().sync_all()?));
    // What a full disk has taken is a message too.
    let stored = id.finish(folder);
    let result = match written {
        Ok(()) => stored,
        Err(FileError::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    };
    // A session that was dropped does not wait for it.
    let _ = done.try_send(result);
}

/// The most blocks that wait for the disk: 10 s of a caller's.
const BACKLOG: usize = 500;
/// What a second of a message takes at most: 16 kbit/s, and the pages around it.
pub(super) const BYTES_PER_SECOND: u64 = 2_500;
