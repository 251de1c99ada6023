use super::*;
use crate::ini::{Document, EditError, Value};

const MARY: &str = "f3e8c3359b39d36f3baff0a616a73d3e";
const JAKE: &str = "b8d80b1b7a9d3147880b366995422a45";
const MARK: &str = "05d4c6697bb38e5458a3077571157bfa";

#[test]
fn somebody_is_found_by_name_number_hash_and_the_beginning_of_them() {
    let contacts = contacts();
    for text in ["Mary", "mary ", "MAR", "241", MARY, "F3E8", &MARY[..31], &format!("<{MARY}>")] {
        let found = if text == "MAR" { Err(()) } else { Ok(hash(MARY)) };
        assert_eq!(contacts.find(text).map_err(drop), found, "{text}");
    }
    // A whole name comes before the beginning of another.
    assert_eq!(contacts.find("jake"), Ok(hash(JAKE)));
    assert_eq!(contacts.find("jakes"), Ok(hash(MARK)));
    // A hash need not be a contact's.
    let stranger = "5d2d14619dfa0ff06278c17347c14331";
    assert_eq!(contacts.find(stranger), Ok(hash(stranger)));
}

#[test]
fn a_text_that_means_nobody_or_several_says_so() {
    let contacts = contacts();
    for text in ["", " ", "nobody", "24", "f3e", &format!("{MARY}0")] {
        assert_eq!(contacts.find(text), Err(FindError::Unknown(text.to_owned())), "{text}");
    }
    let error = contacts.find("mar").unwrap_err();
    assert_eq!(error.to_string(), "\"mar\" is Mary or Mark, mobile: type more of the name");
    // Two names of one phone are no choice.
    let twice: Contacts =
        [contact("Mary", MARY, None), contact("Marie", MARY, None)].into_iter().collect();
    assert_eq!(twice.find("mar"), Ok(hash(MARY)));
    let same_number: Contacts =
        [contact("Mary", MARY, Some("1")), contact("Jake", JAKE, Some("1"))].into_iter().collect();
    assert!(matches!(same_number.find("1"), Err(FindError::Ambiguous { .. })));
}

#[test]
fn a_caller_is_a_contact_else_a_claim_else_a_hash() {
    let contacts = contacts();
    let claim = DisplayName::new("Mary").unwrap();
    let shown = |text, announced| contacts.name(hash(text), announced).to_string();
    assert_eq!(shown(MARY, None), "Mary");
    assert_eq!(shown(JAKE, Some(claim)), "Jake");
    let stranger = "5d2d14619dfa0ff06278c17347c14331";
    assert_eq!(shown(stranger, Some(claim)), "Mary (unverified, 5d2d1461..)");
    assert_eq!(shown(stranger, None), format!("<{stranger}>"));
}

#[test]
fn contacts_are_added_renamed_and_removed_in_place() {
    let mut config = Document::parse(BOOK.as_bytes()).unwrap();
    add(&mut config, &contact(" Jake, mobile ", JAKE, Some("241"))).unwrap();
    rename(&mut config, "Mary", "mary").unwrap();
    set_number(&mut config, "mary", Some("7")).unwrap();
    let edited = "[phonebook]\n  # Family\n  mary = F3E8C3359B39D36F3BAFF0A616A73D3E, 7  # home\n  \
                  \"Jake, mobile\" = b8d80b1b7a9d3147880b366995422a45, 241\n";
    assert_eq!(string(&config), edited);
    set_number(&mut config, "mary", None).unwrap();
    rename(&mut config, "mary", "Mary").unwrap();
    remove(&mut config, "Jake, mobile").unwrap();
    assert_eq!(string(&config), BOOK);
}

#[test]
fn what_holds_for_a_contact_goes_with_its_name() {
    let rules = "[ringtones]\nMary = chime\n[voicemail_contacts]\n\"Mary\" = never # asleep\n";
    let mut config = Document::parse(format!("{BOOK}{rules}").as_bytes()).unwrap();
    rename(&mut config, "Mary", "Mary, home").unwrap();
    let renamed = "[ringtones]\n\"Mary, home\" = chime\n[voicemail_contacts]\n\
                   \"Mary, home\" = never # asleep\n";
    assert!(string(&config).ends_with(renamed), "{}", string(&config));
    // A name that has rules already keeps them, and nothing is changed.
    config.set("ringtones", "Jake", &Value::Text("bell".to_owned())).unwrap();
    let before = config.clone();
    rename(&mut config, "Mary, home", "Jake").unwrap_err();
    assert_eq!(config, before);
    remove(&mut config, "Mary, home").unwrap();
    assert!(string(&config).ends_with("[ringtones]\nJake = bell\n[voicemail_contacts]\n"));
}

