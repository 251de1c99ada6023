use std::collections::BTreeSet;

use lxst_phone::{EndReason, IdentityHash, Mode, Profile};

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::control::{
    AnnouncedInfo, CallInfo, CallQuality, CallStage, Command, DeviceUse, Event, ExportFormat,
    GreetingAction, PastCall, Peer, Reply, Status,
};
use crate::echo_cancellation::EchoCancellation;
use crate::history::{Outcome, UnixTime};

#[test]
fn a_line_is_read_as_it_is_meant() {
    let dial =
        |to: &str, profile| Command::Dial { to: to.to_owned(), profile, mode: Mode::FullDuplex };
    let hash = "f3e8c3359b39d36f3baff0a616a73d3e";
    let here = |name| std::path::absolute(name).ok();
    let export = |format, path| Command::ExportHistory { format, search: None, path };
    let page = |path, is_urgent| Command::Page { on: true, path, is_urgent };
    for (line, command) in [
        ("dial mary", dial("mary", None)),
        ("  CALL  Mary at home ", dial("Mary at home", None)),
        ("dial mary at home ll", dial("mary at home", Some(Profile::LowLatency))),
        ("dial ll", dial("ll", None)),
        (hash, dial(hash, None)),
        ("a", Command::Answer { call: None }),
        ("mute", Command::Mute { on: true }),
        ("mute off", Command::Mute { on: false }),
        ("volume -6", Command::Volume { decibels: -6.0 }),
        ("aec off", Command::EchoCancellation { when: EchoCancellation::Off }),
        ("echo AUTO", Command::EchoCancellation { when: EchoCancellation::Auto }),
        (
            "rename Mary=Mary, mobile",
            Command::RenameContact { name: "Mary".to_owned(), new: "Mary, mobile".to_owned() },
        ),
        ("history", Command::History { search: None, limit: 20 }),
        ("history missed", Command::History { search: Some("missed".to_owned()), limit: 20 }),
        ("record off", Command::Record { on: false, call: None, path: None }),
        ("record", Command::Record { on: true, call: None, path: None }),
        ("record My call.wav", Command::Record { on: true, call: None, path: here("My call.wav") }),
        ("play", Command::PlayMessage { message: "1".to_owned() }),
        ("play 2", Command::PlayMessage { message: "2".to_owned() }),
        ("play off", Command::StopPlaying {}),
        ("stations", Command::Stations {}),
        ("tune Radio One", Command::Tune { station: "Radio One".to_owned() }),
        ("tune off", Command::StopTuning {}),
        ("station a.wav", Command::Station { path: here("a.wav"), title: None }),
        ("station off", Command::Station { path: None, title: None }),
        ("page", page(None, false)),
        ("page urgent", page(None, true)),
        ("page  The dinner.wav", page(here("The dinner.wav"), false)),
        ("page off", Command::Page { on: false, path: None, is_urgent: false }),
        ("greeting keep", Command::Greeting { action: GreetingAction::Keep }),
        ("export json", export(ExportFormat::Json, None)),
        ("export  csv  My calls.csv", export(ExportFormat::Csv, here("My calls.csv"))),
        ("speaker", Command::UseDevice { role: DeviceUse::Speaker, name: None }),
    ] {
        assert_eq!(parse(line), Ok(command), "{line}");
    }
}

#[test]
fn what_is_no_command_says_what_is() {
    for (line, text) in [
        ("", "type a command"),
        ("dail mary", "\"dail\" is no command"),
        ("dial", "usage: dial WHO [PROFILE]"),
        ("answer mary", "usage: answer"),
        ("mute of", "usage: mute [off]"),
        ("greeting stop", "usage: greeting record|keep|off|play|default"),
        ("export xml", "usage: export json|csv [FILE]"),
        ("profile best", "\"best\" is no profile: allowed are"),
        ("add 12", "usage: add HASH|last NAME"),
        ("rename Mary", "usage: rename NAME = NEW NAME"),
    ] {
        let error = parse(line).expect_err(line).to_string();
        assert!(error.contains(text), "{line}: {error}");
    }
}

#[test]
fn no_two_commands_share_a_name_and_the_help_has_each() {
    let names: Vec<&str> = commands().flat_map(|command| command.names).copied().collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for columns in [40, 80] {
        let help = help("help", columns).expect("it is asked for");
        for command in commands() {
            let usage = format!("  {} {}", command.name(), command.arguments);
            assert!(help.lines().any(|line| line.starts_with(usage.trim_end())), "{usage}");
        }
        assert!(help.lines().all(|line| line.chars().count() < columns), "{help}");
    }
}

