//! Floods, in virtual time: what one member sends costs the others nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use lxst_core::{Instant, LinkId};
use lxst_rooms::wire::{Action, ClientMessage, RoomKey, ServerMessage};
use lxst_rooms::{ServerConfig, limits};

use crate::hall::{FRAME, Hall, hello};

#[test]
fn a_flood_of_one_member_leaves_time_and_share_of_the_others_as_they_are() {
    let (quiet, _) = conversation(0);
    let (flooded, of_flood) = conversation(100);
    assert_eq!(quiet.values().map(Vec::len).sum::<usize>(), 2 * 50 * 3, "fifty frames each");
    assert_eq!(flooded, quiet);
    // Its burst, and twice real time for one second.
    assert!((100..=limits::FRAME_BURST.max(200) as usize + 100).contains(&of_flood), "{of_flood}");
}

#[test]
fn a_flood_of_text_and_requests_is_cut_to_its_rate_and_others_write_on() {
    let mut hall = Hall::new(ServerConfig::new("Test").unwrap());
    let ((ann, ann_id), (bob, _), (cid, _)) =
        (hall.join("ann"), hall.join("bob"), hall.join("cid"));
    hall.sent.clear();
    for n in 0..1_000 {
        hall.say(ann, &ClientMessage::Text("flood"));
        hall.say(ann, &ClientMessage::Poke { to: ann_id, text: "flood" });
        hall.say(ann, &ClientMessage::State { is_muted: n % 2 == 0, is_deaf: false });
        hall.say(ann, &ClientMessage::Move { room: RoomKey::Id(77), password: None });
        hall.say(ann, &ClientMessage::Admin { action: Action::Kick, on: ann_id });
        hall.say(ann, &ClientMessage::DialIn);
    }
    let written = limits::TEXTS as usize;
    let requested = limits::REQUESTS as usize;
    let heard = hall.heard(cid);
    assert!(heard.len() <= written + requested, "{heard:?}");
    assert!(hall.heard(ann).len() <= requested);
    hall.say(bob, &ClientMessage::Text("hello"));
    assert_eq!(hall.heard(cid), ["2 writes hello"]);
    assert!(hall.server.counters().messages_excess > 4_900);
}

#[test]
fn a_flood_of_links_holds_as_many_as_may_wait_and_members_stay() {
    let mut hall = Hall::new(ServerConfig::new("Test").unwrap());
    let (ann, _) = hall.join("ann");
    let patient = hall.visit(431);
    for _ in 0..500 {
        hall.visit(431);
    }
    // The oldest links were closed, the member's was not.
    let closed = hall.sent.iter().filter(|sent| sent.data.is_none()).count();
    assert_eq!(closed, 501 - limits::VISITORS);
    assert_eq!(hall.heard(patient), ["close"]);
    let last = hall.visit(431);
    hall.hello(last, &hello("bob"));
    assert_eq!(hall.heard(ann).last().unwrap(), &format!("{} is bob", last.0));
}

#[test]
fn a_flood_of_refused_links_is_closed_the_sooner() {
    let mut hall = Hall::new(ServerConfig::new("Test").unwrap().max_members(1).unwrap());
    hall.join("ann");
    for _ in 0..500 {
        hall.visit(431);
    }
    let closed = hall.sent.iter().filter(|sent| sent.data.is_none()).count();
    assert_eq!(closed, 500 - limits::REFUSED);
    hall.pass(limits::REFUSED_TIME);
    assert_eq!(hall.sent.iter().filter(|sent| sent.data.is_none()).count(), 500);
    assert_eq!(hall.server.poll_timeout(), None);
}

/// Two members who speak for a second, and a third that sends so many packets for each of theirs.
/// Returns when each link got which voice of the two, and how many frames a listener got of the
/// third.
fn conversation(flood: usize) -> (BTreeMap<LinkId, Heard>, usize) {
    let mut hall = Hall::new(ServerConfig::new("Test").unwrap());
    let links: Vec<_> = ["ann", "bob", "cid", "flood"].map(|name| hall.join(name).0).into();
    hall.sent.clear();
    for n in 0..50 {
        for _ in 0..flood {
            hall.speak(links[3], n, &[FRAME]);
        }
        hall.speak(links[0], n, &[FRAME]);
        hall.speak(links[1], n, &[FRAME]);
        hall.pass(Duration::from_millis(20));
    }
    let mut heard: BTreeMap<_, Heard> = BTreeMap::new();
    let mut of_flood = 0;
    for sent in &hall.sent {
        let data = sent.data.as_deref().unwrap();
        let messages = ServerMessage::parse(data).unwrap();
        let [ServerMessage::Voice { speaker, .. }] = messages.as_slice() else { panic!() };
        if speaker.0 == 4 {
            of_flood += usize::from(sent.link == links[2]);
        } else {
            heard.entry(sent.link).or_default().push((sent.at, data.to_vec()));
        }
    }
    (heard, of_flood)
}

/// What a link got, and when.
type Heard = Vec<(Instant, Vec<u8>)>;
