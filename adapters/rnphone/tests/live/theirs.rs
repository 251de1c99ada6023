//! Python's `rnphone`, at a terminal.

use std::fs;
use std::path::Path;
use std::process::Command;

use lxst_interop::{SoundServer, Terminal, environment};

/// An `rnphone` of LXST 0.5.4 that runs. It ends with the test.
pub(crate) struct Theirs {
    pub(crate) terminal: Terminal,
    pub(crate) identity: String,
}

impl Theirs {
    /// Starts it with the devices of the person `theirs`, connected to the Reticulum TCP servers at
    /// these ports on loopback. `config` follows the lines for the devices.
    #[track_caller]
    pub(crate) fn start(folder: &Path, server: &SoundServer, ports: &[u16], config: &str) -> Self {
        let folder = folder.join("theirs");
        let network = folder.join("reticulum");
        fs::create_dir_all(&network).expect("the target folder can be written to");
        let devices = "[telephone]\nringtone = ringer.opus\nspeaker = ear-theirs\n\
                       ringer = ear-theirs\nmicrophone = at-mouth-theirs\n";
        fs::write(folder.join("config"), format!("{devices}{config}")).expect("it is written");
        let mut interfaces = String::from("[reticulum]\nshare_instance = no\n[interfaces]\n");
        for port in ports {
            interfaces += &format!(
                "[[port {port}]]\ntype = TCPClientInterface\nenabled = yes\n\
                 target_host = 127.0.0.1\ntarget_port = {port}\n"
            );
        }
        fs::write(network.join("config"), interfaces).expect("it is written");
        let (variable, value) = server.variable();
        let mut command = Command::new(environment::python().expect("Python LXST is there"));
        command.args(["-m", "LXST.Utilities.rnphone", "--config"]).arg(&folder);
        command.arg("--rnsconfig").arg(&network).env(variable, value).env("HOME", &folder);
        let mut terminal = Terminal::start(&command);
        terminal.then("Reticulum Telephone Utility is ready");
        let told = terminal.then("Identity hash: <");
        let identity = told.split(['<', '>']).nth(1).expect("a hash").to_owned();
        assert_eq!(identity.len(), 32, "{told}");
        terminal.then("> ");
        Self { terminal, identity }
    }

    /// Waits until a line is shown.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) {
        self.terminal.then(text);
    }

    /// Types a line, and waits until what comes of it is shown.
    #[track_caller]
    pub(crate) fn types(&mut self, line: &str, shown: &str) {
        self.terminal.line(line);
        self.shows(shown);
    }
}
