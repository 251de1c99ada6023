//! Notifications of the desktop: who calls, with Answer and Reject, who was missed, who left a message.
//!
//! A client of the phone as all others are. Where no notification server answers on the session's
//! D-Bus, that is logged once, and nothing is shown.
//!
//! 1. A call rings: the phone is asked whether it still does, and whether its user wants notifications.
//! 2. The notification stays until the call rings no longer. What is pressed on it is a command.
//! 3. Missed calls take each other's place: one notification tells how many there are.
//!
//! *Source*: the Desktop Notifications Specification 1.3 of freedesktop.org.

mod server;
mod text;

use std::collections::BTreeMap;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::control::{CallStage, Command, Event, Peer, Reply, Status};
use crate::service::{Client, ClientEvents};
use server::{Pressed, Server};
use text::Text;

/// Shows notifications until the phone ends, and takes away those of calls then.
///
/// # Cancel safety
/// Cancelled, it may leave notifications behind.
pub async fn show(client: Client, mut events: ClientEvents) {
    let mut desktop = Desktop::new(client);
    while let Some(event) = events.next().await {
        desktop.handle_event(event).await;
    }
    let Desktop { calls, missed, mut shown, .. } = desktop;
    drop((calls, missed));
    while shown.join_next().await.is_some() {}
}

struct Desktop {
    client: Client,
    server: Server,
    /// The calls that ring. A sender that is dropped takes the notification away.
    calls: BTreeMap<u64, oneshot::Sender<()>>,
    /// Tells of missed calls, one after the other.
    missed: mpsc::Sender<Text>,
    shown: JoinSet<()>,
}

impl Desktop {
    fn new(client: Client) -> Self {
        let (missed, missed_calls) = mpsc::channel(1);
        let (server, mut shown) = (Server::default(), JoinSet::new());
        shown.spawn(tell_missed(server.clone(), missed_calls));
        Self { client, server, calls: BTreeMap::new(), missed, shown }
    }

    async fn handle_event(&mut self, event: Event) {
        // Those that are over.
        while self.shown.try_join_next().is_some() {}
        match event {
            Event::Incoming { call, peer, is_waiting } => {
                self.handle_incoming(call, Text::incoming(&peer, is_waiting)).await;
            }
            Event::Connecting { call }
            | Event::Established { call, .. }
            | Event::VoicemailAnswers { call, .. } => drop(self.calls.remove(&call)),
            Event::Ended { call, past } => {
                self.calls.remove(&call);
                if past.is_missed {
                    self.tell_missed(&past.peer).await;
                }
            }
            Event::TurnedAway { peer } => self.tell_missed(&peer).await,
            Event::Message { message, .. } => self.tell(Text::message(&message)).await,
            _ => {}
        }
    }

    /// Returns the state of the phone, if its user wants notifications.
    async fn wanted(&self) -> Option<Status> {
        match self.client.ask(Command::Status {}).await {
            Ok(Reply::Status(status)) if status.shows_notifications => Some(*status),
            // The phone ends.
            _ => None,
        }
    }

    async fn tell_missed(&self, latest: &Peer) {
        if let Some(status) = self.wanted().await {
            // Where one waits already, the next one that is shown counts this call too.
            let _ = self.missed.try_send(Text::missed(status.missed, latest));
        }
    }

    async fn tell(&mut self, text: Text) {
        if self.wanted().await.is_some() && self.shown.len() < MAX_SHOWN {
            let server = self.server.clone();
            self.shown.spawn(async move {
                server.tell(&text, None).await;
            });
        }
    }

    async fn handle_incoming(&mut self, call: u64, text: Text) {
        let is_wanted = self.wanted().await.is_some_and(|status| rings(&status, call));
        if !is_wanted || self.shown.len() >= MAX_SHOWN {
            return;
        }
        let (over, is_over) = oneshot::channel();
        self.calls.insert(call, over);
        let (server, client) = (self.server.clone(), self.client.clone());
        self.shown.spawn(async move {
            let command = match server.ask(&text, is_over).await {
                Some(Pressed::Answer) => Command::Answer { call: Some(call) },
                Some(Pressed::Reject) => Command::Reject { call: Some(call) },
                None => return,
            };
            // The call may be over.
            let _ = client.ask(command).await;
        });
    }
}

async fn tell_missed(server: Server, mut texts: mpsc::Receiver<Text>) {
    let mut before = None;
    while let Some(text) = texts.recv().await {
        before = server.tell(&text, before).await;
    }
}

/// Whether a call rings and waits for its user: it may have been answered at once.
fn rings(status: &Status, call: u64) -> bool {
    status.calls.iter().any(|it| it.call == call && it.state == CallStage::Ringing)
}

/// Notifications at a time: a server that does not answer is asked no more.
const MAX_SHOWN: usize = 16;
