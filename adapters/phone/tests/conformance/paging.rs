//! Pages of phones that share a key.

use lxst_core::wire::Packet;
use lxst_phone::rooms::{
    GroupId, PageKey, PageRule, PagerConfig, PagerCounters, PagerError, PagerEvent,
};
use lxst_phone::{
    AudioFormat, DestinationError, Destinations, Interface, Pager, PagerBuilder, PagerEvents,
    PagingError, Radio, RadioBuilder,
};

use crate::support::sound::{hear, speak_of};
use crate::support::{App, TestRuntime, builder, eventually, tcp_server, within};

on_each_runtime!(
    all_neighbours_with_the_key_hear_a_page_and_nobody_else,
    a_pager_that_is_pressed_hears_no_page_and_can_be_pressed_again,
    a_pager_that_ends_in_the_middle_of_a_page_releases_the_radio,
    what_cannot_be_is_refused_and_what_is_over_says_so,
);

async fn all_neighbours_with_the_key_hear_a_page_and_nobody_else<R: TestRuntime>(rt: R) {
    let ann = Neighbour::start(&rt, "Ann", KEY, None).await;
    let [bob, cid] = [
        Neighbour::start(&rt, "Bob", KEY, Some(&ann)).await,
        Neighbour::start(&rt, "Cid", KEY, Some(&ann)).await,
    ];
    let eve = Neighbour::start(&rt, "Eve", OTHER_KEY, Some(&ann)).await;

    speak_of(&rt, ann.radio.audio_source(AudioFormat::PHONE).await.unwrap(), 500);
    ann.pager.press(GroupId(0), false).await.unwrap();
    for neighbour in [&bob, &cid] {
        let (name, is_urgent) = neighbour.began(&rt).await;
        assert_eq!((name.as_deref(), is_urgent), (Some("Ann"), false));
        neighbour.hear(&rt).await;
    }
    within(&rt, "the page is released", ann.pager.release()).await.unwrap();
    bob.ended(&rt).await;
    cid.ended(&rt).await;
    eventually(&rt, async || eve.counters().await.foreign > 0).await;
    let counters = eve.counters().await;
    let PagerCounters { malformed, stale, repeated, refused, unheard, .. } = counters;
    assert_eq!([malformed, stale, repeated, refused, unheard], [0; 5]);

    for neighbour in [bob, cid, eve] {
        within(&rt, "the pager ends", neighbour.pager.shutdown()).await;
        let told = within(&rt, "the events end", neighbour.events.next()).await;
        assert_eq!(told, None, "nothing more is heard");
        neighbour.stop(&rt).await;
    }
    ann.stop(&rt).await;
}

async fn a_pager_that_is_pressed_hears_no_page_and_can_be_pressed_again<R: TestRuntime>(rt: R) {
    let ann = Neighbour::start(&rt, "Ann", KEY, None).await;
    let bob = Neighbour::start(&rt, "Bob", KEY, Some(&ann)).await;
    for neighbour in [&ann, &bob] {
        speak_of(&rt, neighbour.radio.audio_source(AudioFormat::PHONE).await.unwrap(), 500);
        neighbour.pager.press(GroupId(0), true).await.unwrap();
    }
    eventually(&rt, async || ann.counters().await.unheard > 0).await;
    within(&rt, "Bob releases", bob.pager.release()).await.unwrap();
    within(&rt, "Ann releases", ann.pager.release()).await.unwrap();
    for _ in 0..2 {
        ann.pager.press(GroupId(0), true).await.unwrap();
        let (_, is_urgent) = bob.began(&rt).await;
        assert!(is_urgent);
        bob.hear(&rt).await;
        within(&rt, "Ann releases", ann.pager.release()).await.unwrap();
        bob.ended(&rt).await;
    }
    for neighbour in [bob, ann] {
        neighbour.stop(&rt).await;
    }
}

async fn a_pager_that_ends_in_the_middle_of_a_page_releases_the_radio<R: TestRuntime>(rt: R) {
    let ann = Neighbour::start(&rt, "Ann", KEY, None).await;
    let port = ann.radio.port(400);
    speak_of(&rt, ann.radio.audio_source(AudioFormat::PHONE).await.unwrap(), 500);
    ann.pager.press(GroupId(0), false).await.unwrap();
    within(&rt, "the radio talks", port.next()).await.unwrap();
    within(&rt, "the pager ends", ann.pager.shutdown()).await;
    let ended = async {
        loop {
            let packet = port.next().await.unwrap();
            if Packet::parse(&packet.data).unwrap().talk_end().is_some() {
                return;
            }
        }
    };
    within(&rt, "the talk ends", ended).await;
    ann.stop(&rt).await;
}

