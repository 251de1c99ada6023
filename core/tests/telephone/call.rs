//! Two phones on a network, with microphones, speakers and codecs that take their time.

use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

use lxst_core::{
    Admission, AnswerMode, CallState, Command, Config, Direction, EndReason, Event, LinkClosed,
    Mode, Mute, Profile, ProfileSet, Role, Samples, Talk, ThinPath,
};

use crate::support::{ALICE, BOB, Network, Pair, quiet};

#[test]
fn a_call_is_established_on_both_sides_and_every_frame_sent_is_heard() {
    for profile in [Profile::MediumQuality, Profile::LowLatency, Profile::UltraLowLatency] {
        let mut pair = Pair::new();
        let calls = pair.connect_with(profile, Mode::FullDuplex);
        for (phone, role) in [(ALICE, Role::Caller), (BOB, Role::Callee)] {
            let call = pair.handset(phone).phone.call().expect("the call stands");
            assert_eq!((call.call, call.role, call.profile), (calls[phone], role, profile));
            assert_eq!(call.state, CallState::Established);
        }
        pair.run_for(Duration::from_secs(10));
        for phone in [ALICE, BOB] {
            // The last of them wait in the network and for the speaker.
            let sent = &pair.handset(1 - phone).frames_sent;
            let heard = &pair.handset(phone).frames_heard;
            let waiting = Samples::from_millis(200).0 / profile.frame().0 + 1;
            assert!(heard.len() + waiting as usize >= sent.len(), "{profile}");
            assert_eq!(heard[..], sent[..heard.len()]);
            let least = Samples::from_millis(9_900).0 / profile.frame().0;
            assert!(sent.len() >= least as usize, "{profile}: {}", sent.len());
            let counters = pair.handset(phone).phone.counters();
            assert_eq!((counters.frames_shed, counters.starved), (0, Samples::ZERO), "{profile}");
        }
        pair.command(ALICE, Command::HangUp(calls[ALICE]));
        pair.run_for(Duration::from_secs(1));
        assert_eq!(pair.ended(ALICE), [EndReason::LocalHangup]);
        assert_eq!(pair.ended(BOB), [EndReason::RemoteHangup]);
    }
}

#[test]
fn a_caller_who_prefers_what_the_callee_lacks_talks_with_the_callees_profile() {
    for (profile, thin_path) in
        [(Profile::LowBandwidth, ThinPath::Refuse), (Profile::UltraLowBandwidth, ThinPath::Accept)]
    {
        let profiles = ProfileSet::OPUS.with(profile);
        let configs = [Config { profiles, ..quiet() }, Config { thin_path, ..quiet() }];
        let mut pair = Pair::with(Network::default(), configs, |_, _, _| {});
        pair.connect_with(profile, Mode::FullDuplex);
        for phone in [ALICE, BOB] {
            let call = pair.handset(phone).phone.call().expect("the call stands");
            assert_eq!(call.profile, Profile::MediumQuality);
        }
        pair.run_for(Duration::from_secs(2));
        for phone in [ALICE, BOB] {
            let (sent, heard) =
                (&pair.handset(1 - phone).frames_sent, &pair.handset(phone).frames_heard);
            assert!(heard.len() > 25, "{profile}: {} frames", heard.len());
            assert_eq!(heard[..], sent[..heard.len()]);
        }
    }
}

#[test]
fn the_callee_hangs_up() {
    let mut pair = Pair::new();
    let calls = pair.connect();
    pair.command(BOB, Command::HangUp(calls[BOB]));
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ended(BOB), [EndReason::LocalHangup]);
    assert_eq!(pair.ended(ALICE), [EndReason::RemoteHangup]);
}

#[test]
fn the_callee_rejects() {
    let mut pair = Pair::new();
    pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
    pair.run_for(Duration::from_secs(1));
    pair.command(BOB, Command::HangUp(pair.call(BOB)));
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ended(BOB), [EndReason::Rejected]);
    assert_eq!(pair.ended(ALICE), [EndReason::Rejected]);
}

#[test]
fn the_caller_cancels_while_it_rings() {
    let mut pair = Pair::new();
    let call = pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
    pair.run_for(Duration::from_secs(1));
    pair.command(ALICE, Command::HangUp(call));
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ended(ALICE), [EndReason::Cancelled]);
    assert_eq!(pair.ended(BOB), [EndReason::Cancelled]);
}

