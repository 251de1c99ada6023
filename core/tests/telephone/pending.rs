//! Links that have not become a call, and goodbyes.

use core::time::Duration;

use lxst_core::wire::Signal;
use lxst_core::{
    Admission, CallerLimits, Command, Config, EndReason, Input, LinkClosed, LinkEvent, LinkId,
    LinkTimer, Mode, ScreeningTime, Timer, limits,
};

use crate::support::{
    IN, IN_CALL, OwnedOutput, PEER, Script, busy, close, quiet, somebody, turned_away, tx,
};

#[test]
fn available_is_said_after_the_settle_time_and_again_until_the_caller_identifies() {
    let mut phone = Script::new(quiet());
    phone.incoming().at(4).expect([]);
    phone.at(5).expect([tx(IN, [Signal::Available])]);
    let available = || tx(IN, [Signal::Available]);
    for (before, at) in [(154, 155), (379, 380), (717, 718), (1_223, 1_224), (1_983, 1_984)] {
        phone.at(before).expect([]);
        phone.at(at).expect([available()]);
    }
    phone.at(10_284).expect([]);
    phone.at(10_285).expect([close(IN)]);
    assert_eq!(phone.phone.poll_timeout(), None);
}

#[test]
fn available_again_waits_for_three_round_trips() {
    let mut phone = Script::new(quiet());
    phone.incoming_on(IN, Duration::from_secs(2)).at(5).take();
    phone.at(6_004).expect([]);
    phone.at(6_005).expect([tx(IN, [Signal::Available])]);
    phone.at(38_004).take();
    phone.at(38_005).expect([close(IN)]);
}

#[test]
fn a_round_trip_beyond_belief_does_not_keep_a_place_for_ever() {
    let mut phone = Script::new(quiet());
    phone.incoming_on(IN, Duration::MAX).at(5).take();
    phone.at(5 + 10_000 + 14 * 60_000);
    assert_eq!(phone.take().last(), Some(&close(IN)));
}

#[test]
fn a_caller_who_identifies_while_the_link_settles_rings_without_available() {
    let mut phone = Script::new(quiet());
    phone.incoming().at(3).identified();
    assert_eq!(phone.take().first(), Some(&tx(IN, [Signal::Ringing])));
    phone.preferred().at(300).expect([]);
}

#[test]
fn available_is_not_said_again_once_it_rings() {
    let mut phone = Script::ringing(quiet());
    phone.preferred().at(1_000).expect([]);
}

#[test]
fn a_second_identity_on_a_link_changes_nothing() {
    let mut phone = Script::ringing(quiet());
    phone.link(IN, LinkEvent::Identified(somebody(9))).expect([]);
    assert_eq!(phone.phone.call().map(|call| call.peer), Some(PEER));
}

#[test]
fn a_busy_phone_hears_who_calls_says_so_and_closes_after_the_goodbye_gap() {
    let mut phone = Script::new(quiet());
    phone.command(Command::SetAvailable(false)).incoming();
    phone.at(4).expect([]);
    phone.at(5).expect([tx(IN, [Signal::Available])]);
    phone.at(25).identified().expect([turned_away(PEER), busy(IN)]);
    phone.at(1_024).expect([]);
    phone.at(1_025).expect([close(IN)]);

    phone.command(Command::SetAvailable(true));
    phone
        .incoming_on(LinkId(9), Duration::ZERO)
        .at(1_030)
        .expect([tx(LinkId(9), [Signal::Available])]);
    phone.link(LinkId(9), LinkEvent::Identified(PEER));
    assert_eq!(phone.take().first(), Some(&tx(LinkId(9), [Signal::Ringing])));
}

