//! rnphone's folder as people have it, and each trap of its reading.

use std::time::Duration;
use std::{env, fs, process};

use lxst_audio::Ringtone;
use lxst_phone::Profile;

use super::*;
use crate::sounds::Ring;
use crate::voicemail::{Greeting, Pickup, Presence};

const MARY: &str = "f3e8c3359b39d36f3baff0a616a73d3e";
const JAKE: &str = "b8d80b1b7a9d3147880b366995422a45";
const OTHER: &str = "aa11bb22cc33dd44ee55ff6677889900";
const OWN: &str = "05d4c6697bb38e5458a3077571157bfa";

#[test]
fn settings_of_rnphone_are_read() {
    let text = format!(
        "[telephone]\n  ringtone = /bells/soft.opus\n  speaker = \"USB, with a comma\"\n\
         microphone = 'Mic \"1\"'\nringer=Built-in # the loud one\nallowed_callers = PhoneBook\n\
         blocked_callers = {JAKE}, {OWN}\n[phonebook]\nMary = {MARY}\nJake = {JAKE}, 24-1\n\
         [hardware]\nkeypad = gpio_4x4\nkeypad_hook_pin = 5\namp_mute_pin = 25\n\
         [rnphone-rs]\ndisplay_name = Ada Lovelace\nprofile = LL\nauto_answer = {MARY}\n\
         voicemail = 20\nvoicemail_away = at_once\ngreeting = /hello.wav\n"
    );
    let (settings, skipped) = read(&text).unwrap();
    assert_eq!(
        skipped,
        [
            "2: the ringtone /bells/soft.opus is not there: our bell rings until it is",
            "21: the greeting /hello.wav is not there: callers hear notes until it is",
        ]
    );
    let contact = |name: &str, hash, number: Option<&str>| crate::contacts::Contact {
        name: name.to_owned(),
        hash: self::hash(hash),
        number: number.map(str::to_owned),
    };
    let wanted = Settings {
        ringtones: Ringtones {
            of_all: Ring::File("/bells/soft.opus".into()),
            ..Ringtones::default()
        },
        speaker: Some("USB, with a comma".to_owned()),
        microphone: Some("Mic \"1\"".to_owned()),
        ringer: Some("Built-in".to_owned()),
        allowed: Who::Phonebook,
        blocked: [hash(JAKE), hash(OWN)].into(),
        contacts: [contact("Mary", MARY, None), contact("Jake", JAKE, Some("241"))]
            .into_iter()
            .collect(),
        display_name: Some(DisplayName::new("Ada Lovelace").unwrap()),
        profile: ProfileChoice::Exactly(Profile::LowLatency),
        auto_answer: Who::Listed([hash(MARY)].into()),
        voicemail: Rules {
            when_here: Pickup::After(Duration::from_secs(20)),
            when_away: Pickup::AT_ONCE,
            greeting: Greeting::File("/hello.wav".into()),
            ..Rules::default()
        },
        ..Settings::default()
    };
    assert_eq!(settings, wanted);
    let allowed = Callers::none().allowed([hash(MARY), hash(JAKE)]);
    assert_eq!(settings.callers(), allowed.blocked([hash(JAKE), hash(OWN)]));
    assert!(settings.answers_at_once(hash(MARY)) && !settings.answers_at_once(hash(JAKE)));
}

#[test]
fn an_empty_file_is_a_phone_that_everybody_may_call() {
    assert_eq!(read("").unwrap(), (Settings::default(), Vec::new()));
    assert_eq!(Settings::default().callers(), Callers::all());
}

#[test]
fn a_ringtone_is_a_file_of_the_folder() {
    let name = format!("rnphone-rs-ringtone-{}", process::id());
    let folder = Folder::find(surroundings(env::temp_dir())).unwrap();
    let path = env::temp_dir().join(&name);
    fs::write(&path, "").unwrap();
    let (settings, skipped) = read_in(&folder, &format!("[telephone]\nringtone = {name}")).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!((settings.ringtones.of_all, skipped), (Ring::File(path), Vec::new()));
}