#[test]
fn a_call_cancelled_before_its_link_is_up_never_rings() {
    let mut pair = Pair::new();
    let call = pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
    pair.run_for(Duration::from_millis(10));
    pair.command(ALICE, Command::HangUp(call));
    pair.run_for(Duration::from_secs(20));
    assert_eq!(pair.ended(ALICE), [EndReason::Cancelled]);
    assert_eq!(pair.handset(BOB).events, []);
}

#[test]
fn nobody_answers() {
    let mut pair = Pair::new();
    pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
    pair.run_for(Duration::from_secs(61));
    assert_eq!(pair.ended(BOB), [EndReason::RingTimeout]);
    assert_eq!(pair.ended(ALICE), [EndReason::NoAnswer]);
}

#[test]
fn a_callee_that_takes_nobody_is_busy_to_the_caller() {
    let config = Config { callers: Some(Admission::Busy), ..quiet() };
    let mut pair = Pair::with(Network::default(), [quiet(), config], |_, _, _| {});
    pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
    pair.run_for(Duration::from_secs(2));
    assert_eq!(pair.ended(ALICE), [EndReason::Busy]);
    assert_eq!(pair.handset(BOB).events, []);
}

#[test]
fn both_who_dial_each_other_get_one_call() {
    for first in [ALICE, BOB] {
        for delay in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 400] {
            for lag in (0..=4 * delay + 10).step_by(1 + delay as usize / 10) {
                dial_each_other(first, Duration::from_millis(delay), lag);
            }
        }
    }
}

/// One dials, the other does a little later unless it rings there already.
fn dial_each_other(first: usize, delay: Duration, lag: u64) {
    let story = format!("{first} dials first, {lag} ms before the other, {delay:?} away");
    let network = Network { delay, ..Network::default() };
    let mut pair = Pair::with(network, [quiet(), quiet()], |_, _, _| {});
    let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
    let mut calls = [pair.dial(first, profile, mode); 2];
    pair.run_for(Duration::from_millis(lag));
    if pair.handset(1 - first).phone.call().is_some() {
        return;
    }
    calls[1 - first] = pair.dial(1 - first, profile, mode);
    pair.run_for(delay * 12 + Duration::from_millis(700));
    for phone in [ALICE, BOB] {
        let status = pair.handset(phone).phone.call().expect(&story);
        assert_eq!((status.call, status.state), (calls[phone], CallState::Established), "{story}");
        let told = pair.handset(phone).events.iter();
        let rings = told.filter(|(_, event)| matches!(event, Event::Incoming { .. }));
        assert_eq!(rings.count(), 0, "{story}");
    }
    pair.command(ALICE, Command::HangUp(calls[ALICE]));
    pair.run_for(Duration::from_secs(2));
    assert_eq!(pair.ended(ALICE), [EndReason::LocalHangup], "{story}");
    assert_eq!(pair.ended(BOB), [EndReason::RemoteHangup], "{story}");
    for phone in [ALICE, BOB] {
        assert_eq!(pair.handset(phone).phone.poll_timeout(), None, "{story}");
    }
}

#[test]
fn a_phone_that_answers_by_itself_takes_the_callers_profile() {
    for delay in [1, 20, 200, 1_000].map(Duration::from_millis) {
        let config = Config { answer: AnswerMode::Automatic, ..quiet() };
        let network = Network { delay, ..Network::default() };
        let mut pair = Pair::with(network, [quiet(), config], |_, _, _| {});
        pair.dial(ALICE, Profile::HighQuality, Mode::FullDuplex);
        pair.run_for(Duration::from_secs(12));
        assert!(pair.is_established(ALICE) && pair.is_established(BOB), "{delay:?}");
        let profile = pair.handset(BOB).phone.call().map(|call| call.profile);
        assert_eq!(profile, Some(Profile::HighQuality), "{delay:?}");
    }
}

#[test]
fn a_lost_link_ends_the_call_on_both_sides() {
    for end in [LinkClosed::Timeout, LinkClosed::Interface] {
        let mut pair = Pair::new();
        pair.connect();
        pair.break_links(end);
        pair.run_for(Duration::from_secs(1));
        for phone in [ALICE, BOB] {
            assert_eq!(pair.ended(phone), [EndReason::LinkLost]);
            assert_eq!(pair.handset(phone).phone.poll_timeout(), None);
        }
    }
}