#[test]
fn the_help_of_a_command_has_examples_that_are_commands() {
    let text = help("? d", 80).expect("it is asked for");
    assert!(text.starts_with("dial WHO [PROFILE]\n  call a contact"), "{text}");
    assert!(text.contains("in short: call, d\n  > dial mary  "), "{text}");
    assert_eq!(help("help dail", 80).as_deref(), Some("\"dail\" is no command: type help"));
    assert_eq!(help("helper", 80), None);
    for (line, _) in help::EXAMPLES {
        assert!(parse(line).is_ok(), "{line}");
    }
}

#[test]
fn the_end_of_a_line_is_completed_by_what_the_command_takes() {
    let names = |of| {
        let names: &[&str] = match of {
            Names::People => &["Mary at home", "Mark", "Zoe", "Echo"],
            Names::Contacts => &["Mary at home", "Mark", "Zoe"],
            Names::Messages => &["1", "2", "10"],
            Names::Microphones => &["Headset"],
            Names::Speakers => &["Headset", "Hall"],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    for (line, rest, candidates) in [
        ("di", "al ", &["dial "][..]),
        ("mu", "te", &["mute"]),
        ("dial ", "", &["Mary at home", "Mark", "Zoe", "Echo"]),
        ("dial mar", "", &["Mary at home", "Mark"]),
        ("  CALL mary", " at home", &["Mary at home"]),
        ("dial mary at home vl", "bw", &["vlbw"]),
        ("block e", "cho", &["Echo"]),
        ("remove e", "", &[]),
        ("rename z", "oe = ", &["Zoe = "]),
        ("add la", "st", &["last"]),
        ("profile sh", "q", &["shq"]),
        ("mode ", "", &["full", "half"]),
        ("mute ", "off", &["off"]),
        ("record o", "ff", &["off"]),
        ("play ", "", &["1", "2", "10", "off"]),
        ("play o", "ff", &["off"]),
        ("delete 1", "", &["1", "10"]),
        ("heard 2", "", &[]),
        ("export c", "sv", &["csv"]),
        ("microphone h", "eadset", &["Headset"]),
        ("speaker h", "", &["Headset", "Hall"]),
        ("help vol", "ume", &["volume"]),
        ("answer x", "", &[]),
        ("what ", "", &[]),
    ] {
        let completion = complete(line, names);
        let found: Vec<&str> = completion.candidates.iter().map(String::as_str).collect();
        assert_eq!((completion.rest.as_str(), found.as_slice()), (rest, candidates), "{line}");
    }
}

#[test]
fn a_half_typed_command_shows_its_rest_and_its_arguments() {
    let shown = |line: &str| hint(line).map(|hint| (hint.rest, hint.arguments));
    assert_eq!(shown("di"), Some(("al".to_owned(), "WHO [PROFILE]")));
    assert_eq!(shown("dial"), Some((String::new(), "WHO [PROFILE]")));
    assert_eq!(shown("dial "), Some((String::new(), "WHO [PROFILE]")));
    assert_eq!(shown("ans"), Some(("wer".to_owned(), "")));
    for line in ["", "answer", "dial m", "xyz", "xyz "] {
        assert_eq!(shown(line), None, "{line}");
    }
}

#[test]
fn a_narrow_terminal_shows_of_a_call_what_matters_most() {
    let mut status = idle();
    (status.calls, status.microphone_dbfs) = (vec![talking()], Some(-20.0));
    for (columns, text) in [
        (100, "Mary  03:12  muted  Medium Quality  MOS 4.1  84 ms  0.5 % lost  mic [||||||  ]"),
        (70, "Mary  03:12  muted  Medium Quality  MOS 4.1  84 ms  0.5 % lost"),
        (50, "Mary  03:12  muted  MOS 4.1  84 ms  0.5 % lost"),
        (40, "Mary  03:12  muted  MOS 4.1  0.5 % lost"),
        (20, "Mary  03:12  muted"),
        (10, "M..  03:12"),
        (3, " .."),
    ] {
        assert_eq!(status_bar(&status, columns), text);
    }
    status.calls[0].peer.name = "\u{6f22}\u{5b57}".repeat(20);
    assert!(status_bar(&status, 39).starts_with("\u{6f22}\u{5b57}"));
    assert!((0..80).all(|columns| status_bar(&status, columns).width() <= columns));
}

#[test]
fn missed_calls_are_told_with_their_time() {
    let call = |started| PastCall {
        number: None,
        peer: mary(),
        is_incoming: true,
        is_missed: true,
        started,
        talked_ms: None,
        profile: None,
        outcome: Outcome::Ended(EndReason::Cancelled),
    };
    let now = UnixTime(100_000);
    let told = |started: &[u64]| {
        let calls: Vec<PastCall> = started.iter().map(|started| call(*started)).collect();
        missed(&calls, now)
    };
    assert_eq!(told(&[]), None);
    let one = "1 missed call: Mary 1 minute ago; callback calls back";
    assert_eq!(told(&[99_921]).as_deref(), Some(one));
    let many = "4 missed calls: Mary 0 seconds ago, Mary 2 hours ago, Mary 1 day ago, ..; \
                see history missed";
    assert_eq!(told(&[100_001, 92_000, 3_000, 0]).as_deref(), Some(many));
}

#[test]
fn the_status_line_says_what_matters_most() {
    let mut status = idle();
    assert_eq!(status_line(&status), "online, 2 missed calls");
    status.quiet_until = Some("07:00".to_owned());
    assert_eq!(status_line(&status), "online, quiet until 07:00, 2 missed calls");
    let told = reply(&Reply::Status(Box::new(status.clone())));
    assert!(
        told.contains("\nquiet until 07:00: this phone rings for exceptions alone\n"),
        "{told}"
    );
    status.do_not_disturb = true;
    assert_eq!(status_line(&status), "online, do not disturb, 2 missed calls");
    (status.do_not_disturb, status.quiet_until) = (false, None);
    status.calls.push(talking());
    assert_eq!(
        status_line(&status),
        "Mary  03:12  Medium Quality  MOS 4.1  84 ms  0.5 % lost  muted"
    );
    status.calls.clear();
    (status.connections, status.trouble) = (0, Some("nobody answers".to_owned()));
    assert_eq!(status_line(&status), "no network: nobody answers, 2 missed calls");
}

#[test]
fn a_phone_that_can_be_called_is_told_by_any_name_that_it_announced() {
    let line = |name: Option<&str>| {
        let hash = IdentityHash([0xAB; 16]);
        let shown = name.map_or_else(|| format!("<{hash}>"), |name| format!("{name} (unverified)"));
        let peer = Peer { hash, name: shown, is_contact: false };
        let name = name.map(str::to_owned);
        let phone = AnnouncedInfo { peer, name, hops: 1, seconds_ago: 61 };
        reply(&Reply::Announced(vec![phone]))
    };
    assert!(line(Some("<b>Mary</b>")).ends_with("  01:01 ago  <b>Mary</b> (unverified)"));
    assert!(line(None).ends_with("  01:01 ago  "));
}

#[test]
fn the_end_of_a_call_is_told_by_how_it_ended() {
    let mut past = PastCall {
        number: None,
        peer: mary(),
        is_incoming: true,
        is_missed: true,
        started: 0,
        talked_ms: None,
        profile: None,
        outcome: Outcome::Ended(EndReason::Cancelled),
    };
    let told = |past: &PastCall| event(&Event::Ended { call: 1, past: past.clone() });
    assert_eq!(told(&past).as_deref(), Some("missed call from Mary: cancelled"));
    let when = UnixTime(past.started).local();
    assert_eq!(
        reply(&Reply::History(vec![past.clone()])),
        format!("{when}  from Mary  missed, cancelled")
    );
    past.number = Some(12);
    assert!(reply(&Reply::History(vec![past.clone()])).starts_with(&format!("#12   {when}")));
    (past.is_missed, past.talked_ms) = (false, Some(61_000));
    past.outcome = Outcome::Ended(EndReason::RemoteHangup);
    assert_eq!(
        told(&past).as_deref(),
        Some("the call with Mary is over after 01:01: hung up by the peer")
    );
}

fn idle() -> Status {
    Status {
        identity: IdentityHash([7; 16]),
        name: None,
        network: "rnsd".to_owned(),
        connections: 1,
        trouble: None,
        do_not_disturb: false,
        quiet_until: None,
        calls: Vec::new(),
        missed: 2,
        new_messages: 0,
        is_away: false,
        microphone_dbfs: None,
        speaker_dbfs: None,
        volume: 0.0,
        cancels_echo: None,
        shows_notifications: true,
    }
}

fn talking() -> CallInfo {
    CallInfo {
        call: 1,
        peer: mary(),
        is_incoming: false,
        state: CallStage::Established,
        profile: Profile::MediumQuality,
        chosen: None,
        mode: Mode::FullDuplex,
        seconds: Some(192.4),
        is_held: false,
        is_merged: false,
        is_muted: true,
        is_talking: false,
        is_voicemail: false,
        is_recorded: false,
        quality: Some(CallQuality {
            mos: 4.12,
            delay_ms: 84,
            loss_percent: 0.5,
            jitter_ms: 3,
            received_bps: 8_000,
            sent_bps: 8_000,
        }),
    }
}

fn mary() -> Peer {
    Peer { hash: IdentityHash([1; 16]), name: "Mary".to_owned(), is_contact: true }
}
