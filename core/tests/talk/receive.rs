//! What a listener hears of talkers on good and bad networks.

use lxst_core::talk::{Config, Event, Input, Numbers};
use lxst_core::{LinkId, Profile, Samples, StreamId, Talk, limits};
use lxst_sim::wire::Conditions;

use crate::support::{Heard, Listener, Talker, at, config, ms, run};

#[test]
fn a_talk_is_heard_whole_and_in_order() {
    let (talker, listener) = talk(config(Profile::LowLatency), Conditions::NONE, 2_000);
    let frames = listener.frames_of(FIRST);
    assert!(frames.iter().copied().eq(0..100), "{frames:?}");
    assert_eq!(talker.radio.counters().media_packets_sent, 100);
    let counters = listener.radio.counters();
    assert_eq!((counters.frames_received, counters.frames_lost), (100, 0));
    assert_eq!(listener.concealed(), Samples::ZERO);
    let spurt = |event: &&Event| !matches!(event, Event::Quality { .. });
    let spurts: Vec<_> = listener.events.iter().filter(spurt).copied().collect();
    let talking = Event::Talking { stream: FIRST, link: LinkId(1), speaker: None };
    assert_eq!(spurts, [talking, Event::TalkEnded { stream: FIRST }]);
}

#[test]
fn with_numbers_late_frames_are_put_in_order_and_without_they_are_played_as_they_come() {
    let reorders = Conditions { reordering: (0.1, ms(35)), ..Conditions::NONE };
    let heard = |numbers| {
        let config = Config { numbers, ..config(Profile::LowLatency) };
        let (_, listener) = talk(config, reorders, 20_000);
        (listener.frames_of(FIRST), listener.radio.counters())
    };
    let (frames, counters) = heard(Numbers::Auto);
    assert!(frames.is_sorted(), "{frames:?}");
    // The delay grows until late frames are in time.
    assert!((1..=5).contains(&counters.frames_discarded), "{counters:?}");
    assert_eq!(frames.len() as u64, 1_000 - counters.frames_discarded);
    assert_eq!(counters.frames_lost, 0);
    let (frames, counters) = heard(Numbers::Never);
    assert!(!frames.is_sorted());
    assert_eq!((frames.len(), counters.frames_discarded), (1_000, 0));
}

#[test]
fn with_numbers_loss_is_known_and_concealed_in_its_place() {
    let lossy = Conditions { loss: 0.1, jitter: ms(60), ..Conditions::NONE };
    let (talker, listener) = talk(config(Profile::LowLatency), lossy, 30_000);
    let counters = listener.radio.counters();
    let sent = talker.radio.counters().media_packets_sent;
    assert_eq!(counters.frames_received + counters.frames_lost, sent);
    let frames = listener.frames_of(FIRST);
    assert!(frames.is_sorted());
    assert_eq!(frames.len() as u64, counters.frames_received - counters.frames_discarded);
    let mut in_place = 0;
    for heard in listener.heard.windows(3) {
        if let [Heard::Frame(_, before), Heard::Concealed(_, samples), Heard::Frame(_, after)] =
            heard
            && *samples == Profile::LowLatency.frame()
            && after - before == 2
        {
            in_place += 1;
        }
    }
    assert!(in_place > counters.frames_lost / 2, "{in_place} of {}", counters.frames_lost);
}

#[test]
fn without_numbers_loss_is_estimated() {
    let lossy = Conditions { loss: 0.1, ..Conditions::NONE };
    let config = Config { numbers: Numbers::Never, ..config(Profile::LowLatency) };
    let (talker, listener) = talk(config, lossy, 30_000);
    let counters = listener.radio.counters();
    let lost = talker.radio.counters().media_packets_sent - counters.frames_received;
    assert!(counters.frames_lost.abs_diff(lost) <= lost / 10, "{} {lost}", counters.frames_lost);
}

#[test]
fn a_frame_that_comes_twice_is_played_once() {
    let doubles = Conditions { duplication: 0.2, ..Conditions::NONE };
    let (_, listener) = talk(config(Profile::LowLatency), doubles, 5_000);
    assert!(listener.frames_of(FIRST).into_iter().eq(0..250));
    let counters = listener.radio.counters();
    assert!((20..80).contains(&counters.frames_discarded), "{counters:?}");
    assert_eq!((counters.frames_received, counters.frames_lost), (250, 0));
}

#[test]
fn talkers_who_overlap_are_heard_each_whole() {
    let jitter = Conditions { jitter: ms(15), ..Conditions::NONE };
    let mut talkers: Vec<_> =
        (1..=4).map(|link| Talker::new(link, config(Profile::LowLatency), jitter)).collect();
    let mut listener = Listener::new();
    for (index, talker) in (0..).zip(&mut talkers) {
        talker.talk(at(index), Talk::Pressed);
    }
    run(&mut talkers, &mut listener, at(0), at(4_000));
    for number in 1..=4 {
        let frames = listener.frames_of(StreamId(number));
        assert!(frames.is_sorted() && frames.len() > 190, "{number}: {frames:?}");
    }
    assert_eq!(listener.radio.counters().frames_refused, 0);
}

