use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::ini::{EditError, Value};

#[test]
fn the_folder_is_where_rnphone_looks_for_it() {
    let root = temporary("search");
    let surroundings = |config: Option<&str>| Surroundings {
        config: config.map(PathBuf::from),
        home: Some(root.join("home")),
        machine: root.join("etc"),
    };
    let found = |config| Folder::find(surroundings(config)).unwrap().path().to_owned();

    // A folder without a file `config` is not taken; rnphone dies of the second.
    fs::create_dir_all(root.join("etc/rnphone")).unwrap();
    fs::create_dir_all(root.join("home/.config/rnphone")).unwrap();
    assert_eq!(found(None), root.join("home/.rnphone"));
    fs::write(root.join("home/.config/rnphone/config"), "").unwrap();
    assert_eq!(found(None), root.join("home/.config/rnphone"));
    fs::write(root.join("etc/rnphone/config"), "").unwrap();
    assert_eq!(found(None), root.join("etc/rnphone"));
    assert_eq!(found(Some("mine")), Path::new("mine"));

    let homeless = Surroundings { home: None, ..surroundings(None) };
    assert_eq!(Folder::find(homeless.clone()).unwrap().path(), root.join("etc/rnphone"));
    fs::remove_file(root.join("etc/rnphone/config")).unwrap();
    assert_eq!(Folder::find(homeless), Err(NoHome));
    fs::remove_dir_all(&root).unwrap();
}

#[test]
fn an_edit_makes_folder_and_file_for_their_owner_alone() {
    let root = temporary("new");
    let mut file = ConfigFile::read(&root.join("phone/config")).unwrap();
    assert!(!file.exists());
    set_ringtone(&mut file, "bell.opus").unwrap();
    assert!(file.exists());
    assert_eq!(fs::read(file.path()).unwrap(), b"[telephone]\nringtone = bell.opus\n");
    assert_eq!(mode(file.path()), 0o600);
    assert_eq!(mode(&root.join("phone")), 0o700);
    fs::remove_dir_all(&root).unwrap();
}

#[test]
fn a_file_that_changed_since_it_was_read_is_left_alone_and_told() {
    let root = temporary("changed");
    let path = root.join("config");
    for (before, after) in [(Some("a = 1\n"), Some("a = 2\n")), (None, Some("a = 1\n"))] {
        let _ = fs::remove_file(&path);
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
        }
        let mut file = ConfigFile::read(&path).unwrap();
        let read = file.clone();
        fs::write(&path, after.unwrap()).unwrap();
        let error = set_ringtone(&mut file, "bell.opus").unwrap_err();
        assert!(error.to_string().ends_with("was changed by another program: read it again"));
        assert_eq!(file, read);
        assert_eq!(fs::read_to_string(&path).unwrap(), after.unwrap());
    }
    let mut file = ConfigFile::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    set_ringtone(&mut file, "bell.opus").unwrap_err();
    assert!(!path.exists());
    fs::remove_dir_all(&root).unwrap();
}

#[test]
fn an_edit_that_fails_leaves_the_document_and_no_file_behind() {
    let root = temporary("failing");
    let path = root.join("config");
    fs::write(&path, "[telephone]\n").unwrap();
    let mut file = ConfigFile::read(&path).unwrap();
    let read = file.clone();
    set_ringtone(&mut file, "two\nlines").unwrap_err();
    assert_eq!(file, read);
    // A folder in the file's place cannot be replaced.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    set_ringtone(&mut file, "bell.opus").unwrap_err();
    assert_eq!(file, read);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
    fs::remove_dir_all(&root).unwrap();
}

#[test]
fn a_symbolic_link_stays_and_its_file_is_edited() {
    let root = temporary("link");
    let path = root.join("config");
    fs::write(root.join("dotfile"), "").unwrap();
    symlink("dotfile", &path).unwrap();
    let mut file = ConfigFile::read(&path).unwrap();
    set_ringtone(&mut file, "bell.opus").unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::read(root.join("dotfile")).unwrap(), b"[telephone]\nringtone = bell.opus\n");
    fs::remove_dir_all(&root).unwrap();
}

#[test]
fn what_is_no_file_of_settings_is_refused_with_its_name() {
    let root = temporary("refused");
    let path = root.join("config");
    fs::write(&path, "[telephone]\nringtone\n").unwrap();
    let error = ConfigFile::read(&path).unwrap_err().to_string();
    let wanted = "line 2: neither `[section]` nor `key = value`: begin a comment with #";
    assert_eq!(error, format!("{}: {wanted}", path.display()));
    fs::write(&path, vec![b'#'; ConfigFile::MAX_BYTES as usize + 1]).unwrap();
    let error = ConfigFile::read(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{}: larger than 1048576 bytes", path.display()));
    fs::remove_dir_all(&root).unwrap();
}

fn set_ringtone(file: &mut ConfigFile, ringtone: &str) -> Result<(), Box<dyn std::error::Error>> {
    file.edit(|document| {
        let value = Value::Text(ringtone.to_owned());
        document.set("telephone", "ringtone", &value).map_err(|error: EditError| error.into())
    })
}

fn temporary(test: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("rnphone-rs-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
