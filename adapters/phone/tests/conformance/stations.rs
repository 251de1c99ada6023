//! Stations, their relays and their listeners on phones.

use futures_lite::future::or;
use lxst_phone::reticulum::name_hash;
use lxst_phone::rooms::wire::{AnnouncedStation, Program, StationKind};
use lxst_phone::rooms::{
    CloseReason, InputError, StationConfig, StationEvent, StationProfile, TunerEvent,
};
use lxst_phone::{
    AudioFormat, Class, DestinationError, IdentityHash, LinkClosed, Profile, Radio, RadioBuilder,
    Station, StationBuilder, StationError, StationEvents, Tuner, TunerBuilder, TunerEvents,
};

use crate::node::{Node, stop};
use crate::support::sound::{hear, speak_of};
use crate::support::{TestRuntime, eventually, within};

on_each_runtime!(
    a_tone_is_heard_by_listeners_and_through_a_relay_until_the_station_ends,
    a_tuner_tunes_in_again_when_its_station_comes_back,
    a_station_is_announced_as_what_it_is,
    a_station_that_is_full_says_so,
    a_listener_that_floods_the_station_takes_nothing_from_another,
    what_cannot_be_is_refused_and_what_is_over_says_so,
);

async fn a_tone_is_heard_by_listeners_and_through_a_relay_until_the_station_ends<R: TestRuntime>(
    rt: R,
) {
    let host = Node::start(&rt, None).await;
    let relay = Node::start(&rt, Some(&host)).await;
    let (station, events) = host.station("Radio", StationProfile::Voice(VOICE)).await;
    let transmitter = transmit(&rt, &station).await;

    let [one, other] = [Listener::start(&rt, &host).await, Listener::start(&rt, &host).await];
    let (repeater, of_repeater) = relay.station("Repeater", StationProfile::MusicHigh).await;
    let far = Listener::start(&rt, &relay).await;
    repeater.relay(host.identity()).await.unwrap();
    for (listener, path) in [
        (&one, vec![host.identity()]),
        (&other, vec![host.identity()]),
        (&far, vec![host.identity(), relay.identity()]),
    ] {
        let program = listener.program(&rt, |program| program.path == path).await;
        let (profile, is_on_air) = (StationProfile::Voice(VOICE), true);
        assert_eq!(program, Program { name: "Radio".into(), profile, path, is_on_air });
        listener.hear(&rt).await;
    }
    let status = station.status().await.unwrap();
    assert_eq!((status.listeners.len(), status.unsent), (3, 0));

    // A listener leaves. The others hear on.
    one.tuner.leave().await.unwrap();
    assert_eq!(one.closed(&rt).await, (CloseReason::Left, false));
    until(&rt, &events, |event| matches!(event, StationEvent::TunedOut { .. })).await;
    assert_eq!(station.status().await.unwrap().listeners.len(), 2);
    other.hear(&rt).await;
    far.hear(&rt).await;

    // The station ends. Its listeners are told, and those of the relay.
    within(&rt, "the station ends", station.shutdown()).await;
    assert_eq!(other.closed(&rt).await, (CloseReason::Closed(LinkClosed::Peer), true));
    let lost = |event: &StationEvent| matches!(event, StationEvent::SourceClosed { .. });
    until(&rt, &of_repeater, lost).await;
    let silent = far.program(&rt, |program| !program.is_on_air).await;
    assert_eq!((&*silent.name, silent.path), ("Repeater", vec![relay.identity()]));
    assert!(matches!(station.status().await, Err(StationError::Ended)));

    within(&rt, "the relay ends", repeater.shutdown()).await;
    within(&rt, "the radio ends", transmitter.shutdown()).await;
    for listener in [one, other, far] {
        listener.stop(&rt).await;
    }
    stop([relay, host]).await;
}

async fn a_tuner_tunes_in_again_when_its_station_comes_back<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let (station, _events) = host.station("Radio", StationProfile::MusicLow).await;
    let listener = Listener::start(&rt, &host).await;
    listener.program(&rt, |program| program.profile == StationProfile::MusicLow).await;
    // The last handle of a station ends it.
    drop(station);
    assert_eq!(listener.closed(&rt).await, (CloseReason::Closed(LinkClosed::Peer), true));
    let mut again = None;
    eventually(&rt, async || {
        again = host.start_station("Radio", StationProfile::MusicHigh).await.ok();
        again.is_some()
    })
    .await;
    let (station, _events) = again.unwrap();
    let transmitter = transmit(&rt, &station).await;
    listener.program(&rt, |program| program.profile == StationProfile::MusicHigh).await;
    listener.hear(&rt).await;
    // A radio that shuts down takes its tuner along.
    within(&rt, "the radio ends", listener.radio.shutdown()).await;
    eventually(&rt, async || station.status().await.unwrap().listeners.is_empty()).await;
    assert!(matches!(listener.tuner.leave().await, Err(StationError::Ended)));
    within(&rt, "the radio ends", transmitter.shutdown()).await;
    stop([listener.node, host]).await;
}

