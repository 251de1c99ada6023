//! The programs of this crate, for its tests.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeSet;
use std::env::{self, consts::EXE_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Returns the path of a program, built from its current sources.
///
/// `cargo test` builds the examples beside the tests, but not with a named test (`--test phone`):
/// an existing program may then be old, and is built here.
pub(crate) fn program(name: &str) -> PathBuf {
    static FRESH: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let test = env::current_exe().expect("a path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let program = profile.join("examples").join(format!("{name}{EXE_SUFFIX}"));
    let mut fresh = FRESH.lock().unwrap_or_else(PoisonError::into_inner);
    if !fresh.contains(name) {
        if !is_fresh(&program).unwrap_or(false) {
            build(name, profile);
        }
        fresh.insert(name.to_owned());
    }
    program
}

/// Returns whether a program is newer than each of its sources, which Cargo lists beside it in the
/// format of `make`. `None` if a source is missing.
fn is_fresh(program: &Path) -> Option<bool> {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let rule = fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, sources) = rule.split_once(": ")?;
    let built = changed(program)?;
    for source in sources.replace("\\ ", "\0").split_whitespace() {
        if changed(Path::new(&source.replace('\0', " ")))? > built {
            return Some(false);
        }
    }
    Some(true)
}

/// Builds a program as this test was built.
fn build(name: &str, profile: &Path) {
    let target = profile.parent().expect("target/PROFILE");
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        other => other.expect("a profile's name"),
    };
    let features = [
        ("codec2", cfg!(feature = "codec2")),
        ("codec2-system", cfg!(feature = "codec2-system")),
        ("processing", cfg!(feature = "voice-processing")),
    ];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--locked",
        "--package",
        "lxst-examples",
        "--example",
        name,
        "--profile",
        profile,
    ]);
    cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    for (feature, is_on) in features {
        if is_on {
            cargo.args(["--features", feature]);
        }
    }
    assert!(cargo.status().expect("cargo runs").success(), "{name} cannot be built");
}
