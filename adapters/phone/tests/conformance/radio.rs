//! Radios on links and channels of phones.

use std::time::Duration;

use lxst_phone::reticulum::{Channel, DestinationConfig, name_hash};
use lxst_phone::talk::{Config, Event, Format};
use lxst_phone::{
    AudioFormat, Class, CodecProfile, Destinations, Identity, Interface, LinkId, OsRng, Phone,
    PhoneBuilder, Profile, Radio, RadioBuilder, RadioError, RadioEvent, RadioEvents, RadioPort,
};

use crate::support::sound::{Tone, hear};
use crate::support::{TestRuntime, eventually, pause, within};

on_each_runtime!(
    a_talk_on_a_link_is_heard_from_its_beginning_to_its_end,
    music_goes_to_each_link_and_a_listener_who_leaves_is_told,
    a_radio_talks_on_a_plain_channel,
    a_slow_link_loses_frames_and_the_others_none,
    what_cannot_be_sent_is_refused_and_a_radio_that_is_over_says_so,
);

async fn a_talk_on_a_link_is_heard_from_its_beginning_to_its_end<R: TestRuntime>(rt: R) {
    let net = Net::start(&rt).await;
    let (walkie, _) = radio::<R>(Profile::LowLatency);
    let (talkie, events) = radio::<R>(Profile::LowLatency);
    net.join(&rt, &walkie, &talkie).await;
    let mut speaker = talkie.audio_sink(AudioFormat::PHONE).await.unwrap();
    let mut microphone = walkie.audio_source(AudioFormat::PHONE).await.unwrap();
    // What is written before the button is pressed is sent then.
    let sound = Tone::new(AudioFormat::PHONE).block::<f32>(48_000);
    microphone.write(&sound[..9_600]).await.unwrap();
    pause(&rt, Duration::from_millis(100)).await;
    assert_eq!(walkie.counters().await.unwrap().media_packets_sent, 0);
    walkie.press_to_talk().await.unwrap();
    microphone.write(&sound[9_600..]).await.unwrap();
    hear::<R, f32>(&rt, &mut speaker, 960).await;
    within(&rt, "all is sent", microphone.drain()).await.unwrap();
    walkie.release().await.unwrap();
    let talking = until(&rt, &events, |event| matches!(event, Event::Talking { .. })).await;
    assert!(matches!(talking, Event::Talking { link: LinkId(1), speaker: None, .. }));
    until(&rt, &events, |event| matches!(event, Event::TalkEnded { .. })).await;
    let counters = talkie.counters().await.unwrap();
    assert!((50..=52).contains(&counters.frames_received), "{}", counters.frames_received);
    stop(&rt, [walkie, talkie]).await;
    net.stop().await;
}

async fn music_goes_to_each_link_and_a_listener_who_leaves_is_told<R: TestRuntime>(rt: R) {
    let net = Net::start(&rt).await;
    let (station, of_station) = radio::<R>(CodecProfile::AudioHigh);
    let listeners = [(); 2].map(|()| radio::<R>(Profile::MediumQuality));
    for (listener, _) in &listeners {
        net.join(&rt, &station, listener).await;
    }
    let mut music = station.audio_source(AudioFormat::PHONE).await.unwrap();
    station.press_to_talk().await.unwrap();
    for (listener, _) in &listeners {
        let mut speaker = listener.audio_sink(AudioFormat::PHONE).await.unwrap();
        let mut tone = Tone::new(AudioFormat::PHONE);
        let played = async {
            loop {
                music.write(&tone.block::<f32>(960)).await.unwrap();
            }
        };
        let heard = hear::<R, f32>(&rt, &mut speaker, 960);
        futures_lite::future::or(heard, played).await;
    }
    assert_eq!(station.links().len(), 2);
    let [(one, _), (other, _)] = listeners;
    stop(&rt, [one]).await;
    let closed = within(&rt, "the link closes", closed(&of_station)).await;
    assert_eq!(closed, LinkId(1));
    assert_eq!(station.links(), [LinkId(2)]);
    stop(&rt, [station, other]).await;
    net.stop().await;
}

async fn a_radio_talks_on_a_plain_channel<R: TestRuntime>(rt: R) {
    let net = Net::start(&rt).await;
    let (walkie, _) = radio::<R>(Profile::MediumQuality);
    let (talkie, _events) = radio::<R>(Profile::MediumQuality);
    for (radio, (_, destinations)) in [(&walkie, &net.alice), (&talkie, &net.bob)] {
        let channel = Channel::Plain(name_hash("example.intercom"));
        radio.on_channel(destinations.join(channel).await.unwrap());
    }
    let mut speaker = talkie.audio_sink(AudioFormat::PHONE).await.unwrap();
    let mut microphone = walkie.audio_source(AudioFormat::PHONE).await.unwrap();
    walkie.press_to_talk().await.unwrap();
    let mut tone = Tone::new(AudioFormat::PHONE);
    microphone.write(&tone.block::<f32>(96_000)).await.unwrap();
    hear::<R, f32>(&rt, &mut speaker, 960).await;
    stop(&rt, [walkie, talkie]).await;
    net.stop().await;
}

