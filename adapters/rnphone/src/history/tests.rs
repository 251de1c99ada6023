use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use lxst_phone::{CallId, DisplayName, EndReason, Event, IdentityHash, Mode, Profile, Side};
use proptest::prelude::*;

use super::record::OUTCOMES;
use super::*;
use crate::contacts::PeerName;

#[test]
fn calls_survive_a_restart_in_a_file_of_their_owner() {
    let path = temporary("restart");
    let calls =
        [talk("Mary", 1), missed(2), CallRecord { started: UnixTime(9), ..talk("Jake", 3) }];
    let mut history = History::open(&path).unwrap();
    assert_eq!((history.calls(), history.damaged_lines()), (&[][..], 0));
    for call in &calls {
        history.add(call.clone()).unwrap();
    }
    let again = History::open(&path).unwrap();
    assert_eq!(again.calls(), calls);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(again.last(CallDirection::Incoming), Some(&calls[1]));
    assert_eq!(again.last(CallDirection::Outgoing), Some(&calls[2]));
    remove(&path);
}

#[test]
fn missed_calls_are_told_until_they_are_seen() {
    let path = temporary("missed");
    let mut history = History::open(&path).unwrap();
    for call in [missed(1), talk("Mary", 2), missed(3)] {
        history.add(call).unwrap();
    }
    let missed_of = |history: &History| history.missed().map(|call| call.peer).collect::<Vec<_>>();
    let mut again = History::open(&path).unwrap();
    assert_eq!(missed_of(&again), [peer(1), peer(3)]);
    again.mark_seen().unwrap();
    again.add(missed(4)).unwrap();
    assert_eq!(missed_of(&again), [peer(4)]);
    assert_eq!(missed_of(&History::open(&path).unwrap()), [peer(4)]);
    // Nothing is written where there is nothing to see.
    again.mark_seen().unwrap();
    let size = fs::metadata(&path).unwrap().len();
    again.mark_seen().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), size);
    remove(&path);
}

#[test]
fn a_call_is_missed_if_nobody_here_declined_it() {
    for (outcome, name) in OUTCOMES {
        let declined = ["local_hangup", "rejected", "blocked", "limited"].contains(&name);
        let call = CallRecord { outcome, ..missed(1) };
        assert_eq!(call.is_missed(), !declined, "{name}");
        assert!(!CallRecord { direction: CallDirection::Outgoing, ..call.clone() }.is_missed());
        assert!(!CallRecord { talked: Some(Duration::ZERO), ..call }.is_missed());
    }
}

#[test]
fn every_reason_has_a_word_of_its_own() {
    let names: std::collections::BTreeSet<_> = OUTCOMES.iter().map(|(_, name)| name).collect();
    assert_eq!(names.len(), OUTCOMES.len());
    for reason in EndReason::ALL {
        assert_ne!(Outcome::Ended(reason).name(), "unknown", "{reason}");
    }
}

#[test]
fn damaged_lines_are_skipped_and_counted_and_do_not_swallow_the_next_call() {
    let path = temporary("damaged");
    let good = talk("Mary", 1).to_line();
    let torn = &good[..good.len() / 2];
    let damaged: [&[u8]; 5] = [
        b"\xff\xfe",
        b"{\"seen\":1}",
        b"[1]",
        b"{\"direction\":\"incoming\",\"peer\":\"12\",\"started\":1,\"outcome\":\"busy\"}",
        torn.as_bytes(),
    ];
    let mut bytes = format!("{good}\r\n\n").into_bytes();
    bytes.extend(damaged.join(&b"\n"[..]));
    fs::write(&path, bytes).unwrap();
    let mut history = History::open(&path).unwrap();
    assert_eq!((history.calls().len(), history.damaged_lines()), (1, damaged.len()));
    history.add(missed(2)).unwrap();
    let again = History::open(&path).unwrap();
    assert_eq!(again.calls(), [talk("Mary", 1), missed(2)]);
    assert_eq!(again.damaged_lines(), damaged.len());
    remove(&path);
}

#[test]
fn the_oldest_calls_leave_and_those_of_strangers_do_not_drive_out_others() {
    let path = temporary("bounded");
    let lines: Vec<String> = (0..20).map(|index| talk("Mary", index).to_line()).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    let mut history = History::open(&path).unwrap();
    history.mark_seen().unwrap();
    for _ in 0..History::MAX_CALLS + SLACK - 20 {
        history.calls.push(missed(99));
    }
    history.add(missed(100)).unwrap();
    assert_eq!(history.calls().len(), History::MAX_CALLS);
    assert_eq!(history.seen, 20);
    let again = History::open(&path).unwrap();
    assert_eq!(again.calls(), history.calls());
    let known = again.calls().iter().filter(|call| !call.is_of_stranger()).count();
    assert_eq!(known, 20);
    assert_eq!(again.calls().last(), Some(&missed(100)));
    assert_eq!(history.missed().count(), History::MAX_CALLS - 20);
    remove(&path);
}

