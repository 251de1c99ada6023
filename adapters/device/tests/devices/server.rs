//! A PulseAudio of our own, below the target folder.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{PoisonError, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lxst_device::Format;

/// A running server. Dropping it ends its process.
pub(crate) struct Server {
    folder: PathBuf,
    child: Child,
}

/// Runs a test's body in a process of its own, with a server that only it uses.
pub(crate) fn on_server(test: &str, body: impl FnOnce(&mut Server)) {
    let _others_run_too = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    run(test, body);
}

/// The same, while no other test runs: the sound is measured.
pub(crate) fn alone_on_server(test: &str, body: impl FnOnce(&mut Server)) {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    run(test, body);
}

fn run(test: &str, body: impl FnOnce(&mut Server)) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    if std::env::var_os(INSIDE).is_some() {
        return body(&mut Server::start(folder));
    }
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let this = std::env::current_exe().expect("a test knows its program");
    let run = Command::new(this)
        .args([test, "--nocapture"])
        .env(INSIDE, "1")
        .env("PULSE_SERVER", format!("unix:{}", folder.join("socket").display()))
        .output()
        .expect("a test starts again");
    let told = [run.stdout, run.stderr].map(|told| String::from_utf8_lossy(&told).into_owned());
    println!("{}{}", told[0], told[1]);
    assert!(run.status.success(), "{test} failed, see above");
}

impl Server {
    fn start(folder: PathBuf) -> Self {
        let child = Self::spawn(&folder);
        let server = Self { folder, child };
        server.await_answer();
        server
    }

    fn spawn(folder: &PathBuf) -> Child {
        let log = fs::File::create(folder.join("log")).expect("the folder can be written to");
        let protocol = format!(
            "module-native-protocol-unix auth-anonymous=1 socket={}",
            folder.join("socket").display()
        );
        Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"])
            .args(["--disallow-exit", "--load", &protocol, "--load", "module-rescue-streams"])
            .env("HOME", folder)
            .env("XDG_RUNTIME_DIR", folder)
            .env_remove("PULSE_SERVER")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("pulseaudio is installed: run interop/setup sound")
    }

    fn await_answer(&self) {
        let began = Instant::now();
        while !Self::control().arg("info").output().is_ok_and(|told| told.status.success()) {
            assert!(began.elapsed() < PATIENCE, "see {}", self.folder.join("log").display());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it and starts another one at the same place.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let _ = fs::remove_file(self.folder.join("socket"));
        self.child = Self::spawn(&self.folder);
        self.await_answer();
    }

    /// Plugs in a speaker, and returns what unplugs it.
    pub(crate) fn speaker(&self, id: &str, name: &str, format: Format) -> u32 {
        let rate = format!("rate={}", format.rate_hz);
        let channels = format!("channels={}", format.channels);
        let id = format!("sink_name={id}");
        let name = format!("sink_properties=device.description=\"{}\"", name.replace(' ', "\\ "));
        // Rewinds would let it play up to 2 s at once, as no sound card does.
        self.load(&["module-null-sink", "norewinds=1", &id, &rate, &channels, &name])
    }

    /// Plugs in a microphone that hears what a speaker plays.
    pub(crate) fn microphone(&self, id: &str, name: &str, at: &str) -> u32 {
        self.microphone_of(id, name, at, &[])
    }

    /// The same, of another format than the speaker's.
    pub(crate) fn microphone_of(&self, id: &str, name: &str, at: &str, format: &[&str]) -> u32 {
        let id = format!("source_name={id}");
        let master = format!("master={at}.monitor");
        let name = format!("source_properties=device.description=\"{}\"", name.replace(' ', "\\ "));
        self.load(&[&["module-remap-source", &id, &master, &name], format].concat())
    }

    fn load(&self, module: &[&str]) -> u32 {
        let told = Self::control().arg("load-module").args(module).output().expect("pactl runs");
        let number = String::from_utf8_lossy(&told.stdout);
        let error = String::from_utf8_lossy(&told.stderr);
        number.trim().parse().unwrap_or_else(|_| panic!("{module:?}: {error}"))
    }

    pub(crate) fn unplug(&self, module: u32) {
        self.ask(&["unload-module", &module.to_string()]);
    }

    pub(crate) fn default_speaker(&self, id: &str) {
        self.ask(&["set-default-sink", id]);
    }

    pub(crate) fn default_microphone(&self, id: &str) {
        self.ask(&["set-default-source", id]);
    }

    /// Returns how many streams programs hear microphones by.
    pub(crate) fn listeners(&self) -> usize {
        let told = Self::control().args(["list", "short", "source-outputs"]).output();
        let told = String::from_utf8_lossy(&told.expect("pactl runs").stdout).into_owned();
        // Those of the server's own modules have no client.
        let client = |line: &str| line.split('\t').nth(2).is_some_and(|client| client != "-");
        told.lines().filter(|line| client(line)).count()
    }

    pub(crate) fn until_listeners(&self, count: usize) {
        let began = Instant::now();
        while self.listeners() != count {
            assert!(began.elapsed() < PATIENCE, "{} listen", self.listeners());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Counts from now on the streams that are opened to hear microphones by.
    pub(crate) fn count_listeners(&self) -> OpenedListeners {
        let mut child = Self::control()
            .arg("subscribe")
            .env("LC_ALL", "C")
            .stdout(Stdio::piped())
            .spawn()
            .expect("pactl runs");
        let told = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            // Nobody counts any more.
            told.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let opened = OpenedListeners { child, lines };
        // Each question is a client, which is told of.
        let began = Instant::now();
        while opened.lines.recv_timeout(Duration::from_millis(50)).is_err() {
            assert!(began.elapsed() < PATIENCE, "the server tells of nothing");
            self.listeners();
        }
        opened
    }

    fn ask(&self, what: &[&str]) {
        let told = Self::control().args(what).output().expect("pactl runs");
        assert!(told.status.success(), "{what:?}: {}", String::from_utf8_lossy(&told.stderr));
    }

    fn control() -> Command {
        Command::new("pactl")
    }

    fn kill(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Counts the streams that are opened to hear microphones by.
pub(crate) struct OpenedListeners {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl OpenedListeners {
    /// Returns how many were opened until one was closed.
    pub(crate) fn until_closed(&self) -> usize {
        let mut count = 0;
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a stream is closed");
            count += usize::from(line.starts_with("Event 'new' on source-output"));
            if line.starts_with("Event 'remove' on source-output") {
                return count;
            }
        }
    }
}

impl Drop for OpenedListeners {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

static ALONE: RwLock<()> = RwLock::new(());
const INSIDE: &str = "LXST_DEVICE_TEST_SERVER";
const PATIENCE: Duration = Duration::from_secs(30);
