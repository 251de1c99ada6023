//! Calls that the app answers itself.

use futures_lite::future::block_on;
use lxst_device::{DeviceRole, DeviceSettings};
use lxst_smol::{AudioFormat, Profile};

use crate::listeners::{OpenedListeners, listeners, until_listeners};
use crate::server::on_server;
use crate::side::{Room, dial, sides};
use crate::sound::{Hum, is_note};

#[test]
fn a_call_that_the_app_answers_opens_neither_microphone_nor_speaker() {
    let name = "a_call_that_the_app_answers_opens_neither_microphone_nor_speaker";
    on_server(name, |server| {
        block_on(async {
            let callee = Room { settings: DeviceSettings::default(), ..Room::default() };
            let mut sides = sides(server, [Room::default(), callee]).await;
            // Each time it is answered at another moment of the ringer's opening.
            for _ in 0..3 {
                let opened = OpenedListeners::of(server);
                let (call, incoming) = dial(&mut sides, Profile::MediumQuality).await;
                let [caller, callee] = &mut sides;
                assert_eq!(caller.taken(DeviceRole::Microphone).await.0, "at-mouth-a");
                callee.devices.leave_to_app(incoming.id());
                let _greeting = incoming.audio_source(AudioFormat::PHONE).await.expect("it rings");
                let mut message = incoming.audio_sink(AudioFormat::PHONE).await.expect("it rings");
                incoming.answer().await.expect("it rings");
                callee.established().await;
                let speaking = caller.says(Hum::LOW);
                let mut heard = [0.0; 4_800];
                while !is_note(&heard, Hum::LOW.note()) {
                    message.read(&mut heard).await.expect("the phone runs");
                }
                drop(speaking);
                assert_eq!(listeners(server), 1);
                call.hang_up().await.expect("it stands");
                callee.ended().await;
                assert_eq!(opened.until_closed(), 1, "that of the caller");
            }
            while let Ok(told) = sides[1].told.try_recv() {
                assert_eq!(told.role, DeviceRole::Ringer, "{told}");
            }
            // The next is the user's.
            let (call, incoming) = dial(&mut sides, Profile::MediumQuality).await;
            incoming.answer().await.expect("it rings");
            assert_eq!(sides[1].taken(DeviceRole::Microphone).await.0, "at-mouth-b");
            call.hang_up().await.expect("it stands");
            until_listeners(server, 0);
        });
    });
}

#[test]
fn a_call_that_is_left_to_the_app_while_it_stands_closes_the_devices() {
    on_server("a_call_that_is_left_to_the_app_while_it_stands_closes_the_devices", |server| {
        block_on(async {
            let mut sides = sides(server, <[Room; 2]>::default()).await;
            let (call, incoming) = dial(&mut sides, Profile::MediumQuality).await;
            incoming.answer().await.expect("it rings");
            sides[1].taken(DeviceRole::Microphone).await;
            until_listeners(server, 2);
            sides[1].devices.leave_to_app(incoming.id());
            until_listeners(server, 1);
            call.hang_up().await.expect("it stands");
            until_listeners(server, 0);
        });
    });
}
