//! rnphone's folder, read and written here, beside the ConfigObj that rnphone reads it with.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lxst_audio::Ringtone;
use lxst_core::IdentityHash;
use lxst_interop::environment;
use lxst_sim::random::Seeded;
use rnphone_rs::contacts::{self, Contact, ContactError};
use rnphone_rs::folder::{ConfigFile, Folder, Surroundings};
use rnphone_rs::ini::{Document, Section, Value};
use rnphone_rs::settings::{Settings, Who};
use rnphone_rs::sounds::{Ring, Ringtones};
use rnphone_rs::voicemail::{Pickup, Presence};
use serde_json::{Value as Json, json};

#[test]
fn what_is_read_here_is_what_configobj_reads() {
    let mut random = Seeded(1);
    let texts: Vec<String> = (0..20_000).map(|_| text(&mut random)).collect();
    let theirs = configobj("verbatim", &texts);
    let mut both = 0;
    for (text, theirs) in texts.iter().zip(&theirs) {
        if let Ok(document) = Document::parse(text.as_bytes()) {
            assert_eq!(&entries(&document), theirs, "{text:?}");
            both += 1;
        }
    }
    let refused = theirs.iter().filter(|theirs| theirs.is_null()).count();
    let refused_here_alone = texts.len() - both - refused;
    assert!(both > texts.len() / 4 && refused > texts.len() / 4, "{both} and {refused}");
    // Those that make no sense: a key that begins with [ or with a quote that nothing closes.
    assert!(refused_here_alone < both / 8, "{refused_here_alone} of {both}");
}

#[test]
fn what_is_written_here_is_what_configobj_reads() {
    let mut random = Seeded(2);
    let mut texts = Vec::new();
    let mut wanted = Vec::new();
    for _ in 0..3_000 {
        let begun = Document::parse(text(&mut random).as_bytes());
        let mut document = begun.unwrap_or_default();
        let mut written = 0;
        for _ in 0..4 {
            let section = ["a", "telephone", "phone book"][below(&mut random, 3)];
            let key = piece(&mut random, 5);
            let value = match below(&mut random, 2) {
                0 => Value::Text(piece(&mut random, 6)),
                _ => {
                    Value::List((0..below(&mut random, 4)).map(|_| piece(&mut random, 4)).collect())
                }
            };
            if document.set(section, &key, &value).is_ok() {
                assert_eq!(document.get(section, &key).map(|entry| entry.value()), Some(&value));
                written += 1;
            }
        }
        if written > 0 {
            texts.push(String::from_utf8(document.to_bytes()).unwrap());
            wanted.push(entries(&document));
        }
    }
    assert!(texts.len() > 2_000, "{}", texts.len());
    for ((text, wanted), theirs) in texts.iter().zip(&wanted).zip(configobj("interpolate", &texts))
    {
        assert_eq!(*wanted, theirs, "{text:?}");
    }
}

#[test]
fn sections_of_ours_are_read_here_and_ignored_by_rnphone() {
    let path = environment::target_dir().join("interop/rnphone-folder-ours");
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    let ours = format!(
        "[phonebook]\nMary = {MARY}\n[ringtones]\nMary = chime\n[rnphone-rs]\nvoicemail = 20\n\
         [voicemail_contacts]\n{JAKE} = never\n"
    );
    fs::write(path.join("config"), ours).unwrap();
    let theirs: Json = serde_json::from_slice(&rnphone("read", &path)).unwrap();
    assert_eq!(theirs["phonebook"], json!({"Mary": MARY}));

    let surroundings = Surroundings { config: Some(path), home: None, machine: "/".into() };
    let folder = Folder::find(surroundings).unwrap();
    let file = ConfigFile::read(&folder.config()).unwrap();
    let (settings, skipped) = Settings::read(&folder, &file, IdentityHash([0; 16])).unwrap();
    let [mary, jake] = [MARY, JAKE].map(|hash| hash.parse().unwrap());
    assert_eq!((settings.ringtones.of(mary), skipped), (&Ring::Own(Ringtone::Chime), Vec::new()));
    let pickup = |of| settings.voicemail.pickup(of, &settings.blocked, Presence::Here);
    assert_eq!(pickup(mary), Pickup::After(Duration::from_secs(20)));
    assert_eq!(pickup(jake), Pickup::Never);
}

