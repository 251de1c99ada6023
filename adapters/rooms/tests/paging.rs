//! Pagers of neighbours, in virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::time::Duration;

use lxst_core::Instant;
use lxst_rooms::{
    GroupId, PageId, PageKey, PageRule, Pager, PagerCommand, PagerConfig, PagerError, PagerEvent,
    PagerInput, PagerOutput, ParsePageKeyError, limits,
};
use proptest::prelude::*;

#[test]
fn a_page_of_one_is_heard_by_all_who_have_the_key() {
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    let mut bob = Neighbour::new("Bob", KEY, PageRule::Play);
    let mut eve = Neighbour::new("Eve", OTHER_KEY, PageRule::Play);
    ann.press(PAGE, false);
    let mut sent = ann.speak();
    sent.extend(ann.speak());
    sent.extend(ann.release());
    assert_eq!(sent.len(), 2 + limits::PAGE_ENDS);
    sent.iter().for_each(|data| bob.packet(data));
    sent.iter().for_each(|data| eve.packet(data));
    let name = Some("Ann".to_owned());
    let began = PagerEvent::Began { group: GroupId(0), page: PAGE, is_urgent: false, name };
    let voice = |number| {
        // A map of two pairs: the frame, and its number.
        PagerEvent::Voice([&[0x82], &FRAME[1..], &[0x10, number]].concat().into())
    };
    assert_eq!(bob.events(), [began, voice(1), voice(2), PagerEvent::Ended(PAGE)]);
    assert_eq!(eve.events(), []);
    assert_eq!(eve.pager.counters().foreign, 4);
    // Our own packets come back from a shared instance.
    sent.iter().for_each(|data| ann.packet(data));
    assert_eq!(ann.events(), []);
}

#[test]
fn a_packet_has_the_documented_bytes() {
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    ann.press(PAGE, true);
    let sent = ann.speak();
    let hex: String = sent[0].iter().map(|byte| format!("{byte:02x}")).collect();
    // By ChaCha20Poly1305 of Python's cryptography, over {1: frame, 16: 1, 40: "Ann"}.
    assert_eq!(hex, SEALED);
}

#[test]
fn no_packet_is_heard_twice() {
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    let mut bob = Neighbour::new("Bob", KEY, PageRule::Play);
    ann.press(PAGE, false);
    let mut sent: Vec<_> = (0..100).flat_map(|_| ann.speak()).collect();
    for data in &sent {
        bob.packet(data);
        bob.packet(data);
    }
    assert_eq!(bob.voices(), 100);
    assert_eq!(bob.pager.counters().repeated, 100);
    sent.extend(ann.release());
    sent.iter().for_each(|data| bob.packet(data));
    assert_eq!(bob.voices(), 0);
    // The end of the page ends it for good, also for packets that were lost before.
    let late = ann_says_more(&mut ann);
    bob.packet(&late[0]);
    assert_eq!(bob.voices(), 1);
    for minutes in 1..10 {
        bob.pass(Duration::from_secs(60 * minutes));
        sent.iter().chain(&late).for_each(|data| bob.packet(data));
        assert_eq!(bob.voices(), 0, "{minutes}");
    }
    assert!(bob.pager.counters().stale > 0);
}

#[test]
fn packets_out_of_order_are_heard_and_late_ones_after_the_end_are_not() {
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    let mut bob = Neighbour::new("Bob", KEY, PageRule::Play);
    ann.press(PAGE, false);
    let sent: Vec<_> = (0..4).flat_map(|_| ann.speak()).collect();
    let end = ann.release();
    for data in [&sent[2], &sent[0], &sent[3], &end[0], &sent[1], &end[1]] {
        bob.packet(data);
    }
    assert_eq!(bob.voices(), 3);
    assert_eq!(bob.pager.poll_timeout(), None);
}

#[test]
fn a_packet_of_which_any_bit_is_other_is_not_heard() {
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    let mut bob = Neighbour::new("Bob", KEY, PageRule::Urgent);
    ann.press(PAGE, true);
    let good = ann.speak().remove(0);
    for bit in 0..good.len() * 8 {
        let mut data = good.clone();
        data[bit / 8] ^= 1 << (bit % 8);
        bob.packet(&data);
    }
    for length in 0..good.len() {
        bob.packet(&good[..length]);
    }
    assert_eq!(bob.events(), []);
    bob.packet(&good);
    assert_eq!(bob.voices(), 1);
}