/// What a caller can see: the same signals in the same order at the same moments.
#[test]
fn a_blocked_caller_cannot_tell_it_from_a_busy_line() {
    let is_busy = |phone: &mut Script| {
        phone.command(Command::SetAvailable(false)).at(2_000);
    };
    let is_talking = |phone: &mut Script| {
        phone.establish().at(2_000);
    };
    let is_ringing = |phone: &mut Script| {
        phone.incoming().identified().at(2_000);
    };
    let is_dialling = |phone: &mut Script| {
        phone.dial().link_up().at(2_000);
    };
    let is_limited = |phone: &mut Script| {
        for link in 100..103 {
            phone.incoming_on(LinkId(link), Duration::ZERO);
            phone.link(LinkId(link), LinkEvent::Identified(somebody(8)));
            if link < 102 {
                phone.command(Command::HangUp(LinkId(link).into()));
            }
        }
        phone.at(2_000);
    };
    let is_free = |phone: &mut Script| {
        phone.at(2_000);
    };
    let nobody = Config { callers: Some(Admission::Busy), ..quiet() };
    let ask = Config { callers: None, ..quiet() };
    let few = Config { limits: CallerLimits { one_caller: 2, ..quiet().limits }, ..quiet() };

    let blocked = heard_of(ask, is_free, Some(Admission::Busy));
    let expected =
        [(2_005, tx(CALLER, [Signal::Available])), (2_040, busy(CALLER)), (3_040, close(CALLER))];
    assert_eq!(blocked, expected);
    assert_eq!(heard_of(nobody, is_free, None), expected);
    assert_eq!(heard_of(quiet(), is_busy, None), expected);
    assert_eq!(heard_of(quiet(), is_talking, None), expected);
    assert_eq!(heard_of(quiet(), is_ringing, None), expected);
    assert_eq!(heard_of(quiet(), is_dialling, None), expected);
    assert_eq!(heard_of(few, is_limited, None), expected);
}

#[test]
fn a_phone_in_a_call_says_busy_and_the_call_goes_on() {
    let mut phone = Script::established_caller(quiet(), Mode::FullDuplex);
    phone.incoming().at(1_005).expect([tx(IN, [Signal::Available])]);
    phone.link(IN, LinkEvent::Identified(somebody(4)));
    phone.expect([turned_away(somebody(4)), busy(IN)]);
    phone.at(2_004).expect([]).at(2_005).expect([close(IN)]);
    assert!(phone.phone.call().is_some());
}

#[test]
fn two_callers_may_be_offered_the_line_and_the_first_to_identify_rings() {
    let mut phone = Script::new(quiet());
    let late = LinkId(4);
    phone.incoming().incoming_on(late, Duration::ZERO).at(5);
    phone.expect([tx(IN, [Signal::Available]), tx(late, [Signal::Available])]);
    phone.identified().take();
    phone.link(late, LinkEvent::Identified(somebody(4)));
    phone.expect([turned_away(somebody(4)), busy(late)]);
    assert_eq!(phone.phone.call().map(|call| call.call), Some(IN_CALL));
}

#[test]
fn signals_of_a_caller_who_was_not_accepted_are_not_heard() {
    let mut phone = Script::new(quiet());
    phone.incoming().at(5).take();
    let before = phone.phone.clone();
    phone.rx_on(IN, &[Signal::PreferredProfile(0x50), Signal::Busy]);
    phone.rx_bytes(IN, b"nonsense").expect([]);
    assert_eq!(phone.phone, before);
}

#[test]
fn one_link_too_many_takes_the_place_of_the_oldest_that_had_its_chance() {
    let mut phone = with_all_links();
    phone.at(501).take();
    phone.incoming_on(NEW, Duration::ZERO).expect([close(LinkId(100))]);
    assert_eq!(phone.counters().links_refused, 1);
    phone.at(506).expect([tx(NEW, [Signal::Available])]);
}

#[test]
fn a_caller_on_a_slow_path_makes_room_after_those_on_fast_ones_who_came_later() {
    let mut phone = Script::new(quiet());
    phone.incoming_on(LinkId(99), Duration::from_secs(4)).at(1_000).take();
    let fast = (100..).map(LinkId).take(limits::PENDING_LINKS - 1);
    fast.for_each(|link| drop(phone.incoming_on(link, Duration::from_millis(20)).take()));
    for (n, link) in (0..300).map(|n| (n, LinkId(1_000 + n))) {
        phone.at(1_600 + n * 20).take();
        phone.incoming_on(link, Duration::from_millis(20));
        assert!(!phone.take().contains(&close(LinkId(99))), "{n}");
    }
    phone.link(LinkId(99), LinkEvent::Identified(PEER));
    assert_eq!(phone.phone.call().map(|call| call.peer), Some(PEER));
}

#[test]
fn whoever_identified_makes_room_for_nobody() {
    let callers = None;
    let screening_time = ScreeningTime::new(limits::MAX_SCREENING).expect("within its bounds");
    let mut phone = Script::new(Config { callers, screening_time, ..quiet() });
    for link in (100..).map(LinkId).take(limits::PENDING_LINKS) {
        phone.incoming_on(link, Duration::ZERO).link(link, LinkEvent::Identified(PEER)).take();
    }
    phone.at(2_000).take();
    phone.incoming_on(NEW, Duration::ZERO).expect([close(NEW)]);
}