#[test]
fn callers_have_ringtones_and_rules_of_the_voicemail_by_name_or_hash() {
    let text = format!(
        "[ringtones]\nMary = Chime\n{JAKE} = jake.wav\nNobody = bell\n{OTHER} = Silent\n[rnphone-rs]\n\
         voicemail = 20\nvoicemail_away = at_once\ngreeting = hello.opus\n[voicemail_contacts]\n\
         Mary = Never\n{JAKE} = 5\nNobody = never\n[phonebook]\nMary = {MARY}\n"
    );
    let folder = Folder::find(surroundings("/phone".into())).unwrap();
    let (settings, skipped) = read_in(&folder, &text).unwrap();
    let ring = |of| settings.ringtones.of(hash(of)).clone();
    assert_eq!(ring(MARY), Ring::Own(Ringtone::Chime));
    assert_eq!(ring(JAKE), Ring::File("/phone/jake.wav".into()));
    assert_eq!(ring(OTHER), Ring::Silent);
    assert_eq!(ring(OWN), Ring::Own(Ringtone::Bell));
    let after = |seconds| Pickup::After(Duration::from_secs(seconds));
    let pickup = |of, presence| settings.voicemail.pickup(hash(of), &settings.blocked, presence);
    assert_eq!(pickup(MARY, Presence::Away), Pickup::Never);
    assert_eq!(pickup(JAKE, Presence::Away), after(5));
    assert_eq!(pickup(OWN, Presence::Here), after(20));
    assert_eq!(pickup(OWN, Presence::Away), Pickup::AT_ONCE);
    assert_eq!(settings.voicemail.greeting, Greeting::File("/phone/hello.opus".into()));
    let wanted = [
        "3: the ringtone /phone/jake.wav is not there: our bell rings until it is",
        "4: \"Nobody\" is no contact and no hash: nothing is done for it",
        "9: the greeting /phone/hello.opus is not there: callers hear notes until it is",
        "13: \"Nobody\" is no contact and no hash: nothing is done for it",
    ];
    assert_eq!(skipped, wanted);
}

#[test]
fn in_quiet_hours_exceptions_ring_and_the_phone_asks_about_all_others() {
    let text = |rest: &str| {
        format!(
            "[rnphone-rs]\nquiet_hours = 22:00-07:00, 13:00-14:00\n\
             quiet_except = mary, {JAKE}, Nobody\n[phonebook]\nMary = {MARY}\nZoe = {OTHER}\n{rest}"
        )
    };
    let (settings, skipped) = read(&text("")).unwrap();
    assert_eq!(skipped, ["3: \"Nobody\" is no contact and no hash: nothing is done for it"]);
    let hours = QuietHours::read(["22:00-07:00", "13:00-14:00"]);
    assert_eq!(Ok(&settings.quiet_hours), hours.as_ref());
    let asked = Callers::ask().allowed([hash(MARY), hash(JAKE)]);
    assert_eq!(settings.callers_while_quiet(), asked);
    let ringtones = settings.ringtones_while_quiet();
    assert_eq!(ringtones.of(hash(MARY)), &Ring::default());
    assert_eq!(ringtones.of(hash(OTHER)), &Ring::Silent);
    assert!(settings.may_call(hash(OTHER)) && !settings.rings_while_quiet(hash(OTHER)));
    // Who may not call is no exception.
    let (settings, _) = read(&text(&format!("[telephone]\nblocked_callers = {JAKE}"))).unwrap();
    let asked = Callers::ask().allowed([hash(MARY)]).blocked([hash(JAKE)]);
    assert_eq!(settings.callers_while_quiet(), asked);
    let (settings, _) = read(&text("[telephone]\nallowed_callers = phonebook")).unwrap();
    assert_eq!(settings.callers_while_quiet(), Callers::ask().allowed([hash(MARY)]));
    assert!(!settings.may_call(hash(JAKE)) && settings.may_call(hash(OTHER)));

    let (settings, _) =
        read(&format!("[rnphone-rs]\nquiet_except = phonebook\n[phonebook]\nMary = {MARY}\n"))
            .unwrap();
    assert!(settings.rings_while_quiet(hash(MARY)) && !settings.rings_while_quiet(hash(JAKE)));
    assert!(settings.quiet_hours.is_empty());
}

/// rnphone takes one hash without a comma for everybody.
#[test]
fn one_allowed_hash_is_a_list_of_one() {
    for written in [MARY.to_owned(), format!("{MARY},"), MARY.to_uppercase(), format!("<{MARY}>")] {
        let (settings, skipped) =
            read(&format!("[telephone]\nallowed_callers = {written}\n")).unwrap();
        assert_eq!(settings.allowed, Who::Listed([hash(MARY)].into()), "{written}");
        assert_eq!(settings.callers(), Callers::none().allowed([hash(MARY)]));
        assert_eq!(skipped, [""; 0]);
    }
    let (settings, _) = read("[telephone]\nallowed_callers = ,").unwrap();
    assert_eq!(settings.callers(), Callers::none());
}

