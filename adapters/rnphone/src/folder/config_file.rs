//! The file `config`: read, and written if nobody else wrote it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use lxst_phone::host::{create_private_folder, read_regular_file, replace_private_file};

use crate::ini::{Document, SyntaxError};

/// A file of settings, as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    path: PathBuf,
    document: Document,
    /// The bytes of the file; `None` if there is none.
    on_disk: Option<Vec<u8>>,
}

/// Why a file of settings is not read or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system's, or the file is larger than [`ConfigFile::MAX_BYTES`].
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// A line is not understood.
    #[error("{}: {error}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Which line, and why.
        error: SyntaxError,
    },
    /// The file was written, made or removed after it was read. It is as the other left it.
    #[error("{} was changed by another program: read it again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl ConfigFile {
    /// The size up to which a file is read.
    pub const MAX_BYTES: u64 = 1 << 20;

    /// Reads a file. If there is none, its document is empty.
    ///
    /// # Errors
    /// [`FileError::Io`] and [`FileError::Syntax`].
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let on_disk = bytes(path)?;
        let document = Document::parse(on_disk.as_deref().unwrap_or_default())
            .map_err(|error| FileError::Syntax { path: path.into(), error })?;
        Ok(Self { path: path.into(), document, on_disk })
    }

    /// Returns the path that it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there was a file.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.on_disk.is_some()
    }

    /// Returns the settings.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// Changes the settings and writes them: all of it, or nothing.
    ///
    /// The file is replaced by one that only its owner may read (mode 0600), atomically. A symbolic
    /// link stays, and the file that it leads to is replaced. Nothing is written where nothing
    /// changes.
    ///
    /// # Errors
    /// That of `edit`, [`FileError::Changed`] or [`FileError::Io`]. File and document are as before.
    pub fn edit<T, E: From<FileError>>(
        &mut self,
        edit: impl FnOnce(&mut Document) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut document = self.document.clone();
        let result = edit(&mut document)?;
        let new = document.to_bytes();
        if bytes(&self.path)? != self.on_disk {
            return Err(FileError::Changed { path: self.path.clone() }.into());
        }
        if self.on_disk.as_deref().unwrap_or_default() != new {
            self.write(&new).map_err(|error| FileError::Io { path: self.path.clone(), error })?;
            self.on_disk = Some(new);
        }
        self.document = document;
        Ok(result)
    }

    fn write(&self, new: &[u8]) -> io::Result<()> {
        let path = match fs::canonicalize(&self.path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.path.clone(),
            Err(error) => return Err(error),
        };
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            create_private_folder(parent)?;
        }
        replace_private_file(&path, new)
    }
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match read_regular_file(path, ConfigFile::MAX_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::Io { path: path.into(), error }),
    }
}
