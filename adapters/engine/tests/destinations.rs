//! One endpoint that serves a phone and another app at once, in virtual time.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Handset, Pair};
use lxst_core::{Class, Destination, Event as CallEvent, LinkEvent, Profile};
use lxst_engine::{Config, Event as EngineEvent};
use lxst_reticulum::{DestinationConfig, Event, name_hash};

#[test]
fn a_call_and_the_links_of_another_app_go_over_one_endpoint_at_once() {
    let mut pair = Pair::new(|_| Config::default());
    let name = name_hash("lxst.room");
    let lobby = Destination { identity: pair.phones[BOB].engine.identity(), name };
    let now = pair.now;
    pair.phones[ALICE].engine.stack_mut().endpoint_mut().hear(name).unwrap();
    pair.phones[BOB].engine.with_stack(now, |links| {
        let room = DestinationConfig::new(name).app_data(b"lobby").unwrap();
        links.endpoint_mut().register(room).unwrap();
        links.endpoint_mut().announce(now, name);
    });
    pair.run(SECOND);
    let heard = app_events(&mut pair.phones[ALICE]);
    let [Event::Announced { identity, name: of, app_data: Some(app_data), .. }] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!((*identity, *of, &app_data[..]), (lobby.identity, name, &b"lobby"[..]));
    // As it begins, and again a second after its interface came up.
    let of_phone = |event: &EngineEvent| {
        let EngineEvent::Announced { identity, .. } = event else { return false };
        *identity == lobby.identity
    };
    let told = &pair.phones[ALICE].others;
    assert!(told.len() == 2 && told.iter().all(of_phone), "the phone hears of phones: {told:?}");

    pair.dial(Profile::MediumQuality);
    let now = pair.now;
    let open = |links: &mut lxst_reticulum::EndpointLinks| links.endpoint_mut().open(now, lobby);
    let link = pair.phones[ALICE].engine.with_stack(now, open);
    pair.run(SECOND);
    for n in 0..100 {
        let now = pair.now;
        pair.phones[ALICE].engine.with_stack(now, |links| {
            links.endpoint_mut().send(now, link, Class::Media, &[n]).expect("the link stands");
        });
        pair.run(Duration::from_millis(20));
    }

    let events = app_events(&mut pair.phones[BOB]);
    let is_in = |event: &Event| {
        let Event::Link { event: LinkEvent::Incoming { on, .. }, .. } = event else { return false };
        *on == lobby
    };
    assert_eq!(events.iter().filter(|event| is_in(event)).count(), 1);
    let packets = events.iter().filter_map(|event| match event {
        Event::Packet { data, .. } => Some(data[0]),
        _ => None,
    });
    assert!(packets.eq(0..100), "the app has its packets, and no voice");
    for phone in &pair.phones {
        let ended = phone.told.iter().any(|event| matches!(event, CallEvent::Ended { .. }));
        assert!(!ended && phone.engine.call().is_some(), "{:?}", phone.told);
        assert!(phone.heard > 2 * 48_000, "{} samples of voice", phone.heard);
    }
}

fn app_events(phone: &mut Handset) -> Vec<Event> {
    let links = phone.engine.stack_mut();
    std::iter::from_fn(|| links.poll_app_event()).collect()
}

const SECOND: Duration = Duration::from_secs(1);
