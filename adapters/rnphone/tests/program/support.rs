//! The program beside a test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// A program that runs. It ends with the test.
pub(crate) struct Program {
    child: Mutex<Child>,
    lines: Mutex<BufReader<ChildStdout>>,
}

impl Program {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::spawn(command(folder, arguments))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        command.arg("--no-devices").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child: Mutex::new(child), lines: Mutex::new(lines) }
    }

    /// Reads the next line that begins with this word, and returns the word behind it.
    pub(crate) fn told(&self, word: &str) -> String {
        let mut lines = self.lines.lock().expect("no panic");
        loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).expect("text") > 0, "it ended without {word}");
            let mut words = line.split_whitespace();
            if words.next() == Some(word) {
                return words.next().expect("a value").to_owned();
            }
        }
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&self) -> Option<i32> {
        self.child.lock().expect("no panic").wait().expect("it ends").code()
    }

    /// Ends it as a user does.
    pub(crate) fn stop(&self) -> Option<i32> {
        stop(&mut self.child.lock().expect("no panic"))
    }

    pub(crate) fn kill(&self) {
        self.child.lock().expect("no panic").kill().expect("it is killed");
        self.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
    command.args(arguments).arg("--config").arg(folder).env_remove("NOTIFY_SOCKET");
    command.env("DBUS_SESSION_BUS_ADDRESS", "");
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
    // What ctl is to do stands at the end.
    let (task, rest) = arguments.split_first().expect("a task");
    command.arg("--config").arg(folder).arg(task).args(rest);
    command.stdin(Stdio::null()).output().expect("it runs")
}

pub(crate) fn piped(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it runs")
}

/// Ends a program as a user does.
pub(crate) fn stop(child: &mut Child) -> Option<i32> {
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("it is told");
    child.wait().expect("it ends").code()
}

/// Waits until something holds.
pub(crate) fn until(holds: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < limit, "it never holds");
        thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn new_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("program").join(name);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
