//! Calls between `rnphone-rs` and Python's `rnphone`, both as people run them, with the devices of a
//! sound server.

#![cfg(target_os = "linux")]

mod ours;
mod theirs;

use std::fs;
use std::path::{Path, PathBuf};

use lxst_interop::{Ear, Recording, SoundServer, environment};

use ours::Ours;
use theirs::Theirs;

#[test]
fn each_calls_the_other_by_name_and_both_are_heard() {
    let folder = folder("rnphone-calls");
    let (server, [our_ear, their_ear]) = devices(&folder);
    let mut ours = Ours::start(&folder, "ours", Some(&server), "");
    let phonebook = format!("[phonebook]\nOlga = {}, 7\n", ours.identity);
    let mut theirs = Theirs::start(&folder, &server, &[ours.port], &phonebook);
    let olga = format!("<{}>", ours.identity);
    ours.until_announced(&theirs.identity);
    ours.ctl(&format!("add {} Pia", theirs.identity));

    theirs.types("p", &format!("Olga : {olga}"));
    theirs.types("7", &format!("Calling {olga}"));
    assert_eq!(ours.until("incoming")["peer"]["name"], "Pia");
    their_ear.hears_tone(RINGBACK_HZ);
    our_ear.hears_something();
    ours.ctl("answer");
    ours.until("established");
    theirs.shows(&format!("Call established with {olga}"));
    speak_both_ways(&server, &our_ear, &their_ear);
    theirs.types("", &format!("Call with {olga} ended"));
    ours.until_ended("remote_hangup");
    our_ear.hears_nothing();

    ours.ctl("dial pia");
    theirs.shows(&format!("Incoming call from {olga}"));
    ours.until("ringing");
    our_ear.hears_tone(RINGBACK_HZ);
    their_ear.hears_something();
    theirs.types("", &format!("Call established with {olga}"));
    let established = ours.until("established");
    assert_eq!(established["peer"]["name"], "Pia");
    speak_both_ways(&server, &our_ear, &their_ear);
    ours.ctl("hangup");
    theirs.shows(&format!("Call with {olga} ended"));
    ours.until_ended("local_hangup");
}

#[test]
fn each_rejects_the_other_and_is_busy_in_a_call() {
    let folder = folder("rnphone-busy");
    let (server, [our_ear, their_ear]) = devices(&folder);
    let mut ours = Ours::start(&folder, "ours", Some(&server), "");
    let mut third = Ours::start(&folder, "third", None, "");
    let mut theirs = Theirs::start(&folder, &server, &[ours.port, third.port], "");
    let us = format!("<{}>", ours.identity);
    for phone in [&mut ours, &mut third] {
        phone.until_announced(&theirs.identity);
    }

    theirs.types(&ours.identity, &format!("Calling {us}"));
    ours.until("incoming");
    ours.ctl("reject");
    ours.until_ended("rejected");
    their_ear.hears_tone(RINGBACK_HZ);
    theirs.shows(&format!("Call to {us} could not be connected"));

    ours.ctl(&format!("dial {}", theirs.identity));
    theirs.shows(&format!("Incoming call from {us}"));
    theirs.types("r", &format!("Rejecting call from {us}"));
    ours.until_ended("rejected");
    our_ear.hears_tone(RINGBACK_HZ);
    theirs.shows(&format!("Call from {us} was not answered"));

    ours.ctl(&format!("dial {}", theirs.identity));
    theirs.shows(&format!("Incoming call from {us}"));
    theirs.types("", &format!("Call established with {us}"));
    ours.until("established");
    third.ctl(&format!("dial {}", theirs.identity));
    third.until_ended("busy");
    theirs.types("", &format!("Call with {us} ended"));
    ours.until_ended("remote_hangup");

    ours.ctl("dnd");
    theirs.types(&ours.identity, &format!("Calling {us}"));
    theirs.shows(&format!("Call to {us} could not be connected"));
    assert_eq!(ours.until("turned_away")["peer"]["hash"], theirs.identity.as_str());
}

#[test]
fn who_is_blocked_or_not_allowed_hears_that_the_line_is_busy() {
    let folder = folder("rnphone-allowed");
    let (server, [_, their_ear]) = devices(&folder);
    let allowed = "allowed_callers = phonebook\n";
    let mut ours = Ours::start(&folder, "ours", None, allowed);
    let [mut friend, mut stranger] =
        ["friend", "stranger"].map(|name| Ours::start(&folder, name, None, ""));
    let config = format!(
        "{allowed}blocked_callers = {}\n[phonebook]\nOlga = {}\nFay = {}\n",
        ours.identity, ours.identity, friend.identity
    );
    let ports = [ours.port, friend.port, stranger.port];
    let mut theirs = Theirs::start(&folder, &server, &ports, &config);
    for phone in [&mut ours, &mut friend, &mut stranger] {
        phone.until_announced(&theirs.identity);
    }

    for phone in [&mut ours, &mut stranger] {
        phone.ctl(&format!("dial {}", theirs.identity));
        phone.until_ended("busy");
    }
    friend.ctl(&format!("dial {}", theirs.identity));
    // The first that it shows of a call.
    theirs.shows(&format!("Incoming call from <{}>", friend.identity));
    assert!(!theirs.terminal.until("Incoming").contains(&ours.identity));
    friend.ctl("hangup");
    theirs.shows("was not answered");
    their_ear.hears_nothing();

    let us = format!("<{}>", ours.identity);
    let unconnected = format!("Call to {us} could not be connected");
    theirs.types(&ours.identity, &format!("Calling {us}"));
    their_ear.hears_tone(RINGBACK_HZ);
    theirs.shows(&unconnected);
    ours.ctl(&format!("add {} Pia", theirs.identity));
    theirs.types(&ours.identity, &format!("Calling {us}"));
    // The first that rings here.
    assert_eq!(ours.until("incoming")["peer"]["name"], "Pia");
    theirs.types("", &unconnected);
    ours.until("ended");
    ours.ctl("block pia");
    theirs.types(&ours.identity, &format!("Calling {us}"));
    theirs.shows(&unconnected);
    ours.ctl("unblock pia");
    theirs.types(&ours.identity, &format!("Calling {us}"));
    ours.until("incoming");
}

/// A sound server with two people, and what both hear.
fn devices(folder: &Path) -> (SoundServer, [Ear; 2]) {
    let server = SoundServer::start(&folder.join("sound"));
    let ears = ["ours", "theirs"].map(|name| {
        server.person(name);
        server.listen(&format!("ear-{name}"))
    });
    (server, ears)
}

/// Has one speak and then the other, each until the peer hears it.
fn speak_both_ways(server: &SoundServer, our_ear: &Ear, their_ear: &Ear) {
    let speech = Recording::sentence();
    for (mouth, ear) in [("mouth-ours", their_ear), ("mouth-theirs", our_ear)] {
        let _speaking = server.speak(mouth, &speech);
        ear.hears(&speech);
    }
}

fn folder(test: &str) -> PathBuf {
    let folder = environment::target_dir().join("interop").join(test);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// Of the tones of the reference, the busy tone included.
const RINGBACK_HZ: u32 = 382;
