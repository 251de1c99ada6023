//! Sounds of the app, while there is no call.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use lxst_audio::{Block, Sink};
use lxst_device::{DeviceRole, DeviceSettings, Ringtones, Wish};
use lxst_smol::Profile;

use crate::listeners::until_listeners;
use crate::server::on_server;
use crate::side::{Room, dial, note, sides};
use crate::sound::{Hum, Recording, is_note};

#[test]
fn the_app_has_the_speaker_and_the_microphone_until_a_call_comes() {
    let name = "the_app_has_the_speaker_and_the_microphone_until_a_call_comes";
    on_server(name, |server| {
        block_on(async {
            let mut sides = sides(server, <[Room; 2]>::default()).await;
            let ear = sides[1].ear();
            until_listeners(server, 1);
            let _speaking = sides[1].says(Hum::LOW);
            let heard = Arc::<Mutex<Vec<f32>>>::default();
            let devices = &sides[1].devices;
            devices.play(note(700.0).source());
            ear.hears(700);
            devices.listen(Ear(heard.clone()));
            until_listeners(server, 2);
            while !is_note(&latest(&heard), Hum::LOW.note()) {
                thread::sleep(Duration::from_millis(20));
            }
            devices.play(note(900.0).source());
            ear.hears(900);
            devices.stop_playing();
            ear.hears_nothing();
            devices.play(note(700.0).source());
            ear.hears(700);

            let (call, incoming) = dial(&mut sides, Profile::MediumQuality).await;
            ear.hears_nothing();
            until_dropped(&heard);
            // In a call, neither is lent.
            sides[1].devices.listen(Ear(heard.clone()));
            until_dropped(&heard);
            incoming.answer().await.expect("it rings");
            sides[1].established().await;
            call.hang_up().await.expect("it stands");
            // That of the test at the ear.
            until_listeners(server, 1);
            sides[1].devices.listen(Ear(heard.clone()));
            until_listeners(server, 2);
            sides[1].devices.stop_listening();
            until_dropped(&heard);
            until_listeners(server, 1);
        });
    });
}

#[test]
fn each_caller_rings_by_a_sound_of_its_own_from_its_beginning() {
    let name = "each_caller_rings_by_a_sound_of_its_own_from_its_beginning";
    on_server(name, |server| {
        block_on(async {
            server.room("bell");
            let mut settings = DeviceSettings::default();
            settings.ringer = Wish::named("bell");
            let callee = Room { settings, ..Room::default() };
            let mut sides = sides(server, [Room::default(), callee]).await;
            let caller = sides[0].phone.identity();
            sides[1].devices.set_ringtones(Some(Ringtones::by_caller(move |from| {
                assert_eq!(from, caller);
                note(700.0).source()
            })));
            let bell = Recording::at("at-bell");
            let (call, _incoming) = dial(&mut sides, Profile::MediumQuality).await;
            sides[1].taken(DeviceRole::Ringer).await;
            bell.hears(700);
            call.hang_up().await.expect("it rings");
            bell.hears_nothing();
        });
    });
}

struct Ear(Arc<Mutex<Vec<f32>>>);

impl Sink for Ear {
    fn take(&mut self, block: &Block<'_>) {
        self.0.lock().expect("nobody panics with it").extend_from_slice(block.samples());
    }
}

fn latest(heard: &Mutex<Vec<f32>>) -> Vec<f32> {
    let heard = heard.lock().expect("nobody panics with it");
    heard[heard.len().saturating_sub(4_800)..].to_vec()
}

/// Waits until nothing but the test holds what was heard.
fn until_dropped(heard: &Arc<Mutex<Vec<f32>>>) {
    while Arc::strong_count(heard) > 1 {
        thread::sleep(Duration::from_millis(5));
    }
}
