//! A client of the phone, in this process or another.

use std::collections::BTreeMap;
use std::io;

use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf,
    WriteHalf,
};
use tokio::sync::{mpsc, oneshot};

use crate::control::{Command, Event, Message, Reply, Request};

/// Asks the phone for things. Cheap to clone; with its last clone and its events dropped, it ends.
#[derive(Clone, Debug)]
pub struct Client {
    commands: mpsc::Sender<(Command, Replier)>,
}

/// The events of a client, in order. It ends with the phone.
#[derive(Debug)]
pub struct ClientEvents(mpsc::UnboundedReceiver<Event>);

/// Why a command is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The phone says why.
    #[error("{0}")]
    Refused(String),
    /// The phone has ended.
    #[error("the phone has ended")]
    Ended,
}

type Replier = oneshot::Sender<Result<Reply, CommandError>>;

impl Client {
    /// Begins to talk with a phone. The first event is [`Event::Hello`].
    ///
    /// # Errors
    /// [`io::Error`]: there is no phone at the other end.
    ///
    /// # Cancel safety
    /// Cancelled, it leaves nothing behind.
    pub async fn over<S>(stream: S) -> io::Result<(Self, ClientEvents)>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (reader, writer) = tokio::io::split(stream);
        let mut reader = BufReader::new(reader);
        let first = read(&mut reader, &mut Vec::new()).await?;
        let Some(Message::Event(hello @ Event::Hello { .. })) = first else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no phone answers there"));
        };
        let (commands, asked) = mpsc::channel(1);
        let (told, events) = mpsc::unbounded_channel();
        // The receiver is here.
        let _ = told.send(hello);
        tokio::spawn(talk(reader, writer, asked, told));
        Ok((Self { commands }, ClientEvents(events)))
    }

    /// Has a command done.
    ///
    /// # Errors
    /// [`CommandError`].
    ///
    /// # Cancel safety
    /// A cancelled command may be done.
    pub async fn ask(&self, command: Command) -> Result<Reply, CommandError> {
        let (reply, replied) = oneshot::channel();
        self.commands.send((command, reply)).await.map_err(|_| CommandError::Ended)?;
        replied.await.unwrap_or(Err(CommandError::Ended))
    }
}

impl ClientEvents {
    /// Waits for the next event; `None` when the phone has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

/// Moves lines both ways until the phone or the client ends.
async fn talk<S: AsyncRead + AsyncWrite + Send + 'static>(
    reader: BufReader<ReadHalf<S>>,
    mut writer: WriteHalf<S>,
    mut asked: mpsc::Receiver<(Command, Replier)>,
    told: mpsc::UnboundedSender<Event>,
) {
    let (lines, mut read) = mpsc::channel(1);
    let reading = tokio::spawn(read_all(reader, lines));
    let mut waiting: BTreeMap<u64, Replier> = BTreeMap::new();
    let mut next_id = 1;
    loop {
        tokio::select! {
            message = read.recv() => match message {
                None => break,
                // The user of the events may be gone, and ask on.
                Some(Message::Event(event)) => drop(told.send(event)),
                Some(Message::Reply { id, result }) => {
                    if let Some(reply) = waiting.remove(&id) {
                        // Who asked may be gone.
                        let _ = reply.send(result.map_err(CommandError::Refused));
                    }
                }
            },
            asking = asked.recv() => {
                let Some((command, reply)) = asking else {
                    if told.is_closed() { break }
                    told.closed().await;
                    break;
                };
                let line = Request { id: next_id, command }.to_line();
                waiting.insert(next_id, reply);
                next_id += 1;
                if writer.write_all(line.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    }
    reading.abort();
}

async fn read_all<S: AsyncRead>(mut reader: BufReader<ReadHalf<S>>, lines: mpsc::Sender<Message>) {
    let mut line = Vec::new();
    // A phone that sends no lines is no phone any more.
    while let Ok(Some(message)) = read(&mut reader, &mut line).await {
        if lines.send(message).await.is_err() {
            return;
        }
    }
}

/// Reads the next message that this version knows; `None` at the end.
async fn read(
    reader: &mut (impl AsyncBufReadExt + Unpin),
    line: &mut Vec<u8>,
) -> io::Result<Option<Message>> {
    loop {
        line.clear();
        let mut bounded = (&mut *reader).take(MAX_MESSAGE);
        if bounded.read_until(b'\n', line).await? == 0 {
            return Ok(None);
        }
        if let Some(message) = Message::from_line(line) {
            return Ok(Some(message));
        }
    }
}

/// The phone's lines hold whole histories.
const MAX_MESSAGE: u64 = 16 << 20;