async fn a_slow_link_loses_frames_and_the_others_none<R: TestRuntime>(rt: R) {
    let (radio, _) = radio::<R>(Profile::LowLatency);
    let (slow, quick) = (radio.port(431), radio.port(431));
    let mut microphone = radio.audio_source(AudioFormat::PHONE).await.unwrap();
    radio.press_to_talk().await.unwrap();
    let frames = RadioPort::PACKETS + 8;
    let written = async {
        let sound = Tone::new(AudioFormat::PHONE).block::<f32>(frames * 960);
        microphone.write(&sound).await.unwrap();
        microphone.drain().await.unwrap();
        radio.release().await.unwrap();
        std::future::pending().await
    };
    let taken = async {
        let mut taken = 0;
        loop {
            match quick.next().await.unwrap().class {
                Class::Media => taken += 1,
                // The end of the talk.
                Class::Signal => return taken,
            }
        }
    };
    let talked = futures_lite::future::or(taken, written);
    let taken = within(&rt, "the talk ends", talked).await;
    // The button is released a moment after all is sent.
    assert!(taken >= frames, "{taken}");
    let waited = taken + 1 - RadioPort::PACKETS;
    assert_eq!((quick.lost(), slow.lost()), (0, waited as u64));
    for _ in 0..RadioPort::PACKETS - 1 {
        assert_eq!(slow.next().await.unwrap().class, Class::Media);
    }
    assert_eq!(slow.next().await.unwrap().class, Class::Signal, "the end is not lost");
    drop((slow, quick));
    stop(&rt, [radio]).await;
}

async fn what_cannot_be_sent_is_refused_and_a_radio_that_is_over_says_so<R: TestRuntime>(rt: R) {
    if cfg!(not(any(feature = "codec2", feature = "codec2-system"))) {
        let refused = RadioBuilder::<R>::new().format(CodecProfile::Codec2At700).start();
        assert!(matches!(refused, Err(RadioError::Codec(_))), "{refused:?}");
    }
    let (radio, events) = radio::<R>(Profile::MediumQuality);
    let talker = lxst_phone::StreamId(7);
    assert!(matches!(radio.mute(talker).await, Err(RadioError::Refused(_))));
    let port = radio.port(431);
    port.give(&b"no packet"[..]);
    until(&rt, &events, |event| matches!(event, Event::Dropped { link: LinkId(1), .. })).await;
    let over = radio.clone();
    let ending = async { radio.shutdown().await };
    let left = async {
        assert_eq!(port.next().await, None);
        drop(port);
        std::future::pending().await
    };
    within(&rt, "the radio ends", futures_lite::future::or(ending, left)).await;
    assert!(matches!(over.press_to_talk().await, Err(RadioError::ShutDown)));
    assert!(over.audio_sink(AudioFormat::PHONE).await.is_err());
    eventually(&rt, async || events.next().await.is_none()).await;
    over.shutdown().await;
}

/// Two phones on a line, of which Bob serves a destination.
struct Net {
    alice: (Phone, Destinations),
    bob: (Phone, Destinations),
    served: lxst_phone::Served,
}

impl Net {
    async fn start<R: TestRuntime>(_: &R) -> Self {
        let phones = Interface::<R>::pair("a line").map(|interface| {
            let builder = PhoneBuilder::<R>::new(Identity::generate(&mut OsRng));
            let builder = builder.interface(interface);
            (builder.destinations(), builder)
        });
        let mut started = Vec::new();
        for (destinations, builder) in phones {
            started.push((builder.start().await.unwrap().0, destinations));
        }
        let (bob, alice) = (started.pop().unwrap(), started.pop().unwrap());
        let talk = DestinationConfig::new(name_hash("example.talk"));
        let served = bob.1.serve(talk).await.unwrap();
        Self { alice, bob, served }
    }

    /// Joins a radio of Alice's and one of Bob's by a link.
    async fn join<R: TestRuntime>(&self, rt: &R, alice: &Radio, bob: &Radio) {
        let open = self.alice.1.open(self.served.destination());
        alice.on_link(within(rt, "the link comes up", open).await.unwrap());
        bob.on_link(within(rt, "the link comes in", self.served.next()).await.unwrap());
    }

    async fn stop(self) {
        for (phone, _) in [self.alice, self.bob] {
            phone.shutdown().await;
        }
    }
}

fn radio<R: TestRuntime>(format: impl Into<Format>) -> (Radio, RadioEvents) {
    let config = Config { format: format.into(), ..Config::default() };
    RadioBuilder::<R>::new().config(config).start().unwrap()
}

async fn stop<R: TestRuntime, const N: usize>(rt: &R, radios: [Radio; N]) {
    for radio in radios {
        within(rt, "the radio ends", radio.shutdown()).await;
    }
}

async fn until<R: TestRuntime>(rt: &R, events: &RadioEvents, is: impl Fn(&Event) -> bool) -> Event {
    let found = async {
        loop {
            match events.next().await.unwrap() {
                RadioEvent::Talk(event) if is(&event) => return event,
                _ => {}
            }
        }
    };
    within(rt, "the event comes", found).await
}

async fn closed(events: &RadioEvents) -> LinkId {
    loop {
        if let RadioEvent::Closed(link) = events.next().await.unwrap() {
            return link;
        }
    }
}
