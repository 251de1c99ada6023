//! Identity files of Reticulum: the 64 bytes of the two private keys.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use lxst_reticulum::{Identity, IdentityError};

use super::private_file::{
    create_private_file, read_regular_file, remove_left_overs, write_private_file,
};
use super::random::OsRng;

/// Why an identity file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityFileError {
    /// The folder of the file could not be created.
    #[error("folder {}: {error}; give the name of a folder that may be written", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The operating system's error.
        error: io::Error,
    },
    /// Another phone, in this process or another, uses the folder.
    #[error(
        "folder {} is another phone's that runs; end that one, or give this one a folder of its \
         own",
        path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The file could not be read or created.
    #[error(
        "identity file {}: {error}; give a file of 64 bytes, or a new name to have one made",
        path.display()
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        error: io::Error,
    },
    /// The file holds no identity.
    #[error(
        "identity file {}: {error}; give another file, or remove it to have one made",
        path.display()
    )]
    NoIdentity {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: IdentityError,
    },
}

/// Reads an identity from a file. If there is no file, generates an identity and writes the file.
///
/// *Shape*: 64 bytes, X25519 then Ed25519 private key, as Reticulum writes them. Only its owner may
/// read a new file, and it appears whole or not at all. The log warns of a file that others can
/// read.
///
/// # Errors
/// [`IdentityFileError`]; a file that exists is never written to.
pub fn load_or_create_identity(path: &Path) -> Result<Identity, IdentityFileError> {
    remove_left_overs(path);
    match read_regular_file(path, MAX_BYTES) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let identity = Identity::generate(&mut OsRng);
            match create(path, &identity.to_bytes(), |new| fs::hard_link(new, path)) {
                Ok(()) => Ok(identity),
                // Another phone has created it in the meantime.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && path.exists() => {
                    check(path, read_regular_file(path, MAX_BYTES))
                }
                Err(error) => Err(IdentityFileError::Io { path: path.into(), error }),
            }
        }
        read => check(path, read),
    }
}

fn check(path: &Path, read: io::Result<Vec<u8>>) -> Result<Identity, IdentityFileError> {
    let bytes = read.map_err(|error| IdentityFileError::Io { path: path.into(), error })?;
    let identity = Identity::from_bytes(&bytes)
        .map_err(|error| IdentityFileError::NoIdentity { path: path.into(), error })?;
    #[cfg(unix)]
    if let Some(mode) = mode_for_others(path) {
        tracing::warn!(
            "identity file {}: others can read it (mode {mode:03o}), and be you; chmod 600 it",
            path.display()
        );
    }
    Ok(identity)
}

/// Returns the mode of a file that others than its owner have access to.
#[cfg(unix)]
fn mode_for_others(path: &Path) -> Option<u32> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).ok()?.permissions());
    (mode & 0o077 != 0).then_some(mode & 0o777)
}

/// Creates an identity file under a free name.
fn create(
    path: &Path,
    bytes: &[u8],
    hard_link: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    write_private_file(path, bytes, |new| match hard_link(new) {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
            Err(error)
        }
        // Android, vfat and many FUSE mounts have no hard links. An empty file reserves the name,
        // and the whole file replaces it.
        Err(_) => {
            drop(create_private_file(path)?);
            fs::rename(new, path).inspect_err(|_| {
                // The name is reserved.
                let _ = fs::remove_file(path);
            })
        }
        Ok(()) => Ok(()),
    })
}

/// The most bytes that are read: more than an identity has, so that the error has the length of
/// most other files.
const MAX_BYTES: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_identity_is_private_and_read_again() {
        let folder = folder("new");
        let path = folder.join("identity");
        let made = load_or_create_identity(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), made.to_bytes());
        assert_eq!(load_or_create_identity(&path).unwrap().hash(), made.hash());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(mode_for_others(&path), None);
            fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
            assert_eq!(mode_for_others(&path), Some(0o640));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_that_is_no_identity_is_refused_and_kept() {
        let folder = folder("none");
        let path = folder.join("identity");
        for content in [&b"short"[..], &[0; 64], &[7; 5_000]] {
            fs::write(&path, content).unwrap();
            let error = load_or_create_identity(&path).unwrap_err();
            assert!(error.to_string().starts_with("identity file "), "{error}");
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert!(matches!(
            load_or_create_identity(Path::new("/dev/zero")),
            Err(IdentityFileError::Io { .. })
        ));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_system_without_hard_links_gets_an_identity_and_keeps_one_that_is_there() {
        let folder = folder("no-links");
        let path = folder.join("identity");
        let refused = |_: &Path| Err(io::Error::from(ErrorKind::PermissionDenied));
        create(&path, b"first", refused).unwrap();
        let second = create(&path, b"second", refused).unwrap_err();
        assert_eq!(second.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(mode_for_others(&path), None);
        fs::remove_dir_all(&folder).unwrap();
    }

    fn folder(test: &str) -> PathBuf {
        let name = format!("lxst-identity-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}