async fn what_cannot_be_is_refused_and_what_is_over_says_so<R: TestRuntime>(rt: R) {
    let ann = Neighbour::start(&rt, "Ann", KEY, None).await;
    let again = PagerBuilder::<R>::new(PagerConfig::new("Ann").unwrap())
        .start(&ann.destinations, &ann.radio)
        .await;
    assert!(matches!(again, Err(PagingError::Destination(DestinationError::Taken))), "{again:?}");
    let refused = |result: Result<(), PagingError>| match result {
        Err(PagingError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(ann.pager.release().await), PagerError::NotPressed);
    assert_eq!(refused(ann.pager.press(GroupId(1), false).await), PagerError::UnknownGroup);
    ann.pager.press(GroupId(0), false).await.unwrap();
    assert_eq!(refused(ann.pager.press(GroupId(0), false).await), PagerError::Pressed);
    // Without a source there is no last frame to wait for.
    within(&rt, "the page is released", ann.pager.release()).await.unwrap();

    ann.app.shutdown().await;
    let ended = async { while ann.events.next().await.is_some() {} };
    within(&rt, "the events of the pager end", ended).await;
    assert!(matches!(ann.pager.press(GroupId(0), false).await, Err(PagingError::Ended)));
    within(&rt, "the radio ends", ann.radio.shutdown()).await;
}

/// A phone with a pager.
struct Neighbour<R> {
    app: App<R>,
    destinations: Destinations,
    radio: Radio,
    pager: Pager,
    events: PagerEvents,
}

impl<R: TestRuntime> Neighbour<R> {
    async fn start(rt: &R, name: &str, key: PageKey, beside: Option<&Self>) -> Self {
        let mut builder = builder();
        builder = match beside {
            Some(other) => builder.interface(Interface::tcp_client(other.app.address())),
            None => builder.interface(tcp_server()),
        };
        let destinations = builder.destinations();
        let before = beside.map(|other| other.app.phone.state().connections);
        let app = App::start(rt, builder).await;
        if let (Some(other), Some(before)) = (beside, before) {
            app.until_connected().await;
            other.app.until_state(|state| state.connections > before).await;
            // A server that says nothing is connected to again, and no page is heard meanwhile.
            other.app.phone.announce().await.unwrap();
            let heard = async || app.counters().await.endpoint.unwrap().packets_in > 0;
            eventually(rt, heard).await;
        }
        let (radio, _) = RadioBuilder::<R>::new().start().unwrap();
        let config = PagerConfig::new(name).unwrap().group(key, PageRule::Play).unwrap();
        let pager = PagerBuilder::<R>::new(config).start(&destinations, &radio).await;
        let (pager, events) = pager.unwrap();
        Self { app, destinations, radio, pager, events }
    }

    async fn began(&self, rt: &R) -> (Option<String>, bool) {
        match within(rt, "a page begins", self.events.next()).await.unwrap() {
            PagerEvent::Began { name, is_urgent, .. } => (name, is_urgent),
            other => panic!("{other:?}"),
        }
    }

    async fn ended(&self, rt: &R) {
        let event = within(rt, "the page ends", self.events.next()).await;
        assert!(matches!(event, Some(PagerEvent::Ended(_))), "{event:?}");
    }

    async fn hear(&self, rt: &R) {
        let mut speaker = self.radio.audio_sink(AudioFormat::PHONE).await.unwrap();
        hear::<R, f32>(rt, &mut speaker, 960).await;
    }

    async fn counters(&self) -> PagerCounters {
        self.pager.counters().await.unwrap()
    }

    async fn stop(self, rt: &R) {
        within(rt, "the pager ends", self.pager.shutdown()).await;
        within(rt, "the radio ends", self.radio.shutdown()).await;
        self.app.shutdown().await;
    }
}

const KEY: PageKey = PageKey([7; 32]);
const OTHER_KEY: PageKey = PageKey([8; 32]);
