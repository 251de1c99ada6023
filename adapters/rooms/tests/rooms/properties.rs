//! What holds of a server whatever happens to it, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lxst_core::{LinkEvent, LinkId};
use lxst_rooms::wire::{Action, ClientMessage, Hello, RoomKey, ServerMessage};
use lxst_rooms::{MemberId, RoomConfig, RoomProfile, ServerConfig};
use proptest::prelude::*;

use crate::hall::{FRAME, Hall, hello, identity};

/// One thing that happens on one of the links.
#[derive(Clone, Debug)]
enum Step {
    Visit,
    Identify(u64, u64),
    Hello { link: u64, room: Option<u64>, password: bool },
    Move { link: u64, room: u64, password: bool },
    Speak(u64, usize),
    Text(u64),
    State(u64, bool),
    Admin(u64, u32, u8),
    Close(u64),
    Pass(u64),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_bounds_hold_and_voice_goes_from_members_to_members_of_the_same_room(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut hall = Hall::new(config());
        let (mut visits, mut closed) = (0, BTreeSet::new());
        for step in &steps {
            hall.sent.clear();
            visits += u64::from(matches!(step, Step::Visit));
            if let Step::Close(link) = step
                && *link <= visits
            {
                closed.insert(LinkId(*link));
            }
            let rooms: BTreeMap<_, _> =
                hall.server.members().map(|member| (member.id, member.room)).collect();
            run(&mut hall, step);
            check(&hall, &rooms, &mut closed);
        }
        // The same happens again: nothing but the inputs decides.
        let mut again = Hall::new(config());
        steps.iter().for_each(|step| run(&mut again, step));
        prop_assert_eq!(format!("{:?}", again.events), format!("{:?}", hall.events));
        prop_assert_eq!(again.server.poll_timeout(), hall.server.poll_timeout());
    }
}

/// Checks what the last step sent. `rooms` is where the members were before it.
fn check(
    hall: &Hall,
    rooms: &BTreeMap<MemberId, Option<lxst_rooms::RoomId>>,
    closed: &mut BTreeSet<LinkId>,
) {
    for sent in &hall.sent {
        assert!(!closed.contains(&sent.link), "{sent:?} on a closed link");
        let Some(data) = &sent.data else {
            closed.insert(sent.link);
            continue;
        };
        for message in ServerMessage::parse(data).unwrap() {
            if let ServerMessage::Voice { speaker, .. } = message {
                // Members have the numbers of their links here.
                let listener = MemberId(sent.link.0 as u32);
                assert!(rooms[&speaker].is_some(), "{speaker} is in no room");
                assert_eq!(rooms.get(&listener), rooms.get(&speaker));
                assert_ne!(listener, speaker);
            }
        }
    }
    assert!(hall.server.members().count() <= MEMBERS);
    let mut names = BTreeSet::new();
    let mut identities = BTreeSet::new();
    for member in hall.server.members() {
        assert!(names.insert(member.name.to_lowercase()), "{} twice", member.name);
        assert!(member.identity.is_none_or(|identity| identities.insert(identity)));
        // The third room takes one identity.
        if member.room.is_some_and(|room| room.0 == 3) {
            assert_eq!(member.identity, Some(identity(LinkId(1))));
        }
    }
    if let Some(due) = hall.server.poll_timeout() {
        assert!(due > hall.now, "what is due was left");
    }
}

fn run(hall: &mut Hall, step: &Step) {
    let password = |given: &bool| given.then_some("swordfish");
    match step {
        Step::Visit => {
            hall.visit(431);
        }
        Step::Identify(link, who) => {
            hall.link(LinkId(*link), LinkEvent::Identified(identity(LinkId(*who))));
        }
        Step::Hello { link, room, password: given } => {
            let (room, password) = (room.map(RoomKey::Id), password(given));
            hall.hello(LinkId(*link), &Hello { room, password, ..hello("Ann") });
        }
        Step::Move { link, room, password: given } => {
            let (room, password) = (RoomKey::Id(*room), password(given));
            hall.say(LinkId(*link), &ClientMessage::Move { room, password });
        }
        Step::Speak(link, frames) => hall.speak(LinkId(*link), 1, &vec![FRAME; *frames]),
        Step::Text(link) => hall.say(LinkId(*link), &ClientMessage::Text("hello")),
        Step::State(link, is_deaf) => {
            let is_deaf = *is_deaf;
            hall.say(LinkId(*link), &ClientMessage::State { is_muted: true, is_deaf });
        }
        Step::Admin(link, on, action) => {
            let action = match action {
                0 => Action::Kick,
                1 => Action::Ban,
                2 => Action::Mute,
                3 => Action::Promote,
                4 => Action::Demote,
                room => Action::Move((*room).into()),
            };
            let on = MemberId(*on);
            hall.say(LinkId(*link), &ClientMessage::Admin { action, on });
        }
        Step::Close(link) => hall.close(LinkId(*link)),
        Step::Pass(millis) => hall.pass(Duration::from_millis(*millis)),
    }
}

fn step() -> impl Strategy<Value = Step> {
    let link = 1..12_u64;
    prop_oneof![
        2 => Just(Step::Visit),
        2 => (link.clone(), 1..6_u64).prop_map(|(link, who)| Step::Identify(link, who)),
        3 => (link.clone(), prop::option::of(0..5_u64), any::<bool>())
            .prop_map(|(link, room, password)| Step::Hello { link, room, password }),
        2 => (link.clone(), 0..5_u64, any::<bool>())
            .prop_map(|(link, room, password)| Step::Move { link, room, password }),
        4 => (link.clone(), 1..70_usize).prop_map(|(link, frames)| Step::Speak(link, frames)),
        1 => link.clone().prop_map(Step::Text),
        1 => (link.clone(), any::<bool>()).prop_map(|(link, is_deaf)| Step::State(link, is_deaf)),
        2 => (link.clone(), 1..12_u32, 0..10_u8)
            .prop_map(|(link, on, action)| Step::Admin(link, on, action)),
        1 => link.prop_map(Step::Close),
        2 => (0..3_000_u64).prop_map(Step::Pass),
    ]
}

/// Rooms that are open, locked, and for one identity, which is an operator.
fn config() -> ServerConfig {
    let room = |name| RoomConfig::new(name, RoomProfile::OpusHigh).unwrap();
    let owner = identity(LinkId(1));
    let config = ServerConfig::new("Test").unwrap().max_members(MEMBERS).unwrap();
    let config = config.operators([owner]).room(room("Lobby").max_members(4).unwrap()).unwrap();
    let config = config.room(room("Locked").password("swordfish").unwrap()).unwrap();
    config.room(room("Own").allow([owner])).unwrap()
}

const MEMBERS: usize = 6;
