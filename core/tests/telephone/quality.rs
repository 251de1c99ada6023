//! What is told of a call's quality.

use lxst_core::{
    Command, Direction, Event, Input, Mode, Mos, Mute, PortChange, Quality, Samples, StreamChange,
};

use crate::support::{OUT_CALL, OUT_STREAM, OwnedOutput, Script, feed, quiet};

#[test]
fn quality_is_told_once_a_second_while_the_call_stands() {
    let mut phone = caller();
    phone.at(1_999);
    assert_eq!(phone.qualities.len(), 0);
    phone.at(2_000);
    assert_eq!(phone.qualities.len(), 1);
    phone.at(11_500);
    assert_eq!(phone.qualities.len(), 10);
    phone.command(Command::HangUp(OUT_CALL)).at(20_000);
    assert_eq!(phone.qualities.len(), 11);
}

#[test]
fn a_call_that_ends_tells_of_its_quality_before_its_end() {
    let mut phone = caller().phone;
    let hang_up = Input::Command(Command::HangUp(OUT_CALL));
    let now = lxst_core::Instant::from_millis(1_300);
    let done = feed(&mut phone, now, hang_up, |_| {}).expect("the call stands");
    let place = |is: fn(&OwnedOutput) -> bool| done.iter().position(is).expect("it was told");
    let quality =
        place(|output| matches!(output, OwnedOutput::Event(Event::Quality { call: OUT_CALL, .. })));
    assert!(
        quality < place(|output| matches!(output, OwnedOutput::Stream(.., StreamChange::Closed)))
    );
    assert_eq!(
        place(|output| matches!(output, OwnedOutput::Event(Event::Ended { .. }))),
        done.len() - 1
    );
}

#[test]
fn figures_are_those_of_the_call_and_not_of_the_one_before() {
    let mut phone = caller();
    let first = talk(&mut phone, 100, |_| true);
    assert_eq!((first.packets_received, first.frames_received), (100, 100));
    phone.command(Command::HangUp(OUT_CALL)).establish();
    let second = talk(&mut phone, 50, |_| true);
    assert_eq!((second.packets_received, second.frames_received), (50, 50));
    assert_eq!(phone.counters().frames_received, 150, "the counters go on");
}

#[test]
fn rates_are_those_of_encoded_audio() {
    let mut phone = caller();
    let quality = talk(&mut phone, 100, |_| true);
    // 60 bytes and the codec byte in 60 ms.
    assert!((7_800..8_300).contains(&quality.received_bps), "{quality:?}");
    phone.captured(60).take();
    let now = phone.millis();
    phone.at(now + 1_000);
    assert_eq!(phone.qualities.last().map(|quality| quality.received_bps), Some(0));
}

#[test]
fn lost_frames_show_as_loss_as_concealment_and_in_the_opinion() {
    let mut phone = caller();
    let good = talk(&mut phone, 200, |_| true);
    assert_eq!((good.frames_lost, good.loss_per_mille()), (0, 0));
    assert_eq!(good.concealed, Samples::ZERO);
    let bad = talk(&mut phone, 500, |number| number % 10 != 5);
    assert!((45..=50).contains(&bad.frames_lost), "{bad:?}");
    let concealed = bad.concealed.duration().as_millis();
    assert!((2_900..=3_100).contains(&concealed), "{concealed}");
    assert!(bad.mos < good.mos && good.mos > Mos(350), "{} {}", bad.mos, good.mos);
}

#[test]
fn what_arrives_and_is_dropped_shows_as_dropped_and_in_the_opinion() {
    let mut phone = caller();
    let good = talk(&mut phone, 200, |_| true);
    assert_eq!(good.dropped, Samples::ZERO);
    for _ in 0..60 {
        phone.rx_frame(&[0x58; 59]);
    }
    let bad = talk(&mut phone, 18, |_| true);
    assert!(bad.dropped >= Samples::from_millis(500), "{bad:?}");
    assert_eq!(bad.frames_lost, 0);
    let told = phone.qualities.iter().rev().take(2).map(|quality| quality.mos).min();
    assert!(told.expect("it was told") < Mos(200), "{told:?}");
}

