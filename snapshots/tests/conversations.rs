//! Whole calls between two phones, as conversations.
//!
//! Alice calls Bob over a network with a delay of 20 ms one way.

use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

use lxst_core::{Boundary, Command, Mode, Profile, Talk};
use lxst_sim::calls::{ALICE, BOB, Network, Pair, quiet};
use lxst_trace::view::Transcript;

#[test]
fn normal_call() {
    let text = conversation(|pair| {
        let [call, _] = pair.connect();
        pair.run_for(Duration::from_secs(2));
        pair.command(ALICE, Command::HangUp(call));
    });
    insta::assert_snapshot!(text);
}

#[test]
fn callee_hangs_up() {
    let text = conversation(|pair| {
        let [_, call] = pair.connect();
        pair.run_for(Duration::from_secs(2));
        pair.command(BOB, Command::HangUp(call));
    });
    insta::assert_snapshot!(text);
}

#[test]
fn reject() {
    let text = conversation(|pair| {
        pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
        pair.run_for(Duration::from_secs(1));
        pair.command(BOB, Command::HangUp(pair.call(BOB)));
    });
    insta::assert_snapshot!(text);
}

#[test]
fn busy() {
    let text = conversation(|pair| {
        pair.command(BOB, Command::SetAvailable(false));
        pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
    });
    insta::assert_snapshot!(text);
}

#[test]
fn caller_cancels_while_ringing() {
    let text = conversation(|pair| {
        let call = pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
        pair.run_for(Duration::from_secs(1));
        pair.command(ALICE, Command::HangUp(call));
    });
    insta::assert_snapshot!(text);
}

#[test]
fn ring_timeout() {
    let text = conversation(|pair| {
        pair.dial(ALICE, Profile::MediumQuality, Mode::FullDuplex);
        pair.run_for(Duration::from_secs(60));
    });
    insta::assert_snapshot!(text);
}

#[test]
fn profile_switch() {
    let text = conversation(|pair| {
        let [call, answered] = pair.connect();
        pair.run_for(Duration::from_secs(1));
        pair.command(ALICE, Command::SetProfile(call, Profile::LowLatency));
        pair.run_for(Duration::from_secs(1));
        pair.command(BOB, Command::SetProfile(answered, Profile::HighQuality));
        pair.run_for(Duration::from_secs(1));
        pair.command(ALICE, Command::HangUp(call));
    });
    insta::assert_snapshot!(text);
}

#[test]
fn half_duplex_talk() {
    let text = conversation(|pair| {
        let calls = pair.connect_with(Profile::MediumQuality, Mode::HalfDuplex);
        for phone in [ALICE, BOB] {
            pair.command(phone, Command::Talk(calls[phone], Talk::Pressed));
            pair.run_for(Duration::from_secs(1));
            pair.command(phone, Command::Talk(calls[phone], Talk::Released));
            pair.run_for(Duration::from_millis(500));
        }
        pair.command(ALICE, Command::HangUp(calls[ALICE]));
    });
    insta::assert_snapshot!(text);
}

/// What passed the doors of two phones while somebody did something with them, and a second after.
fn conversation(act: impl FnOnce(&mut Pair)) -> String {
    let conversation = Rc::new(RefCell::new(Transcript::default()));
    let printer = Rc::clone(&conversation);
    let configs = [quiet(), quiet()];
    let mut pair = Pair::with(Network::default(), configs, move |phone, now, door| {
        let name = ["alice", "bob  "][phone];
        let mut printer = printer.borrow_mut();
        match door {
            Boundary::Start { .. } => {}
            Boundary::In(input) => printer.input(name, now, &input),
            Boundary::Out(output) => printer.output(name, now, &output),
        }
    });
    act(&mut pair);
    pair.run_for(Duration::from_secs(1));
    conversation.take().to_string()
}
