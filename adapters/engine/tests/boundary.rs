//! The boundary to a Reticulum stack of the app's, in virtual time: its age, its order, its names.

#![cfg(feature = "opus")]

use std::time::Duration;

use bytes::Bytes;
use lxst_core::limits::MEDIA_AGE;
use lxst_core::wire::{Signal, encode_signals};
use lxst_core::{
    CallState, Class, Destination, DisplayName, IdentityHash, Instant, LinkClosed, LinkEvent,
    LinkId, LinkRequest, Mode, Profile, Stack, StackEvent,
};
use lxst_engine::{Config, Engine, Ids, LinkCommand, LinkNames, LinkQueue};

#[test]
fn media_that_the_app_does_not_take_is_dropped_by_its_age_and_counted() {
    let mut queue = LinkQueue::new(US);
    queue.send(at(0), LINK, Class::Media, b"old");
    queue.send(at(10), LINK, Class::Signal, b"signal");
    queue.send(at(150), LINK, Class::Media, b"young");
    assert_eq!(queue.poll_timeout(), Some(Instant::ORIGIN + MEDIA_AGE));

    queue.handle_timeout(at(199));
    assert_eq!(queue.media_dropped(), 0);
    queue.handle_timeout(at(200));
    assert_eq!(queue.media_dropped(), 1);
    assert_eq!(queue.counters().media_dropped, 1);
    let left: Vec<LinkCommand> = std::iter::from_fn(|| queue.poll_command()).collect();
    assert_eq!(left, [send(Class::Signal, b"signal"), send(Class::Media, b"young")]);
    assert_eq!(queue.poll_timeout(), None);
}

#[test]
fn the_engine_drops_late_media_when_its_timeout_is_due() {
    let mut engine = Engine::new(Config::default(), LinkQueue::new(US));
    engine.with_stack(at(0), |queue| queue.send(at(0), LINK, Class::Media, b"voice"));
    while let Some(due) = engine.poll_timeout().filter(|due| *due <= at(200)) {
        engine.handle_timeout(due);
    }
    assert_eq!(engine.stack().media_dropped(), 1);
}

#[test]
fn what_comes_before_its_link_waits_for_it_and_keeps_its_order() {
    let mut queue = LinkQueue::new(US);
    queue.push(at(0), identified(LINK));
    queue.push(at(10), packet(LINK, b"1"));
    queue.push(at(20), packet(LINK, b"2"));
    assert_eq!(events(&mut queue), []);
    queue.push(at(999), incoming(LINK));
    let ordered = [incoming(LINK), identified(LINK), packet(LINK, b"1"), packet(LINK, b"2")];
    assert_eq!(events(&mut queue), ordered);

    // An end, too.
    queue.push(at(1_000), closed(OTHER));
    queue.push(at(1_001), incoming(OTHER));
    assert_eq!(events(&mut queue), [incoming(OTHER), closed(OTHER)]);
    queue.handle_timeout(at(10_000));
    assert_eq!(queue.counters().reports_dropped, 0);
}

#[test]
fn what_comes_before_a_link_of_ours_is_up_waits_for_it() {
    let mut queue = LinkQueue::new(US);
    queue.request(at(0), LINK, LinkRequest::Open(Destination::telephony(PEER)));
    queue.push(at(10), packet(LINK, b"1"));
    assert_eq!(events(&mut queue), []);
    queue.push(at(15_000), up(LINK));
    assert_eq!(events(&mut queue), [up(LINK), packet(LINK, b"1")]);
}

#[test]
fn what_waits_in_vain_is_dropped_after_a_second_and_counted() {
    let mut queue = LinkQueue::new(US);
    queue.push(at(0), identified(LINK));
    queue.push(at(500), packet(LINK, b"1"));
    queue.push(at(700), identified(OTHER));
    assert_eq!(queue.poll_timeout(), Some(at(1_000)));
    queue.handle_timeout(at(1_000));
    assert_eq!(queue.counters().reports_dropped, 2);
    queue.push(at(1_001), incoming(LINK));
    assert_eq!(events(&mut queue), [incoming(LINK)]);
    assert_eq!(queue.poll_timeout(), Some(at(1_700)));
}

