//! A station of ours whose listener is the reference's link source.

use std::thread;
use std::time::{Duration, Instant};

use lxst_interop::{Command, free_udp_ports, lateness};
use lxst_phone::rooms::{StationConfig, StationProfile};
use lxst_phone::{AudioFormat, Profile};
use lxst_sim::envelope::correlation;

use crate::networks::udp;
use crate::phone::PATIENCE;
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{ALL_OF_IT, LEAST, MAX_LAG, say_and_then_nothing, speech, speech_after};

on_both_runtimes![pythons_link_source_hears_a_station_of_ours];

fn pythons_link_source_hears_a_station_of_ours(scene: &Scene) {
    let since = Instant::now();
    let (here, there) = free_udp_ports();
    let mut python = scene.python().udp(there, here).spawn();
    let rust = scene.connected(udp(here, there));
    python.send(&Command::Hear(STATION));
    // Commands are done in order.
    python.send(&Command::Join { name: "lxst.page", key: None });
    python.expect("joined", PATIENCE);
    let profile = StationProfile::Voice(Profile::MediumQuality);
    let config = StationConfig::new(rust.phone.identity(), "Radio", profile);
    let (station, _events) = rust.station(config.expect("a name"));
    python.expect("app_announce", PATIENCE);
    python.send(&Command::OpenApp { name: STATION, identity: rust.identity() });
    python.expect("app_link", PATIENCE);
    python.send(&Command::Stream(STATION));
    python.expect("streaming", PATIENCE);

    let (radio, _) = rust.radio();
    rust.block_on(station.play(&radio)).expect("both run");
    let said = speech_after(Duration::from_millis(500));
    let format = AudioFormat { rate_hz: said.rate_hz, channels: 1 };
    let microphone = rust.block_on(radio.audio_source(format)).expect("the radio runs");
    say_and_then_nothing(microphone, said);
    rust.block_on(radio.press_to_talk()).expect("the radio runs");
    thread::sleep(ALL_OF_IT);
    let heard = python.heard();
    let verdict = correlation(speech().pcm(), heard.pcm(), MAX_LAG);
    if !verdict.as_ref().is_ok_and(|peak| peak.correlation >= LEAST) {
        let late = lateness::worst(&(since..Instant::now()), &[&python]);
        lateness::not_heard(&format!("python heard {verdict:?}"), late);
    }
    let status = rust.block_on(station.status()).expect("it runs");
    assert_eq!(status.listeners.len(), 1);
    rust.await_work("end of the station", station.shutdown());
    rust.await_work("end of the radio", radio.shutdown());
}

const STATION: &str = "lxst.station";
