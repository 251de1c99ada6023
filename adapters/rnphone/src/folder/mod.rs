//! rnphone's folder: where it is, and the files in it.

mod config_file;

use std::env;
use std::path::{Path, PathBuf};

pub use config_file::{ConfigFile, FileError};

/// What the place of the folder depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The folder that the user asks for: `--config`.
    pub config: Option<PathBuf>,
    /// The home folder of the user.
    pub home: Option<PathBuf>,
    /// The folder of settings of the machine: `/etc`.
    pub machine: PathBuf,
}

/// rnphone's folder. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// No folder was asked for, and there is no home folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no home folder is known: name a folder with --config")]
pub struct NoHome;

impl Surroundings {
    /// Returns those of this process.
    #[must_use]
    pub fn of_process(config: Option<PathBuf>) -> Self {
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        Self { config, home, machine: PathBuf::from("/etc") }
    }
}

impl Folder {
    /// Finds the folder where rnphone finds it: the one that is asked for, else the first of
    /// `/etc/rnphone` and `~/.config/rnphone` that has a file `config`, else `~/.rnphone`.
    ///
    /// # Errors
    /// [`NoHome`].
    ///
    /// *Source*: `ReticulumTelephone.reload_config` in LXST/Utilities/rnphone.py, which dies if the
    /// folder `~/.config/rnphone` exists.
    pub fn find(surroundings: Surroundings) -> Result<Self, NoHome> {
        let Surroundings { config, home, machine } = surroundings;
        if let Some(config) = config {
            return Ok(Self(config));
        }
        let of_machine = Some(machine.join("rnphone"));
        let of_user = home.as_ref().map(|home| home.join(".config/rnphone"));
        let mut with_config = [of_machine, of_user].into_iter().flatten();
        with_config
            .find(|folder| folder.join(CONFIG).is_file())
            .or_else(|| Some(home?.join(".rnphone")))
            .map(Self)
            .ok_or(NoHome)
    }

    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of the settings and the phonebook.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join(CONFIG)
    }

    /// Returns the path of the identity: 64 bytes, the X25519 private key, then the Ed25519 private key.
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.0.join("identity")
    }

    /// Returns the socket by which programs use the phone.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.0.join("control")
    }

    /// Returns the socket by which programs hear calls and speak in them.
    #[must_use]
    pub fn pcm(&self) -> PathBuf {
        self.0.join("pcm")
    }

    /// Returns the path of the history of calls.
    ///
    /// It is beside the configuration, because rnphone copies its ringtones when it finds no folder
    /// `storage`, and only then.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.0.join("history.jsonl")
    }

    /// Returns the path of the lines that were typed at the prompt, beside the configuration as well.
    #[must_use]
    pub fn prompt_history(&self) -> PathBuf {
        self.0.join("prompt-history")
    }

    /// Returns the path of the folder of messages that callers left, beside the configuration as
    /// the history is.
    #[must_use]
    pub fn voicemail(&self) -> PathBuf {
        self.0.join("voicemail")
    }

    /// Returns the path of the key of pages, beside the configuration as well.
    #[must_use]
    pub fn page_key(&self) -> PathBuf {
        self.0.join("page_key")
    }

    /// Returns the path of the folder of recorded calls, beside it.
    #[must_use]
    pub fn recordings(&self) -> PathBuf {
        self.0.join("recordings")
    }
}

const CONFIG: &str = "config";

#[cfg(test)]
#[cfg(unix)]
mod tests;
