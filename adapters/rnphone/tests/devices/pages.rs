//! Pages at the speaker and the microphone of a phone.

use std::time::Duration;

use lxst_audio::{Channels, WavDepth, WavWriter};
use lxst_sim::tone::{amplitude, tone};
use lxst_tokio::rooms::{GroupId, PageKey, PageRule, PagerConfig, PagerEvent};
use lxst_tokio::{
    AudioFormat, Events, Identity, Interface, OsRng, Pager, PagerBuilder, PagerEvents,
    Phone as Other, PhoneBuilder, Radio, RadioBuilder,
};
use rnphone_rs::control::Event;
use rnphone_rs::page_key;

use crate::place::{Place, Somebody, among_devices, ear, note};
use crate::sound::{Hum, hum};
use crate::support::{Phone, ask};

#[test]
fn a_page_is_played_unless_there_is_a_call_or_nobody_is_to_be_disturbed() {
    let test = "a_page_is_played_unless_there_is_a_call_or_nobody_is_to_be_disturbed";
    among_devices(test, async |place| {
        let mut phone = start(&place).await;
        let ear = ear();
        let ann = Neighbour::start(&phone).await;
        ann.page().await;
        assert_eq!(heard(&mut phone).await, None);
        ear.hears(500);
        ann.pager.release().await.expect("it pages");
        phone.until(|event| *event == Event::PageEnded {}).await;
        ear.hears_nothing();

        ask(&phone, "dnd").await.expect("it is done");
        assert_eq!(ann.page_unplayed(&mut phone).await, "do not disturb");
        ask(&phone, "dnd off").await.expect("it is done");
        let calling = Somebody::new().dials(&phone).await;
        phone.until(|event| matches!(event, Event::Incoming { .. })).await;
        assert_eq!(ann.page_unplayed(&mut phone).await, "there is a call");
        calling.call.hang_up().await.expect("it rings");
        phone.until(|event| matches!(event, Event::Ended { .. })).await;
        ann.page().await;
        assert_eq!(heard(&mut phone).await, None);
        ear.hears(500);
    });
}

#[test]
fn neighbours_hear_the_microphone_and_files_until_the_user_or_a_call_ends_it() {
    let test = "neighbours_hear_the_microphone_and_files_until_the_user_or_a_call_ends_it";
    among_devices(test, async |place| {
        let mut phone = start(&place).await;
        let ann = Neighbour::start(&phone).await;
        let _speaking = hum("mouth", Hum::LOW);
        assert!(ask(&phone, "page off").await.expect_err("none").contains("begin with page"));
        ask(&phone, "page urgent").await.expect("it has a key");
        ann.hears(Hum::LOW.note()).await;
        assert!(ask(&phone, "page").await.expect_err("one").contains("page off"));
        ask(&phone, "page off").await.expect("it pages");
        assert_eq!(sent(&mut phone).await, None);
        ann.until_ended().await;

        let file = place.folder.join("note.wav");
        note(
            WavWriter::create(&file, Channels::Mono, 48_000, WavDepth::Int16)
                .expect("there is room"),
            500.0,
            3,
        );
        ask(&phone, &format!("page {}", file.display())).await.expect("it has a key");
        ann.hears(500).await;
        assert_eq!(sent(&mut phone).await, None);
        ann.until_ended().await;

        ask(&phone, "page").await.expect("it has a key");
        ann.hears(Hum::LOW.note()).await;
        let _calling = Somebody::new().dials(&phone).await;
        assert!(sent(&mut phone).await.expect("a call").contains("a call came"));
        ann.until_ended().await;
        assert!(ask(&phone, "page").await.expect_err("a call").contains("there is a call"));
    });
}

/// A phone with a key, connected to somebody.
async fn start(place: &Place) -> Phone {
    page_key::replace(&place.folder.join("page_key"), KEY).expect("the folder can be written to");
    place.phone().await
}

/// Returns why the page that begins is not played.
async fn heard(phone: &mut Phone) -> Option<String> {
    match phone.until(|event| matches!(event, Event::PageHeard { .. })).await {
        Event::PageHeard { name, unplayed, .. } => {
            assert_eq!(name.as_deref(), Some("Ann"));
            unplayed
        }
        other => panic!("{other:?}"),
    }
}

/// Returns why the page ended before its time.
async fn sent(phone: &mut Phone) -> Option<String> {
    match phone.until(|event| matches!(event, Event::PageSent { .. })).await {
        Event::PageSent { fault } => fault,
        other => panic!("{other:?}"),
    }
}

/// Somebody with the key.
struct Neighbour {
    _phone: (Other, Events),
    radio: Radio,
    pager: Pager,
    events: PagerEvents,
}

impl Neighbour {
    async fn start(phone: &Phone) -> Self {
        let builder = PhoneBuilder::new(Identity::generate(&mut OsRng))
            .interface(Interface::tcp_client(phone.address()));
        let destinations = builder.destinations();
        let (other, events) = builder.start().await.expect("it starts");
        let mut watch = other.watch();
        while watch.changed().await.expect("it runs").connections == 0 {}
        // A server that says nothing is connected to again.
        let packets =
            async || other.counters().await.expect("it runs").endpoint.map(|it| it.packets_in);
        while packets().await.unwrap_or_default() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        while phone.status().await.connections == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (radio, _) = RadioBuilder::new().start().expect("it starts");
        let config = PagerConfig::new("Ann").and_then(|it| it.group(KEY, PageRule::Play));
        let pager = PagerBuilder::new(config.expect("a name")).start(&destinations, &radio).await;
        let (pager, of_pager) = pager.expect("it starts");
        Self { _phone: (other, events), radio, pager, events: of_pager }
    }

    /// Pages a tone of 500 Hz.
    async fn page(&self) {
        let mut source = self.radio.audio_source(AudioFormat::PHONE).await.expect("it runs");
        tokio::spawn(async move {
            for block in 0.. {
                let at = block * 480;
                let pcm: Vec<f32> =
                    (at..at + 480).map(|moment| tone(moment, 500, 48_000)).collect();
                if source.write(&pcm).await.is_err() {
                    return;
                }
            }
        });
        self.pager.press(GroupId(0), false).await.expect("it has the key");
    }

    async fn page_unplayed(&self, phone: &mut Phone) -> String {
        self.page().await;
        let why = heard(phone).await;
        self.pager.release().await.expect("it pages");
        phone.until(|event| *event == Event::PageEnded {}).await;
        why.expect("it is not played")
    }

    async fn hears(&self, hz: u32) {
        let mut sink = self.radio.audio_sink(AudioFormat::PHONE).await.expect("it runs");
        let heard = async {
            let mut pcm = [0.0_f32; 4_800];
            while amplitude(&pcm, hz, 48_000) < 0.02 {
                sink.read(&mut pcm).await.expect("it runs");
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("the note is heard");
    }

    async fn until_ended(&self) {
        let ended = async {
            while !matches!(self.events.next().await.expect("it runs"), PagerEvent::Ended(_)) {}
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("the page ends");
    }
}

const KEY: PageKey = PageKey([7; 32]);
const PATIENCE: Duration = Duration::from_secs(60);
