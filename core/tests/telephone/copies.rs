//! Loss reports, and copies of frames for a peer who knows them.

use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

use lxst_core::wire::{self, Packet, Signal};
use lxst_core::{
    AirBudget, Boundary, CallId, Class, Command, Config, Counters, Direction, Event, Mode, Mute,
    Outcome, Output, Profile, ProfileSet, Quality,
};

use crate::support::{ALICE, BOB, IN, Network, OwnedOutput, Pair, Script, quiet};

#[test]
fn nine_of_ten_lost_frames_are_recovered_at_ten_percent_loss() {
    // A copy is lost as often as a frame.
    for (per_mille, least) in [(50, 0.90), (100, 0.85), (200, 0.75)] {
        let network = Network { media_lost_per_mille: per_mille, ..clean() };
        for profile in [Profile::MediumQuality, Profile::LowLatency] {
            let share = recovered(profile, network);
            assert!(share >= least, "{per_mille} {profile}: {share}");
        }
    }
    // Of three frames a second, few are lost within the window.
    for (per_mille, least) in [(100, 0.5), (200, 0.75)] {
        let network = Network { media_lost_per_mille: per_mille, ..clean() };
        let share = recovered(Profile::VeryLowBandwidth, network);
        assert!(share >= least, "{per_mille}: {share}");
    }
}

#[test]
fn of_two_frames_lost_in_a_row_the_second_is_recovered() {
    let network = Network { media_lost_per_mille: 50, media_lost_after: 1, ..clean() };
    let share = recovered(Profile::MediumQuality, network);
    assert!((0.43..0.52).contains(&share), "{share}");
}

#[test]
fn reports_that_are_lost_with_two_of_five_packets_still_bring_copies() {
    let network = Network { media_lost_per_mille: 400, signals_lost_per_mille: 200, ..clean() };
    let share = recovered(Profile::MediumQuality, network);
    assert!(share >= 0.5, "{share}");
}

#[test]
fn frames_are_heard_once_and_in_order() {
    let jitter = Duration::from_millis(15);
    let network = Network { media_lost_per_mille: 150, jitter, ..clean() };
    let pair = talk(Profile::LowLatency, network, [quiet(); 2]);
    for phone in [ALICE, BOB] {
        let heard = &pair.handset(phone).frames_heard;
        assert!(heard.len() > 2_000);
        let twice = heard.windows(2).filter(|pair| pair[0] >= pair[1]).count();
        assert_eq!(twice, 0, "{phone}");
    }
}

#[test]
fn without_loss_every_media_packet_is_the_one_of_today() {
    let without = Config { air_budget: AirBudget::NONE, asks_for_copies: false, ..quiet() };
    for profile in [Profile::MediumQuality, Profile::UltraLowLatency] {
        let [with, without] = [quiet(), without].map(|config| sent(profile, config));
        let media = |sent: &[Packets]| -> Vec<Vec<u8>> {
            let of_media = sent.iter().filter(|(class, _)| *class == Class::Media);
            of_media.map(|(_, data)| data.clone()).collect()
        };
        assert!(media(&with).len() > 400);
        assert_eq!(media(&with), media(&without), "{profile}");
        let marked = |sent: &[Packets]| {
            let loss = |data: &[u8]| Packet::parse(data).expect("it is ours").loss();
            sent.iter().filter(|(_, data)| loss(data) == Some(0)).count()
        };
        assert_eq!((marked(&with), marked(&without)), (4, 0), "{profile}");
        let blocks = |(_, data): &Packets| data.len() / 16;
        assert!(with.iter().map(blocks).eq(without.iter().map(blocks)), "{profile}");
    }
}

#[test]
fn a_stranger_gets_no_copies_and_no_reports_whatever_is_lost() {
    let mut phone = Script::established_callee(quiet(), &PREFERENCES);
    lose_half(&mut phone);
    assert!(phone.counters().frames_lost > 100);
    let sent = speak(&mut phone, 100);
    assert!(sent.iter().all(|output| matches!(output, OwnedOutput::Media(..))), "{sent:?}");
    assert_eq!(phone.counters().copies_sent, 0);
}

