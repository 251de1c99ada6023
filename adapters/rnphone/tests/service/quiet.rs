//! Quiet hours, by a clock that the test sets.

use std::sync::{Arc, Mutex};

use lxst_tokio::EndReason;
use rnphone_rs::control::{Event, Reply};
use rnphone_rs::history::Outcome;
use rnphone_rs::quiet::{LocalClock, LocalTime};
use rnphone_rs::service::Overrides;

use super::support::{Phone, ask};

#[tokio::test]
async fn in_quiet_hours_exceptions_ring_and_the_calls_of_others_are_told_as_missed() {
    let time = Time::at(21, 59);
    let settings = "[rnphone-rs]\nquiet_hours = 22:00-07:00\nquiet_except = Mary\n";
    let mut bob = Phone::set_up_with("quiet", settings, time.overrides()).await;
    let mut alice = Phone::calling("caller-in-quiet", &bob).await;
    let mut mary = Phone::calling("exception", &bob).await;
    ask(&bob, &format!("add {} Mary", mary.identity)).await.expect("it is added");
    assert_eq!(bob.status().await.quiet_until, None);

    time.set(22, 0);
    assert_eq!(bob.status().await.quiet_until.as_deref(), Some("07:00"));
    bob.until(|event| matches!(event, Event::QuietHours { until: Some(_) })).await;
    ask(&alice, &bob.identity.to_string()).await.expect("it dials");
    let told = bob.until(is_turned_away_or_rings).await;
    assert!(matches!(told, Event::TurnedAway { peer } if peer.hash == alice.identity));
    let ended = alice.until(|event| matches!(event, Event::Ended { .. })).await;
    let busy = Outcome::Ended(EndReason::Busy);
    assert!(matches!(ended, Event::Ended { past, .. } if past.outcome == busy));
    let Ok(Reply::History(calls)) = ask(&bob, "history missed").await else { panic!() };
    assert_eq!((calls.len(), calls[0].outcome), (1, Outcome::TurnedAway));
    assert_eq!((calls[0].peer.hash, bob.status().await.missed), (alice.identity, 1));

    ask(&mary, &bob.identity.to_string()).await.expect("it dials");
    let told = bob.until(is_turned_away_or_rings).await;
    assert!(matches!(told, Event::Incoming { peer, .. } if peer.name == "Mary"));
    ask(&mary, "hangup").await.expect("it hangs up");
    mary.until(|event| matches!(event, Event::Ended { .. })).await;

    time.set(6, 59);
    assert!(bob.status().await.quiet_until.is_some());
    time.set(7, 0);
    assert_eq!(bob.status().await.quiet_until, None);
    ask(&alice, &bob.identity.to_string()).await.expect("it dials");
    let told = bob.until(is_turned_away_or_rings).await;
    assert!(matches!(told, Event::Incoming { peer, .. } if peer.hash == alice.identity));
}

#[tokio::test]
async fn who_may_not_call_is_not_told_in_quiet_hours_either() {
    let settings = "[telephone]\nallowed_callers = phonebook\n\
                    [rnphone-rs]\nquiet_hours = 22:00-07:00\n";
    let mut bob = Phone::set_up_with("quiet-list", settings, Time::at(0, 0).overrides()).await;
    let mut alice = Phone::calling("not-allowed-in-quiet", &bob).await;
    let mut mary = Phone::calling("allowed-in-quiet", &bob).await;
    ask(&bob, &format!("add {} Mary", mary.identity)).await.expect("it is added");
    for phone in [&mut alice, &mut mary] {
        ask(phone, &bob.identity.to_string()).await.expect("it dials");
        phone.until(|event| matches!(event, Event::Ended { .. })).await;
    }
    let told = bob.until(is_turned_away_or_rings).await;
    assert!(matches!(told, Event::TurnedAway { peer } if peer.name == "Mary"));
    assert_eq!(bob.status().await.missed, 1);
}

#[tokio::test]
async fn the_voicemail_of_a_user_who_is_away_answers_at_once_in_quiet_hours_and_nothing_rings() {
    let settings = "[rnphone-rs]\nquiet_hours = 22:00-07:00\nvoicemail_away = 20\n";
    let mut bob =
        Phone::set_up_with("quiet-voicemail", settings, Time::at(23, 0).overrides()).await;
    let mut alice = Phone::calling("caller-of-quiet-voicemail", &bob).await;
    ask(&alice, &bob.identity.to_string()).await.expect("it dials");
    let is_told = |event: &Event| {
        is_turned_away_or_rings(event) || matches!(event, Event::VoicemailAnswers { .. })
    };
    let told = bob.until(is_told).await;
    assert!(matches!(told, Event::VoicemailAnswers { peer, .. } if peer.hash == alice.identity));
    alice.until(|event| matches!(event, Event::Established { .. })).await;
    ask(&alice, "hangup").await.expect("it hangs up");
    let is_over =
        |event: &Event| is_turned_away_or_rings(event) || matches!(event, Event::Ended { .. });
    let told = bob.until(is_over).await;
    assert!(
        matches!(told, Event::Ended { past, .. } if past.talked_ms.is_some() && !past.is_missed)
    );
}

fn is_turned_away_or_rings(event: &Event) -> bool {
    matches!(event, Event::TurnedAway { .. } | Event::Incoming { .. })
}

/// What a clock on the wall shows.
struct Time(Arc<Mutex<LocalTime>>);

impl Time {
    fn at(hour: u8, minute: u8) -> Self {
        Self(Arc::new(Mutex::new(LocalTime::new(hour, minute))))
    }

    fn set(&self, hour: u8, minute: u8) {
        *self.0.lock().expect("no panic") = LocalTime::new(hour, minute);
    }

    fn overrides(&self) -> Overrides {
        let shown = self.0.clone();
        let mut overrides = Overrides::default();
        overrides.clock = LocalClock::new(move || *shown.lock().expect("no panic"));
        overrides
    }
}
