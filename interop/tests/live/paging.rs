//! Pages between phones of ours through the shared instance of Python's rnsd, which a Python peer
//! records and sends again; and voice on a GROUP channel with Python.

use std::thread;
use std::time::{Duration, Instant};

use lxst_interop::{Command, free_udp_ports};
use lxst_phone::reticulum::{Channel, Destination, GroupKey, name_hash};
use lxst_phone::rooms::{GroupId, PageKey, PageRule, PagerConfig, PagerEvent};
use lxst_phone::{AudioFormat, IdentityHash, Pager, PagerEvents, Radio, RadioEvent, talk};

use crate::networks::udp;
use crate::phone::{PATIENCE, RustPhone, attached};
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{Playback, record, say_and_then_nothing, speech};

on_both_runtimes![
    through_rnsd_all_with_the_key_hear_a_page_and_a_recorded_packet_plays_nothing,
    a_radio_on_a_group_channel_passes_voice_to_python_and_hears_it_again,
];

fn through_rnsd_all_with_the_key_hear_a_page_and_a_recorded_packet_plays_nothing(scene: &Scene) {
    let rnsd = scene.rnsd().spawn();
    let mut python = scene.python().shared_instance(&rnsd).spawn();
    python.send(&Command::Join { name: PAGE, key: None });
    python.expect("joined", PATIENCE);
    let start = |name, key| Neighbour::start(scene.connected(attached(&rnsd)), name, key);
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| start(name, KEY));
    let eve = start("Eve", OTHER_KEY);

    let speech = speech();
    let format = AudioFormat { rate_hz: speech.rate_hz, channels: 1 };
    let microphone = ann.phone.block_on(ann.radio.audio_source(format)).expect("the radio runs");
    let heard = [&bob, &cid, &eve].map(Neighbour::record);
    say_and_then_nothing(microphone, speech);
    ann.phone.block_on(ann.pager.press(GroupId(0), false)).expect("it has the key");
    for neighbour in [&bob, &cid] {
        let began = neighbour.event("the beginning of a page");
        let by_ann = |name: &Option<String>| name.as_deref() == Some("Ann");
        assert!(matches!(&began, PagerEvent::Began { name, .. } if by_ann(name)), "{began:?}");
    }
    let recorded = python.expect("broadcast", PATIENCE);
    let end = Instant::now() + PATIENCE;
    while heard[..2].iter().any(|heard| heard.time() < SPOKEN) {
        assert!(Instant::now() < end, "the page is heard: {:?}", heard.map(|heard| heard.time()));
        thread::sleep(Duration::from_millis(100));
    }
    ann.phone.await_work("end of our page", ann.pager.release()).expect("a page goes on");
    for (neighbour, heard) in [&bob, &cid].into_iter().zip(&heard) {
        let ended = neighbour.event("the end of the page");
        assert!(matches!(ended, PagerEvent::Ended(_)), "{ended:?}");
        assert!(level(heard) > 0.01, "speech is heard: {}", level(heard));
    }
    let is_silent = heard[2].samples().iter().all(|sample| *sample == 0);
    assert!(is_silent, "without the key there is nothing to hear");
    assert!(eve.counters().foreign > 0);

    // Python sends a packet of the page again, as recorded.
    let before = [&bob, &cid].map(|neighbour| neighbour.counters().repeated);
    let data = hex(recorded.json["data"].as_str().expect("hex digits"));
    python.send(&Command::Broadcast { name: PAGE, data });
    let end = Instant::now() + PATIENCE;
    while [&bob, &cid].map(|neighbour| neighbour.counters().repeated) != before.map(|n| n + 1) {
        assert!(Instant::now() < end, "the packet arrives again");
        thread::sleep(Duration::from_millis(50));
    }
    for neighbour in [bob, cid, eve, ann] {
        neighbour.phone.await_work("end of the pager", neighbour.pager.shutdown());
        let told = neighbour.phone.await_work("end of the events", neighbour.events.next());
        assert_eq!(told, None, "it plays nothing");
    }
}

/// The radio's packets go to a GROUP destination of RNS, and those of RNS to the radio.
fn a_radio_on_a_group_channel_passes_voice_to_python_and_hears_it_again(scene: &Scene) {
    let (here, there) = free_udp_ports();
    let mut python = scene.python().udp(there, here).spawn();
    let rust = scene.connected(udp(here, there));
    let key: Vec<u8> = (0..64).collect();
    let identity = IdentityHash(python.identity());
    let destination = Destination { identity, name: name_hash(NET) };
    let group_key = GroupKey::from_bytes(&key).expect("64 bytes");
    let channel = rust.block_on(rust.destinations.join(Channel::Group(destination, group_key)));
    python.send(&Command::Join { name: NET, key: Some(key) });
    python.expect("joined", PATIENCE);
    let (radio, events) = rust.radio();
    let on = radio.on_channel(channel.expect("there is room"));

    let microphone = rust.block_on(radio.audio_source(AudioFormat::PHONE));
    say_and_then_nothing(microphone.expect("the radio runs"), speech());
    rust.block_on(radio.press_to_talk()).expect("the radio runs");
    let packets: Vec<_> = (0..20)
        .map(|_| {
            let said = python.expect("broadcast", PATIENCE);
            assert_eq!(said.json["name"], NET);
            hex(said.json["data"].as_str().expect("hex digits"))
        })
        .collect();
    rust.block_on(radio.release()).expect("the radio runs");

    for data in packets {
        python.send(&Command::Broadcast { name: NET, data });
    }
    let talking = |event| matches!(event, talk::Event::Talking { link, .. } if link == on);
    let first = rust.await_work("talk", events.next());
    assert!(matches!(first, Some(RadioEvent::Talk(event)) if talking(event)), "{first:?}");
    rust.await_work("end of the radio", radio.shutdown());
}

/// A phone with a pager.
struct Neighbour {
    phone: RustPhone,
    radio: Radio,
    pager: Pager,
    events: PagerEvents,
}

impl Neighbour {
    fn start(phone: RustPhone, name: &str, key: PageKey) -> Self {
        let (radio, _) = phone.radio();
        let config = PagerConfig::new(name).and_then(|config| config.group(key, PageRule::Play));
        let (pager, events) = phone.pager(config.expect("a name and a group"), &radio);
        Self { phone, radio, pager, events }
    }

    fn record(&self) -> Playback {
        let speaker = self.phone.block_on(self.radio.audio_sink(AudioFormat::PHONE));
        record(speaker.expect("the radio runs"))
    }

    fn event(&self, what: &str) -> PagerEvent {
        self.phone.await_work(what, self.events.next()).expect("the pager runs")
    }

    fn counters(&self) -> lxst_phone::rooms::PagerCounters {
        self.phone.block_on(self.pager.counters()).expect("the pager runs")
    }
}

/// Returns the root of the mean square, of 1.
fn level(heard: &Playback) -> f64 {
    let samples = heard.samples();
    let squares: f64 = samples.iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum();
    (squares / samples.len().max(1) as f64).sqrt()
}

fn hex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

const PAGE: &str = "lxst.page";
const NET: &str = "lxst.net";
const KEY: PageKey = PageKey([7; 32]);
const OTHER_KEY: PageKey = PageKey([8; 32]);
/// What is heard at least of a page.
const SPOKEN: Duration = Duration::from_secs(2);
