//! Two people at one sound server: the user of our phone, and the user of an application.

use std::fs;
use std::path::PathBuf;

use lxst_interop::{Ear, Recording, SoundServer, environment};

use crate::ours::Ours;

/// The devices of both. Those of the application's user are the default ones.
pub(crate) struct Scene {
    pub(crate) folder: PathBuf,
    pub(crate) server: SoundServer,
    pub(crate) our_ear: Ear,
    pub(crate) their_ear: Ear,
}

impl Scene {
    /// Sets up the devices in the folder of this test.
    #[track_caller]
    pub(crate) fn new(test: &str) -> Self {
        let folder = environment::target_dir().join("interop").join(test);
        // Left by an earlier run.
        let _ = fs::remove_dir_all(&folder);
        let server = SoundServer::start(&folder.join("sound"));
        let [our_ear, their_ear] = [OURS, THEIRS].map(|name| {
            server.person(name);
            server.listen(&format!("ear-{name}"))
        });
        server.default_speaker(&format!("ear-{THEIRS}"));
        server.default_microphone(&format!("at-mouth-{THEIRS}"));
        Self { folder, server, our_ear, their_ear }
    }

    /// Starts our phone, which is a Reticulum TCP server. `config` follows the lines for its
    /// devices.
    #[track_caller]
    pub(crate) fn ours(&self, config: &str) -> Ours {
        Ours::start(&self.folder, OURS, Some(&self.server), config)
    }

    /// Makes a folder for the network of an application, with Reticulum's configuration: a client
    /// of the TCP server at this port on loopback.
    #[track_caller]
    pub(crate) fn network(&self, port: u16) -> PathBuf {
        let network = self.folder.join("network");
        fs::create_dir_all(&network).expect("the target folder can be written to");
        let config = format!(
            "[reticulum]\nshare_instance = no\n[interfaces]\n[[ours]]\ntype = TCPClientInterface\n\
             enabled = yes\ntarget_host = 127.0.0.1\ntarget_port = {port}\n"
        );
        fs::write(network.join("config"), config).expect("it is written");
        network
    }

    /// Has one speak and then the other, each until the peer hears it.
    #[track_caller]
    pub(crate) fn speak_both_ways(&self) {
        let speech = Recording::sentence();
        for (name, ear) in [(OURS, &self.their_ear), (THEIRS, &self.our_ear)] {
            let _speaking = self.server.speak(&format!("mouth-{name}"), &speech);
            ear.hears(&speech);
        }
    }
}

/// The name of its devices says that the speaker is worn, so our phone cancels no echo.
pub(crate) const OURS: &str = "headset";
const THEIRS: &str = "theirs";