/// rnphone lets everybody call, or skips the word, or dies.
#[test]
fn words_that_are_not_known_to_lists_of_callers_are_errors() {
    let remedy =
        "write all, none, phonebook, or hashes of 32 hexadecimal digits with commas between";
    for word in ["everybody", "f3e8", "\"\""] {
        let shown = word.trim_matches('"');
        let text = format!("[telephone]\n\nallowed_callers = {word} # who\n");
        let wanted = format!("3: {shown:?} is not known to allowed_callers: {remedy}");
        assert_eq!(read(&text), Err(vec![wanted]));
    }
    let mixed = format!("[telephone]\nallowed_callers = {MARY}, all\n");
    let wanted = format!("2: \"all\" stands alone in allowed_callers: {remedy}");
    assert_eq!(read(&mixed), Err(vec![wanted]));
    // Of several mistakes all are told.
    let two =
        format!("[telephone]\nblocked_callers = {MARY}, phonebook\n[rnphone-rs]\nauto_answer = x");
    let errors = read(&two).unwrap_err();
    assert_eq!(
        errors[0],
        "2: \"phonebook\" is no hash of 32 hexadecimal digits, as blocked_callers has them: nobody may call by allowed_callers = none"
    );
    assert_eq!(errors[1], format!("4: \"x\" is not known to auto_answer: {remedy}"));
}

#[test]
fn one_blocked_hash_is_a_list_of_one_and_none_an_empty_list() {
    for (written, blocked) in [(MARY, vec![MARY]), ("", vec![]), (",", vec![])] {
        let (settings, _) = read(&format!("[telephone]\nblocked_callers = {written}\n")).unwrap();
        assert_eq!(settings.blocked, blocked.into_iter().map(hash).collect());
    }
}

/// rnphone dies of the comma.
#[test]
fn a_comma_behind_a_hash_is_a_contact_without_a_number() {
    let (settings, skipped) = read(&format!("[phonebook]\nMary = {MARY},\n")).unwrap();
    let contact = settings.contacts.get(hash(MARY)).unwrap();
    assert_eq!((contact.name.as_str(), &contact.number), ("Mary", &None));
    assert_eq!(skipped, [""; 0]);
}

/// rnphone compares hashes as they are typed.
#[test]
fn a_hash_in_upper_case_is_the_same_hash() {
    let text = format!(
        "[telephone]\nallowed_callers = phonebook\n[phonebook]\nMary = {}\n",
        MARY.to_uppercase()
    );
    let (settings, _) = read(&text).unwrap();
    assert_eq!(settings.contacts.name(hash(MARY), None).to_string(), "Mary");
    assert_eq!(settings.callers(), Callers::none().allowed([hash(MARY)]));
}

#[test]
fn names_may_hold_commas_and_quotes() {
    let names = ["Mary, mobile", "O'Neil", "the \"boss\"", "a # b = c"];
    let keys = ["Mary, mobile", "O'Neil", "the \"boss\"", "'a # b = c'"];
    for (name, key) in names.iter().zip(keys) {
        let (settings, skipped) = read(&format!("[phonebook]\n{key} = {MARY}\n")).unwrap();
        assert_eq!(settings.contacts.get(hash(MARY)).unwrap().name, *name);
        assert_eq!(skipped, [""; 0]);
    }
}

/// rnphone skips them in silence.
#[test]
fn entries_that_are_no_contacts_are_skipped_and_told() {
    let text = format!(
        "[phonebook]\nShort = f3e8\nNone = ,\nMe = {OWN}\n\"\" = {MARY}\nMary = {MARY}, 1, 2\n\
         Jake = {JAKE}, 1\nMarie = {MARY}\n"
    );
    let (settings, skipped) = read(&text).unwrap();
    let names: Vec<_> = settings.contacts.iter().map(|contact| contact.name.as_str()).collect();
    assert_eq!(names, ["Mary", "Jake", "Marie"]);
    let wanted = [
        "2: \"Short\" is no contact, for \"f3e8\" is no hash of 32 hexadecimal digits",
        "3: \"None\" has no hash: write 32 hexadecimal digits",
        "4: \"Me\" has the hash of this phone itself: nobody is dialled by it",
        "5: \"\" is no name that can be shown: write visible text",
        "6: \"Mary\" has more than a hash and a number: the rest is ignored",
        "7: \"Jake\" has the number of \"Mary\": it dials neither",
        "8: \"Marie\" has the hash of \"Mary\": its calls show this name",
    ];
    assert_eq!(skipped, wanted);
}

