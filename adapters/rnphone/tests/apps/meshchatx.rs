//! MeshChatX 4.10.7 without a window, driven by what its pages ask of it.

use std::fs::{self, File};
use std::io;
use std::process::{Child, Command, Stdio};

use lxst_interop::{environment, free_tcp_ports};
use serde_json::{Value, json};

use crate::http::{Body, request};
use crate::poll;
use crate::scene::Scene;

/// A MeshChatX that runs. It ends with the test.
pub(crate) struct MeshChatX {
    child: Child,
    /// The port on loopback of its API.
    port: u16,
    pub(crate) identity: String,
}

impl MeshChatX {
    /// Starts one with the default devices, connected to the Reticulum TCP server at this port on
    /// loopback. It takes calls of everybody and announces itself. `settings` are those of its API.
    #[track_caller]
    pub(crate) fn start(scene: &Scene, port: u16, settings: &Value) -> Self {
        let folder = scene.folder.join("meshchatx");
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        let log = File::create(folder.join("log")).expect("it is written");
        let [own_port]: [u16; 1] = free_tcp_ports();
        let (variable, value) = scene.server.variable();
        let programs = environment::apps().unwrap_or_else(|error| panic!("{error}"));
        let child = Command::new(programs.join("meshchatx"))
            .args(["--headless", "--no-https", "--host", "127.0.0.1"])
            .args(["--port", &own_port.to_string()])
            .arg("--storage-dir")
            .arg(folder.join("storage"))
            .arg("--reticulum-config-dir")
            .arg(scene.network(port))
            // Its tokens are for browsers.
            .env("MESHCHAT_DISABLE_CSRF", "true")
            .env("HOME", &folder)
            .env_remove("XDG_CONFIG_HOME")
            .env(variable, value)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("it is open"))
            .stderr(log)
            .spawn()
            .expect("it runs");
        let mut app = Self { child, port: own_port, identity: String::new() };
        poll(
            || app.try_get("telephone/status"),
            |status| status.as_ref().is_ok_and(|status| status["enabled"] == true),
        )
        .expect("it answers");
        app.identity = app.get("config")["config"]["identity_hash"].as_str().expect("text").into();
        app.set(&json!({
            "display_name": NAME,
            "telephone_allow_calls_from_contacts_only": false,
            "telephone_announce_enabled": true,
        }));
        app.set(settings);
        app.post("announce");
        app
    }

    /// Returns how our phone shows it.
    pub(crate) fn name_at_ours(&self) -> String {
        format!("{NAME} (unverified, {}..)", &self.identity[..8])
    }

    /// Asks it for something.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.try_get(path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Asks it again and again for something, until that is as it is wanted.
    #[track_caller]
    pub(crate) fn until(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        poll(|| self.get(path), is_wanted)
    }

    /// Asks it for a file.
    #[track_caller]
    pub(crate) fn file(&self, path: &str) -> Vec<u8> {
        let file = self.request("GET", path, Body::None);
        file.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Has it do something.
    #[track_caller]
    pub(crate) fn post(&self, path: &str) {
        let reply = self.request("POST", path, Body::None);
        reply.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Gives it a file, as a form of a page does.
    #[track_caller]
    pub(crate) fn upload(&self, path: &str, name: &str, file: &[u8]) {
        let reply = self.request("POST", path, Body::File { name, file });
        reply.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    #[track_caller]
    fn set(&self, settings: &Value) {
        let reply = self.request("PATCH", "config", Body::Json(settings));
        reply.unwrap_or_else(|error| panic!("{settings}: {error}"));
    }

    fn try_get(&self, path: &str) -> io::Result<Value> {
        Ok(serde_json::from_slice(&self.request("GET", path, Body::None)?)?)
    }

    fn request(&self, method: &str, path: &str, body: Body<'_>) -> io::Result<Vec<u8>> {
        request(self.port, method, &format!("/api/v1/{path}"), body)
    }
}

impl Drop for MeshChatX {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Its name in announces.
const NAME: &str = "Mesh";
