//! A notification server whose user is the test.

#![allow(clippy::disallowed_types, reason = "what zbus makes of an interface has a HashMap")]

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::{Connection, OwnedVariant, connection};

use crate::bus::Bus;

/// What a phone asked the server.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    Shown(Shown),
    Closed(u32),
}

/// A notification.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) id: u32,
    pub(crate) replaces: u32,
    pub(crate) summary: String,
    pub(crate) body: String,
    pub(crate) actions: Vec<String>,
}

pub(crate) struct Desktop {
    connection: Connection,
    asked: UnboundedReceiver<Asked>,
}

struct Server {
    asked: UnboundedSender<Asked>,
    capabilities: Vec<String>,
    last: u32,
}

impl Desktop {
    pub(crate) async fn start(bus: &Bus, capabilities: &[&str]) -> Self {
        let (sender, asked) = unbounded_channel();
        let capabilities = capabilities.iter().map(ToString::to_string).collect();
        let connection = connection::Builder::address(bus.address.as_str())
            .name(NAME)
            .serve_at(PATH, Server { asked: sender, capabilities, last: 0 })
            .build()
            .await
            .expect("the bus takes a server");
        Self { connection, asked }
    }

    /// Waits for what is asked next.
    pub(crate) async fn asked(&mut self) -> Asked {
        let asked = tokio::time::timeout(PATIENCE, self.asked.recv()).await;
        asked.expect("it is asked").expect("the server runs")
    }

    pub(crate) async fn shown(&mut self) -> Shown {
        match self.asked().await {
            Asked::Shown(shown) => shown,
            Asked::Closed(id) => panic!("{id} is closed"),
        }
    }

    /// Whether nothing was asked that was not looked at.
    pub(crate) fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }

    /// Presses a button.
    pub(crate) async fn press(&self, id: u32, action: &str) {
        let (to, pressed): (Option<&str>, _) = (None, (id, action));
        let pressed = self.connection.emit_signal(to, PATH, NAME, "ActionInvoked", &pressed);
        pressed.await.expect("the bus takes it");
    }
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Server {
    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    #[allow(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &mut self,
        _application: String,
        replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: BTreeMap<String, OwnedVariant>,
        _milliseconds: i32,
    ) -> u32 {
        let id = if replaces == 0 { self.last + 1 } else { replaces };
        self.last = self.last.max(id);
        let shown = Shown { id, replaces, summary, body, actions };
        // The test may be over.
        let _ = self.asked.send(Asked::Shown(shown));
        id
    }

    fn close_notification(&self, id: u32) {
        let _ = self.asked.send(Asked::Closed(id));
    }
}

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Time limit of what the phone asks.
const PATIENCE: Duration = Duration::from_secs(60);
