//! Who calls too often, and how a friend gets through a flood of strangers.

use core::time::Duration;

use lxst_core::wire::Signal;
use lxst_core::{
    Admission, CallState, CallerLimits, Command, Config, EndReason, Event, IdentityHash, Limit,
    LinkClosed, LinkEvent, LinkId, LinkRequest, limits,
};
use lxst_sim::random::Seeded;

use crate::support::{OwnedOutput, PEER, Script, busy, event, quiet, somebody, tx};

#[test]
fn a_caller_who_tries_too_often_hears_busy_and_the_app_is_told_once() {
    let mut phone = Script::new(few(3, 100));
    for attempt in 0..3 {
        ring_and_reject(&mut phone, attempt, somebody(1));
    }
    let limit = Limit::OneCaller;
    let from = somebody(1);
    call(&mut phone, 3, from);
    phone.expect([event(Event::CallerLimited { from, limit }), busy(link(3))]);
    for attempt in 4..10 {
        call(&mut phone, attempt, from);
        phone.expect([busy(link(attempt))]);
    }
    assert_eq!(phone.counters().callers_limited, 7);
    ring_and_reject(&mut phone, 20, somebody(2));
}

#[test]
fn a_limited_caller_rings_again_when_the_window_has_passed() {
    let mut phone = Script::new(few(1, 100));
    ring_and_reject(&mut phone, 0, PEER);
    call(&mut phone, 1, PEER);
    assert!(phone.take().contains(&busy(link(1))));
    phone.at(600_000 + 5).take();
    ring_and_reject(&mut phone, 700, PEER);
}

#[test]
fn strangers_beyond_the_limit_hear_busy_and_the_app_is_told_once() {
    let mut phone = Script::new(few(100, 3));
    for stranger in 0..3 {
        ring_and_reject(&mut phone, stranger, somebody(stranger as u8));
    }
    let (from, limit) = (somebody(3), Limit::Strangers);
    call(&mut phone, 3, from);
    phone.expect([event(Event::CallerLimited { from, limit }), busy(link(3))]);
    call(&mut phone, 4, somebody(4));
    phone.expect([busy(link(4))]);
}

#[test]
fn who_was_talked_with_or_dialled_is_no_stranger() {
    let mut phone = Script::new(few(100, 1));
    // Dialled in vain.
    phone.dial().link_failed(lxst_core::LinkFailed::NoPath).take();
    // Talked with.
    call(&mut phone, 0, somebody(1));
    phone.command(Command::Answer(link(0).into()));
    phone.rx_on(link(0), &[Signal::PreferredMode(1)]).at(1_900);
    phone.command(Command::HangUp(link(0).into())).take();

    ring_and_reject(&mut phone, 1, somebody(2));
    call(&mut phone, 2, somebody(3));
    assert!(phone.take().contains(&busy(link(2))), "a second stranger");
    ring_and_reject(&mut phone, 3, somebody(1));
    ring_and_reject(&mut phone, 4, PEER);
}

#[test]
fn who_was_rejected_stays_a_stranger() {
    let mut phone = Script::new(few(100, 1));
    ring_and_reject(&mut phone, 0, PEER);
    call(&mut phone, 1, PEER);
    assert!(phone.take().contains(&busy(link(1))));
}

#[test]
fn strangers_who_are_refused_after_they_rang_are_counted() {
    for admission in [None, Some(Admission::Reject), Some(Admission::Busy), Some(Admission::Drop)] {
        let mut phone = Script::new(few(100, 3));
        for attempt in 0..3 {
            call(&mut phone, attempt, somebody(attempt as u8));
            assert!(phone.take().contains(&tx(link(attempt), [Signal::Ringing])), "{admission:?}");
            let call = link(attempt).into();
            phone.command(match admission {
                None => Command::HangUp(call),
                Some(admission) => Command::Screen(call, admission),
            });
            later(&mut phone, 200);
        }
        phone.take();
        call(&mut phone, 3, somebody(3));
        assert!(phone.take().contains(&busy(link(3))), "{admission:?}");
    }
}

#[test]
fn strangers_who_are_answered_keep_no_other_stranger_out() {
    let mut phone = Script::new(few(1, 1));
    for attempt in 0..20 {
        call(&mut phone, attempt, somebody(attempt as u8));
        talk(&mut phone, attempt);
        phone.take();
    }
    assert_eq!(phone.counters().callers_limited, 0);
}