#[test]
fn a_peer_with_the_mark_is_told_of_loss_every_three_seconds_if_no_media_go() {
    let mut phone = Script::established_callee(quiet(), &PREFERENCES);
    mark(&mut phone);
    let told = lose_half(&mut phone);
    let reports: Vec<_> = told
        .iter()
        .filter(|output| matches!(output, OwnedOutput::LossReport(IN, 1..=60)))
        .collect();
    assert!((4..=7).contains(&reports.len()), "{reports:?}");

    for config in [
        Config { asks_for_copies: false, ..quiet() },
        Config { air_budget: AirBudget::NONE, ..quiet() },
    ] {
        let mut phone = Script::established_callee(config, &PREFERENCES);
        mark(&mut phone);
        let told = lose_half(&mut phone);
        assert!(!told.iter().any(|output| matches!(output, OwnedOutput::LossReport(..))));
    }
}

#[test]
fn false_reports_cost_the_budget_and_no_more() {
    for percent in [0, 10, 60] {
        let air_budget = AirBudget::new(percent).expect("within its bounds");
        let mut phone = Script::established_callee(Config { air_budget, ..quiet() }, &PREFERENCES);
        let (mut plain, mut taken) = (0, 0);
        let payload = [7; 74];
        for _ in 0..200 {
            phone.rx_bytes(IN, &[0x81, 0x20, 100]);
            let before = phone.counters().copies_sent;
            speak_one(&mut phone, &payload);
            let copies = phone.counters().copies_sent - before;
            // 79 bytes, or 157 with a copy.
            (plain, taken) = (plain + 147, taken + copies * 80);
        }
        assert!(taken * 100 <= plain * u64::from(percent), "{percent}: {taken} of {plain}");
        assert_eq!(taken > 0, percent > 0);
    }
}

#[test]
fn a_frame_of_delay_is_kept_while_copies_come_and_shed_afterwards() {
    let mut pair = talk(
        Profile::MediumQuality,
        Network { media_lost_per_mille: 100, ..clean() },
        [quiet(); 2],
    );
    let under_loss = quality(&pair).delay;
    pair.network.media_lost_per_mille = 0;
    pair.run_for(Duration::from_secs(40));
    let after = quality(&pair);
    let frame = Profile::MediumQuality.frame().duration();
    // A margin stays of what is shed.
    assert!(under_loss >= after.delay + frame / 3, "{under_loss:?} {:?}", after.delay);
    let copies = after.copies_sent;
    pair.run_for(Duration::from_secs(5));
    assert_eq!(quality(&pair).copies_sent, copies, "loss is over");

    let asks = Config { asks_for_copies: false, ..quiet() };
    let network = Network { media_lost_per_mille: 100, ..clean() };
    let pair = talk(Profile::MediumQuality, network, [asks; 2]);
    let plain = quality(&pair);
    assert_eq!((plain.frames_recovered, plain.copies_sent), (0, 0));
    assert!(plain.delay + frame / 2 < under_loss, "{:?} {under_loss:?}", plain.delay);
}

#[test]
fn no_copy_crosses_a_pause_of_ours() {
    let mut phone = Script::established_callee(quiet(), &PREFERENCES);
    phone.rx_bytes(IN, &[0x81, 0x20, 10]);
    for (job, is_voice) in [true, true, false, true, true].into_iter().enumerate() {
        phone.captured(60);
        match is_voice {
            true => phone.encoded(job as u64, &[7; 30]),
            false => phone.job_done(job as u64, Outcome::NoVoice),
        };
    }
    assert_eq!(phone.counters().copies_sent, 2, "of the second and the fifth frame");
}

/// Two phones talk for a minute.
fn talk(profile: Profile, network: Network, configs: [Config; 2]) -> Pair {
    let mut pair = Pair::with(network, configs, |_, _, _| {});
    pair.connect_with(profile, Mode::FullDuplex);
    pair.run_for(Duration::from_secs(90));
    pair
}

