//! Sideband 2.2.0 without a window, driven at its console.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use lxst_interop::environment;
use serde_json::Value;

use crate::scene::Scene;
use crate::{PATIENCE, poll};

/// A Sideband that runs. It ends with the test. A machine can run one: its socket has a fixed name.
pub(crate) struct Sideband {
    child: Child,
    console: ChildStdin,
    shown: Receiver<String>,
    pub(crate) identity: String,
}

impl Sideband {
    /// Starts one with voice and with the devices of the person `theirs`, connected to the Reticulum
    /// TCP server at this port on loopback.
    #[track_caller]
    pub(crate) fn start(scene: &Scene, port: u16) -> Self {
        let folder = scene.folder.join("sideband");
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        set_up(&folder);
        let log = File::create(folder.join("log")).expect("it is written");
        let (variable, value) = scene.server.variable();
        let mut child = program(&folder)
            .args(["--daemon", "--interactive", "--rnsconfig"])
            .arg(scene.network(port))
            .env(variable, value)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it runs");
        let console = child.stdin.take().expect("it is piped");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let (sender, shown) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody listens once the test is over.
                let _ = sender.send(line);
            }
        });
        let mut app = Self { child, console, shown, identity: String::new() };
        app.identity = app.ask("sideband.identity.hash.hex()");
        app.until("sideband.telephone is not None", "True");
        app
    }

    /// Has its console evaluate an expression of Python. Returns the value as text.
    #[track_caller]
    pub(crate) fn ask(&mut self, expression: &str) -> String {
        writeln!(self.console, "raw f\"{MARK}{{{expression}}}{MARK}\"")
            .expect("its console is open");
        loop {
            let line = self.shown.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("{expression}: {error}"));
            if let Some(value) = line.split(MARK).nth(1) {
                return value.to_owned();
            }
            assert!(!line.contains("Error"), "{expression}: {line}");
        }
    }

    /// Asks again and again, until the value is the wanted one.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str, wanted: &str) {
        poll(|| self.ask(expression), |value| value == wanted);
    }

    /// Has it do something that has no value.
    #[track_caller]
    pub(crate) fn tell(&mut self, expression: &str) {
        assert_eq!(self.ask(expression), "None", "{expression}");
    }
}

impl Drop for Sideband {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes its settings: those that it starts with, and some of ours.
#[track_caller]
fn set_up(folder: &Path) {
    let path = folder.join("settings.json");
    run(program(folder).arg("--export-settings").arg(&path));
    let settings = fs::read(&path).expect("they are exported");
    let mut settings: Value = serde_json::from_slice(&settings).expect("JSON");
    for (name, value) in [
        ("voice_enabled", Value::from(true)),
        ("voice_output", "ear-theirs".into()),
        ("voice_input", "at-mouth-theirs".into()),
        ("voice_ringer", "ear-theirs".into()),
        ("connect_local", false.into()),
        ("start_announce", false.into()),
    ] {
        settings[name] = value;
    }
    fs::write(&path, settings.to_string()).expect("they are written");
    run(program(folder).arg("--import-settings").arg(&path));
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[track_caller]
fn program(folder: &Path) -> Command {
    let programs = environment::apps().unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(programs.join("sideband"));
    command.arg("--config").arg(folder.join("storage")).env("HOME", folder);
    command.env_remove("XDG_CONFIG_HOME").env("PYTHONUNBUFFERED", "1").stdin(Stdio::null());
    command
}

/// What is around a value, and in none.
const MARK: &str = "@@";
