use std::collections::BTreeSet;

use lxst_phone::{EndReason, IdentityHash, Mode, Profile};

use super::*;
use crate::control::{
    CallInfo, CallQuality, CallStage, Command, DeviceUse, Event, PastCall, Peer, Reply, Status,
};
use crate::history::Outcome;

#[test]
fn a_line_is_read_as_it_is_meant() {
    let dial =
        |to: &str, profile| Command::Dial { to: to.to_owned(), profile, mode: Mode::FullDuplex };
    let hash = "f3e8c3359b39d36f3baff0a616a73d3e";
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
        (
            "rename Mary=Mary, mobile",
            Command::RenameContact { name: "Mary".to_owned(), new: "Mary, mobile".to_owned() },
        ),
        ("history", Command::History { search: None, limit: 20 }),
        ("history missed", Command::History { search: Some("missed".to_owned()), limit: 20 }),
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
        ("profile best", "\"best\" is no profile: allowed are"),
        ("add 12 Mary", "a hash has 32 hex digits"),
        ("rename Mary", "usage: rename NAME = NEW NAME"),
    ] {
        let error = parse(line).expect_err(line).to_string();
        assert!(error.contains(text), "{line}: {error}");
    }
}

#[test]
fn no_two_commands_share_a_name_and_the_help_has_each() {
    let names: Vec<&str> = COMMANDS.iter().flat_map(|command| command.names).copied().collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert_eq!(help().lines().count(), COMMANDS.len());
    assert!(help().lines().all(|line| line.chars().count() < 100));
}

#[test]
fn the_status_line_says_what_matters_most() {
    let mut status = Status {
        identity: IdentityHash([7; 16]),
        name: None,
        network: "rnsd".to_owned(),
        connections: 1,
        trouble: None,
        do_not_disturb: false,
        calls: Vec::new(),
        missed: 2,
        new_messages: 0,
        is_away: false,
        microphone_dbfs: None,
        speaker_dbfs: None,
        volume: 0.0,
    };
    assert_eq!(status_line(&status), "online, 2 missed calls");
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
fn the_end_of_a_call_is_told_by_how_it_ended() {
    let mut past = PastCall {
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
    assert_eq!(
        reply(&Reply::History(vec![past.clone()])),
        "1970-01-01T00:00:00Z  from Mary  missed, cancelled"
    );
    (past.is_missed, past.talked_ms) = (false, Some(61_000));
    past.outcome = Outcome::Ended(EndReason::RemoteHangup);
    assert_eq!(
        told(&past).as_deref(),
        Some("the call with Mary is over after 01:01: hung up by the peer")
    );
}

fn talking() -> CallInfo {
    CallInfo {
        call: 1,
        peer: mary(),
        is_incoming: false,
        state: CallStage::Established,
        profile: Profile::MediumQuality,
        mode: Mode::FullDuplex,
        seconds: Some(192.4),
        is_held: false,
        is_muted: true,
        is_talking: false,
        is_voicemail: false,
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
