//! What holds of every file of settings, whatever is in it. The fuzzer and its corpus run this.

use rnphone_rs::ini::{Document, Value};

/// Checks that a file is refused, or kept as it is and edited without harm.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    assert_eq!(document.to_bytes(), bytes, "an unedited file is as it was");

    let values = [Value::Text("a, 'b'".to_owned()), Value::List(vec!["#".to_owned()])];
    for value in &values {
        let mut edited = document.clone();
        let is_new = document.get("phonebook", "new").is_none();
        if edited.set("phonebook", "new", value).is_ok() {
            let read = edited.get("phonebook", "new").map(|entry| entry.value());
            assert_eq!(read, Some(value), "an edit is read back");
            assert_eq!(edited.all().count(), document.all().count() + usize::from(is_new));
            assert_same(&edited);
        }
    }
    let outermost = document.sections().filter(|section| section.depth() == 1);
    for section in outermost.take(4).map(|section| section.name()) {
        for entry in document.entries(section).take(4) {
            edit(&document, section, entry.key(), entry.value(), &values);
        }
    }
}

/// Sets, renames and removes an entry, and sets it back.
fn edit(document: &Document, section: &str, key: &str, was: &Value, values: &[Value]) {
    for value in values {
        let mut edited = document.clone();
        if edited.set(section, key, value).is_ok() {
            assert_eq!(edited.get(section, key).map(|entry| entry.value()), Some(value));
            assert_same(&edited);
            if edited.set(section, key, was).is_ok() {
                assert_eq!(edited.get(section, key).map(|entry| entry.value()), Some(was));
            }
        }
    }
    let mut renamed = document.clone();
    if renamed.rename(section, key, "new name").is_ok() {
        assert_eq!(renamed.get(section, "new name").map(|entry| entry.value()), Some(was));
        assert_same(&renamed);
    }
    let mut removed = document.clone();
    removed.remove(section, key).expect("the entry is there");
    assert_eq!(removed.all().count() + 1, document.all().count());
    assert_same(&removed);
}

fn assert_same(document: &Document) {
    let again = Document::parse(&document.to_bytes());
    assert_eq!(again.as_ref(), Ok(document), "what is written is read back");
}
