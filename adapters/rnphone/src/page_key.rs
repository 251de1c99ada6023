//! The key of pages, which neighbours share: a file of 64 hex digits, for its owner alone.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lxst_phone::host::{create_private_file, read_regular_file, replace_private_file};
use lxst_phone::reticulum::Rng;
use lxst_phone::rooms::{PageKey, ParsePageKeyError};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageKeyError {
    /// The file cannot be read or written.
    #[error("the page key {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file holds something else.
    #[error("the page key {}: {error}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ParsePageKeyError,
    },
    /// Others of this machine may read the file.
    #[error("the page key {path} can be read by others: chmod 600 {path}", path = .0.display())]
    Shared(PathBuf),
}

/// Reads a key; `None` where there is no file.
///
/// # Errors
/// [`PageKeyError`].
pub fn read(path: &Path) -> Result<Option<PageKey>, PageKeyError> {
    let failed = |error| PageKeyError::File { path: path.to_owned(), error };
    let bytes = match read_regular_file(path, MAX_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(failed)?,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(PageKeyError::Shared(path.to_owned()));
        }
    }
    let parsed = String::from_utf8_lossy(&bytes).parse();
    parsed.map(Some).map_err(|error| PageKeyError::Text { path: path.to_owned(), error })
}

/// Reads a key, and makes one by chance where there is no file, mode 0600.
///
/// # Errors
/// [`PageKeyError`].
pub fn read_or_make(path: &Path, rng: &mut impl Rng) -> Result<PageKey, PageKeyError> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let mut key = PageKey([0; 32]);
    rng.fill_bytes(&mut key.0);
    let made = create_private_file(path)
        .and_then(|mut file| file.write_all(line(key).as_bytes()).and_then(|()| file.sync_all()));
    made.map_err(|error| PageKeyError::File { path: path.to_owned(), error })?;
    Ok(key)
}

/// Writes a key in place of the one of the file, mode 0600.
///
/// # Errors
/// [`PageKeyError::File`].
pub fn replace(path: &Path, key: PageKey) -> Result<(), PageKeyError> {
    replace_private_file(path, line(key).as_bytes())
        .map_err(|error| PageKeyError::File { path: path.to_owned(), error })
}

fn line(key: PageKey) -> String {
    key.to_hex() + "\n"
}

/// A file of a key and some white space.
const MAX_BYTES: u64 = 256;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Sevens;

    impl Rng for Sevens {
        fn fill_bytes(&mut self, dest: &mut [u8]) {
            dest.fill(7);
        }
    }

    #[test]
    fn a_key_is_made_once_kept_private_and_replaced() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("page_key");
        assert!(matches!(read(&path), Ok(None)));
        let made = read_or_make(&path, &mut Sevens).expect("the folder can be written to");
        assert_eq!(made, PageKey([7; 32]));
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "07".repeat(32) + "\n");
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        replace(&path, PageKey([8; 32])).expect("the folder can be written to");
        let kept = read_or_make(&path, &mut Sevens).expect("it is there");
        assert_eq!(kept, PageKey([8; 32]));

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it is ours");
        let shared = read(&path).expect_err("others may read it").to_string();
        assert!(shared.ends_with(&format!("chmod 600 {}", path.display())), "{shared}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        fs::write(&path, "a key\n").expect("it is ours");
        let wrong = read(&path).expect_err("no key").to_string();
        assert!(wrong.ends_with("a page key has 64 hex digits"), "{wrong}");
    }
}
