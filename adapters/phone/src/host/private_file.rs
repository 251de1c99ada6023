//! Files and folders that only their owner may read: identities, known destinations, recordings.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Creates a new file that only its owner may read (mode 0600).
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if the name exists, as a symbolic link too; or the operating
/// system's.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a folder that only its owner may enter (mode 0700, whatever the umask), with its missing
/// parents. A folder that exists keeps its access rights.
///
/// # Errors
/// A file has that name, or the operating system's.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
    {
        create_private_folder(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            // The umask may have removed rights of the owner. A file system without access rights,
            // such as vfat on Android, refuses to set them.
            #[cfg(unix)]
            let _ = fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700));
            Ok(())
        }
    }
}

/// Reads a regular file.
///
/// *Bounds*: at most `max_bytes`. Pipes and devices, which may never end, are not read.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is no regular file, [`io::ErrorKind::FileTooLarge`] if it
/// is longer, or the operating system's.
pub fn read_regular_file(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        let problem = format!("larger than {max_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(bytes)
}

/// Replaces a file by one that only its owner may read (mode 0600). The replacement is atomic: a
/// reader finds the old file or the new one, after a crash too.
///
/// # Errors
/// The operating system's; the old file is unchanged.
pub fn replace_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_private_file(path, bytes, |new| fs::rename(new, path))
}

/// Writes a file beside `path`, which `place` then moves to `path`.
pub(crate) fn write_private_file(
    path: &Path,
    bytes: &[u8],
    place: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    remove_left_overs(path);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}{NEW}", std::process::id()));
    let new = PathBuf::from(name);
    let written = create_private_file(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| place(&new));
    fs::remove_file(&new).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    placed
}

/// Removes unfinished files of `path` that killed writers left beside it: those older than
/// [`LEFT_OVER`].
pub(crate) fn remove_left_overs(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(parent.unwrap_or(Path::new("."))) else { return };
    let Some(file_name) = path.file_name().and_then(|name| name.to_str()) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let writer = name
            .to_str()
            .and_then(|name| name.strip_prefix(file_name)?.strip_prefix('.')?.strip_suffix(NEW));
        let is_ours = writer.is_some_and(|id| id.parse::<u32>().is_ok());
        let is_old = || {
            let written = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            let age = written.and_then(|written| written.elapsed().ok());
            age.is_some_and(|age| age > LEFT_OVER)
        };
        if is_ours && is_old() {
            // A file that cannot be removed is tried again at the next write.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The suffix of a file that is being written.
const NEW: &str = ".new";
/// The age from which an unfinished file has no writer: no write takes as long.
const LEFT_OVER: Duration = Duration::from_secs(60);

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_stays_private() {
        let folder = folder("replaced");
        let path = folder.join("file");
        for content in [&b"older"[..], b"new"] {
            replace_private_file(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_new_file_takes_no_name_that_is_there_nor_goes_through_a_link() {
        let folder = folder("taken");
        fs::write(folder.join("there"), "kept").unwrap();
        symlink("there", folder.join("link")).unwrap();
        symlink("nowhere", folder.join("dangling")).unwrap();
        for name in ["there", "link", "dangling"] {
            let error = create_private_file(&folder.join(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{name}");
        }
        assert_eq!(fs::read(folder.join("there")).unwrap(), b"kept");
        assert!(!folder.join("nowhere").exists());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn new_folders_are_their_owners_alone_and_others_keep_their_rights() {
        let folder = folder("folders");
        let open = folder.join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, PermissionsExt::from_mode(0o755)).unwrap();
        create_private_folder(&open.join("mine/phone")).unwrap();
        for (path, wanted) in [("open", 0o755), ("open/mine", 0o700), ("open/mine/phone", 0o700)] {
            assert_eq!(mode(&folder.join(path)), wanted, "{path}");
        }
        fs::write(folder.join("file"), "").unwrap();
        assert!(create_private_folder(&folder.join("file/phone")).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_nothing_else() {
        let folder = folder("left-over");
        let old = SystemTime::now() - 2 * LEFT_OVER;
        for name in ["file.12.new", "file.x.new", "other.12.new", "file.13.new"] {
            let file = File::create(folder.join(name)).unwrap();
            if name != "file.13.new" {
                file.set_modified(old).unwrap();
            }
        }
        replace_private_file(&folder.join("file"), b"new").unwrap();
        let mut left: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["file", "file.13.new", "file.x.new", "other.12.new"]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn devices_and_large_files_are_refused_at_once() {
        let folder = folder("bounded");
        let path = folder.join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_regular_file(&path, 5).unwrap(), b"12345");
        let too_large = read_regular_file(&path, 4).unwrap_err();
        assert_eq!(too_large.kind(), io::ErrorKind::FileTooLarge);
        let endless = read_regular_file(Path::new("/dev/zero"), 5).unwrap_err();
        assert_eq!(endless.kind(), io::ErrorKind::InvalidInput);
        fs::remove_dir_all(&folder).unwrap();
    }

    fn folder(test: &str) -> PathBuf {
        let name = format!("lxst-private-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }
}