/// Calls of a few strangers at any moment, each of which ends in one of three ways.
#[test]
fn a_stranger_rings_unless_a_plain_account_of_the_calls_says_otherwise() {
    let (one_caller, strangers) = (3, 5);
    for seed in 0..200 {
        let mut random = Seeded(seed);
        let mut phone = Script::new(few(one_caller, strangers));
        let mut account = Account::default();
        for attempt in 0..60 {
            later(&mut phone, 1_000 * (random.below(60)));
            let who = random.below(8);
            call(&mut phone, attempt, somebody(who as u8));
            let now = phone.millis();
            let rings = phone.take().contains(&tx(link(attempt), [Signal::Ringing]));
            let wanted = account.lets_ring(now, who, one_caller.into(), strangers.into());
            assert_eq!(rings, wanted, "seed {seed}, call {attempt}");
            if !rings {
                continue;
            }
            match random.below(4) {
                0 => {
                    talk(&mut phone, attempt);
                    account.known.push(who);
                    account.take_back(who);
                }
                1 => drop(phone.command(Command::HangUp(link(attempt).into()))),
                _ => drop(phone.link(link(attempt), LinkEvent::Closed(LinkClosed::Peer))),
            }
            phone.take();
            account.counted = None;
        }
    }
}

/// What strangers have used of what they may.
#[derive(Default)]
struct Account {
    known: Vec<u64>,
    /// When the window of all began, and what is counted in it; the same for each of them.
    all: (u64, u32),
    each: std::collections::BTreeMap<u64, (u64, u32)>,
    /// Who rings and was counted.
    counted: Option<u64>,
}

impl Account {
    fn lets_ring(&mut self, now: u64, who: u64, one_caller: u32, strangers: u32) -> bool {
        if self.known.contains(&who) {
            return true;
        }
        let each = self.each.get(&who).copied().unwrap_or((now, 0));
        let is_over = |(since, _): (u64, u32)| now - since >= 600_000;
        let has_room = |window, limit| is_over(window) || window.1 < limit;
        let rings = has_room(each, one_caller) && has_room(self.all, strangers);
        if rings {
            let counted =
                |window| if is_over(window) { (now, 1) } else { (window.0, window.1 + 1) };
            self.all = counted(self.all);
            self.each.insert(who, counted(each));
            self.counted = Some(who);
        }
        rings
    }

    fn take_back(&mut self, who: u64) {
        if self.counted.take() == Some(who) {
            self.all.1 -= 1;
        }
    }
}

#[test]
fn a_caller_who_is_turned_away_costs_no_allowance() {
    for (callers, admission) in [
        (Some(Admission::Busy), None),
        (None, Some(Admission::Busy)),
        (None, Some(Admission::Reject)),
        (None, Some(Admission::Drop)),
    ] {
        let mut phone = Script::new(Config { callers, ..few(2, 3) });
        for attempt in 0..100 {
            call(&mut phone, attempt, somebody(attempt as u8 % 5));
            if let Some(admission) = admission {
                phone.command(Command::Screen(link(attempt).into(), admission));
                later(&mut phone, 200);
            }
            phone.take();
        }
        assert_eq!(phone.counters().callers_limited, 0, "{callers:?} {admission:?}");
    }
}

#[test]
fn while_the_line_is_taken_nobody_costs_an_allowance() {
    let mut phone = Script::new(few(1, 1));
    phone.command(Command::SetAvailable(false));
    (0..10).for_each(|attempt| call(&mut phone, attempt, somebody(1)));
    phone.command(Command::SetAvailable(true)).take();
    ring_and_reject(&mut phone, 20, somebody(1));
}

