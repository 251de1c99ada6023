//! The telephone dial-in of a voice room, by Partyline 1.0.5.

use std::thread;
use std::time::Duration;

use lxst_interop::{Partyline, Recording, free_udp_ports};
use serde_json::json;

use crate::PATIENCE;
use crate::ours::Ours;
use crate::scene::{OURS, Scene};

#[test]
fn our_phone_dials_into_a_room_of_partyline_hears_and_is_heard() {
    let test = "apps-dial-in";
    let scene = Scene::new(test);
    let (of_us, of_ann, of_bob) = (free_udp_ports(), free_udp_ports(), free_udp_ports());
    let config = json!({
        "name": "Python",
        "rooms": [{ "name": "Lobby" }],
        "dialin": { "enabled": true, "room": "Lobby" },
    });
    let interfaces = [of_us, of_ann, of_bob].map(|(here, there)| (there, here));
    let mut room = Partyline::server(test, "server", &interfaces, &config);
    let [destination, number] = ["Room destination: ", "Dial-in number for rnphone: "]
        .map(|name| hash(&room.expect(name, PATIENCE)));
    let mut bob = Partyline::joined_client(test, "bob", of_bob, &destination, &["--listen"]);
    let _ann = Partyline::joined_client(test, "ann", of_ann, &destination, &["--tone", "440"]);

    let [local, peer] = [of_us.0, of_us.1].map(|port| format!("127.0.0.1:{port}"));
    let udp = ["--udp", &local, &peer];
    let mut ours = Ours::start_on(&scene.folder, OURS, Some(&scene.server), "", &udp);
    ours.until_announced(&number);
    ours.ctl(&format!("dial {number}"));
    ours.until("established");
    scene.our_ear.hears_tone(440);
    bob.expect("phone-", PATIENCE);

    {
        let _speaking = scene.server.speak(&format!("mouth-{OURS}"), &Recording::sentence());
        thread::sleep(Duration::from_secs(4));
    }
    bob.say("/quit");
    // Ann and our phone.
    bob.expect("from 2 members, 0 bad frames", PATIENCE);
    ours.ctl("hangup");
    ours.until_ended("local_hangup");
    room.expect("left, 1 on server", PATIENCE);
}

/// The 32 hex digits in a line.
fn hash(line: &str) -> String {
    let is_hash =
        |word: &&str| word.len() == 32 && word.chars().all(|digit| digit.is_ascii_hexdigit());
    let mut words = line.split(|character: char| !character.is_ascii_alphanumeric());
    words.find(is_hash).unwrap_or_else(|| panic!("no hash in {line:?}")).to_owned()
}