#[test]
fn the_rule_of_a_group_says_what_is_played() {
    for (rule, is_urgent, is_played) in [
        (PageRule::Play, false, true),
        (PageRule::Play, true, true),
        (PageRule::Urgent, false, false),
        (PageRule::Urgent, true, true),
        (PageRule::Silent, true, false),
    ] {
        let mut ann = Neighbour::new("Ann", KEY, PageRule::Silent);
        let mut bob = Neighbour::new("Bob", KEY, rule);
        ann.press(PAGE, is_urgent);
        bob.packet(&ann.speak()[0]);
        assert_eq!(bob.voices(), usize::from(is_played), "{rule:?} {is_urgent}");
        assert_eq!(bob.pager.counters().unheard, u64::from(!is_played));
    }
}

#[test]
fn one_page_is_heard_at_a_time_and_an_urgent_one_takes_over() {
    let mut neighbours =
        ["Ann", "Cid", "Dan"].map(|name| Neighbour::new(name, KEY, PageRule::Play));
    let mut bob = Neighbour::new("Bob", KEY, PageRule::Play);
    for (number, neighbour) in neighbours.iter_mut().enumerate() {
        neighbour.press(PageId([number as u8; 8]), number == 2);
        bob.packet(&neighbour.speak()[0]);
    }
    let begun: Vec<_> = bob
        .events()
        .into_iter()
        .filter_map(|event| match event {
            PagerEvent::Began { page, .. } => Some((true, page)),
            PagerEvent::Ended(page) => Some((false, page)),
            _ => None,
        })
        .collect();
    let (first, urgent) = (PageId([0; 8]), PageId([2; 8]));
    assert_eq!(begun, [(true, first), (false, first), (true, urgent)]);
    // While one presses, nothing of others is played.
    bob.press(PAGE, false);
    bob.events();
    bob.packet(&neighbours[2].speak()[0]);
    assert_eq!(bob.voices(), 0);
}

#[test]
fn a_page_ends_when_nothing_comes_and_when_its_time_is_up() {
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    let mut bob = Neighbour::new("Bob", KEY, PageRule::Play);
    ann.press(PAGE, false);
    bob.packet(&ann.speak()[0]);
    bob.pass(limits::PAGE_QUIET);
    assert_eq!(bob.events().last(), Some(&PagerEvent::Ended(PAGE)));
    // It speaks again, and does not stop.
    let mut heard = 0;
    for _ in 0..130 {
        ann.pass(Duration::from_secs(1));
        bob.pass(Duration::from_secs(1));
        if ann.is_pressed {
            ann.speak().iter().for_each(|data| bob.packet(data));
        }
        heard += bob.voices();
    }
    assert!((115..=121).contains(&heard), "{heard}");
    assert_eq!(ann.events(), [PagerEvent::TimeUp]);
    assert_eq!((ann.pager.poll_timeout(), bob.pager.poll_timeout()), (None, None));
}

#[test]
fn pages_that_are_remembered_have_a_bound_and_are_forgotten() {
    let mut bob = Neighbour::new("Bob", KEY, PageRule::Play);
    for number in 0..100_u8 {
        let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
        ann.press(PageId([number; 8]), false);
        bob.packet(&ann.speak()[0]);
        ann.release().iter().for_each(|data| bob.packet(data));
    }
    assert_eq!(bob.voices(), limits::PAGES);
    // One's own are not in their way.
    bob.press(PageId([200; 8]), false);
    bob.release();
    let later = limits::PAGE_SKEW + limits::MAX_PAGE + Duration::from_secs(1);
    bob.pass(later);
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    ann.pass(later);
    ann.press(PageId([201; 8]), false);
    let mut cid = Neighbour::new("Cid", KEY, PageRule::Play);
    cid.pass(later);
    for neighbour in [&mut bob, &mut cid] {
        neighbour.packet(&ann.speak()[0]);
        assert_eq!(neighbour.voices(), 1);
    }
}

#[test]
fn what_is_out_of_place_is_refused() {
    let mut ann = Neighbour::new("Ann", KEY, PageRule::Play);
    let press = |group, page| PagerCommand::Press {
        group: GroupId(group),
        page: PageId([page; 8]),
        is_urgent: false,
    };
    assert_eq!(ann.command(PagerCommand::Send(FRAME)), Err(PagerError::NotPressed));
    assert_eq!(ann.command(PagerCommand::Release), Err(PagerError::NotPressed));
    assert_eq!(ann.command(press(1, 1)), Err(PagerError::UnknownGroup));
    assert_eq!(ann.command(press(0, 1)), Ok(()));
    assert_eq!(ann.command(press(0, 2)), Err(PagerError::Pressed));
    assert_eq!(ann.command(PagerCommand::Send(b"\x80")), Err(PagerError::BadPacket));
    assert_eq!(ann.command(PagerCommand::Send(&[0x18; 500])), Err(PagerError::BadPacket));
    assert_eq!(ann.command(PagerCommand::Release), Ok(()));
    assert_eq!(ann.command(press(0, 1)), Err(PagerError::RefusedPage));
}