#[test]
fn a_contact_that_could_not_be_dialled_is_refused() {
    let mut config = Document::parse(BOOK.as_bytes()).unwrap();
    set_number(&mut config, "Mary", Some("7")).unwrap();
    let before = config.clone();
    let mut refused = |contact: &Contact| add(&mut config, contact).unwrap_err().to_string();
    for name in ["", " ", "241", JAKE] {
        let error = refused(&contact(name, JAKE, None));
        assert!(error.ends_with("is no name: a name has text, and is neither a number nor a hash"));
    }
    let taken = |what: &str| format!("{what} is that of the contact \"Mary\"");
    assert_eq!(refused(&contact("MARY", JAKE, None)), taken("the name \"MARY\""));
    assert_eq!(refused(&contact("Jake", JAKE, Some("7"))), taken("the number 7"));
    assert_eq!(refused(&contact("Jake", MARY, None)), taken(&format!("the hash {MARY}")));
    assert_eq!(
        refused(&contact("Jake", JAKE, Some("1a"))),
        "\"1a\" is no number of a contact: write digits"
    );
    let unwritable = add(&mut config, &contact("a\u{7}b", JAKE, None));
    assert!(matches!(unwritable, Err(ContactError::Edit(EditError::Unwritable(_)))));
    for result in [
        rename(&mut config, "Jake", "John"),
        remove(&mut config, "Jake"),
        set_number(&mut config, "Jake", None),
    ] {
        assert!(matches!(result, Err(ContactError::Edit(EditError::Missing(_)))));
    }
    assert_eq!(config, before);
}

#[test]
fn an_exception_of_quiet_hours_follows_the_name_of_its_contact() {
    let text = format!("[phonebook]\nMary = {MARY}\n[rnphone-rs]\nquiet_except = mary, {JAKE}\n");
    let mut config = Document::parse(text.as_bytes()).unwrap();
    rename(&mut config, "Mary", "Mary, mobile").unwrap();
    let except = |config: &Document| {
        config.get("rnphone-rs", "quiet_except").map(|entry| entry.value().items().to_vec())
    };
    assert_eq!(except(&config).unwrap(), ["Mary, mobile", JAKE]);
    remove(&mut config, "Mary, mobile").unwrap();
    assert_eq!(except(&config).unwrap(), [JAKE]);
    let text = format!("[phonebook]\nMary = {MARY}\n[rnphone-rs]\nquiet_except = Mary\n");
    let mut config = Document::parse(text.as_bytes()).unwrap();
    remove(&mut config, "Mary").unwrap();
    assert_eq!(except(&config), None);
}

#[test]
fn blocking_makes_a_list_that_rnphone_reads() {
    let mut config = Document::parse(b"[telephone]\n  ringer = x\n\n[phonebook]\n").unwrap();
    let blocked = |config: &Document| {
        config.get("telephone", "blocked_callers").map(|entry| entry.value().items().to_vec())
    };
    block(&mut config, hash(MARY)).unwrap();
    let edited = format!("[telephone]\n  ringer = x\n  blocked_callers = {MARY},\n\n[phonebook]\n");
    assert_eq!(string(&config), edited);
    block(&mut config, hash(JAKE)).unwrap();
    block(&mut config, hash(MARY)).unwrap();
    assert_eq!(blocked(&config).unwrap(), [MARY, JAKE]);
    unblock(&mut config, hash(MARY)).unwrap();
    unblock(&mut config, hash(MARK)).unwrap();
    assert_eq!(blocked(&config).unwrap(), [JAKE]);
    unblock(&mut config, hash(JAKE)).unwrap();
    assert_eq!(blocked(&config), None);
}

#[test]
fn a_list_of_the_blocked_with_a_mistake_is_not_touched() {
    let text = "[telephone]\nblocked_callers = all\n";
    let mut config = Document::parse(text.as_bytes()).unwrap();
    let error = block(&mut config, hash(MARY)).unwrap_err().to_string();
    let wanted =
        "line 2: blocked_callers is a list of hashes, and \"all\" is none: correct it first";
    assert_eq!(error, wanted);
    assert_eq!(string(&config), text);
}

const BOOK: &str = "[phonebook]\n  # Family\n  Mary = F3E8C3359B39D36F3BAFF0A616A73D3E  # home\n";

fn contacts() -> Contacts {
    let contacts = [
        contact("Mary", MARY, Some("241")),
        contact("Jake", JAKE, None),
        contact("Mark, mobile", MARK, None),
        contact("Jakes", MARK, None),
    ];
    contacts.into_iter().collect()
}

fn contact(name: &str, text: &str, number: Option<&str>) -> Contact {
    Contact { name: name.to_owned(), hash: hash(text), number: number.map(str::to_owned) }
}

fn hash(text: &str) -> IdentityHash {
    text.parse().unwrap()
}

fn string(config: &Document) -> String {
    String::from_utf8(config.to_bytes()).unwrap()
}