#[test]
fn a_fifth_talker_waits_until_one_of_the_others_is_quiet() {
    let mut talkers: Vec<_> = (1..=5)
        .map(|link| Talker::new(link, config(Profile::LowLatency), Conditions::NONE))
        .collect();
    let mut listener = Listener::new();
    for talker in &mut talkers[..4] {
        talker.talk(at(0), Talk::Pressed);
    }
    run(&mut talkers, &mut listener, at(0), at(100));
    talkers[4].talk(at(100), Talk::Pressed);
    run(&mut talkers, &mut listener, at(100), at(1_100));
    assert_eq!(listener.open, [1, 2, 3, 4].map(StreamId));
    assert_eq!(listener.radio.counters().frames_refused, 50);
    talkers[1].talk(at(1_100), Talk::Released);
    run(&mut talkers, &mut listener, at(1_100), at(2_000));
    assert_eq!(listener.open, [1, 3, 4, 5].map(StreamId));
    assert!(listener.frames_of(StreamId(5)).len() > 40);
    for number in [1, 3, 4] {
        let frames = listener.frames_of(StreamId(number));
        assert!(
            frames.len() >= 98 && (0..).zip(&frames).all(|(n, frame)| n == *frame),
            "{frames:?}"
        );
    }
}

#[test]
fn a_talker_who_vanishes_is_quiet_after_a_time_and_forgotten_after_another() {
    let mut talkers = [Talker::new(1, config(Profile::LowLatency), Conditions::NONE)];
    let mut listener = Listener::new();
    talkers[0].talk(at(0), Talk::Pressed);
    run(&mut talkers, &mut listener, at(0), at(1_000));
    let last = at(980);
    run(&mut [], &mut listener, at(1_000), at(60_000));
    assert!(listener.open.is_empty());
    assert_eq!(listener.radio.poll_timeout(), None);
    assert!(matches!(
        listener.events[..],
        [Event::Talking { .. }, .., Event::Quality { .. }, Event::TalkEnded { stream: FIRST }]
    ));
    // Its end was not told: the jitter buffer concealed for a moment.
    assert_eq!(listener.concealed(), limits::CONCEALMENT);

    let mut exact = Listener::new();
    exact.give(last, Input::Packet { link: LinkId(1), data: &talkers[0].sent[0] });
    let due = exact.radio.poll_timeout().expect("the talk may end");
    assert_eq!(due.at, last + limits::QUALITY);
    exact.pass_time(last + limits::TALK_QUIET);
    let due = exact.radio.poll_timeout().expect("the talker may be forgotten");
    assert_eq!(due.at, last + limits::TALK_QUIET + limits::TALKER_IDLE);
}

#[test]
fn an_end_that_is_told_leaves_nothing_to_conceal_and_the_same_place_for_the_next_talk() {
    let mut talkers = [Talker::new(1, config(Profile::LowLatency), Conditions::NONE)];
    let mut listener = Listener::new();
    for start in [0, 2_000, 4_000] {
        talkers[0].talk(at(start), Talk::Pressed);
        run(&mut talkers, &mut listener, at(start), at(start + 1_000));
        talkers[0].talk(at(start + 1_000), Talk::Released);
        run(&mut talkers, &mut listener, at(start + 1_000), at(start + 2_000));
    }
    assert_eq!(listener.concealed(), Samples::ZERO);
    assert_eq!(listener.open, [FIRST]);
    assert!(listener.frames_of(FIRST).into_iter().eq(0..150));
    assert_eq!(listener.radio.counters().starved, Samples::ZERO);
}

#[test]
fn a_closed_link_ends_the_talks_of_its_speakers() {
    let mut listener = Listener::new();
    for speaker in [7, 8] {
        let packet = [0x82, 1, 0xc4, 6, 1, 0x08, 0, 0, 0, 0, 2, speaker];
        listener.give(at(0), Input::Packet { link: LinkId(1), data: &packet });
    }
    assert_eq!(listener.open.len(), 2);
    listener.give(at(20), Input::Closed { link: LinkId(1) });
    let ended = |event: &&Event| matches!(event, Event::TalkEnded { .. });
    assert_eq!(listener.events.iter().filter(ended).count(), 2);
}

/// One talk of this many ms over a wire, with its end, heard to the end.
fn talk(config: Config, conditions: Conditions, millis: u64) -> (Talker, Listener) {
    let mut talkers = [Talker::new(1, config, conditions)];
    let mut listener = Listener::new();
    talkers[0].talk(at(0), Talk::Pressed);
    run(&mut talkers, &mut listener, at(0), at(millis));
    talkers[0].talk(at(millis), Talk::Released);
    run(&mut talkers, &mut listener, at(millis), at(millis + 900));
    let [talker] = talkers;
    (talker, listener)
}

const FIRST: StreamId = StreamId(1);
