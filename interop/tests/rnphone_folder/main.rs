//! rnphone's folder, read and written here, beside the ConfigObj that rnphone reads it with.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use lxst_interop::environment;
use lxst_sim::random::Seeded;
use rnphone_rs::ini::{Document, Section, Value};
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

fn configobj(interpolation: &str, texts: &[String]) -> Vec<Json> {
    let python = environment::python().expect("Python LXST is there");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rnphone_folder/configobj.py");
    let mut reader = Command::new(python)
        .arg(script)
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
