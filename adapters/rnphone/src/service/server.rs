//! Clients of the phone: each on a byte stream of its own.

use std::io;

use lxst_tokio::IdentityHash;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::client::{Client, ClientEvents};
use crate::control::{Command, Event, MAX_LINE, Message, Reply, Request, VERSION};

/// The door of a phone's clients, cheap to clone.
#[derive(Clone, Debug)]
pub struct Control {
    asked: mpsc::Sender<Asked>,
    events: broadcast::Sender<Event>,
    hello: Event,
}

/// A command that waits for the phone.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) command: Command,
    pub(super) reply: oneshot::Sender<Result<Reply, String>>,
}

impl Control {
    pub(super) fn new(
        identity: IdentityHash,
        listening: Vec<String>,
    ) -> (Self, mpsc::Receiver<Asked>) {
        let (asked, commands) = mpsc::channel(COMMANDS);
        let (events, _) = broadcast::channel(EVENTS);
        let hello = Event::Hello { version: VERSION, identity, listening };
        (Self { asked, events, hello }, commands)
    }

    /// Tells every client. One that is slow is told later how many it missed.
    pub(super) fn tell(&self, event: Event) {
        // There may be no client.
        let _ = self.events.send(event);
    }

    /// Returns the end of the phone, for those who wait for it from here on.
    pub(super) fn events(&self) -> Told {
        Told(self.subscribe())
    }

    /// Returns the events from here on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    pub(super) async fn stop(&self) {
        let (reply, _) = oneshot::channel();
        // It may have ended.
        let _ = self.asked.send(Asked { command: Command::Stop {}, reply }).await;
    }

    /// Returns a client in this process.
    ///
    /// # Errors
    /// [`io::Error`]: the phone has ended.
    pub async fn client(&self) -> io::Result<(Client, ClientEvents)> {
        let (here, there) = tokio::io::duplex(MAX_LINE);
        let control = self.clone();
        tokio::spawn(async move {
            // Its end is seen by the client.
            let _ = control.serve(there).await;
        });
        Client::over(here).await
    }

    /// Serves a client until it closes the stream, or until the phone ends.
    ///
    /// *Bounds*: a line above [`MAX_LINE`] ends it; 256 events wait for it.
    ///
    /// # Errors
    /// The stream's.
    ///
    /// # Cancel safety
    /// Cancelled, it leaves the client; its last command may be done.
    pub async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
    ) -> io::Result<()> {
        let (reader, mut writer) = tokio::io::split(stream);
        let mut events = self.events.subscribe();
        write(&mut writer, Message::Event(self.hello.clone())).await?;
        // Replies wait for their turn; so a client that reads nothing is asked nothing either.
        let (replies, mut replied) = mpsc::channel(1);
        let reading = self.read(BufReader::new(reader), replies);
        let mut reading = std::pin::pin!(reading);
        let mut has_input = true;
        loop {
            let message = tokio::select! {
                biased;
                reply = replied.recv(), if has_input => match reply {
                    Some(reply) => reply,
                    None => { has_input = false; continue }
                },
                ended = &mut reading, if has_input => {
                    ended?;
                    // The last reply may wait.
                    if let Ok(reply) = replied.try_recv() {
                        write(&mut writer, reply).await?;
                    }
                    return Ok(());
                }
                event = events.recv() => match event {
                    Ok(event) => Message::Event(event),
                    Err(RecvError::Lagged(events)) => Message::Event(Event::LeftOut { events }),
                    Err(RecvError::Closed) => return Ok(()),
                },
            };
            let is_last = message == Message::Event(Event::Stopped {});
            write(&mut writer, message).await?;
            if is_last {
                return writer.shutdown().await;
            }
        }
    }

    /// Reads commands until the client closes, and has each done before the next is read.
    async fn read(
        &self,
        mut reader: BufReader<impl AsyncRead + Unpin>,
        replies: mpsc::Sender<Message>,
    ) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = (&mut reader).take(MAX_LINE as u64 + 1);
            if bounded.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            if line.len() > MAX_LINE && !line.ends_with(b"\n") {
                let reason = format!("a line is longer than {MAX_LINE} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let (id, result) = match Request::from_line(&line) {
                Ok(Request { id, command }) => (id, self.ask(command).await),
                Err(bad) => (bad.id, Err(bad.reason)),
            };
            if replies.send(Message::Reply { id, result }).await.is_err() {
                return Ok(());
            }
        }
    }

    pub(super) async fn ask(&self, command: Command) -> Result<Reply, String> {
        let ended = || "the phone has ended".to_owned();
        let (reply, replied) = oneshot::channel();
        self.asked.send(Asked { command, reply }).await.map_err(|_| ended())?;
        replied.await.unwrap_or_else(|_| Err(ended()))
    }
}

/// The events of a phone, as the phone tells them.
#[derive(Debug)]
pub(super) struct Told(broadcast::Receiver<Event>);

impl Told {
    /// Waits until the phone ends.
    pub(super) async fn stopped(&mut self) {
        loop {
            match self.0.recv().await {
                Ok(Event::Stopped {}) | Err(RecvError::Closed) => return,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
            }
        }
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), message: Message) -> io::Result<()> {
    writer.write_all(message.to_line().as_bytes()).await?;
    writer.flush().await
}

/// Commands of all clients that wait for the phone.
const COMMANDS: usize = 16;
/// Events that wait for a client.
const EVENTS: usize = 256;