#[test]
fn the_app_hears_which_limit_a_caller_has_reached_before_it_decides() {
    let mut phone = Script::new(Config { callers: None, ..few(1, 100) });
    let asked = |phone: &mut Script, attempt: u64| {
        call(phone, attempt, PEER);
        let limit_of = |output: &OwnedOutput| match output {
            OwnedOutput::Event(Event::Screening { limit, .. }) => Some(*limit),
            _ => None,
        };
        phone.take().iter().find_map(limit_of)
    };
    assert_eq!(asked(&mut phone, 0), Some(None));
    phone.command(Command::Screen(link(0).into(), Admission::Ring));
    phone.command(Command::HangUp(link(0).into())).take();

    let limit = Limit::OneCaller;
    assert_eq!(asked(&mut phone, 1), Some(Some(limit)));
    phone.command(Command::Screen(link(1).into(), Admission::Ring));
    phone.expect([event(Event::CallerLimited { from: PEER, limit }), busy(link(1))]);

    assert_eq!(asked(&mut phone, 2), Some(Some(limit)));
    phone.command(Command::Know(PEER));
    phone.command(Command::Screen(link(2).into(), Admission::Ring));
    assert!(phone.take().contains(&tx(link(2), [Signal::Ringing])));
}

#[test]
fn the_calls_of_somebody_who_was_answered_are_not_counted() {
    let mut phone = Script::new(few(3, 2));
    for attempt in 0..30 {
        call(&mut phone, attempt, PEER);
        assert!(phone.take().contains(&tx(link(attempt), [Signal::Ringing])), "{attempt}");
        talk(&mut phone, attempt);
        phone.take();
    }
    assert_eq!(phone.counters().callers_limited, 0);
}

#[test]
fn a_caller_who_crosses_our_own_call_is_not_counted() {
    let mut phone = Script::new(few(1, 100));
    let lower = IdentityHash([1; 16]);
    ring_and_reject(&mut phone, 0, lower);
    let (profile, mode) = (lxst_core::Profile::MediumQuality, lxst_core::Mode::FullDuplex);
    let (id, out) = (lxst_core::CallId(1), LinkId(2));
    phone.command(Command::Dial { call: id, link: out, to: lower, profile, mode }).take();
    call(&mut phone, 1, lower);
    assert_eq!(phone.phone.call().map(|call| call.state), Some(CallState::Connecting));
}

#[test]
fn a_friend_gets_through_a_flood_that_the_app_screens() {
    for seed in 0..100 {
        let callers = None;
        let flood = Flood::new(Config { callers, ..quiet() }, seed);
        let rang = flood.run();
        assert!(rang.is_some_and(|at| at <= 60_000), "seed {seed}: {rang:?}");
    }
}

#[test]
fn a_friend_gets_through_a_flood_that_a_person_rejects() {
    for seed in 0..100 {
        let rang = Flood::new(quiet(), seed).run();
        assert!(rang.is_some_and(|at| at <= 60_000), "seed {seed}: {rang:?}");
    }
}

#[test]
fn a_caller_who_identifies_within_the_grace_time_is_never_evicted() {
    let grace = limits::IDENTIFY_GRACE.as_millis() as u64;
    for identifies_after in [0, 4, 6, 100, grace] {
        for per_second in [10, 100, 1_000] {
            let mut phone = Script::new(Config { callers: None, ..quiet() });
            phone.incoming_on(link(1_000_000), Duration::ZERO);
            let mut strangers = 0;
            for now in 0..=grace + 500 {
                phone.at(now);
                if now == identifies_after {
                    phone.link(link(1_000_000), LinkEvent::Identified(PEER));
                }
                while strangers < now * per_second / 1_000 {
                    strangers += 1;
                    phone.incoming_on(link(strangers), Duration::ZERO);
                }
            }
            let screening = |output: &OwnedOutput| {
                matches!(output, OwnedOutput::Event(Event::Screening { from: PEER, .. }))
            };
            let done = phone.take();
            assert!(done.iter().any(screening), "{identifies_after} ms, {per_second}/s");
            assert!(!done.contains(&OwnedOutput::Link(link(1_000_000), LinkRequest::Close)));
            phone.command(Command::Screen(link(1_000_000).into(), Admission::Ring));
            assert_eq!(phone.phone.call().map(|call| call.peer), Some(PEER));
        }
    }
}

/// Ten links of strangers a second, of whom some identify, and a friend who calls every 5 s.
struct Flood {
    phone: Script,
    random: Seeded,
    /// Links and the moments at which their owners identify or leave.
    agenda: Vec<(u64, LinkId, LinkEvent)>,
    rejects_at: Option<(u64, Command)>,
}

