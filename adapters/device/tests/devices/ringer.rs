//! The bell of a phone.

use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use lxst_device::{DeviceRole, DeviceSettings, Wish};
use lxst_smol::Profile;

use crate::server::on_server;
use crate::side::{Room, dial, note, sides};
use crate::sound::Recording;

#[test]
fn the_caller_hears_it_ring_there_and_the_callee_by_a_bell_here() {
    on_server("the_caller_hears_it_ring_there_and_the_callee_by_a_bell_here", |server| {
        block_on(async {
            server.room("bell");
            let rooms = [(); 2].map(|()| Room { settings: at_the_bell(), ..Room::default() });
            let mut sides = sides(server, rooms).await;
            let (ear, bell) = (sides[0].ear(), Recording::at("at-bell"));
            let (call, incoming) = dial(&mut sides, Profile::MediumQuality).await;
            ear.hears(382);
            assert_eq!(sides[1].taken(DeviceRole::Ringer).await.0, "bell");
            bell.hears_something();
            incoming.answer().await.expect("it rings");
            sides[1].established().await;
            bell.hears_nothing();
            ear.hears_nothing();
            call.hang_up().await.expect("it stands");
        });
    });
}

#[test]
fn the_ringtone_changes_while_it_rings_and_do_not_disturb_rings_by_nothing() {
    on_server(
        "the_ringtone_changes_while_it_rings_and_do_not_disturb_rings_by_nothing",
        |server| {
            block_on(async {
                server.room("bell");
                let callee = Room { settings: at_the_bell(), ..Room::default() };
                let mut sides = sides(server, [Room::default(), callee]).await;
                let bell = Recording::at("at-bell");
                let devices = &sides[1].devices;
                devices.mute_ringer();
                devices.set_ringtones(Some(note(700.0).into()));
                let (call, _incoming) = dial(&mut sides, Profile::MediumQuality).await;
                thread::sleep(Duration::from_secs(1));
                bell.hears_nothing();
                let devices = &sides[1].devices;
                assert_eq!(sides[1].told.try_recv().ok(), None, "no device is open");
                devices.unmute_ringer();
                bell.hears(700);
                devices.set_ringtones(Some(note(900.0).into()));
                bell.hears(900);
                devices.mute_ringer();
                bell.hears_nothing();
                devices.unmute_ringer();
                bell.hears(900);
                devices.set_ringtones(None);
                bell.hears_nothing();
                call.hang_up().await.expect("it rings");
            });
        },
    );
}

fn at_the_bell() -> DeviceSettings {
    let mut settings = DeviceSettings::default();
    settings.ringer = Wish::named("bell");
    settings
}
