//! The first call of a person: the lines of README, typed into a shell, up to hearing oneself.

#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lxst_interop::{Recording, SoundServer, Terminal, environment};

#[test]
fn the_lines_of_readme_install_a_phone_in_which_one_hears_oneself() {
    let folder = environment::target_dir().join("interop/first-call");
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    let server = SoundServer::start(&folder.join("sound"));
    server.person("me");
    server.default_microphone("at-mouth-me");
    server.default_speaker("ear-me");
    let ear = server.listen("ear-me");
    let [install, echo, check, phone] = lines();

    let mut shell = shell(&folder, &server);
    shell.then(PROMPT);
    shell.line(&install);
    assert_eq!(shell.then(PROMPT), SUCCESS, "{}", shell.until(PROMPT));
    shell.line(&echo);
    let told = shell.then("others dial this to hear themselves");
    // The shell's prompt may stand before it.
    let (_, told) = told.split_once("identity").expect("an identity");
    let hash = told.split_whitespace().next().expect("a hash").to_owned();
    shell.then("listening 127.0.0.1:4242");
    shell.line(&check);
    shell.then("ok    microphone at-mouth-me");
    shell.then("ok    speaker    ear-me");
    shell.then("ok    network    127.0.0.1:4242");
    assert_eq!(shell.then(PROMPT), SUCCESS);

    shell.line(&phone);
    shell.then("online: ");
    shell.line(&format!("dial {hash}"));
    shell.until("you talk with ");
    let speech = Recording::sentence();
    let _speaking = server.speak("mouth-me", &speech);
    ear.hears(&speech);
    shell.line("hangup");
    shell.until("is over after");
    shell.line("quit");
    shell.line("exit");
}

/// A shell in this repository, with a home folder of its own.
fn shell(folder: &Path, server: &SoundServer) -> Terminal {
    let home = PathBuf::from(env::var_os("HOME").expect("a home folder"));
    let tool = |name: &str, folder: &str| env::var_os(name).unwrap_or(home.join(folder).into());
    let bin = folder.join("installed/bin");
    let mut path = vec![bin];
    path.extend(env::split_paths(&env::var_os("PATH").expect("a path")));
    let mut command = Command::new("bash");
    let (variable, value) = server.variable();
    command
        .args(["--noprofile", "--norc", "-i"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env("PS1", "[$?]> ")
        .env("PATH", env::join_paths(path).expect("a path"))
        .env("CARGO_HOME", tool("CARGO_HOME", ".cargo"))
        .env("RUSTUP_HOME", tool("RUSTUP_HOME", ".rustup"))
        .env("CARGO_INSTALL_ROOT", folder.join("installed"))
        .env("CARGO_TARGET_DIR", environment::target_dir())
        .env("HOME", folder.join("home"))
        .env_remove("XDG_CONFIG_HOME")
        .env(variable, value);
    fs::create_dir_all(folder.join("home")).expect("the target folder can be written to");
    Terminal::start(&command).patience(BUILD)
}

/// The lines of README's section on the phone.
fn lines() -> [String; 4] {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme).expect("there is a README");
    let (_, section) = readme.split_once("\n## A phone\n").expect("a section");
    let (_, block) = section.split_once("```sh\n").expect("a block");
    let (block, _) = block.split_once("```").expect("its end");
    let lines: Vec<String> = block.lines().map(str::to_owned).collect();
    lines.try_into().expect("four lines")
}

/// Time limit of a build.
const BUILD: Duration = Duration::from_secs(1_800);
/// What the shell's prompt ends in.
const PROMPT: &str = "]> ";
/// The prompt behind a line that succeeded.
const SUCCESS: &str = "[0]>";
