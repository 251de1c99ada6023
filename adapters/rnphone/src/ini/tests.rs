use proptest::prelude::*;

use super::*;

#[test]
fn values_are_read_as_configobj_reads_them() {
    let texts = [
        ("a", "a"),
        ("a b  ", "a b"),
        ("", ""),
        ("# c", ""),
        ("a # c", "a"),
        ("a#c", "a"),
        ("it's", "it's"),
        ("\"a, b # c\" # d", "a, b # c"),
        ("'a \"b\"'", "a \"b\""),
        ("\"\"", ""),
        ("\"a\"b\"", "a\"b"),
        ("\"\"\"a 'b' \"c\" # d\"\"\" # e", "a 'b' \"c\" # d"),
        ("'''a", "a\nb = c "),
    ];
    for (written, wanted) in texts {
        let end = if written == "'''a" { "\nb = c ''' # d" } else { "" };
        assert_eq!(value(&format!("{written}{end}")), Ok(text(wanted)), "{written}");
    }
    let lists: [(&str, &[&str]); 9] = [
        ("a, b", &["a", "b"]),
        ("a,b # c", &["a", "b"]),
        ("a,", &["a"]),
        ("a , # c", &["a"]),
        (",", &[]),
        (", # c", &[]),
        ("\"a, b\", 'c'", &["a, b", "c"]),
        ("a, \"\"", &["a", ""]),
        ("\"a\" # b\", c", &["a\" # b", "c"]),
    ];
    for (written, wanted) in lists {
        assert_eq!(value(written), Ok(list(wanted)), "{written}");
    }
}

#[test]
fn what_configobj_refuses_is_refused_with_its_line() {
    let problems = [
        ("a", Problem::Line),
        ("= a", Problem::Line),
        ("\"a = b", Problem::Line),
        ("[a]\n[[[b]]]", Problem::Depth),
        ("[[a]", Problem::Brackets),
        ("a = b\na = c", Problem::Duplicate),
        ("[a]\n[a]", Problem::Duplicate),
        ("a = b\n[a]", Problem::Duplicate),
        ("a = 'b", Problem::Quote),
        ("a = 'b' c", Problem::Quote),
        ("a = '''b''' c", Problem::Quote),
        ("a = b,, c", Problem::EmptyItem),
        ("a = ,b", Problem::EmptyItem),
    ];
    for (written, problem) in problems {
        let line = written.lines().count();
        assert_eq!(document(written), Err(SyntaxError { line, problem }), "{written}");
    }
    let unclosed = SyntaxError { line: 2, problem: Problem::Unclosed };
    assert_eq!(document("\na = '''b\nc\n"), Err(unclosed));
    let latin = Document::parse(b"# a\n# \xe9");
    assert_eq!(latin, Err(SyntaxError { line: 2, problem: Problem::Encoding }));
}

#[test]
fn sections_and_keys_are_read_with_their_quotes_and_comments() {
    let document = document(
        "outside = 1\n[a] # b]\n  \"c = d\" = 1\ne.f, g = 2\n[[ inner ]]\nc = 3\n[\"x]y\"]\nc=4",
    )
    .unwrap();
    let sections: Vec<_> = document
        .sections()
        .map(|section| (section.name(), section.depth(), section.line()))
        .collect();
    assert_eq!(sections, [("a", 1, 2), ("inner", 2, 5), ("x]y", 1, 7)]);
    let entries = |section| -> Vec<_> {
        document.entries(section).map(|entry| (entry.key(), entry.line())).collect()
    };
    assert_eq!(entries("a"), [("c = d", 3), ("e.f, g", 4)]);
    assert_eq!(entries("x]y"), [("c", 8)]);
    // That is no outermost section.
    assert_eq!(entries("inner"), []);
    assert_eq!(entries("none"), []);
    let depths: Vec<_> = document
        .all()
        .map(|(section, entry)| (section.map_or(0, Section::depth), entry.key()))
        .collect();
    assert_eq!(depths, [(0, "outside"), (1, "c = d"), (1, "e.f, g"), (2, "c"), (1, "c")]);
}

#[test]
fn an_edit_changes_its_own_lines_alone() {
    let before = "\u{feff}# top\r\n[t]\r\n  b = '1'  # one\r\n\ta= 2\r\n\r\n[p]  # names\r\nx=\r\n";
    let after = "\u{feff}# top\r\n[t]\r\n  b = 3, 4  # one\r\n\ta= 2\r\n\tc = \"5, 6\"\r\n\r\n[p]  # names\r\ny= 7\r\n";
    let mut document = document(before).unwrap();
    document.set("t", "b", &list(&["3", "4"])).unwrap();
    document.set("t", "c", &text("5, 6")).unwrap();
    document.set("p", "x", &text("7")).unwrap();
    document.rename("p", "x", "y").unwrap();
    assert_eq!(string(&document), after);

    document.remove("t", "c").unwrap();
    document.set("t", "b", &text("1")).unwrap();
    assert_eq!(string(&document), after.replace("\tc = \"5, 6\"\r\n", "").replace("3, 4", "1"));
}

#[test]
fn a_value_of_several_lines_is_replaced_with_all_of_them() {
    let mut document = document("[t]\na = '''1\n[t]\n''' # c\nb = 2").unwrap();
    document.set("t", "a", &text("3")).unwrap();
    document.set("t", "c", &text("4")).unwrap();
    assert_eq!(string(&document), "[t]\na = 3 # c\nb = 2\nc = 4\n");
    document.remove("t", "b").unwrap();
    assert_eq!(string(&document), "[t]\na = 3 # c\nc = 4\n");
}

