//! What the task does with a command of a client.
//!
//! 1. A command without a sound file is done at once.
//! 2. One with a sound file is refused at once where its file would not help.
//! 3. Else the file is read, and the phone goes on meanwhile.
//! 4. The file is read: the command is done, unless it would be refused by now or its client has left.

use super::Task;
use crate::control::{Command, Reply};
use crate::service::refused::Refused;
use crate::service::server::Asked;
use crate::service::sound_file::{FileCommand, FileUse};

impl Task {
    pub(super) async fn on_asked(&mut self, asked: Asked) {
        let command = match FileCommand::of(asked) {
            Ok(command) => command,
            Err(Asked { command, reply }) => {
                let done = match command {
                    Command::Stop {} => Ok(Reply::Done),
                    command => self.handle(command).await,
                };
                // The client may be gone.
                let _ = reply.send(done.map_err(Refused::into_text));
                return;
            }
        };
        let checked = match &command.to {
            FileUse::Page { .. } => self.check_page().await,
            FileUse::Station { .. } => self.check_off_air(),
        };
        match checked {
            Ok(()) => command.read(self.studio.news.clone()),
            // The client may be gone.
            Err(refused) => _ = command.reply.send(Err(refused.into_text())),
        }
    }

    /// The file of a command is read, or cannot be.
    pub(super) async fn on_file(&mut self, command: FileCommand, pcm: Result<Vec<f32>, Refused>) {
        let FileCommand { to, reply, .. } = command;
        if reply.is_closed() {
            return;
        }
        let done = match (pcm, to) {
            (Ok(pcm), FileUse::Page { is_urgent }) => self.page_file(pcm, is_urgent).await,
            (Ok(pcm), FileUse::Station { title }) => self.broadcast(pcm, title).await,
            (Err(refused), _) => Err(refused),
        };
        // The client may be gone.
        let _ = reply.send(done.map(|()| Reply::Done).map_err(Refused::into_text));
    }
}