#[test]
fn one_link_too_many_is_closed_while_all_others_are_new() {
    let mut phone = with_all_links();
    phone.at(500).take();
    phone.incoming_on(NEW, Duration::ZERO).expect([close(NEW)]);
    assert_eq!(phone.counters().links_refused, 1);
    let packet = Input::Packet { link: NEW, data: &[] };
    phone.refuse(packet, lxst_core::InputError::UnknownLink(NEW));
}

#[test]
fn one_link_too_many_takes_the_place_of_a_goodbye() {
    let mut phone = Script::new(quiet());
    phone.command(Command::SetAvailable(false));
    for link in (100..).map(LinkId).take(limits::PENDING_LINKS) {
        phone.incoming_on(link, Duration::ZERO).link(link, LinkEvent::Identified(PEER)).take();
    }
    phone.at(5).take();
    phone.incoming_on(NEW, Duration::ZERO).expect([close(LinkId(100))]);
    phone.at(10).expect([tx(NEW, [Signal::Available])]);
}

#[test]
fn a_goodbye_without_room_closes_at_once() {
    let mut phone = Script::ringing(quiet());
    for link in (100..).map(LinkId).take(limits::PENDING_LINKS) {
        phone.incoming_on(link, Duration::ZERO);
    }
    phone.command(Command::HangUp(IN_CALL));
    let done = phone.take();
    assert_eq!(done[..2], [tx(IN, [Signal::Rejected]), close(IN)]);
}

#[test]
fn a_goodbye_ends_early_when_the_peer_closes() {
    let mut phone = Script::ringing(quiet());
    phone.command(Command::HangUp(IN_CALL)).expect_ended(EndReason::Rejected);
    assert_eq!(
        phone.phone.poll_timeout().map(|due| due.timer),
        Some(Timer::Link(IN, LinkTimer::Goodbye))
    );
    phone.closed(IN, LinkClosed::Peer).expect([]);
    assert_eq!(phone.phone.poll_timeout(), None);
}

#[test]
fn a_link_reported_as_incoming_twice_is_one_link() {
    let mut phone = Script::new(quiet());
    phone.incoming().at(2).incoming().at(5).expect([tx(IN, [Signal::Available])]);
}

/// What a caller hears, and when, who calls a phone at 2 s and identifies 40 ms later; the app may
/// decide on it then. `prepare` begins at 1 s and ends at 2 s.
fn heard_of(
    config: Config,
    prepare: impl FnOnce(&mut Script),
    admission: Option<Admission>,
) -> Vec<(u64, OwnedOutput)> {
    let mut phone = Script::new(config);
    phone.at(1_000);
    prepare(&mut phone);
    phone.take();
    let mut heard = Vec::new();
    let mut listen = |phone: &mut Script| {
        let millis = phone.millis();
        let done = phone.take().into_iter();
        heard.extend(done.filter(is_on_link).map(|output| (millis, output)));
    };
    phone.incoming_on(CALLER, Duration::from_millis(20));
    for millis in 2_000..3_200 {
        phone.at(millis);
        listen(&mut phone);
        if millis == 2_040 {
            phone.link(CALLER, LinkEvent::Identified(somebody(8)));
            listen(&mut phone);
            if let Some(admission) = admission {
                phone.command(Command::Screen(CALLER.into(), admission));
                listen(&mut phone);
            }
        }
    }
    heard
}

fn is_on_link(output: &OwnedOutput) -> bool {
    matches!(output, OwnedOutput::Tx(CALLER, _) | OwnedOutput::Link(CALLER, _))
}

const CALLER: LinkId = LinkId(50);

const NEW: LinkId = LinkId(20);

/// As many links as there is room for, which came at 0 ms, without a round trip, and were offered
/// the line twice.
fn with_all_links() -> Script {
    let mut phone = Script::new(quiet());
    for link in (100..).map(LinkId).take(limits::PENDING_LINKS) {
        phone.incoming_on(link, Duration::ZERO);
    }
    phone.at(200);
    assert!(phone.take().iter().all(|output| matches!(output, OwnedOutput::Tx(..))));
    phone
}
