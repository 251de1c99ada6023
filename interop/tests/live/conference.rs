//! Two Python callers in a conference of our phone, and a third who finds it full.

use lxst_interop::Command;
use lxst_phone::rooms::{ConferenceConfig, ConferenceEvent};
use lxst_phone::{ConferenceBuilder, IdentityHash, Interface, Profile};
use lxst_smol::Smol;

use crate::lines::{HIGH, LOW, await_heard, saying};
use crate::phone::{Lines, PATIENCE, Setup, on_either};
use crate::scene::{Scene, on_both_runtimes};

on_both_runtimes![two_pythons_hear_each_other_and_not_themselves_and_a_third_finds_it_full];

fn two_pythons_hear_each_other_and_not_themselves_and_a_third_finds_it_full(scene: &Scene) {
    let interface = on_either!(Interface::tcp_server("127.0.0.1:0"));
    let room = scene.start(Setup { lines: Lines::Two, ..Setup::on(interface) });
    let mut low = saying(LOW, scene, "low").connect(room.port()).spawn();
    let mut high = saying(HIGH, scene, "high").connect(room.port()).spawn();
    let mut third = scene.python_named("third").connect(room.port()).spawn();

    let of_phone = room.block_on(room.phone.subscribe()).expect("the phone runs");
    let config = ConferenceConfig::default().members(2, 2).expect("within its bounds");
    let started = ConferenceBuilder::<Smol>::new(config).start(&room.phone, of_phone);
    let (conference, events) = room.block_on(started).expect("the phone runs");
    let next = || room.await_work("event", events.next()).expect("the conference runs");

    // Each in a profile of its own.
    for (python, profile) in [(&mut low, Profile::MediumQuality), (&mut high, Profile::HighQuality)]
    {
        let (identity, profile) = (room.identity(), Some(profile.id()));
        python.send(&Command::Call { identity, profile, mode: None });
        python.expect("established", PATIENCE);
        let caller = IdentityHash(python.identity());
        assert!(matches!(next(), ConferenceEvent::Joined { from, .. } if from == caller));
    }
    third.send(&Command::call(room.identity()));
    third.expect("busy", PATIENCE);
    let from = IdentityHash(third.identity());
    assert_eq!(next(), ConferenceEvent::TurnedAway { from });

    await_heard(&mut low, HIGH, 0);
    await_heard(&mut high, LOW, 0);
    let members = room.block_on(conference.members()).expect("the conference runs");
    assert_eq!(members.len(), 2);

    low.send(&Command::HangUp);
    low.expect("ended", PATIENCE);
    let caller = IdentityHash(low.identity());
    assert!(matches!(next(), ConferenceEvent::Left { from, .. } if from == caller));
    room.block_on(conference.shutdown());
    high.expect("ended", PATIENCE);
}
