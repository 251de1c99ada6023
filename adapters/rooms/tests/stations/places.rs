//! Who gets a place.

use std::time::Duration;

use lxst_core::{Instant, LinkClosed, LinkEvent, LinkId, LinkRequest};
use lxst_rooms::wire::StationMessage;
use lxst_rooms::{Input, Output, Station, StationCommand, StationEvent, limits};

use crate::net::{Place, config, destination, identity};

#[test]
fn strangers_have_their_share_and_those_with_a_reserved_place_the_rest() {
    let mut hall = Hall::new(4, 2, &[1, 2]);
    for link in 10..20 {
        hall.incoming(link);
    }
    assert_eq!(hall.listeners(), [10, 11]);
    // Eight wait to identify; strangers are refused when they do, friends are not.
    hall.identified(12, 30);
    assert_eq!(hall.refused(), [12]);
    hall.identified(13, 1);
    hall.identified(14, 2);
    assert_eq!(hall.listeners(), [10, 11, 13, 14]);
    // Full: even friends are refused at once.
    hall.incoming(20);
    assert_eq!(hall.refused(), [20]);
    // The others are refused when their time is over.
    hall.pass(limits::PLACE_TIME);
    assert_eq!(hall.refused(), [15, 16, 17, 18, 19]);
    assert_eq!(hall.station.poll_timeout(), None);
    // A place of a stranger is free again.
    hall.closed(10);
    hall.incoming(21);
    assert_eq!(hall.listeners(), [11, 13, 14, 21]);
}

#[test]
fn a_stranger_that_identifies_as_a_friend_leaves_the_share_of_strangers() {
    let mut hall = Hall::new(3, 1, &[1]);
    hall.incoming(10);
    hall.identified(10, 1);
    hall.incoming(11);
    assert_eq!(hall.listeners(), [10, 11]);
}

#[test]
fn an_identity_has_one_place_and_the_newest_link_keeps_it() {
    let mut hall = Hall::new(2, 1, &[1]);
    for link in 10..=12 {
        hall.incoming(link);
        hall.identified(link, 1);
        assert_eq!(hall.listeners(), [link]);
    }
    let mut hall = Hall::new(4, 3, &[]);
    for link in 10..=12 {
        hall.incoming(link);
        hall.identified(link, 7);
    }
    assert_eq!(hall.listeners(), [12]);
}

#[test]
fn a_flood_of_links_waits_in_few_places() {
    let mut hall = Hall::new(100, 1, &[1]);
    for link in 10..1_000 {
        hall.incoming(link);
    }
    assert_eq!(hall.refused().len(), 990 - 1 - limits::VISITORS);
    hall.incoming(1_000);
    hall.identified(1_000, 1);
    assert_eq!(hall.listeners(), [10, 1_000]);
}

#[test]
fn a_flood_of_questions_is_answered_once_a_second() {
    let mut hall = Hall::new(4, 2, &[]);
    hall.incoming(10);
    let mut answers = 0;
    for _ in 0..100 {
        answers += hall.give(Input::Packet { link: LinkId(10), data: b"\x81\x22\xc3" });
        hall.pass(Duration::from_millis(30));
    }
    assert_eq!(answers, 3);
    assert_eq!(hall.station.counters().packets, 97);
}

#[test]
fn a_station_that_closes_takes_listeners_again() {
    let mut hall = Hall::new(4, 2, &[1]);
    (10..13).for_each(|link| hall.incoming(link));
    hall.give(Input::Command(StationCommand::Close));
    assert_eq!(hall.listeners(), []);
    assert_eq!(hall.closed, [12, 10, 11]);
    hall.incoming(20);
    assert_eq!(hall.listeners(), [20]);
}

/// A station, and whom it refused and closed.
struct Hall {
    station: Station,
    now: Instant,
    refused: Vec<u64>,
    closed: Vec<u64>,
}

impl Hall {
    fn new(listeners: usize, strangers: usize, reserved: &[Place]) -> Self {
        let reserved = reserved.iter().map(|place| identity(*place));
        let config = config(1).listeners(listeners, strangers).unwrap().reserve(reserved).unwrap();
        let station = Station::new(config, Instant::ORIGIN);
        Self { station, now: Instant::ORIGIN, refused: Vec::new(), closed: Vec::new() }
    }

    fn incoming(&mut self, link: u64) {
        let event = LinkEvent::Incoming { on: destination(1), rtt: None, mdu: None };
        self.give(Input::Link { link: LinkId(link), event });
    }

    fn identified(&mut self, link: u64, place: Place) {
        let event = LinkEvent::Identified(identity(place));
        self.give(Input::Link { link: LinkId(link), event });
    }

    fn closed(&mut self, link: u64) {
        let event = LinkEvent::Closed(LinkClosed::Peer);
        self.give(Input::Link { link: LinkId(link), event });
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.give(Input::Timeout);
    }

    fn listeners(&self) -> Vec<u64> {
        self.station.listeners().map(|link| link.0).collect()
    }

    /// Links that were refused since the last time.
    fn refused(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.refused)
    }

    /// Gives an input. Returns how often the station told what it sends.
    fn give(&mut self, input: Input<'_, StationCommand<'_>>) -> usize {
        self.station.handle_input(self.now, input).unwrap();
        let mut told = 0;
        while let Some(output) = self.station.poll_output() {
            match output {
                Output::Event(StationEvent::Refused { link }) => self.refused.push(link.0),
                Output::Link { link, request: LinkRequest::Close } => self.closed.push(link.0),
                Output::Transmit { data, .. } => {
                    let message = StationMessage::parse(&data).unwrap();
                    told += usize::from(matches!(message, Some(StationMessage::Station(_))));
                }
                _ => {}
            }
        }
        let count = self.station.listeners().count();
        assert!(count <= 100);
        told
    }
}