/// The share of Alice's lost frames that Bob heard all the same, from the tenth second on.
fn recovered(profile: Profile, network: Network) -> f64 {
    let seeds = 1..=3;
    let (mut lost, mut recovered) = (0, 0);
    for seed in seeds {
        let profiles = Profile::ALL.into_iter().fold(ProfileSet::EMPTY, ProfileSet::with);
        let configs = [Config { profiles, ..quiet() }; 2];
        let mut pair = Pair::with(Network { seed, ..network }, configs, |_, _, _| {});
        pair.connect_with(profile, Mode::FullDuplex);
        pair.run_for(Duration::from_secs(10));
        let from = pair.handset(ALICE).frames_sent.len();
        let before = pair.handset(BOB).phone.counters();
        pair.run_for(Duration::from_secs(80));
        let after = pair.handset(BOB).phone.counters();
        let sent = &pair.handset(ALICE).frames_sent[from..];
        let count = |of: fn(&Counters) -> u64| of(&after) - of(&before);
        lost += sent.len() as u64 - count(|counters| counters.frames_received);
        recovered += count(|counters| counters.frames_recovered);
    }
    recovered as f64 / lost as f64
}

type Packets = (Class, Vec<u8>);

/// What Alice and Bob send in a call without loss.
fn sent(profile: Profile, config: Config) -> Vec<Packets> {
    let sent = Rc::new(RefCell::new(Vec::new()));
    let seen = sent.clone();
    let tap = move |_, _, boundary: Boundary<'_>| {
        if let Boundary::Out(Output::Transmit { class, data, .. }) = boundary {
            seen.borrow_mut().push((class, data.to_vec()));
        }
    };
    let mut pair = Pair::with(clean(), [config; 2], tap);
    pair.connect_with(profile, Mode::FullDuplex);
    pair.run_for(Duration::from_secs(20));
    sent.take()
}

fn quality(pair: &Pair) -> Quality {
    let told = pair.handset(BOB).events.iter().rev();
    let mut told = told.filter_map(|(_, event)| match event {
        Event::Quality { quality, .. } => Some(*quality),
        _ => None,
    });
    told.next().expect("seconds have passed")
}

/// Lets frames of the peer's come for 24 s, and every other one be lost from the fourth on, while we
/// are muted.
fn lose_half(phone: &mut Script) -> Vec<OwnedOutput> {
    let call = phone.phone.call().expect("there is a call").call;
    mute(phone, call);
    let mut done = Vec::new();
    for number in 0..400_u32 {
        // After the first seconds, in which the clock of the sender is learnt.
        if number < 60 || number % 2 == 0 {
            phone.rx_frame(&number.to_le_bytes());
        }
        phone.pass(60);
        done.extend(phone.take());
    }
    done
}

fn mute(phone: &mut Script, call: CallId) {
    phone.command(Command::Mute(call, Direction::Send, Mute::Muted));
}

fn mark(phone: &mut Script) {
    let mut buf = [0; 20];
    let length = wire::encode_signals(&[Signal::Established], &mut buf).expect("it is short");
    let length = wire::append_loss(0, &mut buf, length).expect("there is room");
    phone.rx_bytes(IN, &buf[..length]);
}

fn speak(phone: &mut Script, frames: u64) -> Vec<OwnedOutput> {
    (0..frames).flat_map(|_| speak_one(phone, &[9; 40])).collect()
}

fn speak_one(phone: &mut Script, payload: &[u8]) -> Vec<OwnedOutput> {
    phone.captured(60);
    let mut sent = Vec::new();
    while let Some(job) = phone.take().iter().find_map(|output| match output {
        OwnedOutput::Encode(job, ..) => Some(*job),
        _ => None,
    }) {
        phone.encoded(job.0, payload);
        sent = phone.take();
        sent.retain(|output| {
            matches!(output, OwnedOutput::Media(..) | OwnedOutput::LossReport(..))
        });
    }
    phone.pass(60);
    sent
}

const PREFERENCES: [Signal; 2] = [Signal::PreferredProfile(0x40), Signal::PreferredMode(1)];

fn clean() -> Network {
    Network::default()
}
