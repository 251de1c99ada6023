//! A connection to the server, and the messages on it.

use core::time::Duration;
use std::ffi::CString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, DESCRIPTOR_SIZE, Descriptor, DescriptorFlags,
    MAX_MEMBLOCKQ_LENGTH, MAX_VERSION, Prop, Props, ProtocolError, PulseError, SetClientNameReply,
    TagStructReader, encode_descriptor, read_descriptor, write_command_message,
};
use pulseaudio::{cookie_path_from_env, socket_path_from_env};

use crate::system::DeviceError;

/// A connection that the server has admitted.
pub(super) struct Connection {
    reader: BufReader<UnixStream>,
    version: u16,
    next: u32,
    /// The payload that was received last.
    payload: Vec<u8>,
    /// The message that is sent.
    sent: Vec<u8>,
    /// An event has come since [`take_event`](Self::take_event).
    has_event: bool,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Command,
    /// Sound of the stream with this channel.
    Sound(u32),
}

impl Connection {
    /// Connects to the server of this session. What is asked may take up to 2 s.
    pub(super) fn new() -> Result<Self, DeviceError> {
        let path = socket_path_from_env()
            .ok_or_else(|| DeviceError::NoSystem("no sound server".to_owned()))?;
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let reader = BufReader::with_capacity(READ, socket);
        let (payload, sent) = (Vec::new(), Vec::new());
        let mut connection =
            Self { reader, version: MAX_VERSION, next: 0, payload, sent, has_event: false };
        let cookie = cookie_path_from_env().and_then(|path| fs::read(path).ok());
        // A server that asks for none ends connections with one of another length.
        let cookie = cookie.filter(|cookie| cookie.len() == COOKIE).unwrap_or(vec![0; COOKIE]);
        let auth =
            AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let admitted: AuthReply = connection.ask(&Command::Auth(auth))?;
        connection.version = admitted.version.min(MAX_VERSION);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"LXST telephone");
        let process = std::process::id().to_string();
        if let Ok(process) = CString::new(process) {
            props.set(Prop::ApplicationProcessId, process);
        }
        connection.ask::<SetClientNameReply>(&Command::SetClientName(props))?;
        Ok(connection)
    }

    /// From now on it waits for messages as long as it takes.
    pub(super) fn wait_for_ever(&self) -> Result<(), DeviceError> {
        Ok(self.reader.get_ref().set_read_timeout(None)?)
    }

    /// Returns the socket, by which another thread can end the connection.
    pub(super) fn socket(&self) -> Result<UnixStream, DeviceError> {
        Ok(self.reader.get_ref().try_clone()?)
    }

    /// Sends a command, and waits for what is replied.
    pub(super) fn ask<R: CommandReply>(&mut self, command: &Command) -> Result<R, DeviceError> {
        let asked = self.send(command)?;
        loop {
            if self.receive()? == Message::Command
                && let Some(reply) = self.reply(asked)?
            {
                return Ok(reply);
            }
        }
    }

    /// Sends a command, and returns the number that its reply will have.
    pub(super) fn send(&mut self, command: &Command) -> Result<u32, DeviceError> {
        let number = self.next;
        self.next += 1;
        self.sent.clear();
        write_command_message(&mut self.sent, number, command, self.version)?;
        self.reader.get_mut().write_all(&self.sent)?;
        Ok(number)
    }

    /// Sends sound for a stream: bytes that `fill` writes.
    pub(super) fn send_sound(
        &mut self,
        channel: u32,
        bytes: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), DeviceError> {
        self.sent.resize(DESCRIPTOR_SIZE + bytes, 0);
        let (head, sound) = self.sent.split_at_mut(DESCRIPTOR_SIZE);
        let length = u32::try_from(bytes).unwrap_or(u32::MAX);
        let flags = DescriptorFlags::empty();
        if let Ok(head) = head.try_into() {
            encode_descriptor(head, &Descriptor { length, channel, offset: 0, flags });
        }
        fill(sound);
        Ok(self.reader.get_mut().write_all(&self.sent)?)
    }

    /// Waits for the next message.
    pub(super) fn receive(&mut self) -> Result<Message, DeviceError> {
        let head = read_descriptor(&mut self.reader)?;
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        if length > MAX_MEMBLOCKQ_LENGTH {
            let told = format!("the sound server sends a message of {length} bytes");
            return Err(DeviceError::System(told));
        }
        self.payload.resize(length, 0);
        self.reader.read_exact(&mut self.payload)?;
        Ok(if head.channel == u32::MAX { Message::Command } else { Message::Sound(head.channel) })
    }

    /// Returns the sound that was received last.
    pub(super) fn sound(&self) -> &[u8] {
        &self.payload
    }

    /// Reads the command that was received last; `None` for one that is not known here.
    pub(super) fn command(&mut self) -> Option<(u32, Command)> {
        let read = Command::read_tag_prefixed(&mut self.payload.as_slice(), self.version).ok();
        self.has_event |= matches!(read, Some((_, Command::SubscribeEvent(_))));
        read
    }

    /// Reads the reply to a command off what was received last; `None` if it is another message.
    pub(super) fn reply<R: CommandReply>(&mut self, asked: u32) -> Result<Option<R>, DeviceError> {
        match self.command() {
            Some((number, Command::Reply)) if number == asked => {
                let mut rest = self.payload.as_slice();
                Command::read_tag_prefixed(&mut rest, self.version)?;
                Ok(Some(TagStructReader::new(&mut rest, self.version).read()?))
            }
            Some((number, Command::Error(error))) if number == asked => Err(error.into()),
            _ => Ok(None),
        }
    }

    /// Takes the messages that wait, and tells whether an event was or is among them.
    pub(super) fn take_event(&mut self) -> Result<bool, DeviceError> {
        while self.has_waiting()? {
            if self.receive()? == Message::Command {
                self.command();
            }
        }
        Ok(core::mem::take(&mut self.has_event))
    }

    fn has_waiting(&mut self) -> Result<bool, DeviceError> {
        self.reader.get_ref().set_nonblocking(true)?;
        let waiting = self.reader.fill_buf().map(<[u8]>::is_empty);
        self.reader.get_ref().set_nonblocking(false)?;
        match waiting {
            Ok(false) => Ok(true),
            Ok(true) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// The server is gone.
impl From<io::Error> for DeviceError {
    fn from(error: io::Error) -> Self {
        Self::NoSystem(error.to_string())
    }
}

impl From<PulseError> for DeviceError {
    fn from(error: PulseError) -> Self {
        match error {
            PulseError::NoEntity => Self::Gone,
            PulseError::Busy => Self::Busy,
            PulseError::AccessDenied | PulseError::AuthKey => Self::Denied,
            _ => Self::System(error.to_string()),
        }
    }
}

impl From<ProtocolError> for DeviceError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::Io(error) => error.into(),
            ProtocolError::ServerError(error) => error.into(),
            _ => Self::System(error.to_string()),
        }
    }
}

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes that are read at once: 20 ms of stereo with its head.
const READ: usize = 8 * 1_024;
/// Bytes of a cookie.
const COOKIE: usize = 256;
