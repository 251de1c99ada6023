//! The Python that the peers run on: venvs with pinned packages below the target folder.

use core::fmt;
use std::env;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Why Python LXST cannot run here. The text says in one line what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentError(String);

/// Returns the interpreter with Python LXST, which `interop/setup` installs on first use.
///
/// The venv is `python-venv` in [`target_dir`]. It is created anew when `requirements.txt` has
/// changed. Parallel test processes wait until one of them has created it. Missing Debian packages
/// are installed if this process may do so without a password.
///
/// # Errors
/// [`EnvironmentError`] if something is missing that cannot be installed from here.
pub fn python() -> Result<&'static Path, EnvironmentError> {
    static PYTHON: OnceLock<Result<PathBuf, EnvironmentError>> = OnceLock::new();
    PYTHON
        .get_or_init(|| set_up("peers", "python-venv/bin/python"))
        .as_deref()
        .map_err(Clone::clone)
}

/// Returns the folder of Partyline's programs, which `interop/setup` installs on first use, as
/// [`python`] does.
///
/// # Errors
/// [`EnvironmentError`] if something is missing that cannot be installed from here.
pub fn partyline() -> Result<&'static Path, EnvironmentError> {
    static PARTYLINE: OnceLock<Result<PathBuf, EnvironmentError>> = OnceLock::new();
    PARTYLINE.get_or_init(|| set_up("rooms", "partyline-venv/bin")).as_deref().map_err(Clone::clone)
}

/// Returns the folder of the programs `meshchatx` and `sideband`, which `interop/setup` installs on
/// first use, as [`python`] does.
///
/// # Errors
/// [`EnvironmentError`] if something is missing that cannot be installed from here.
pub fn apps() -> Result<&'static Path, EnvironmentError> {
    static APPS: OnceLock<Result<PathBuf, EnvironmentError>> = OnceLock::new();
    APPS.get_or_init(|| set_up("apps", "apps-venv/bin")).as_deref().map_err(Clone::clone)
}

/// Returns cargo's target folder: `CARGO_TARGET_DIR`, or `target` of the workspace.
pub fn target_dir() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = package.parent().unwrap_or(package);
    let target = env::var_os("CARGO_TARGET_DIR").filter(|path| !path.is_empty());
    let target = workspace.join(target.as_deref().unwrap_or(OsStr::new("target")));
    std::path::absolute(&target).unwrap_or(target)
}

/// Returns a name for the folder of a test. It is short, because the path of a Unix socket in it has
/// at most 107 bytes, wherever this repository is.
#[must_use]
pub fn short_name(test: &str) -> String {
    let mut hasher = DefaultHasher::new();
    test.hash(&mut hasher);
    let beginning: String = test.chars().take(8).collect();
    format!("{beginning}-{:08x}", hasher.finish() >> 32)
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for EnvironmentError {}

/// Sets up a part. Returns the path of what it installs, which is in the target folder.
fn set_up(part: &str, installed: &str) -> Result<PathBuf, EnvironmentError> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup");
    let failed = |error: io::Error| {
        let script = script.display();
        EnvironmentError(format!("{script} needs bash, on Windows that of WSL: {error}"))
    };
    let mut set_up = Command::new("bash")
        .arg(&script)
        .arg(part)
        .env("CARGO_TARGET_DIR", target_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut last = String::new();
    if let Some(stderr) = set_up.stderr.take() {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // Bypasses the test harness, which captures the output of tests until they fail. A
            // closed standard error is no failure.
            let _ = writeln!(io::stderr(), "{line}");
            last = line;
        }
    }
    match set_up.wait().map_err(failed)?.success() {
        true => Ok(target_dir().join(installed)),
        false => Err(EnvironmentError(last)),
    }
}
