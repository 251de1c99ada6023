//! Whom strangers keep out: nobody who is known.

#![cfg(feature = "opus")]

use std::time::Duration;

use lxst_core::{
    Admission, CallId, CallState, CallerLimits, Class, Command, Destination, Event as CallEvent,
    IdentityHash, Instant, LinkEvent, LinkId, Mode, Profile, StackEvent,
};
use lxst_engine::{Callers, Config, Engine, Event, Ids, LinkCommand, LinkQueue};

const FRIEND: IdentityHash = IdentityHash([200; 16]);

#[test]
fn sixty_strangers_keep_nobody_out_who_is_on_a_list() {
    for callers in [Callers::all(), Callers::none(), Callers::ask()] {
        let mut phone = Phone::new(callers.clone().allowed([FRIEND]));
        (0..100).for_each(|number| phone.call(stranger(number)).end());
        for _ in 0..30 {
            assert!(phone.call(FRIEND).rings(), "{callers:?}");
            phone.end();
        }
    }
}

#[test]
fn strangers_who_are_turned_away_keep_no_other_stranger_out() {
    for (first, then) in [
        (Callers::none(), Callers::all()),
        (Callers::none(), Callers::ask()),
        (Callers::ask(), Callers::all()),
    ] {
        let mut phone = Phone::new(first.clone());
        (0..200).for_each(|number| phone.call(stranger(number)).end());
        phone.engine.set_callers(phone.now, then.clone());
        phone.admission = Admission::Ring;
        assert!(phone.call(FRIEND).rings(), "{first:?} {then:?}");
    }
}

#[test]
fn the_app_is_not_asked_about_strangers_beyond_their_share() {
    let mut phone = Phone::new(Callers::ask());
    phone.admission = Admission::Ring;
    (0..100).for_each(|number| phone.call(stranger(number)).end());
    assert_eq!(phone.asked, 60);
}

#[test]
fn limits_change_with_the_callers_and_what_was_counted_stays() {
    let limits = |strangers| CallerLimits { strangers, ..CallerLimits::default() };
    let mut phone = Phone::new(Callers::all().limits(limits(3)));
    let rings = |phone: &mut Phone, numbers: std::ops::Range<u8>| {
        let rang = numbers.filter(|number| {
            let rings = phone.call(stranger(*number)).rings();
            phone.end();
            rings
        });
        rang.count()
    };
    assert_eq!(rings(&mut phone, 0..10), 3);
    phone.engine.set_callers(phone.now, Callers::all().limits(limits(5)));
    assert_eq!(rings(&mut phone, 10..20), 2);
    phone.engine.set_callers(phone.now, Callers::all().limits(limits(5)).allowed([FRIEND]));
    assert_eq!(rings(&mut phone, 20..30), 0);
    assert!(phone.call(FRIEND).rings());
}

#[test]
fn somebody_who_was_dialled_or_answered_is_no_stranger_after_a_restart() {
    let (dialled, answered) = (IdentityHash([201; 16]), IdentityHash([202; 16]));
    let mut phone = Phone::new(Callers::all());
    phone.engine.dial(phone.now, dialled, Profile::MediumQuality, Mode::FullDuplex).unwrap();
    phone.end();
    phone.call(answered);
    let call = phone.engine.call().expect("it rings").call;
    phone.engine.command(phone.now, Command::Answer(call)).unwrap();
    phone.run(Duration::from_secs(3));
    assert_eq!(phone.engine.call().map(|call| call.state), Some(CallState::Established));
    phone.end();
    assert_eq!(phone.engine.people().collect::<Vec<_>>(), [dialled, answered]);

    let mut again = Phone::new(Callers::all());
    again.engine.import_people(again.now, &phone.engine.export_people()).expect("it is whole");
    (0..100).for_each(|number| again.call(stranger(number)).end());
    assert!(!again.call(FRIEND).rings(), "a stranger");
    again.end();
    for known in [dialled, answered] {
        assert!(again.call(known).rings());
        again.end();
    }
}

/// A phone on another stack, with an app that decides alike on everybody.
struct Phone {
    engine: Engine<LinkQueue>,
    now: Instant,
    ids: Ids,
    admission: Admission,
    asked: usize,
}

impl Phone {
    fn new(callers: Callers) -> Self {
        let config = Config { callers, ..Config::default() };
        let ids = config.ids.clone();
        let engine = Engine::new(config, LinkQueue::new(IdentityHash([1; 16])));
        Self { engine, now: Instant::ORIGIN, ids, admission: Admission::Drop, asked: 0 }
    }

    /// Lets somebody call, up to the decision.
    fn call(&mut self, from: IdentityHash) -> &mut Self {
        let link = self.ids.next_link();
        let up = LinkEvent::Incoming {
            on: Destination::telephony(IdentityHash([1; 16])),
            rtt: Some(Duration::from_millis(20)),
            mdu: Some(431),
        };
        self.report(link, up);
        self.run(Duration::from_millis(30));
        self.report(link, LinkEvent::Identified(from));
        self.run(Duration::from_millis(30));
        self
    }

    fn report(&mut self, link: LinkId, event: LinkEvent) {
        let event = StackEvent::Link { link, event };
        self.engine.with_stack(self.now, |queue| queue.push(self.now, event));
    }

    fn rings(&self) -> bool {
        self.engine.call().is_some_and(|call| call.state == CallState::Ringing)
    }

    /// Ends the call, if there is one, and lets its goodbye pass.
    fn end(&mut self) {
        if let Some(status) = self.engine.call() {
            let done = self.engine.command(self.now, Command::HangUp(status.call));
            done.expect("it stands");
        }
        self.run(Duration::from_millis(200));
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            while let Some(event) = self.engine.poll_event() {
                if let Event::Call(CallEvent::Screening { call, .. }) = event {
                    self.screen(call);
                }
            }
            while let Some(command) = self.engine.stack_mut().poll_command() {
                let is_media = matches!(command, LinkCommand::Send { class: Class::Media, .. });
                assert!(!is_media, "nobody speaks");
            }
            let Some(due) = self.engine.poll_timeout().filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now);
        }
        self.now = end;
    }

    fn screen(&mut self, call: CallId) {
        self.asked += 1;
        let done = self.engine.command(self.now, Command::Screen(call, self.admission));
        done.expect("it waits");
    }
}

fn stranger(number: u8) -> IdentityHash {
    IdentityHash([number % 190; 16])
}