#[test]
fn strangers_who_flood_take_neither_each_others_share_nor_that_of_our_links() {
    let mut queue = LinkQueue::new(US);
    let ours = LinkId(1_000);
    queue.request(at(0), ours, LinkRequest::Open(Destination::telephony(PEER)));
    queue.push(at(0), packet(ours, b"available"));
    for link in (0..200).map(LinkId) {
        (0..10).for_each(|_| queue.push(at(0), packet(link, b"flood")));
    }
    // 200 links with 10 packets each: 4 of each wait, of the latest 64.
    assert_eq!(queue.counters().reports_dropped, 200 * 10 - 64 * 4);

    // Somebody honest comes in the middle of it, and nearly as many links as there is room for follow.
    queue.push(at(1), identified(LinkId(500)));
    for link in (501..564).map(LinkId) {
        queue.push(at(1), packet(link, b"flood"));
    }
    queue.push(at(1), incoming(LinkId(500)));
    assert_eq!(events(&mut queue), [incoming(LinkId(500)), identified(LinkId(500))]);
    queue.push(at(2), up(ours));
    assert_eq!(events(&mut queue), [up(ours), packet(ours, b"available")]);
}

#[test]
fn an_open_that_waits_goes_together_with_its_close() {
    let mut queue = LinkQueue::new(US);
    let open = LinkRequest::Open(Destination::telephony(PEER));
    queue.request(at(0), LINK, open);
    queue.request(at(1), OTHER, open);
    queue.request(at(2), LINK, LinkRequest::Close);
    let left = [LinkCommand::Link { link: OTHER, request: open }];
    assert_eq!(std::iter::from_fn(|| queue.poll_command()).collect::<Vec<_>>(), left);
}

#[test]
fn a_link_that_comes_up_after_its_close_is_closed_again() {
    let mut engine = Engine::new(Config::default(), LinkQueue::new(US));
    let call = engine.dial(at(0), PEER, Profile::MediumQuality, Mode::FullDuplex).unwrap();
    let Some(LinkCommand::Link { link, request: LinkRequest::Open(_) }) =
        engine.stack_mut().poll_command()
    else {
        panic!("a link is asked for");
    };
    engine.command(at(10), lxst_core::Command::HangUp(call)).unwrap();
    let close = Some(LinkCommand::Link { link, request: LinkRequest::Close });
    assert_eq!(engine.stack_mut().poll_command(), close);

    // The stack had begun.
    engine.with_stack(at(20), |queue| queue.push(at(20), up(link)));
    assert_eq!(engine.stack_mut().poll_command(), close);
    assert_eq!(engine.stack_mut().poll_command(), None);
    assert!(!engine.has_links());
}

#[test]
fn late_reports_of_a_link_that_is_over_are_left_out_and_not_counted() {
    let mut queue = LinkQueue::new(US);
    for (link, end) in [(LINK, true), (OTHER, false)] {
        queue.push(at(0), incoming(link));
        match end {
            true => queue.push(at(1), closed(link)),
            false => queue.request(at(1), link, LinkRequest::Close),
        }
        events(&mut queue);
        queue.push(at(2), packet(link, b"late"));
        queue.push(at(3), closed(link));
    }
    assert_eq!(events(&mut queue), []);
    assert_eq!(queue.poll_timeout(), None);
    assert_eq!(queue.counters().reports_dropped, 0);
}

#[test]
fn a_stack_that_takes_nothing_loses_the_link_whose_signals_have_no_room() {
    let mut queue = LinkQueue::new(US);
    queue.push(at(0), incoming(LINK));
    queue.push(at(0), incoming(OTHER));
    queue.send(at(0), OTHER, Class::Signal, b"waits");
    (0..1_024).for_each(|_| queue.send(at(0), LINK, Class::Signal, b"signal"));
    let lost = StackEvent::Link { link: LINK, event: LinkEvent::Closed(LinkClosed::Interface) };
    assert_eq!(events(&mut queue), [incoming(LINK), incoming(OTHER), lost]);
    assert_eq!(queue.counters().links_given_up, 1);
    let waits =
        LinkCommand::Send { link: OTHER, class: Class::Signal, data: Bytes::from_static(b"waits") };
    let close = LinkCommand::Link { link: LINK, request: LinkRequest::Close };
    let commands: Vec<_> = std::iter::from_fn(|| queue.poll_command()).collect();
    assert_eq!(commands, [waits, close]);
}

