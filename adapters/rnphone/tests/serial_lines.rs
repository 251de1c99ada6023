//! Serial lines of Reticulum's configuration, as pseudo-terminals.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;
use std::{env, process, thread};

use lxst_tokio::{Event, Events, Identity, IdentityHash, OsRng, Phone, PhoneBuilder};
use rnphone_rs::network::{Network, NetworkOptions};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

#[tokio::test]
async fn two_phones_on_a_line_hear_each_other() {
    let [here, there] = [Line::new("here"), Line::new("there")];
    join(&here, &there);
    let (alice, mut heard) = here.phone("SerialInterface", "speed = 115200").await;
    let (bob, _) = there.phone("SerialInterface", "speed = 115200").await;
    assert_eq!(announced(&mut heard).await, bob.identity());
    alice.shutdown().await;
    bob.shutdown().await;
}

#[tokio::test]
async fn a_modem_is_set_up_when_it_has_started() {
    let line = Line::new("modem");
    let (phone, _) = line.phone("KISSInterface", "preamble = 150").await;
    let mut modem = line.modem.try_clone().unwrap();
    let read = move || {
        let mut setup = [0; 16];
        modem.read_exact(&mut setup).unwrap();
        setup
    };
    let setup = tokio::task::spawn_blocking(read).await.unwrap();
    let wanted = [[0xC0, 1, 15, 0xC0], [0xC0, 4, 2, 0xC0], [0xC0, 2, 64, 0xC0], [0xC0, 3, 2, 0xC0]];
    assert_eq!(setup[..], wanted.concat());
    phone.shutdown().await;
}

#[tokio::test]
async fn a_line_that_is_not_plugged_in_is_told_with_the_remedy() {
    let mut line = Line::new("unplugged");
    line.port = PathBuf::from("/dev/no-such-line");
    let (phone, _) = line.phone("SerialInterface", "").await;
    let mut watch = phone.watch();
    let trouble = loop {
        let state = watch.changed().await.unwrap();
        if let Some(trouble) = state.interfaces[0].trouble.clone() {
            break trouble;
        }
    };
    let wanted = "SerialInterface \"Line\" is not connected: /dev/no-such-line: ";
    assert!(trouble.starts_with(wanted), "{trouble}");
    assert!(trouble.ends_with("; plug it in, and let this user read and write it"), "{trouble}");
    phone.shutdown().await;
}

async fn announced(events: &mut Events) -> IdentityHash {
    let heard = async {
        loop {
            if let Event::Announced { identity, .. } = events.next().await.unwrap() {
                return identity;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("an announce is heard")
}

/// A serial line, and the folder of a configuration that has it.
struct Line {
    modem: File,
    /// Keeps the line up while nobody has it open.
    _port: File,
    port: PathBuf,
    folder: PathBuf,
}

impl Line {
    fn new(name: &str) -> Self {
        let modem = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&modem).unwrap();
        unlockpt(&modem).unwrap();
        let port = ptsname(&modem, Vec::new()).unwrap().into_string().unwrap();
        let opened = open(&*port, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        // Nothing that comes before the phone opens it comes back.
        let mut mode = tcgetattr(&opened).unwrap();
        mode.make_raw();
        tcsetattr(&opened, OptionalActions::Now, &mode).unwrap();
        let folder = env::temp_dir().join(format!("rnphone-serial-{}-{name}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self { modem: modem.into(), _port: opened.into(), port: port.into(), folder }
    }

    /// Starts a phone that has nothing but this line.
    async fn phone(&self, kind: &str, keys: &str) -> (Phone, Events) {
        let port = self.port.display();
        let config = format!(
            "[reticulum]\nshare_instance = no\n[interfaces]\n[[Line]]\ntype = {kind}\n\
             enabled = yes\nport = {port}\n{keys}\n"
        );
        fs::write(self.folder.join("config"), config).unwrap();
        let rnsconfig = Some(self.folder.clone());
        let network = Network::find(&NetworkOptions::of_process(rnsconfig)).unwrap();
        assert_eq!(network.problems(), [""; 0]);
        let builder = PhoneBuilder::new(Identity::generate(&mut OsRng));
        network.interfaces().fold(builder, PhoneBuilder::interface).start().await.unwrap()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // What is left then is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Joins the modems of two lines.
fn join(one: &Line, other: &Line) {
    for (from, to) in [(one, other), (other, one)] {
        let (mut from, mut to) = (from.modem.try_clone().unwrap(), to.modem.try_clone().unwrap());
        thread::spawn(move || {
            let mut bytes = [0; 500];
            while let Ok(length @ 1..) = from.read(&mut bytes) {
                if to.write_all(&bytes[..length]).is_err() {
                    return;
                }
            }
        });
    }
}
