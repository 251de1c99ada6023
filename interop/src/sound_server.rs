//! A PulseAudio of a test's own.

use core::time::Duration;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::ear::Ear;
use crate::mouth::Mouth;
use crate::recording::Recording;
use crate::watchdog;

/// A running PulseAudio with virtual devices, which `interop/setup sound` installs. Dropping it ends
/// its process.
///
/// # Panics
/// All methods panic if the server does not do what it is asked for: this type is for tests.
#[derive(Debug)]
pub struct SoundServer {
    folder: PathBuf,
    child: Child,
}

impl SoundServer {
    /// Starts a server whose socket and log are in this folder.
    #[track_caller]
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let folder = folder.to_owned();
        // Left by an earlier run.
        let _ = fs::remove_file(folder.join(SOCKET));
        let child = spawn(&folder);
        let server = Self { folder, child };
        server.await_answer();
        server
    }

    /// Kills it and starts another one at the same place.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        let _ = fs::remove_file(self.folder.join(SOCKET));
        self.child = spawn(&self.folder);
        self.await_answer();
    }

    /// Returns the environment variable that names it to a program, and the variable's value.
    #[must_use]
    pub fn variable(&self) -> (&'static str, String) {
        Self::variable_of(&self.folder)
    }

    /// Returns the same for a server that is [started](Self::start) in this folder later.
    #[must_use]
    pub fn variable_of(folder: &Path) -> (&'static str, String) {
        ("PULSE_SERVER", format!("unix:{}", folder.join(SOCKET).display()))
    }

    /// Plugs in a speaker. Returns the number of its module.
    #[track_caller]
    pub fn speaker(&self, id: &str, name: &str, rate_hz: u32, channels: u16) -> u32 {
        let rate = format!("rate={rate_hz}");
        let channels = format!("channels={channels}");
        let id = format!("sink_name={id}");
        let name = format!("sink_properties=device.description=\"{}\"", name.replace(' ', "\\ "));
        // Rewinds would let it play up to 2 s at once, as no sound card does.
        self.load(&["module-null-sink", "norewinds=1", &id, &rate, &channels, &name])
    }

    /// Plugs in a microphone that hears what a speaker plays. `format` has arguments of
    /// `module-remap-source`, for another format than the speaker's.
    #[track_caller]
    pub fn microphone(&self, id: &str, name: &str, at: &str, format: &[&str]) -> u32 {
        let id = format!("source_name={id}");
        let master = format!("master={at}.monitor");
        let name = format!("source_properties=device.description=\"{}\"", name.replace(' ', "\\ "));
        self.load(&[&["module-remap-source", &id, &master, &name], format].concat())
    }

    /// Plugs in a speaker, and the microphone `at-NAME` that hears it.
    #[track_caller]
    pub fn room(&self, name: &str) {
        self.speaker(name, name, 48_000, 2);
        let microphone = format!("at-{name}");
        self.microphone(&microphone, &microphone, name, &[]);
    }

    /// Plugs in what a person has: the microphone `at-mouth-NAME` hears the speaker `mouth-NAME`, at
    /// which a test [speaks](Self::speak), and a test [listens](Self::listen) at the speaker
    /// `ear-NAME`.
    #[track_caller]
    pub fn person(&self, name: &str) {
        let ear = format!("ear-{name}");
        self.room(&format!("mouth-{name}"));
        self.speaker(&ear, &ear, 48_000, 2);
    }

    /// Unplugs a device.
    #[track_caller]
    pub fn unplug(&self, module: u32) {
        self.ask(&["unload-module", &module.to_string()]);
    }

    /// Makes this speaker the default one.
    #[track_caller]
    pub fn default_speaker(&self, id: &str) {
        self.ask(&["set-default-sink", id]);
    }

    /// Makes this microphone the default one.
    #[track_caller]
    pub fn default_microphone(&self, id: &str) {
        self.ask(&["set-default-source", id]);
    }

    /// Repeats a recording at a speaker, until what is returned is dropped.
    #[track_caller]
    #[must_use]
    pub fn speak(&self, speaker: &str, recording: &Recording) -> Mouth {
        Mouth::open(&self.variable(), speaker, recording)
    }

    /// Hears what a speaker plays from now on.
    #[track_caller]
    #[must_use]
    pub fn listen(&self, speaker: &str) -> Ear {
        Ear::open(&self.variable(), speaker)
    }

    /// Returns a command of `pactl`, which asks this server.
    #[must_use]
    pub fn control(&self) -> Command {
        let (name, value) = self.variable();
        let mut command = Command::new("pactl");
        command.env(name, value).env("LC_ALL", "C");
        command
    }

    #[track_caller]
    fn load(&self, module: &[&str]) -> u32 {
        let told = self.control().arg("load-module").args(module).output().expect("pactl runs");
        let number = String::from_utf8_lossy(&told.stdout);
        let error = String::from_utf8_lossy(&told.stderr);
        number.trim().parse().unwrap_or_else(|_| panic!("{module:?}: {error}"))
    }

    #[track_caller]
    fn ask(&self, what: &[&str]) {
        let told = self.control().args(what).output().expect("pactl runs");
        assert!(told.status.success(), "{what:?}: {}", String::from_utf8_lossy(&told.stderr));
    }

    #[track_caller]
    fn await_answer(&self) {
        let began = Instant::now();
        while !self.control().arg("info").output().is_ok_and(|told| told.status.success()) {
            let is_late = watchdog::left(began, PATIENCE).is_zero();
            assert!(!is_late, "see {}", self.folder.join(LOG).display());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for SoundServer {
    fn drop(&mut self) {
        self.kill();
    }
}

#[track_caller]
fn spawn(folder: &Path) -> Child {
    let log = File::create(folder.join(LOG)).expect("the folder can be written to");
    let socket = folder.join(SOCKET);
    let protocol =
        format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display());
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

const SOCKET: &str = "socket";
const LOG: &str = "log";
const PATIENCE: Duration = Duration::from_secs(30);