#[test]
fn callers_who_come_and_go_while_a_stack_takes_nothing_leave_room_for_calls() {
    let mut queue = LinkQueue::new(US);
    queue.push(at(0), incoming(LINK));
    for stranger in (1_000..9_000).map(LinkId) {
        queue.push(at(0), incoming(stranger));
        (0..7).for_each(|_| queue.send(at(0), stranger, Class::Signal, b"available"));
        queue.request(at(0), stranger, LinkRequest::Close);
    }
    queue.send(at(0), LINK, Class::Signal, b"signal");
    assert_eq!(queue.counters().links_given_up, 0);
    // The stack tells of the ends of their links: nothing is left to close.
    (1_000..9_000).map(LinkId).for_each(|stranger| queue.push(at(0), closed(stranger)));
    assert_eq!(queue.poll_command(), Some(send(Class::Signal, b"signal")));
    assert_eq!(queue.poll_command(), None);
}

#[test]
fn a_call_ends_as_lost_whose_stack_takes_nothing() {
    let (mut engine, link) = dialled();
    let stack = engine.stack_mut();
    (0..1_024).for_each(|_| stack.send(at(0), LINK, Class::Signal, b"of other links"));
    for event in [up(link), packet(link, &available())] {
        engine.with_stack(at(50), |queue| queue.push(at(50), event));
    }
    let ended = std::iter::from_fn(|| engine.poll_event()).last();
    let Some(lxst_engine::Event::Call(lxst_core::Event::Ended { reason, .. })) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(reason, lxst_core::EndReason::LinkLost);
    assert_eq!(engine.call(), None);
}

#[test]
fn one_announce_waits_at_most_and_tells_the_latest_name() {
    let mut queue = LinkQueue::new(US);
    let name = DisplayName::new("Ada").ok();
    queue.announce(at(0), None);
    queue.announce(at(1_000), name);
    assert_eq!(queue.poll_command(), Some(LinkCommand::Announce { name }));
    assert_eq!(queue.poll_command(), None);
}

#[test]
fn a_caller_rings_whose_identity_comes_before_its_link() {
    let mut engine = Engine::new(Config::default(), LinkQueue::new(US));
    let mut names = LinkNames::new(Ids::default());
    let reports = [
        LinkEvent::Identified(PEER),
        LinkEvent::Incoming { on: Destination::telephony(US), rtt: None, mdu: None },
    ];
    for event in reports {
        let link = names.of_event(&KEY, &event).unwrap();
        let event = StackEvent::Link { link, event };
        engine.with_stack(at(0), |queue| queue.push(at(0), event));
    }
    let mut now = at(0);
    while let Some(due) = engine.poll_timeout().filter(|due| *due <= at(100)) {
        now = now.max(due);
        engine.handle_timeout(now);
    }
    while let Some(event) = engine.poll_event() {
        if let lxst_engine::Event::Call(lxst_core::Event::Screening { call, .. }) = event {
            let ring = lxst_core::Command::Screen(call, lxst_core::Admission::Ring);
            engine.command(now, ring).unwrap();
        }
    }
    assert_eq!(engine.call().map(|call| (call.peer, call.state)), Some((PEER, CallState::Ringing)));
}

#[test]
fn a_caller_hears_available_that_comes_before_its_link_is_up() {
    let (mut engine, link) = dialled();
    for event in [packet(link, &available()), up(link)] {
        engine.with_stack(at(50), |queue| queue.push(at(50), event));
    }
    let identify = LinkCommand::Link { link, request: LinkRequest::Identify };
    assert_eq!(engine.stack_mut().poll_command(), Some(identify));
}

#[test]
fn a_link_keeps_one_name_until_it_is_over_and_then_has_none() {
    let mut names = LinkNames::new(Ids::default());
    let up = incoming_event();
    let early = names.of_packet(&KEY).unwrap();
    assert_eq!(names.key(early), None, "it may never come");
    assert_eq!(names.of_event(&KEY, &up), Some(early));
    assert_eq!(names.key(early), Some(&KEY));
    assert_eq!(names.of_packet(&KEY), Some(early));
    assert_eq!(names.of_event(&KEY, &LinkEvent::Closed(LinkClosed::Unknown)), Some(early));
    assert_eq!(names.key(early), None);
    assert_eq!(names.of_packet(&KEY), None);
    assert_eq!(names.remove(early), None);

    // A stack that gives a name again.
    let again = names.of_event(&KEY, &up).unwrap();
    assert_ne!(again, early);
    assert_eq!(names.remove(again), Some(KEY));
    assert_eq!(names.of_event(&KEY, &LinkEvent::Closed(LinkClosed::Unknown)), None);
}

