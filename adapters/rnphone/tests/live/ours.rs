//! Our phone, as the built program: a service that is used by `rnphone-rs ctl`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use lxst_interop::{SoundServer, lateness};
use serde_json::Value;

/// A phone that runs. It ends with the test.
pub(crate) struct Ours {
    folder: PathBuf,
    child: Child,
    told: Told,
    pub(crate) identity: String,
    /// The port on loopback that it listens on.
    pub(crate) port: u16,
}

/// What `ctl events` prints, JSON objects, those that were read first.
struct Told {
    child: Child,
    events: Receiver<Value>,
    seen: Vec<Value>,
}

impl Ours {
    /// Starts a phone that is a Reticulum TCP server, with the devices of a person of this name, if
    /// there is a server for them. `config` follows the lines for those.
    pub(crate) fn start(
        folder: &Path,
        name: &str,
        server: Option<&SoundServer>,
        config: &str,
    ) -> Self {
        Self::start_on(folder, name, server, config, &["--listen", "127.0.0.1:0"])
    }

    /// Starts one with these options for its network.
    pub(crate) fn start_on(
        folder: &Path,
        name: &str,
        server: Option<&SoundServer>,
        config: &str,
        network: &[&str],
    ) -> Self {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        let devices = format!(
            "[telephone]\nspeaker = ear-{name}\nringer = ear-{name}\nmicrophone = at-mouth-{name}\n"
        );
        fs::write(folder.join("config"), devices + config).expect("it is written");
        let mut command = program(&folder);
        command.arg("--service").args(network);
        match server {
            Some(server) => {
                let (variable, value) = server.variable();
                command.env(variable, value);
            }
            None => {
                command.arg("--no-devices");
            }
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut told = |word: &str| {
            let mut line = String::new();
            out.read_line(&mut line).expect("text");
            let mut words = line.split_whitespace();
            assert_eq!(words.next(), Some(word), "{line:?} of {name}");
            words.next().expect("a value").to_owned()
        };
        let (identity, address) = (told("identity"), told("listening"));
        let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
        let told = Told::of(&folder);
        Self { folder, child, told, identity, port: port.expect("a port") }
    }

    /// Has it do a command, as at its prompt.
    #[track_caller]
    pub(crate) fn ctl(&self, line: &str) {
        let mut command = program(&self.folder);
        let output = command.arg("ctl").args(line.split(' ')).output().expect("it runs");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Waits for an event of this name, skipping others.
    #[track_caller]
    pub(crate) fn until(&mut self, event: &str) -> Value {
        self.told.until(event, |_| true)
    }

    /// Waits for an announce of this identity.
    #[track_caller]
    pub(crate) fn until_announced(&mut self, identity: &str) -> Value {
        self.told.until("announced", |event| event["peer"]["hash"] == identity)
    }

    /// Waits for the end of a call, and checks how it ended.
    #[track_caller]
    pub(crate) fn until_ended(&mut self, outcome: &str) -> Value {
        let ended = self.until("ended");
        assert_eq!(ended["outcome"], outcome, "{ended}");
        ended
    }
}

impl Told {
    fn of(folder: &Path) -> Self {
        let mut command = program(folder);
        let mut child =
            command.args(["ctl", "events"]).stdout(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let (sender, events) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).expect("it prints JSON");
                // Nobody listens once the test is over.
                let _ = sender.send(event);
            }
        });
        let mut told = Self { child, events, seen: Vec::new() };
        told.until("hello", |_| true);
        told
    }

    #[track_caller]
    fn until(&mut self, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            match self.events.recv_timeout(lateness::left(began, PATIENCE)) {
                Ok(event) => {
                    self.seen.push(event.clone());
                    if event["event"] == name && is_it(&event) {
                        return event;
                    }
                }
                Err(RecvTimeoutError::Timeout) if !lateness::left(began, PATIENCE).is_zero() => {}
                Err(_) => {
                    let told: Vec<String> = self.seen.iter().map(Value::to_string).collect();
                    panic!("no {name} behind:\n{}", told.join("\n"));
                }
            }
        }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        end(&mut self.told.child);
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // Both fail only when the process has ended and been waited for.
    let _ = child.kill();
    let _ = child.wait();
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
    command.arg("--config").arg(folder).env_remove("NOTIFY_SOCKET").stdin(Stdio::null());
    command
}

const PATIENCE: Duration = Duration::from_secs(60);