#[test]
fn what_nothing_reads_is_told() {
    let text = "stray = 1\n[telephone]\nallowed_caller = none\n[[inner]]\nringtone = x\n[phone]\n";
    let (settings, skipped) = read(text).unwrap();
    assert_eq!(settings, Settings::default());
    let wanted = [
        "1: \"stray\" is in no section",
        "3: \"allowed_caller\" is none of ringtone, speaker, microphone, ringer, allowed_callers, blocked_callers: nothing reads it",
        "4: [[inner]] is inside a section: nothing reads it",
        "6: [phone] is none of [telephone], [phonebook], [hardware], [rnphone-rs], [ringtones], [voicemail_contacts]: nothing reads it",
    ];
    assert_eq!(skipped, wanted);
}

#[test]
fn values_of_the_wrong_kind_are_errors_with_a_remedy() {
    let cases = [
        (
            "[telephone]\nspeaker = USB, 2",
            "speaker is one name: put quotes around a name with commas",
        ),
        ("[telephone]\nringer =", "ringer is empty: write a name, or remove the line"),
        (
            "[telephone]\nmicrophone = %(x)s",
            "rnphone reads %(..)s in microphone as a reference to another key: leave it out",
        ),
        (
            "[rnphone-rs]\nprofile = fast",
            "\"fast\" is not known to profile: write auto or one of ulbw, vlbw, lbw, mq, hq, shq, ll, ull",
        ),
        (
            "[rnphone-rs]\nprofil = mq",
            "\"profil\" is not known: write display_name, profile, auto_answer, voicemail, voicemail_away, greeting, quiet_hours, quiet_except, page_key, pages, echo_cancellation or notifications",
        ),
        (
            "[rnphone-rs]\nquiet_hours = 22:00-07:00, noon",
            "quiet_hours: \"noon\" is no span of hours: write 22:00-07:00, and several with commas between",
        ),
        (
            "[rnphone-rs]\nquiet_hours = 00:00-24:00",
            "quiet_hours: \"00:00-24:00\" begins when it ends: write 22:00-07:00",
        ),
        (
            "[rnphone-rs]\necho_cancellation = maybe",
            "\"maybe\" is not known to echo cancellation: write auto, on or off",
        ),
        (
            "[rnphone-rs]\nnotifications = maybe",
            "\"maybe\" is not known to notifications: write yes or no",
        ),
        (
            "[rnphone-rs]\nquiet_except = Mary, phonebook",
            "\"phonebook\" stands alone in quiet_except: write all, none, phonebook, or names of contacts and hashes with commas between",
        ),
        (
            "[voicemail_contacts]\nJake = 20s",
            "\"20s\" is not known to Jake: write never, at_once, or 1 to 55 seconds of ringing",
        ),
        (
            "[voicemail_contacts]\nJake = 1, never",
            "Jake is one name: put quotes around a name with commas",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(read(text), Err(vec![format!("2: {wanted}")]));
    }
    let long = "x".repeat(65);
    let errors = read(&format!("[rnphone-rs]\ndisplay_name = {long}")).unwrap_err();
    assert!(errors[0].starts_with("2: display_name: "), "{errors:?}");
}

#[test]
fn a_mistake_is_shown_with_its_file_and_line() {
    let mistake =
        |line, text: &str| Mistake { path: "/x/config".into(), line, text: text.to_owned() };
    let mistakes = Mistakes(vec![mistake(1, "a"), mistake(2, "b")]);
    assert_eq!(mistakes.to_string(), "/x/config:1: a\n/x/config:2: b");
}

type Read = Result<(Settings, Vec<String>), Vec<String>>;

fn read(text: &str) -> Read {
    read_in(&Folder::find(surroundings("nowhere".into())).unwrap(), text)
}

/// Mistakes without their file.
fn read_in(folder: &Folder, text: &str) -> Read {
    static FILES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = env::temp_dir().join(format!("rnphone-rs-settings-{}-{number}", process::id()));
    fs::write(&path, text).unwrap();
    let file = ConfigFile::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let lines = |mistakes: Vec<Mistake>| -> Vec<String> {
        let line = |mistake: Mistake| format!("{}: {}", mistake.line, mistake.text);
        mistakes.into_iter().map(line).collect()
    };
    match Settings::read(folder, &file, hash(OWN)) {
        Ok((settings, skipped)) => Ok((settings, lines(skipped))),
        Err(Mistakes(errors)) => Err(lines(errors)),
    }
}

fn surroundings(config: PathBuf) -> crate::folder::Surroundings {
    crate::folder::Surroundings { config: Some(config), home: None, machine: "/etc".into() }
}

fn hash(text: &str) -> IdentityHash {
    text.parse().unwrap()
}