#[test]
fn a_link_whose_end_comes_before_its_beginning_leaves_no_name() {
    let mut names = LinkNames::new(Ids::default());
    let link = names.of_event(&KEY, &LinkEvent::Closed(LinkClosed::Unknown)).unwrap();
    assert_eq!(names.of_event(&KEY, &incoming_event()), Some(link));
    assert_eq!(names.key(link), None);
    assert_eq!(names.of_packet(&KEY), None);
}

#[test]
fn links_of_other_apps_on_a_stack_that_keeps_order_have_no_name() {
    let mut names = LinkNames::new(Ids::default()).ordered();
    assert_eq!(names.of_packet(&KEY), None);
    assert_eq!(names.of_event(&KEY, &LinkEvent::Identified(PEER)), None);
    assert_eq!(names.of_event(&KEY, &LinkEvent::Closed(LinkClosed::Peer)), None);
    let link = names.of_event(&KEY, &incoming_event());
    assert!(link.is_some());
    assert_eq!(names.of_packet(&KEY), link);
}

#[test]
fn names_of_links_that_never_come_are_bounded_and_take_none_of_links_that_stand() {
    let ids = Ids::default();
    let mut names = LinkNames::new(ids.clone());
    let ours = ids.next_link();
    names.insert(ours, 0);
    let first = names.of_packet(&1).unwrap();
    (1..=64).for_each(|key| assert_ne!(names.of_packet(&key), None));
    assert_eq!(names.of_packet(&1), Some(first));
    names.of_packet(&65);
    assert_ne!(names.of_packet(&1), Some(first), "the oldest is forgotten");
    assert_eq!(names.of_packet(&0), Some(ours));
}

/// A phone that has dialled, and its link, which is not up.
fn dialled() -> (Engine<LinkQueue>, LinkId) {
    let mut engine = Engine::new(Config::default(), LinkQueue::new(US));
    engine.dial(at(0), PEER, Profile::MediumQuality, Mode::FullDuplex).expect("the line is free");
    let Some(LinkCommand::Link { link, .. }) = engine.stack_mut().poll_command() else {
        panic!("a link is asked for");
    };
    (engine, link)
}

fn available() -> Vec<u8> {
    let mut available = [0; 8];
    let length = encode_signals(&[Signal::Available], &mut available).expect("it fits");
    available[..length].to_vec()
}

fn events(queue: &mut LinkQueue) -> Vec<StackEvent<Bytes>> {
    let mut name = || unreachable!("the app names links");
    std::iter::from_fn(|| queue.poll_event(&mut name)).collect()
}

fn incoming_event() -> LinkEvent {
    LinkEvent::Incoming { on: Destination::telephony(US), rtt: Some(RTT), mdu: Some(431) }
}

fn incoming(link: LinkId) -> StackEvent<Bytes> {
    StackEvent::Link { link, event: incoming_event() }
}

fn up(link: LinkId) -> StackEvent<Bytes> {
    StackEvent::Link { link, event: LinkEvent::Up { rtt: Some(RTT), mdu: Some(431) } }
}

fn identified(link: LinkId) -> StackEvent<Bytes> {
    StackEvent::Link { link, event: LinkEvent::Identified(PEER) }
}

fn closed(link: LinkId) -> StackEvent<Bytes> {
    StackEvent::Link { link, event: LinkEvent::Closed(LinkClosed::Peer) }
}

fn packet(link: LinkId, data: &[u8]) -> StackEvent<Bytes> {
    StackEvent::Packet { link, data: Bytes::copy_from_slice(data) }
}

fn send(class: Class, data: &[u8]) -> LinkCommand {
    LinkCommand::Send { link: LINK, class, data: Bytes::copy_from_slice(data) }
}

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

const US: IdentityHash = IdentityHash([1; 16]);
const PEER: IdentityHash = IdentityHash([7; 16]);
const LINK: LinkId = LinkId(901);
const OTHER: LinkId = LinkId(902);
const KEY: u8 = 0xA1;
const RTT: Duration = Duration::from_millis(40);
