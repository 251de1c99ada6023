//! Calls with Python LXST, which has devices too.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use lxst_interop::{Command as Say, PythonPeer, SoundServer};
use lxst_smol::IdentityHash;

use crate::server::alone_on_server;
use crate::sound::{Hum, Recording, hum, lag};

/// The example `talk`, in a process of its own.
struct Talk {
    child: Child,
    stdin: ChildStdin,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Talk {
    fn start(arguments: &[&str]) -> Self {
        let test = std::env::current_exe().expect("a test knows its program");
        let built = test.parent().and_then(|deps| deps.parent()).expect("cargo has built it");
        let mut child = Command::new(PathBuf::from(built).join("examples/talk"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo builds examples with tests");
        let stdin = child.stdin.take().expect("it is piped");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child, stdin, lines }
    }

    /// Waits for a line that begins so, and returns the rest of it.
    #[track_caller]
    fn tells(&mut self, begin: &str) -> String {
        loop {
            let line = self.lines.next().expect("it runs").expect("it tells text");
            println!("talk: {line}");
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.trim().to_owned();
            }
        }
    }

    fn signal(&self, name: &str) {
        let told = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(told.expect("there is a kill").success());
    }

    fn press_enter(&mut self) {
        self.stdin.write_all(b"\n").expect("it runs");
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Devices of two phones, and what the test hears at their speakers.
fn rooms(server: &SoundServer) -> [Recording; 2] {
    for name in ["ours", "theirs"] {
        server.room(&format!("mouth-{name}"));
        server.room(&format!("ear-{name}"));
    }
    server.default_microphone("at-mouth-ours");
    server.default_speaker("ear-ours");
    ["at-ear-ours", "at-ear-theirs"].map(Recording::at)
}

fn python(test: &str) -> PythonPeer {
    PythonPeer::builder(test, "python").devices("at-mouth-theirs", "ear-theirs").spawn()
}

#[test]
fn python_and_ours_hear_each_other_from_device_to_device_whoever_dials() {
    let test = "python_and_ours_hear_each_other_from_device_to_device_whoever_dials";
    alone_on_server(test, |server| {
        let [our_ear, their_ear] = rooms(server);
        let mut python = python(test);
        let to = format!("127.0.0.1:{}", python.port());
        let identity = IdentityHash(python.identity()).to_string();
        let speaking = [hum("mouth-ours", Hum::LOW), hum("mouth-theirs", Hum::HIGH)];

        let mut talk = Talk::start(&["--plain", &to, &identity]);
        let ours = talk.tells("this is ");
        python.expect("ringing", WITHIN);
        python.send(&Say::Answer);
        talk.tells("established: ");
        their_ear.hears(Hum::LOW.note());
        our_ear.hears(Hum::HIGH.note());
        drop(speaking);
        measure(&talk, &python, [&our_ear, &their_ear]);
        talk.signal("STOP");
        thread::sleep(Duration::from_secs(2));
        talk.signal("CONT");
        thread::sleep(Duration::from_secs(4));
        println!("4 s after our phone stood still for 2 s:");
        measure(&talk, &python, [&our_ear, &their_ear]);
        let speaking = [hum("mouth-ours", Hum::LOW), hum("mouth-theirs", Hum::HIGH)];
        talk.press_enter();
        python.expect("ended", WITHIN);
        our_ear.hears_nothing();

        let ours: IdentityHash = ours.parse().expect("it tells its hash");
        python.send(&Say::call(ours.0));
        talk.tells("ringing: ");
        talk.press_enter();
        talk.tells("established: ");
        their_ear.hears(Hum::LOW.note());
        our_ear.hears(Hum::HIGH.note());
        talk.press_enter();
        talk.tells("ended: ");
        drop(speaking);
    });
}

/// Tells what a call costs both phones, and how late each hears the other.
fn measure(talk: &Talk, python: &PythonPeer, [our_ear, their_ear]: [&Recording; 2]) {
    let mouths = ["at-mouth-ours", "at-mouth-theirs"].map(Recording::at);
    let _speaking = [hum("mouth-ours", Hum::BEATS), hum("mouth-theirs", Hum::BEATS)];
    let processes = [talk.child.id(), python.process()];
    let before = processes.map(ticks);
    thread::sleep(Duration::from_secs(6));
    let after = processes.map(ticks);
    let [ours, theirs] = [0, 1].map(|at| after[at] - before[at]);
    println!(
        "CPU: ours {ours}, Python {theirs} ticks, 1 to {:.1}; memory: ours {}, Python {}",
        theirs as f64 / ours.max(1) as f64,
        most_memory(processes[0]),
        most_memory(processes[1]),
    );
    let [our_mouth, their_mouth] = &mouths;
    println!("from our mouth to Python's ear {:?}", lag(our_mouth, their_ear));
    println!("from Python's mouth to our ear {:?}", lag(their_mouth, our_ear));
}

/// The processor time of a process and its threads, in ticks of the system.
fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    // The name of the program may hold blanks.
    let fields = stat.rsplit(')').next().expect("there is a name").split_whitespace();
    fields.skip(11).take(2).map(|field| field.parse::<u64>().expect("it is a number")).sum()
}

/// The most memory that a process had resident, in words.
fn most_memory(process: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.expect("the system tells it").trim().to_owned()
}

const WITHIN: Duration = Duration::from_secs(20);
