//! The Python that the peers run on: a venv with pinned packages below the target folder.

use core::fmt;
use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Why Python LXST cannot be run here; its text says in one line what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentError {
    need: String,
    remedy: String,
}

/// Returns the interpreter with Python LXST, and sets it up on first use.
///
/// The venv is `python-venv` in [`target_dir`], made anew when `requirements.txt` has changed since
/// it was filled. A file lock makes parallel test processes wait for one of them to do it. Missing
/// Debian packages (libopus0, python3-venv) are installed if this process runs as root.
///
/// # Errors
/// [`EnvironmentError`] when something is missing that cannot be installed from here.
pub fn python() -> Result<&'static Path, EnvironmentError> {
    static PYTHON: OnceLock<Result<PathBuf, EnvironmentError>> = OnceLock::new();
    PYTHON.get_or_init(set_up).as_deref().map_err(Clone::clone)
}

/// Returns the folder that cargo builds into: `CARGO_TARGET_DIR`, or `target` of the workspace.
pub fn target_dir() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").filter(|path| !path.is_empty());
    let target = workspace.join(target.as_deref().unwrap_or(OsStr::new("target")));
    std::path::absolute(&target).unwrap_or(target)
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "python peers need {}: {}", self.need, self.remedy)
    }
}

impl core::error::Error for EnvironmentError {}

fn set_up() -> Result<PathBuf, EnvironmentError> {
    let target = target_dir();
    let venv = target.join("python-venv");
    let unwritable = |error: io::Error| {
        missing(&format!("{} to be writable", target.display()), &error.to_string())
    };
    fs::create_dir_all(&target).map_err(unwritable)?;
    let lock = File::create(target.join("python-venv.lock")).map_err(unwritable)?;
    lock.lock().map_err(unwritable)?;

    let python = venv.join("bin/python");
    let stamp = venv.join("requirements.stamp");
    let is_current =
        python.exists() && fs::read_to_string(&stamp).is_ok_and(|filled| filled == REQUIREMENTS);
    if !is_current {
        say(&format!("setting up Python LXST 0.5.4 in {} (about a minute)", venv.display()));
        if venv.exists() {
            fs::remove_dir_all(&venv).map_err(unwritable)?;
        }
        create_venv(&venv)?;
        install_requirements(&python)?;
        fs::write(&stamp, REQUIREMENTS).map_err(unwritable)?;
    }
    ensure_opus(&python)?;
    Ok(python)
}

fn create_venv(venv: &Path) -> Result<(), EnvironmentError> {
    let create = || run(Command::new("python3").args(["-m", "venv"]).arg(venv));
    match create() {
        Err(error) if error.contains("ensurepip") => {
            install_debian_package("python3-venv")?;
            create().map_err(|error| missing("a Python venv", &error))
        }
        Err(error) => Err(missing("python3 (3.11 or later) with its venv module", &error)),
        Ok(()) => Ok(()),
    }
}

fn install_requirements(python: &Path) -> Result<(), EnvironmentError> {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.txt");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(python).args(pip).arg(requirements))
        .map_err(|error| missing("the packages of interop/requirements.txt from PyPI", &error))
}

/// LXST loads libopus by the name that ctypes finds, so that is what is tried.
fn ensure_opus(python: &Path) -> Result<(), EnvironmentError> {
    const LOAD: &str = "import ctypes.util, sys; n = ctypes.util.find_library('opus'); sys.exit(not (n and ctypes.CDLL(n)))";
    let load = || run(Command::new(python).args(["-c", LOAD]));
    if load().is_ok() {
        return Ok(());
    }
    install_debian_package("libopus0")?;
    load().map_err(|error| missing("libopus.so.0 to be loadable", &error))
}

fn install_debian_package(package: &str) -> Result<(), EnvironmentError> {
    let remedy = format!("sudo apt-get install {package}");
    let is_root =
        output(Command::new("id").arg("-u")).is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root {
        return Err(missing(package, &remedy));
    }
    say(&format!("installing {package}"));
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install = || apt(&["install", "--yes", "--quiet", "--no-install-recommends", package]);
    install()
        .or_else(|_| apt(&["update", "--quiet"]).and_then(|()| install()))
        .map_err(|error| missing(package, &format!("{remedy} ({error})")))
}

/// Runs a command to its end; an error is the last line that it printed.
fn run(command: &mut Command) -> Result<(), String> {
    let output = output(command)?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    // Without ensurepip the reason is not in the last line.
    let reason = printed.lines().find(|line| line.contains("ensurepip is not available"));
    let last = printed.lines().rfind(|line| !line.trim().is_empty());
    Err(reason
        .or(last)
        .map_or_else(|| format!("{command:?}: {}", output.status), |line| line.trim().to_owned()))
}

fn output(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|error| format!("{command:?}: {error}"))
}

fn missing(need: &str, remedy: &str) -> EnvironmentError {
    EnvironmentError { need: need.to_owned(), remedy: remedy.to_owned() }
}

/// Prints past the test harness, which keeps what tests print until they fail.
fn say(line: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(io::stderr(), "{line}");
}

const REQUIREMENTS: &str = include_str!("../requirements.txt");