#[test]
fn a_new_entry_goes_below_the_comments_of_its_section() {
    let before = "[p]\n    # Names.\n\n    # a = b\n\n# The machine.\n[h]\n# None.\n";
    let mut document = document(before).unwrap();
    document.set("p", "c", &text("d")).unwrap();
    document.set("h", "e", &text("f")).unwrap();
    document.set("new", "g", &text("h")).unwrap();
    let after = "[p]\n    # Names.\n\n    # a = b\n    c = d\n\n# The machine.\n[h]\n# None.\ne = f\n\n[new]\ng = h\n";
    assert_eq!(string(&document), after);
    let mut open_end = self::document("[p]").unwrap();
    open_end.set("p", "c", &text("d")).unwrap();
    assert_eq!(string(&open_end), "[p]\nc = d\n");
}

#[test]
fn quotes_in_a_comment_do_not_reach_into_a_new_value() {
    // ConfigObj would read "b\" # \"c" and "d" here.
    let mut document = document("a = 1\n[t]\na = b # \"c\", d\n").unwrap();
    document.set("t", "a", &text("x, y")).unwrap();
    assert_eq!(string(&document), "a = 1\n[t]\na = 'x, y' # \"c\", d\n");
    assert_eq!(document.get("t", "a").unwrap().value(), &text("x, y"));
}

#[test]
fn what_cannot_be_written_or_is_not_there_is_refused() {
    let before = document("[t]\na = 1\nb = 2\n").unwrap();
    let mut document = before.clone();
    let unwritable = |text: &str| Err(EditError::Unwritable(text.to_owned()));
    for bad in ["a\nb", "\u{1b}[2J", "%(home)s"] {
        assert_eq!(document.set("t", "a", &text(bad)), unwritable(bad));
        assert_eq!(document.set("t", bad, &text("1")), unwritable(bad));
        assert_eq!(document.set(bad, "a", &text("1")), unwritable(bad));
        assert_eq!(document.rename("t", "a", bad), unwritable(bad));
    }
    let quotes = "'a', \"b\"";
    assert_eq!(document.set("t", "a", &list(&[quotes])), unwritable(quotes));
    assert_eq!(document.rename("t", "a", quotes), unwritable(quotes));
    assert_eq!(document.rename("t", "a", "b"), Err(EditError::Exists("b".to_owned())));
    assert_eq!(document.rename("t", "c", "d"), Err(EditError::Missing("c".to_owned())));
    assert_eq!(document.remove("u", "a"), Err(EditError::Missing("a".to_owned())));
    assert_eq!(document, before);
    // As a value of its own it stands in three quotes.
    document.set("t", "a", &text(quotes)).unwrap();
    assert_eq!(document.get("t", "a").unwrap().value(), &text(quotes));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read_back(edits in prop::collection::vec(edit(), 1..12)) {
        let mut document = Document::default();
        let mut wanted: Vec<(&str, &str, &Value)> = Vec::new();
        for (section, key, value) in &edits {
            if document.set(section, key, value).is_ok() {
                wanted.retain(|(s, k, _)| (s, k) != (&section.as_str(), &key.as_str()));
                wanted.push((section, key, value));
            }
            let again = Document::parse(&document.to_bytes()).unwrap();
            prop_assert_eq!(&again, &document);
            for (section, key, value) in &wanted {
                prop_assert_eq!(again.get(section, key).map(Entry::value), Some(*value));
            }
        }
    }

    #[test]
    fn an_edit_keeps_every_other_line(
        lines in prop::collection::vec(line(), 0..12),
        (section, key, value) in edit(),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let text: String = lines.iter().map(|line| format!("{line}{end}")).collect();
        let Ok(mut document) = self::document(&text) else { return Ok(()) };
        prop_assert_eq!(string(&document), text.as_str());
        if document.set(&section, &key, &value).is_err() { return Ok(()) }
        let edited = string(&document);
        let kept: Vec<_> = edited.split_inclusive('\n').collect();
        let was: Vec<_> = text.split_inclusive('\n').collect();
        let same_start = kept.iter().zip(&was).take_while(|(a, b)| a == b).count();
        let rest = kept.iter().rev().zip(was.iter().rev());
        let same_end = rest.take_while(|(a, b)| a == b).count();
        // A new section is a blank line, its header and the entry; nothing else is more than a line.
        prop_assert!(same_start + same_end + 1 >= was.len());
        prop_assert!(kept.len() <= was.len() + 3);

        if document.remove(&section, &key).is_ok() && was.len() < kept.len() {
            let removed = string(&document);
            prop_assert!(removed.starts_with(&text));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]\"'=,# \nab]{0,24}") {
        if let Ok(document) = document(&text) {
            prop_assert_eq!(string(&document), text);
        }
    }
}

fn edit() -> impl Strategy<Value = (String, String, Value)> {
    let word = "[ab ,#='\"\\[\\]é%\t]{0,4}";
    let value = prop_oneof![
        word.prop_map(Value::Text),
        prop::collection::vec(word, 0..3).prop_map(Value::List),
    ];
    ("[st]", word, value)
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "# [ab,\"']{0,4}",
        Just("[s]".to_owned()),
        Just("[[t]]".to_owned()),
        "[ab]{1,2} ?= ?[ab]{0,2}( # [ab,\"']{0,3})?",
        "[cd]{1,2} = '[ab,#]{0,2}', \"[ab,#]{0,2}\"",
    ]
}

fn document(text: &str) -> Result<Document, SyntaxError> {
    Document::parse(text.as_bytes())
}

fn value(written: &str) -> Result<Value, SyntaxError> {
    document(&format!("[s]\nk = {written}"))
        .map(|document| document.get("s", "k").expect("the entry is there").value().clone())
}

fn string(document: &Document) -> String {
    String::from_utf8(document.to_bytes()).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| (*item).to_owned()).collect())
}
