//! Programs of Partyline, each in a process of its own.

use core::time::Duration;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use crate::environment;
use crate::watchdog;

/// A running Partyline 1.0.5: its server, or its client in a terminal. Dropping it ends its process.
///
/// # Panics
/// All methods panic if the program does not do what it is asked for, with what it printed in the
/// message: this type is for tests.
#[derive(Debug)]
pub struct Partyline {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    printed: Vec<String>,
    /// The lines that were returned.
    seen: usize,
}

impl Partyline {
    /// Starts a server with this configuration, a JSON object. Each pair of `udp` is an interface:
    /// the port that it listens on, and the one that it sends to. `test` and `name` name its folder,
    /// and are unique together.
    #[track_caller]
    pub fn server(test: &str, name: &str, udp: &[(u16, u16)], config: &serde_json::Value) -> Self {
        let storage = storage(test, name, udp);
        let path = storage.join("server.json");
        write(&path, &config.to_string());
        let path = path.display().to_string();
        let state = storage.join("state").display().to_string();
        let arguments = ["--config", &path, "--statedir", &state, "--announce-interval", "2"];
        Self::start(name, "partyline-server", &storage, &arguments)
    }

    /// Starts a client of the server at this destination hash, 32 hex digits, without a sound card.
    ///
    /// `arguments` are those of `partyline-client`, such as `["--tone", "440"]`.
    #[track_caller]
    pub fn client(
        test: &str,
        name: &str,
        udp: (u16, u16),
        server: &str,
        arguments: &[&str],
    ) -> Self {
        let storage = storage(test, name, &[udp]);
        let identity = storage.join("identity").display().to_string();
        let own = [server, "--identity", &identity, "--name", name, "--null-audio"];
        Self::start(name, "partyline-client", &storage, &[&own, arguments].concat())
    }

    /// Starts a client as [`Self::client`] does, and waits until it is in a room. A client gives up
    /// if its server missed its HELLO, as Partyline's may: then another one is started.
    #[track_caller]
    pub fn joined_client(
        test: &str,
        name: &str,
        udp: (u16, u16),
        server: &str,
        arguments: &[&str],
    ) -> Self {
        for _ in 0..ATTEMPTS {
            let mut client = Self::client(test, name, udp, server, arguments);
            let line = client.expect_one_of(&["now in room", "never connected"], JOIN_TIME);
            if line.contains("now in room") {
                return client;
            }
        }
        panic!("{name} does not join in {ATTEMPTS} attempts")
    }

    /// Waits for a line that contains this text, skipping others. Returns the line.
    #[track_caller]
    pub fn expect(&mut self, text: &str, within: Duration) -> String {
        self.expect_one_of(&[text], within)
    }

    /// Waits for a line that contains one of these texts, skipping others. Returns the line.
    #[track_caller]
    pub fn expect_one_of(&mut self, texts: &[&str], within: Duration) -> String {
        let begun = Instant::now();
        loop {
            while let Some(line) = self.printed.get(self.seen) {
                self.seen += 1;
                if texts.iter().any(|text| line.contains(text)) {
                    return line.clone();
                }
            }
            match self.lines.recv_timeout(watchdog::left(begun, within)) {
                Ok(line) => self.printed.push(line),
                Err(RecvTimeoutError::Timeout) if !watchdog::left(begun, within).is_zero() => {}
                Err(_) => self.fail(&format!("does not print {texts:?}")),
            }
        }
    }

    /// Types a line.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        let written = self.stdin.as_mut().map(|stdin| writeln!(stdin, "{line}"));
        if !matches!(written, Some(Ok(()))) {
            self.fail(&format!("does not read {line:?}"));
        }
    }

    #[track_caller]
    fn fail(&mut self, what: &str) -> ! {
        self.printed.extend(self.lines.try_iter());
        panic!("{} {what}:\n{}", self.name, self.printed.join("\n"))
    }

    #[track_caller]
    fn start(name: &str, program: &str, storage: &Path, arguments: &[&str]) -> Self {
        let folder = environment::partyline().unwrap_or_else(|error| panic!("{error}"));
        let stderr = File::create(storage.join("stderr")).unwrap_or_else(|error| panic!("{error}"));
        // The first line of the program is not asked: it names the folder of the time of installation.
        let child = Command::new(folder.join("python"))
            .arg(folder.join(program))
            .args(arguments)
            .arg("--configdir")
            .arg(storage)
            // Settings of this machine's user are neither read nor written.
            .env("HOME", storage)
            .env("XDG_CONFIG_HOME", storage)
            .env("LANGUAGE", "en")
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{program}: {error}"));
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    // Nobody listens once the test is over.
                    let _ = sender.send(line);
                }
            });
        }
        let (name, stdin) = (name.to_owned(), child.stdin.take());
        Self { name, child, stdin, lines, printed: Vec::new(), seen: 0 }
    }
}

impl Drop for Partyline {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the folder of a program, with Reticulum's configuration in it.
#[track_caller]
fn storage(test: &str, name: &str, udp: &[(u16, u16)]) -> PathBuf {
    let storage = environment::target_dir().join("interop").join(test).join(name);
    // There is none on the first run.
    let _ = fs::remove_dir_all(&storage);
    fs::create_dir_all(&storage).unwrap_or_else(|error| panic!("{}: {error}", storage.display()));
    let mut config = String::from(
        "[reticulum]\nenable_transport = no\nshare_instance = no\n[logging]\nloglevel = 3\n\
         [interfaces]\n",
    );
    for (number, (listen, forward)) in udp.iter().enumerate() {
        config += &format!(
            "[[udp{number}]]\ntype = UDPInterface\nenabled = yes\nlisten_ip = 127.0.0.1\n\
             listen_port = {listen}\nforward_ip = 127.0.0.1\nforward_port = {forward}\n"
        );
    }
    write(&storage.join("config"), &config);
    storage
}

#[track_caller]
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

const ATTEMPTS: usize = 4;
const JOIN_TIME: Duration = Duration::from_secs(60);