impl Flood {
    fn new(config: Config, seed: u64) -> Self {
        let mut phone = Script::new(config);
        // The friend is somebody whom we called before.
        phone.dial().link_failed(lxst_core::LinkFailed::NoPath).take();
        Self { phone, random: Seeded(seed), agenda: Vec::new(), rejects_at: None }
    }

    /// Runs a minute, and tells when the friend's call rang, in ms.
    fn run(mut self) -> Option<u64> {
        let first = self.random.below(5_000);
        for now in 0..60_000 {
            self.phone.at(now);
            if now.is_multiple_of(100) {
                self.stranger(now);
            }
            if now >= first && (now - first).is_multiple_of(5_000) {
                let link = link(1_000_000 + now);
                self.phone.incoming_on(link, Duration::from_millis(200));
                self.agenda.push((now + 200, link, LinkEvent::Identified(PEER)));
                self.agenda.push((now + 4_900, link, LinkEvent::Closed(LinkClosed::Peer)));
            }
            let due: Vec<_> = self.agenda.extract_if(.., |(at, ..)| *at == now).collect();
            for (_, link, event) in due {
                // The link may be closed by now.
                let _ = self.phone.try_give(lxst_core::Input::Link { link, event });
            }
            if let Some((_, command)) = self.rejects_at.take_if(|(at, _)| *at <= now) {
                let _ = self.phone.try_give(lxst_core::Input::Command(command));
            }
            if self.look(now) {
                return Some(now);
            }
        }
        None
    }

    fn stranger(&mut self, now: u64) {
        let link = link(now);
        let rtt = Duration::from_millis(self.random.below(500));
        self.phone.incoming_on(link, rtt);
        if self.random.below(2) == 0 {
            let who = IdentityHash(core::array::from_fn(|_| self.random.next() as u8));
            let after = 1 + self.random.below(800);
            self.agenda.push((now + after, link, LinkEvent::Identified(who)));
        }
        if self.random.below(4) == 0 {
            let after = 1 + self.random.below(8_000);
            self.agenda.push((now + after, link, LinkEvent::Closed(LinkClosed::Peer)));
        }
    }

    /// Does what the app does, and tells whether the friend's call rings.
    fn look(&mut self, now: u64) -> bool {
        for output in self.phone.take() {
            match output {
                OwnedOutput::Event(Event::Incoming { from: PEER, .. }) => return true,
                // A person needs a moment to look.
                OwnedOutput::Event(Event::Incoming { call, .. }) => {
                    self.rejects_at = Some((now + 400, Command::HangUp(call)));
                }
                // A list does not.
                OwnedOutput::Event(Event::Screening { call, from, .. }) => {
                    let admission = if from == PEER { Admission::Ring } else { Admission::Drop };
                    self.phone.command(Command::Screen(call, admission));
                }
                _ => {}
            }
        }
        self.phone.phone.call().is_some_and(|call| call.peer == PEER)
    }
}

/// Limits of one caller and of all strangers in 10 min.
fn few(one_caller: u16, strangers: u16) -> Config {
    let limits = CallerLimits { one_caller, strangers, ..CallerLimits::default() };
    Config { limits, ..quiet() }
}

fn later(phone: &mut Script, millis: u64) {
    phone.at(phone.millis() + millis);
}

/// A call that comes a second after the last one, up to the identity.
fn call(phone: &mut Script, attempt: u64, from: IdentityHash) {
    let second = phone.millis() / 1_000 + 1;
    phone.at(second * 1_000).incoming_on(link(attempt), Duration::ZERO);
    phone.at(second * 1_000 + 5).take();
    phone.link(link(attempt), LinkEvent::Identified(from));
}

/// Answers a call that rings, and hangs up 0.9 s later.
fn talk(phone: &mut Script, attempt: u64) {
    phone.command(Command::Answer(link(attempt).into()));
    phone.rx_on(link(attempt), &[Signal::PreferredMode(1)]);
    later(phone, 900);
    phone.command(Command::HangUp(link(attempt).into()));
}

#[track_caller]
fn ring_and_reject(phone: &mut Script, attempt: u64, from: IdentityHash) {
    call(phone, attempt, from);
    assert!(phone.take().contains(&tx(link(attempt), [Signal::Ringing])), "{attempt}");
    phone.command(Command::HangUp(link(attempt).into())).expect_ended(EndReason::Rejected);
}

fn link(number: u64) -> LinkId {
    LinkId(10 + number)
}