async fn a_station_is_announced_as_what_it_is<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let visitor = Node::start(&rt, Some(&host)).await;
    let announces = visitor.destinations.hear(name_hash("lxst.station")).await.unwrap();
    let (station, _events) = host.station("Radio", StationProfile::MusicMedium).await;
    for kind in [StationKind::Origin, StationKind::Relay] {
        if kind == StationKind::Relay {
            station.relay(visitor.identity()).await.unwrap();
            // What changed is announced by itself a minute later at the latest.
            station.announce().await.unwrap();
        }
        let heard = within(&rt, "it is announced", announces.next()).await.unwrap();
        assert_eq!(heard.destination, station.destination());
        let announced = AnnouncedStation::from_app_data(&heard.app_data.unwrap()).unwrap();
        let profile = Some(StationProfile::MusicMedium);
        assert_eq!(announced, AnnouncedStation { name: "Radio".into(), kind, profile });
    }
    station.stop_relay().await.unwrap();
    drop(station);
    stop([visitor, host]).await;
}

async fn a_station_that_is_full_says_so<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let config = StationConfig::new(host.identity(), "Radio", StationProfile::MusicHigh);
    let config = config.unwrap().listeners(1, 1).unwrap();
    let builder = StationBuilder::<R>::new(config);
    let (station, events) = builder.start(&host.destinations).await.unwrap();
    let first = Listener::start(&rt, &host).await;
    first.program(&rt, |program| program.is_on_air).await;
    let second = Listener::start(&rt, &host).await;
    let (reason, is_tried_again) = second.closed(&rt).await;
    assert_eq!(reason, CloseReason::Refused("the station is full".into()));
    assert!(is_tried_again);
    until(&rt, &events, |event| matches!(event, StationEvent::Refused { .. })).await;
    assert_eq!(station.status().await.unwrap().counters.refused, 1);
    // Its place is free once the first one has gone.
    first.stop(&rt).await;
    second.program(&rt, |program| program.is_on_air).await;
    second.stop(&rt).await;
    stop([host]).await;
}

async fn a_listener_that_floods_the_station_takes_nothing_from_another<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let (station, _events) = host.station("Radio", StationProfile::Voice(VOICE)).await;
    let transmitter = transmit(&rt, &station).await;
    let flooder = Node::start(&rt, Some(&host)).await;
    // What it is sent is never read.
    let link = flooder.destinations.open(station.destination()).await.unwrap();
    let listener = Listener::start(&rt, &host).await;
    listener.program(&rt, |program| program.is_on_air).await;
    let flood = async {
        loop {
            link.send(Class::Media, [0; 64]).await.unwrap();
        }
    };
    or(listener.hear(&rt), flood).await;
    let dropped = async || station.status().await.unwrap().counters.packets;
    eventually(&rt, async || dropped().await > 0).await;
    assert_eq!(station.status().await.unwrap().listeners.len(), 2);
    drop(link);
    eventually(&rt, async || station.status().await.unwrap().listeners.len() == 1).await;
    listener.stop(&rt).await;
    within(&rt, "the radio ends", transmitter.shutdown()).await;
    stop([flooder, host]).await;
}