#[test]
fn a_folder_that_rnphone_made_is_read_here_and_what_is_edited_here_is_read_by_rnphone() {
    let path = environment::target_dir().join("interop/rnphone-folder");
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    rnphone("make", &path);
    let surroundings = Surroundings { config: Some(path.clone()), home: None, machine: "/".into() };
    let folder = Folder::find(surroundings).unwrap();
    let own = IdentityHash([0; 16]);

    let mut file = ConfigFile::read(&folder.config()).unwrap();
    let made = fs::read_to_string(file.path()).unwrap();
    assert_eq!(file.document().to_bytes(), made.as_bytes());
    let (settings, skipped) = Settings::read(&folder, &file, own).unwrap();
    let of_all = Ring::File(path.join("ringer.opus"));
    let ringtones = Ringtones { of_all, ..Ringtones::default() };
    let wanted = Settings { ringtones, ..Settings::default() };
    assert_eq!(settings, wanted);
    // rnphone copies it when it makes `storage`.
    assert!(skipped.len() == 1 && skipped[0].text.contains("ringer.opus is not there"));

    let mary = Contact {
        name: "Mary, \"at home\"".to_owned(),
        hash: MARY.parse().unwrap(),
        number: Some("241".to_owned()),
    };
    let jake = Contact { name: "Jake".to_owned(), hash: JAKE.parse().unwrap(), number: None };
    file.edit(|config| -> Result<(), ContactError> {
        contacts::add(config, &mary)?;
        contacts::add(config, &jake)?;
        contacts::rename(config, "Jake", "O'Neil = Jake #1")?;
        contacts::block(config, jake.hash)?;
        let speaker = Value::Text("USB, 3\" cone, 'left'".to_owned());
        config.set("telephone", "speaker", &speaker)?;
        config.set("telephone", "allowed_callers", &Value::List(vec![MARY.to_owned()]))?;
        config.set("rnphone-rs", "auto_answer", &Value::Text("phonebook".to_owned()))?;
        Ok(())
    })
    .unwrap();

    let edited = fs::read_to_string(file.path()).unwrap();
    let mut lines = edited.lines();
    assert!(made.lines().all(|line| lines.any(|other| other == line)), "{edited}");
    let theirs: Json = serde_json::from_slice(&rnphone("read", &path)).unwrap();
    let wanted = json!({
        "ringtone": path.join("ringer.opus"),
        "speaker": "USB, 3\" cone, 'left'",
        "allowed": [MARY],
        "blocked": [JAKE],
        "phonebook": {"Mary, \"at home\"": MARY, "O'Neil = Jake #1": JAKE},
        "aliases": {MARY: "241"},
    });
    assert_eq!(theirs, wanted, "{edited}");
    let (settings, _) = Settings::read(&folder, &file, own).unwrap();
    assert_eq!(settings.speaker.as_deref(), Some("USB, 3\" cone, 'left'"));
    assert_eq!(settings.allowed, Who::Listed([mary.hash].into()));
    assert_eq!(settings.blocked, [jake.hash].into());
    assert!(
        settings
            .contacts
            .iter()
            .map(|contact| contact.name.as_str())
            .eq(["Mary, \"at home\"", "O'Neil = Jake #1"])
    );
}

/// Lines of an INI file, with mistakes.
fn text(random: &mut Seeded) -> String {
    (0..below(random, 5))
        .map(|_| {
            let line = match below(random, 8) {
                0 => format!("[{}]", piece(random, 4)),
                1 => format!("[[{}]] # {}", piece(random, 4), piece(random, 4)),
                2 => format!("# {}", piece(random, 8)),
                3 => piece(random, 8),
                4 => format!("{} = {} # {}", key(random), piece(random, 6), piece(random, 6)),
                5 => format!("  {} = '{}', {}", key(random), piece(random, 4), piece(random, 6)),
                6 => format!("{}='''{}", key(random), piece(random, 6)),
                _ => format!("{} = {}", key(random), piece(random, 12)),
            };
            line + ["\n", "\n", "\r\n", "'''\n"][below(random, 4)]
        })
        .collect()
}

/// A key, for ConfigObj takes a blank as one where there is none.
fn key(random: &mut Seeded) -> String {
    let key = piece(random, 3);
    if key.trim().is_empty() { "k".to_owned() } else { key }
}

/// A text of up to `length` characters, most of which mean something.
fn piece(random: &mut Seeded, length: usize) -> String {
    const CHARACTERS: [char; 24] = [
        'a', 'b', 'c', 'd', 'e', 'f', '1', '2', ' ', ' ', ',', ',', '"', '"', '\'', '\'', '#', '=',
        '[', ']', '%', 'é', '\u{1c}', '\u{a0}',
    ];
    (0..below(random, length + 1)).map(|_| CHARACTERS[below(random, CHARACTERS.len())]).collect()
}

fn below(random: &mut Seeded, bound: usize) -> usize {
    usize::try_from(random.below(bound as u64)).expect("below a usize")
}

fn entries(document: &Document) -> Json {
    let entries = document.all().map(|(section, entry)| {
        let value = match entry.value() {
            Value::Text(text) => json!(text),
            Value::List(items) => json!(items),
        };
        let depth = section.map_or(0, Section::depth);
        json!([section.map(Section::name), depth, entry.key(), value])
    });
    Json::Array(entries.collect())
}

/// Runs rnphone's own code on a folder; returns what it prints.
fn rnphone(command: &str, folder: &Path) -> Vec<u8> {
    let output = python("rnphone.py").arg(command).arg(folder).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn configobj(interpolation: &str, texts: &[String]) -> Vec<Json> {
    let mut reader = python("configobj.py")
        .arg(interpolation)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let stdin = reader.stdin.take().expect("it is piped");
    // Read whole before the first is answered.
    { stdin }.write_all(json!(texts).to_string().as_bytes()).expect("it reads");
    let output = reader.wait_with_output().expect("it ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

fn python(script: &str) -> Command {
    let mut python = Command::new(environment::python().expect("Python LXST is there"));
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rnphone_folder").join(script));
    python
}

const MARY: &str = "f3e8c3359b39d36f3baff0a616a73d3e";
const JAKE: &str = "b8d80b1b7a9d3147880b366995422a45";
