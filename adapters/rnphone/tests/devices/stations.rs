//! Stations at the speaker of a phone, and the station of a phone.

use std::time::Duration;

use lxst_audio::{Channels, WavDepth, WavWriter};
use lxst_sim::tone::{amplitude, tone};
use lxst_tokio::rooms::{StationConfig, StationProfile};
use lxst_tokio::{
    AudioFormat, Destinations, Events, Identity, Interface, OsRng, Phone as Other, PhoneBuilder,
    Radio, RadioBuilder, Station, StationBuilder, StationEvents, TunerBuilder,
};
use rnphone_rs::control::{Event, Reply, StationInfo};

use crate::place::{Somebody, among_devices, ear, note};
use crate::support::{Phone, ask};

#[test]
fn a_station_is_listed_and_heard_by_its_name_but_for_calls_until_it_is_left() {
    let test = "a_station_is_listed_and_heard_by_its_name_but_for_calls_until_it_is_left";
    among_devices(test, async |place| {
        let mut phone = place.phone().await;
        let ear = ear();
        let host = Host::start(&phone).await;
        let on_air = host.broadcast("Radio One").await;
        let listed = until_listed(&phone).await;
        assert_eq!((&*listed.name, listed.hash), ("Radio One", host.phone.identity()));
        assert_eq!((listed.hops, listed.is_relay), (1, false));

        ask(&phone, "tune radio one").await.expect("it is listed");
        let tuned = phone.until(|event| matches!(event, Event::Tuned { .. })).await;
        let Event::Tuned { name, is_on_air: true, .. } = tuned else { panic!("{tuned:?}") };
        assert_eq!(name, "Radio One");
        ear.hears(500);

        let calling = Somebody::new().dials(&phone).await;
        phone.until(|event| matches!(event, Event::Incoming { .. })).await;
        ear.hears_nothing();
        calling.call.hang_up().await.expect("it rings");
        phone.until(|event| matches!(event, Event::Tuned { .. })).await;
        ear.hears(500);

        ask(&phone, "tune off").await.expect("it is tuned");
        ear.hears_nothing();
        assert!(ask(&phone, "tune off").await.expect_err("left").contains("begin with tune"));

        // The station ends while it is heard.
        ask(&phone, "tune radio one").await.expect("it is listed");
        phone.until(|event| matches!(event, Event::Tuned { .. })).await;
        on_air.station.shutdown().await;
        let lost = phone.until(|event| matches!(event, Event::TuneLost { .. })).await;
        assert!(matches!(lost, Event::TuneLost { again_in_seconds: Some(_), .. }), "{lost:?}");
    });
}

#[test]
fn a_phone_broadcasts_a_file_to_those_who_tune_in() {
    among_devices("a_phone_broadcasts_a_file_to_those_who_tune_in", async |place| {
        let mut phone = place.phone().await;
        let host = Host::start(&phone).await;
        let file = place.folder.join("note.wav");
        let wav = WavWriter::create(&file, Channels::Mono, 48_000, WavDepth::Int16);
        note(wav.expect("the folder can be written to"), 500.0, 1);
        assert!(ask(&phone, "station off").await.expect_err("none").contains("station FILE"));
        let line = format!("station {}", file.display());
        ask(&phone, &line).await.expect("it is on the air");
        assert!(ask(&phone, &line).await.expect_err("one").contains("station off"));

        let (radio, _) = RadioBuilder::new().start().expect("it starts");
        let (tuner, _events) = TunerBuilder::new().start(&host.destinations, &radio);
        tuner.tune(phone.identity).await.expect("it runs");
        phone.until(|event| *event == Event::Listeners { count: 1 }).await;
        let mut sink = radio.audio_sink(AudioFormat::PHONE).await.expect("it runs");
        let heard = async {
            let mut pcm = [0.0_f32; 4_800];
            while amplitude(&pcm, 500, 48_000) < 0.1 {
                sink.read(&mut pcm).await.expect("it runs");
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("the note is heard");
        ask(&phone, "station off").await.expect("it was on the air");
        let broken = place.folder.join("none.wav");
        let line = format!("station {}", broken.display());
        assert!(ask(&phone, &line).await.expect_err("no file").contains("none.wav"));
    });
}

/// A phone beside the one that is tested.
struct Host {
    phone: Other,
    destinations: Destinations,
    _events: Events,
}

/// A station and its sound.
struct OnAir {
    station: Station,
    _events: StationEvents,
    _radio: Radio,
}

impl Host {
    async fn start(phone: &Phone) -> Self {
        let builder = PhoneBuilder::new(Identity::generate(&mut OsRng))
            .interface(Interface::tcp_client(phone.address()));
        let destinations = builder.destinations();
        let (phone, events) = builder.start().await.expect("it starts");
        let mut watch = phone.watch();
        while watch.changed().await.expect("it runs").connections == 0 {}
        // A server that says nothing is connected to again.
        let packets =
            async || phone.counters().await.expect("it runs").endpoint.map(|it| it.packets_in);
        while packets().await.unwrap_or_default() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { phone, destinations, _events: events }
    }

    /// Broadcasts a tone of 500 Hz.
    async fn broadcast(&self, name: &str) -> OnAir {
        let config = StationConfig::new(self.phone.identity(), name, StationProfile::MusicHigh);
        let builder = StationBuilder::new(config.expect("a name"));
        let (station, events) = builder.start(&self.destinations).await.expect("it starts");
        let (radio, _) = RadioBuilder::new().start().expect("it starts");
        station.play(&radio).await.expect("it runs");
        let mut source = radio.audio_source(AudioFormat::PHONE).await.expect("it runs");
        radio.press_to_talk().await.expect("it runs");
        tokio::spawn(async move {
            let second: Vec<f32> = (0..48_000).map(|moment| tone(moment, 500, 48_000)).collect();
            while source.write(&second).await.is_ok() {}
        });
        OnAir { station, _events: events, _radio: radio }
    }
}

async fn until_listed(phone: &Phone) -> StationInfo {
    let listed = async {
        loop {
            match ask(phone, "stations").await {
                Ok(Reply::Stations(stations)) if !stations.is_empty() => {
                    return stations[0].clone();
                }
                Ok(Reply::Stations(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, listed).await.expect("it announces itself")
}

const PATIENCE: Duration = Duration::from_secs(60);
