//! Tests with a PulseAudio of their own, below the target folder.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{PoisonError, RwLock};

use lxst_interop::SoundServer;
use lxst_interop::environment::short_name;

/// Runs a test's body in a process of its own, with a server that only it uses.
pub(crate) fn on_server(test: &str, body: impl FnOnce(&mut SoundServer)) {
    let _others_run_too = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    run(test, body);
}

/// The same, while no other test runs: the sound is measured.
pub(crate) fn alone_on_server(test: &str, body: impl FnOnce(&mut SoundServer)) {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    run(test, body);
}

fn run(test: &str, body: impl FnOnce(&mut SoundServer)) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(short_name(test));
    if std::env::var_os(INSIDE).is_some() {
        return body(&mut SoundServer::start(&folder));
    }
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    let this = std::env::current_exe().expect("a test knows its program");
    let (variable, value) = SoundServer::variable_of(&folder);
    let run = Command::new(this)
        .args([test, "--nocapture"])
        .env(INSIDE, "1")
        .env(variable, value)
        .output()
        .expect("a test starts again");
    let told = [run.stdout, run.stderr].map(|told| String::from_utf8_lossy(&told).into_owned());
    println!("{}{}", told[0], told[1]);
    assert!(run.status.success(), "{test} failed, see above");
}

static ALONE: RwLock<()> = RwLock::new(());
const INSIDE: &str = "LXST_DEVICE_TEST_SERVER";
