//! What rings for whom.

use std::fs;

use lxst_audio::{Channels, OpusProfile, OpusWriter, Tags, WavDepth, WavWriter};
use rnphone_rs::control::Event;

use crate::place::{Somebody, among_devices, bell, note};

#[test]
fn each_caller_rings_by_the_file_of_the_settings_and_a_bad_file_by_our_bell() {
    let name = "each_caller_rings_by_the_file_of_the_settings_and_a_bad_file_by_our_bell";
    among_devices(name, async |place| {
        let [stranger, mary, jake] = [(); 3].map(|()| Somebody::new());
        let opus = OpusWriter::create(
            place.folder.join("ringer.opus"),
            OpusProfile::AudioLow,
            &Tags::default(),
        );
        note(opus.expect("the folder can be written to"), 700.0, 1);
        let wav = place.folder.join("mary.wav");
        let wav = WavWriter::create(wav, Channels::Mono, 44_100, WavDepth::Int16);
        note(wav.expect("the folder can be written to"), 1_100.0, 1);
        fs::write(place.folder.join("jake.opus"), "no sound").expect("it can be written");
        let mut phone = place
            .with(&format!(
                "ringtone = ringer.opus\n[phonebook]\nMary = {}\n[ringtones]\nMary = mary.wav\n\
                 {} = jake.opus\n",
                mary.identity.hash(),
                jake.identity.hash()
            ))
            .phone()
            .await;
        let bell = bell();
        // The second has the ringer while the sound of the first fades.
        for (who, hz) in [(stranger, 700), (mary, 1_100)] {
            let calling = who.dials(&phone).await;
            bell.hears(hz);
            // It is longer than the file.
            std::thread::sleep(std::time::Duration::from_millis(1_500));
            bell.hears(hz);
            calling.call.hang_up().await.expect("it rings");
            bell.hears_nothing();
        }
        let _calling = jake.dials(&phone).await;
        let told = phone.until(|event| matches!(event, Event::Warning { .. })).await;
        let Event::Warning { text } = told else { panic!() };
        assert!(
            text.contains("jake.opus: a file that is not Ogg") && !text.contains('\n'),
            "{text}"
        );
        bell.hears_something();
    });
}