#[test]
fn lost_media_is_concealed_and_the_rest_is_heard_in_order() {
    let network = Network { media_lost_per_mille: 100, seed: 7, ..Network::default() };
    let mut pair = Pair::with(network, [quiet(), quiet()], |_, _, _| {});
    pair.connect();
    pair.run_for(Duration::from_secs(30));
    for phone in [ALICE, BOB] {
        let heard = &pair.handset(phone).frames_heard;
        assert!(heard.is_sorted_by(|earlier, later| earlier < later));
        let sent = pair.handset(1 - phone).frames_sent.len();
        assert!((sent * 8 / 10..sent).contains(&heard.len()), "{} of {sent}", heard.len());
        let counters = pair.handset(phone).phone.counters();
        assert!(counters.concealed > Samples::ZERO);
        assert_eq!(counters.frames_shed, 0);
    }
}

#[test]
fn a_profile_switch_by_either_side_takes_both_sides_along() {
    for by in [ALICE, BOB] {
        let mut pair = Pair::new();
        let calls = pair.connect();
        pair.command(by, Command::SetProfile(calls[by], Profile::LowLatency));
        pair.run_for(Duration::from_secs(2));
        for phone in [ALICE, BOB] {
            let call = pair.handset(phone).phone.call();
            assert_eq!(call.map(|call| call.profile), Some(Profile::LowLatency));
            let heard = pair.handset(phone).frames_heard.len();
            assert!(heard >= 80, "{heard} frames of 20 ms in 2 s");
            let sent = &pair.handset(1 - phone).frames_sent;
            assert_eq!(pair.handset(phone).frames_heard[..], sent[..heard]);
        }
        let changes = |phone: usize| {
            let events = pair.handset(phone).events.iter();
            events.filter(|(_, event)| matches!(event, Event::ProfileChanged { .. })).count()
        };
        assert_eq!((changes(ALICE), changes(BOB)), (1, 1));
    }
}

#[test]
fn in_half_duplex_only_who_holds_the_talk_button_is_heard() {
    let mut pair = Pair::new();
    let calls = pair.connect_with(Profile::MediumQuality, Mode::HalfDuplex);
    pair.run_for(Duration::from_secs(1));
    assert!(pair.handset(ALICE).frames_sent.is_empty());
    pair.command(ALICE, Command::Talk(calls[ALICE], Talk::Pressed));
    pair.run_for(Duration::from_secs(1));
    pair.command(ALICE, Command::Talk(calls[ALICE], Talk::Released));
    pair.run_for(Duration::from_secs(1));
    let sent = pair.handset(ALICE).frames_sent.len();
    assert!((15..=17).contains(&sent), "{sent} frames of 60 ms in 1 s");
    assert_eq!(pair.handset(BOB).frames_heard, pair.handset(ALICE).frames_sent);
    assert!(pair.handset(BOB).frames_sent.is_empty());
}

#[test]
fn a_muted_speaker_hears_nothing_while_its_microphone_goes_on() {
    let mut pair = Pair::new();
    let calls = pair.connect();
    pair.command(BOB, Command::Mute(calls[BOB], Direction::Receive, Mute::Muted));
    let heard = pair.handset(BOB).frames_heard.len();
    pair.run_for(Duration::from_secs(2));
    assert_eq!(pair.handset(BOB).frames_heard.len(), heard);
    assert!(pair.handset(ALICE).frames_heard.len() >= 30);
}

#[test]
fn a_phone_calls_again_after_each_call() {
    let mut pair = Pair::new();
    for round in 1..=3 {
        let [call, _] = pair.connect();
        assert!(pair.is_established(ALICE) && pair.is_established(BOB));
        pair.command(ALICE, Command::HangUp(call));
        pair.run_for(Duration::from_secs(1));
        assert_eq!((pair.ended(ALICE).len(), pair.ended(BOB).len()), (round, round));
    }
}

#[test]
fn the_same_call_made_twice_is_the_same_at_all_four_doors() {
    let logs = [(), ()].map(|()| {
        let log = Rc::new(RefCell::new(Vec::new()));
        let lines = Rc::clone(&log);
        let network = Network { media_lost_per_mille: 50, ..Network::default() };
        let mut pair = Pair::with(network, [quiet(), quiet()], move |phone, now, door| {
            lines.borrow_mut().push(format!("{now} {phone} {door:?}"));
        });
        let [call, _] = pair.connect();
        pair.run_for(Duration::from_secs(5));
        pair.command(ALICE, Command::HangUp(call));
        pair.run_for(Duration::from_secs(1));
        log.take()
    });
    assert!(logs[0].len() > 1_000);
    assert_eq!(logs[0], logs[1]);
}