#[test]
fn a_file_that_cannot_be_written_loses_no_call_of_this_run() {
    let path = temporary("unwritable");
    let mut history = History::open(&path.join("history.jsonl")).unwrap();
    // A file is where the folder should be.
    fs::write(&path, "").unwrap();
    history.add(missed(1)).unwrap_err();
    assert_eq!(history.calls(), [missed(1)]);
    remove(&path);
}

#[test]
fn calls_are_found_by_name_hash_direction_and_outcome() {
    let path = temporary("search");
    let mut history = History::open(&path).unwrap();
    let announced = PeerName::Announced(DisplayName::new("Jörg").unwrap(), peer(3));
    let calls = [talk("Mary", 1), missed(2), CallRecord { name: announced, ..missed(3) }];
    history.calls.extend(calls.clone());
    let found = |text: &str| -> Vec<_> { history.search(text).cloned().collect() };
    for (number, call) in history.numbered("") {
        assert_eq!(history.get(number), Some(call));
    }
    assert_eq!(
        history.numbered("").map(|(number, _)| number).next_back(),
        Some(history.calls().len())
    );
    assert_eq!((history.get(0), history.get(history.calls().len() + 1)), (None, None));
    assert_eq!(found("MARY"), calls[..1]);
    assert_eq!(found("jÖrg "), calls[2..]);
    assert_eq!(found("0202"), calls[1..2]);
    assert_eq!(found("outgoing"), calls[..1]);
    assert_eq!(found("missed"), calls[1..]);
    assert_eq!(found("cancelled"), calls[1..]);
    assert_eq!(found(""), calls);
}

#[test]
fn an_export_tells_all_and_runs_no_formula() {
    let name = |text: &str| PeerName::Announced(DisplayName::new(text).unwrap(), peer(1));
    let calls = [
        talk("Mary \"M\", mobile", 1),
        CallRecord { name: name("=HYPERLINK(\"x\")"), ..missed(1) },
        CallRecord { name: name("@sum,1"), ..missed(1) },
        CallRecord { name: PeerName::Contact(" -1".to_owned()), ..missed(1) },
        missed(1),
    ];
    let hash = peer(1);
    let csv = to_csv(&calls);
    let wanted = format!(
        "time,direction,peer,name,verified,talked_s,profile,outcome\r\n\
         2026-02-28T23:59:59Z,outgoing,{hash},\"Mary \"\"M\"\", mobile\",yes,61.5,mq,remote_hangup\r\n\
         2026-03-01T00:00:00Z,incoming,{hash},\"'=HYPERLINK(\"\"x\"\")\",no,,,cancelled\r\n\
         2026-03-01T00:00:00Z,incoming,{hash},\"'@sum,1\",no,,,cancelled\r\n\
         2026-03-01T00:00:00Z,incoming,{hash},' -1,yes,,,cancelled\r\n\
         2026-03-01T00:00:00Z,incoming,{hash},,no,,,cancelled\r\n"
    );
    assert_eq!(csv, wanted);
    let json: Vec<serde_json::Value> = serde_json::from_str(&to_json(&calls)).unwrap();
    assert_eq!(json[0]["contact"], "Mary \"M\", mobile");
    assert_eq!(
        (&json[0]["talked_ms"], &json[0]["time"]),
        (&61_500.into(), &"2026-02-28T23:59:59Z".into())
    );
    assert_eq!(json[1]["announced"], "=HYPERLINK(\"x\")");
    assert_eq!(to_json([]).parse::<serde_json::Value>().unwrap(), serde_json::json!([]));
}

