//! Files that clients name.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use lxst_tokio::host::create_private_file;

use super::refused::Refused;

/// Creates a file that only its owner may read, where there is none.
pub(super) fn create(path: &Path) -> Result<File, Refused> {
    if !path.is_absolute() {
        return Err(Refused::new(format!("{}: write an absolute path", path.display())));
    }
    create_private_file(path).map_err(|error| named(path, error))
}

/// Tells why a file was not made.
pub(super) fn named(path: &Path, error: std::io::Error) -> Refused {
    let path = path.display();
    match error.kind() {
        ErrorKind::AlreadyExists => Refused::new(format!("{path} exists: name another file")),
        _ => Refused::new(format!("{path}: {error}")),
    }
}