#[test]
fn a_key_is_shared_as_its_hex_digits() {
    let text = KEY.to_hex();
    assert_eq!(text, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_eq!(format!(" {text}\n").parse(), Ok(KEY));
    assert_eq!(text.to_uppercase().parse(), Ok(KEY));
    for wrong in ["", &text[1..], &text[2..], &format!("{text}00"), &text.replace('0', "g")] {
        assert_eq!(wrong.parse::<PageKey>(), Err(ParsePageKeyError), "{wrong}");
    }
    assert_eq!(format!("{KEY:?}"), "PageKey", "it is in no log");
}

proptest! {
    #[test]
    fn any_bytes_are_dropped(data in prop::collection::vec(any::<u8>(), 0..500)) {
        let mut bob = Neighbour::new("Bob", KEY, PageRule::Play);
        bob.packet(&data);
        prop_assert_eq!(bob.events(), []);
        prop_assert_eq!(bob.pager.poll_timeout(), None);
    }
}

/// A pager, its time, and what it said.
struct Neighbour {
    pager: Pager,
    now: Instant,
    is_pressed: bool,
    sent: Vec<Vec<u8>>,
    events: Vec<PagerEvent>,
}

impl Neighbour {
    fn new(name: &str, key: PageKey, rule: PageRule) -> Self {
        let config = PagerConfig::new(name).unwrap().group(key, rule).unwrap();
        let pager = Pager::new(config, Instant::ORIGIN);
        let (sent, events) = Default::default();
        Self { pager, now: Instant::ORIGIN, is_pressed: false, sent, events }
    }

    fn press(&mut self, page: PageId, is_urgent: bool) {
        let group = GroupId(0);
        self.command(PagerCommand::Press { group, page, is_urgent }).unwrap();
        self.is_pressed = true;
    }

    /// Says one frame. Returns the packets.
    fn speak(&mut self) -> Vec<Vec<u8>> {
        self.command(PagerCommand::Send(FRAME)).unwrap();
        core::mem::take(&mut self.sent)
    }

    fn release(&mut self) -> Vec<Vec<u8>> {
        self.command(PagerCommand::Release).unwrap();
        core::mem::take(&mut self.sent)
    }

    fn packet(&mut self, data: &[u8]) {
        self.input(PagerInput::Packet(data)).unwrap();
    }

    fn command(&mut self, command: PagerCommand<'_>) -> Result<(), PagerError> {
        self.input(PagerInput::Command(command))
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.input(PagerInput::Timeout).unwrap();
    }

    fn input(&mut self, input: PagerInput<'_>) -> Result<(), PagerError> {
        let clock = START + (self.now.as_micros() / 1_000_000) as u32;
        let taken = self.pager.handle_input(self.now, clock, input);
        while let Some(output) = self.pager.poll_output() {
            match output {
                PagerOutput::Broadcast(data) => {
                    assert!(data.len() <= limits::PAGE_PACKET);
                    self.sent.push(data.to_vec());
                }
                PagerOutput::Event(event) => {
                    self.is_pressed &= event != PagerEvent::TimeUp;
                    self.events.push(event);
                }
            }
        }
        taken
    }

    /// What it said since it was last asked.
    fn events(&mut self) -> Vec<PagerEvent> {
        core::mem::take(&mut self.events)
    }

    fn voices(&mut self) -> usize {
        let events = self.events();
        events.iter().filter(|event| matches!(event, PagerEvent::Voice(_))).count()
    }
}

/// Another page of the same neighbour.
fn ann_says_more(ann: &mut Neighbour) -> Vec<Vec<u8>> {
    ann.press(PageId([8; 8]), false);
    let sent = ann.speak();
    ann.release();
    sent
}

const KEY: PageKey = {
    let mut key = [0; 32];
    let mut at = 0;
    while at < 32 {
        key[at] = at as u8;
        at += 1;
    }
    PageKey(key)
};
const OTHER_KEY: PageKey = PageKey([9; 32]);
const PAGE: PageId = PageId([7; 8]);
/// A packet of one frame of Opus of 60 ms, without a number.
const FRAME: &[u8] = &[0x81, 0x01, 0xc4, 0x03, 0x01, 0x18, 0x00];
const START: u32 = 1_800_000_000;
const SEALED: &str = "01010707070707070707000000006b49d200c1ccb07ddfb4\
    16292c7b774f60d7b05edc48eac51654243dac0a05752b15";