#[test]
fn times_are_shown_in_utc() {
    let times = [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_704_067_199, "2023-12-31T23:59:59Z"),
        (1_735_603_200, "2024-12-31T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ];
    for (seconds, shown) in times {
        assert_eq!(UnixTime(seconds).to_string(), shown);
    }
}

#[test]
fn events_of_a_phone_become_calls() {
    let begun = Instant::now();
    let mut tracker = CallTracker::default();
    let mut handle = |event, seconds| {
        let now = begun + Duration::from_secs(seconds);
        tracker.handle_event(&event, now, UnixTime(1_000 + seconds), PeerName::Unknown)
    };
    let call = CallId(1);
    let mode = Mode::FullDuplex;
    assert_eq!(handle(Event::Incoming { call, from: peer(1) }, 0), None);
    let profile = Profile::MediumQuality;
    assert_eq!(handle(Event::Established { call, profile, mode }, 5), None);
    let profile = Profile::HighQuality;
    assert_eq!(handle(Event::ProfileChanged { call, profile, by: Side::Local }, 6), None);
    let record = handle(Event::Ended { call, reason: EndReason::LinkLost }, 65);
    let wanted = CallRecord {
        direction: CallDirection::Incoming,
        peer: peer(1),
        name: PeerName::Unknown(peer(1)),
        started: UnixTime(1_000),
        talked: Some(Duration::from_secs(60)),
        profile: Some(Profile::HighQuality),
        outcome: Outcome::Ended(EndReason::LinkLost),
    };
    assert_eq!(record, Some(wanted));
    assert_eq!(handle(Event::Ended { call, reason: EndReason::LinkLost }, 66), None);

    let turned_away = handle(Event::CallerTurnedAway { from: peer(2) }, 70).unwrap();
    assert_eq!((turned_away.outcome, turned_away.is_missed()), (Outcome::TurnedAway, true));
    let limit = lxst_phone::Limit::Strangers;
    let limited = handle(Event::CallerLimited { from: peer(3), limit }, 71).unwrap();
    assert_eq!((limited.outcome, limited.is_missed()), (Outcome::Limited, false));

    tracker.handle_dialled(CallId(2), peer(4), UnixTime(2_000));
    let busy = Event::Ended { call: CallId(2), reason: EndReason::Busy };
    let record = tracker.handle_event(&busy, begun, UnixTime(2_001), PeerName::Unknown).unwrap();
    assert_eq!((record.direction, record.peer), (CallDirection::Outgoing, peer(4)));
    assert_eq!((record.talked, record.outcome.name()), (None, "busy"));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(call in call()) {
        let line = call.to_line();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(CallRecord::from_line(line.as_bytes()), Some(call));
    }

    #[test]
    fn any_line_is_read_or_counted(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = CallRecord::from_line(&bytes);
    }
}

fn call() -> impl Strategy<Value = CallRecord> {
    let name = prop_oneof![
        ".{1,40}".prop_map(|name| Some(Ok(name))),
        "[a-z\"\\\\]{1,20}".prop_map(|name| Some(Err(DisplayName::new(&name).unwrap()))),
        Just(None),
    ];
    let talked = prop::option::of(any::<u32>());
    let profile = prop::option::of(prop::sample::select(Profile::ALL.to_vec()));
    let outcome = prop::sample::select(OUTCOMES.to_vec());
    (any::<bool>(), any::<[u8; 16]>(), name, any::<u64>(), talked, profile, outcome).prop_map(
        |(incoming, peer, name, started, talked, profile, (outcome, _))| CallRecord {
            direction: if incoming { CallDirection::Incoming } else { CallDirection::Outgoing },
            peer: IdentityHash(peer),
            name: match name {
                Some(Ok(name)) => PeerName::Contact(name),
                Some(Err(name)) => PeerName::Announced(name, IdentityHash(peer)),
                None => PeerName::Unknown(IdentityHash(peer)),
            },
            started: UnixTime(started),
            talked: talked.map(|millis| Duration::from_millis(millis.into())),
            profile,
            outcome,
        },
    )
}

fn talk(name: &str, number: u8) -> CallRecord {
    CallRecord {
        direction: CallDirection::Outgoing,
        peer: peer(number),
        name: PeerName::Contact(name.to_owned()),
        started: UnixTime(1_772_323_199),
        talked: Some(Duration::from_millis(61_500)),
        profile: Some(Profile::MediumQuality),
        outcome: Outcome::Ended(EndReason::RemoteHangup),
    }
}

fn missed(number: u8) -> CallRecord {
    CallRecord {
        direction: CallDirection::Incoming,
        peer: peer(number),
        name: PeerName::Unknown(peer(number)),
        started: UnixTime(1_772_323_200),
        talked: None,
        profile: None,
        outcome: Outcome::Ended(EndReason::Cancelled),
    }
}

const fn peer(number: u8) -> IdentityHash {
    IdentityHash([number; 16])
}

fn temporary(test: &str) -> PathBuf {
    let name = format!("rnphone-rs-history-{test}-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = fs::remove_file(&path);
    path
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}