async fn what_cannot_be_is_refused_and_what_is_over_says_so<R: TestRuntime>(rt: R) {
    let host = Node::start(&rt, None).await;
    let config = StationConfig::new(IdentityHash([7; 16]), "Radio", StationProfile::MusicHigh);
    let of_another = StationBuilder::<R>::new(config.unwrap()).start(&host.destinations).await;
    assert!(matches!(of_another, Err(StationError::OtherIdentity)), "{of_another:?}");
    let (station, events) = host.station("Radio", StationProfile::Voice(VOICE)).await;
    let again = host.start_station("Radio", StationProfile::MusicHigh).await;
    assert!(matches!(again, Err(StationError::Destination(DestinationError::Taken))), "{again:?}");

    let refused = |result: Result<(), StationError>| match result {
        Err(StationError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(station.relay(host.identity()).await), InputError::OwnStation);
    assert_eq!(refused(station.stop_relay().await), InputError::NotJoined);

    // A frame of another format than the station's is not sent.
    let transmitter = transmit(&rt, &station).await;
    transmitter.set_format(Profile::MediumQuality).await.unwrap();
    eventually(&rt, async || station.status().await.unwrap().unsent > 0).await;
    within(&rt, "the radio ends", transmitter.shutdown()).await;
    assert!(matches!(station.play(&transmitter).await, Err(StationError::Radio(_))));

    // A phone that shuts down ends its stations and tuners.
    let listener = Listener::start(&rt, &host).await;
    assert!(matches!(listener.tuner.tune(host.identity()).await, Ok(())));
    host.app.shutdown().await;
    let ended = async { while events.next().await.is_some() {} };
    within(&rt, "the events of the station end", ended).await;
    assert!(matches!(station.announce().await, Err(StationError::Ended)));
    listener.node.app.shutdown().await;
    let ended = async { while listener.events.next().await.is_some() {} };
    within(&rt, "the events of the tuner end", ended).await;
    within(&rt, "the radio ends", listener.radio.shutdown()).await;
}

impl<R: TestRuntime> Node<R> {
    async fn station(&self, name: &str, profile: StationProfile) -> (Station, StationEvents) {
        self.start_station(name, profile).await.unwrap()
    }

    async fn start_station(
        &self,
        name: &str,
        profile: StationProfile,
    ) -> Result<(Station, StationEvents), StationError> {
        let config = StationConfig::new(self.identity(), name, profile).unwrap();
        StationBuilder::<R>::new(config).start(&self.destinations).await
    }
}

/// A listener on a phone of its own.
struct Listener<R> {
    node: Node<R>,
    radio: Radio,
    tuner: Tuner,
    events: TunerEvents,
}

impl<R: TestRuntime> Listener<R> {
    /// A listener that is tuned to the station of a node.
    async fn start(rt: &R, station: &Node<R>) -> Self {
        let node = Node::start(rt, Some(station)).await;
        let (radio, _) = RadioBuilder::<R>::new().start().unwrap();
        let (tuner, events) = TunerBuilder::<R>::new().start(&node.destinations, &radio);
        tuner.tune(station.identity()).await.unwrap();
        Self { node, radio, tuner, events }
    }

    async fn program(&self, rt: &R, is: impl Fn(&Program) -> bool) -> Program {
        let told = async {
            loop {
                match self.events.next().await.unwrap() {
                    TunerEvent::Program(program) if is(&program) => return program,
                    _ => {}
                }
            }
        };
        within(rt, "the program is told", told).await
    }

    /// Returns why the link closed, and whether the tuner tunes in again.
    async fn closed(&self, rt: &R) -> (CloseReason, bool) {
        let closed = async {
            loop {
                if let TunerEvent::Closed { reason, again } = self.events.next().await.unwrap() {
                    return (reason, again.is_some());
                }
            }
        };
        within(rt, "the link closes", closed).await
    }

    async fn hear(&self, rt: &R) {
        let mut speaker = self.radio.audio_sink(AudioFormat::PHONE).await.unwrap();
        hear::<R, f32>(rt, &mut speaker, 960).await;
    }

    async fn stop(self, rt: &R) {
        within(rt, "the tuner ends", self.tuner.shutdown()).await;
        within(rt, "the radio ends", self.radio.shutdown()).await;
        stop([self.node]).await;
    }
}

/// Plays a tone at a station.
async fn transmit<R: TestRuntime>(rt: &R, station: &Station) -> Radio {
    let (radio, _) = RadioBuilder::<R>::new().start().unwrap();
    station.play(&radio).await.unwrap();
    speak_of(rt, radio.audio_source(AudioFormat::PHONE).await.unwrap(), 500);
    radio.press_to_talk().await.unwrap();
    radio
}

async fn until<R: TestRuntime>(
    rt: &R,
    events: &StationEvents,
    is: impl Fn(&StationEvent) -> bool,
) -> StationEvent {
    let found = async {
        loop {
            let event = events.next().await.unwrap();
            if is(&event) {
                return event;
            }
        }
    };
    within(rt, "the event comes", found).await
}

const VOICE: Profile = Profile::LowLatency;
