//! Identity files of Reticulum: the 64 bytes of the two private keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lxst_reticulum::{Identity, IdentityError};

use super::OsRng;
use super::private_file::write_private_file;

/// Why an identity file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityFileError {
    /// The folder of the file could not be made.
    #[error("folder {}: {error}; give the name of a folder that may be written", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// Another phone, of this process or another, has the folder.
    #[error(
        "folder {} is another phone's that runs; end that one, or give this one a folder of its own",
        path.display()
    )]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// The file could not be read or made.
    #[error("identity file {}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// The file holds something else.
    #[error(
        "identity file {}: {error}; give another file, or remove it to have one made",
        path.display()
    )]
    NoIdentity {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: IdentityError,
    },
}

/// Reads an identity, or makes one and keeps it where there is no file.
///
/// *Shape*: 64 bytes, X25519 then Ed25519 private key, as Reticulum writes them. A new file is
/// readable by its owner only, and appears whole or not at all.
///
/// # Errors
/// [`IdentityFileError`]; a file that exists is never written to.
pub fn load_or_create_identity(path: &Path) -> Result<Identity, IdentityFileError> {
    let failed = |error| IdentityFileError::Io { path: path.into(), error };
    match fs::read(path) {
        Ok(bytes) => Identity::from_bytes(&bytes)
            .map_err(|error| IdentityFileError::NoIdentity { path: path.into(), error }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let identity = Identity::generate(&mut OsRng);
            create(path, &identity.to_bytes()).map_err(failed)?;
            Ok(identity)
        }
        Err(error) => Err(failed(error)),
    }
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A hard link fails where the name is taken meanwhile, so nobody's identity is replaced.
    write_private_file(path, bytes, |new| fs::hard_link(new, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_identity_is_private_and_read_again() {
        let folder = std::env::temp_dir().join(format!("lxst-identity-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("identity");
        let made = load_or_create_identity(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), made.to_bytes());
        assert_eq!(load_or_create_identity(&path).unwrap().hash(), made.hash());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }

        fs::write(&path, b"short").unwrap();
        let error = load_or_create_identity(&path).unwrap_err();
        assert!(matches!(error, IdentityFileError::NoIdentity { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"short");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