#[test]
fn a_port_that_drops_a_tenth_lowers_the_opinion_as_much_as_a_network_that_loses_it() {
    let mut phone = caller();
    talk(&mut phone, 300, |_| true);
    let good = mean_opinion(&phone);
    let mut phone = caller();
    talk(&mut phone, 300, |number| number % 10 != 5);
    let lossy = mean_opinion(&phone);
    for direction in [Direction::Send, Direction::Receive] {
        let mut phone = caller();
        let quality = talk_with_overruns(&mut phone, direction);
        let (this, other) = match direction {
            Direction::Send => (quality.capture_dropped, quality.playback_dropped),
            Direction::Receive => (quality.playback_dropped, quality.capture_dropped),
        };
        // The rest comes with the next report.
        let dropped = this.duration().as_millis();
        assert!((1_680..=1_800).contains(&dropped), "{direction:?}: {dropped}");
        assert_eq!(other, Samples::ZERO, "{direction:?}");
        let opinion = mean_opinion(&phone);
        assert!(opinion + 50 < good, "{direction:?}: {opinion} {good}");
        assert!(opinion.abs_diff(lossy) <= 20, "{direction:?}: {opinion} {lossy}");
    }
}

#[test]
fn what_a_port_drops_that_nobody_is_to_hear_costs_nothing() {
    for direction in [Direction::Send, Direction::Receive] {
        let mut muted = caller();
        muted.command(Command::Mute(OUT_CALL, direction, Mute::Muted));
        let mut detached = caller();
        detached.port(direction, PortChange::Detached);
        for mut phone in [muted, detached] {
            let quality = talk_with_overruns(&mut phone, direction);
            let dropped = (quality.capture_dropped, quality.playback_dropped);
            assert_eq!(dropped, (Samples::ZERO, Samples::ZERO), "{direction:?}");
        }
    }
}

#[test]
fn a_peer_that_sends_nothing_for_5_s_is_silent() {
    let mut phone = caller();
    phone.at(5_500);
    assert!(phone.qualities.iter().all(|quality| !quality.is_peer_silent));
    phone.at(6_500).rx_frame(b"frame").at(7_500);
    let silent: Vec<bool> = phone.qualities.iter().map(|quality| quality.is_peer_silent).collect();
    assert_eq!(silent[4..], [true, false]);
}

#[test]
fn an_opinion_reads_as_two_decimals() {
    assert_eq!(Mos(405).to_string(), "4.05");
}

fn caller() -> Script {
    Script::established_caller(quiet(), Mode::FullDuplex)
}

/// Lets 330 frames of 60 ms come and play, while a port drops a tenth of 300 of them.
fn talk_with_overruns(phone: &mut Script, direction: Direction) -> Quality {
    talk(phone, 30, |_| true);
    for _ in 0..300 {
        let (stream, samples) = (OUT_STREAM, Samples::from_millis(6));
        phone.give(Input::Overrun { stream, direction, samples });
        talk(phone, 1, |_| true);
    }
    *phone.qualities.last().expect("seconds have passed")
}

/// In hundredths, of the last ten seconds.
fn mean_opinion(phone: &Script) -> u16 {
    let told = phone.qualities.iter().rev().take(10).map(|quality| quality.mos.0);
    told.sum::<u16>() / 10
}

/// Lets frames of 60 ms come and play, those that arrive, and tells the figures of the end.
fn talk(phone: &mut Script, frames: u64, arrives: impl Fn(u64) -> bool) -> Quality {
    for number in 0..frames {
        if arrives(number) {
            phone.rx_frame(&[0x58; 59]);
        }
        for _ in 0..3 {
            for _ in 0..2 {
                answer(phone);
                phone.pass(10);
            }
            answer(phone);
            phone.consumed(20);
        }
    }
    *phone.qualities.last().expect("a second has passed")
}

fn answer(phone: &mut Script) {
    loop {
        let done = phone.take();
        if done.is_empty() {
            return;
        }
        for output in done {
            match output {
                OwnedOutput::Decode(job, ..) => phone.played(job.0, 60),
                OwnedOutput::Conceal(job, samples) => phone.played(job.0, samples.0 / 48),
                _ => continue,
            };
        }
    }
}
