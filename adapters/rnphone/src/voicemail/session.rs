//! Takes a message in a call.

use std::io;

use lxst_audio::FileError;
use lxst_phone::{
    AudioError, AudioFormat, AudioSink, AudioSource, Call, CallError, DisplayName, InputError,
};

use super::greeting::beep;
use super::machine::{AnsweringMachine, MessageEnd};
use super::message::{Message, MessageId};
use super::recording::Recording;
use super::rules::Rules;
use super::store::{Store, StoreError};
use crate::contacts::Contacts;
use crate::history::UnixTime;

/// What came of a call that the voicemail answered.
#[derive(Debug)]
pub struct Taken {
    /// Why it ended.
    pub end: MessageEnd,
    /// `None` if the caller said nothing, or too little.
    pub message: Option<Message>,
    /// Why the file of the greeting was not played, but our notes.
    pub greeting_fault: Option<FileError>,
}

/// Why no message was taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeError {
    /// The call was over before it was established, or is no incoming one.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The call has no audio port.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// There is no room, and the call was not answered.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written on, and the call was ended. What it has is a message.
    #[error("the message could not be written on: {0}")]
    Write(io::Error),
}

/// Answers a call that rings, plays the greeting and a beep, records what the caller says, hangs
/// up, and stores it as a new message.
///
/// It is heard and hears by ports of the call's own, so that no microphone is heard in it. It needs
/// no clock: its time is that of the call's audio.
///
/// `announced` is the name that the caller announced, for one who is no contact.
///
/// # Errors
/// [`TakeError`]. A call that was not answered rings on.
///
/// # Cancel safety
/// Cancelled, it leaves the call to the app, as when the user answers after all. What the caller
/// has said becomes a message.
pub async fn take_message(
    call: &Call,
    announced: Option<DisplayName>,
    contacts: &Contacts,
    rules: &Rules,
    store: &Store,
) -> Result<Taken, TakeError> {
    let peer = call.status().ok_or(CallError::Refused(InputError::UnknownCall))?.peer;
    store.check_room(peer, contacts, &rules.bounds)?;
    let source = call.audio_source(AudioFormat::PHONE).await?;
    let sink = call.audio_sink(AudioFormat::PHONE).await?;
    let id = MessageId { time: UnixTime::now(), peer };
    call.answer().await?;
    call.established().await?;
    let (greeting, greeting_fault) = rules.greeting.sound();
    let session = Session {
        call,
        source,
        sink,
        machine: AnsweringMachine::new(greeting.then(beep()), rules.bounds),
        recording: None,
    };
    let name = contacts.name(peer, announced);
    let (end, recording) = session.run(|| store.record(id, &name, contacts, &rules.bounds)).await?;
    let message = match recording {
        Some(recording) => recording.finish().await.map_err(TakeError::Write)?,
        None => None,
    };
    Ok(Taken { end, message, greeting_fault })
}

/// Moves the blocks between the call and the machine.
struct Session<'a> {
    call: &'a Call,
    source: AudioSource,
    sink: AudioSink,
    machine: AnsweringMachine,
    recording: Option<Recording>,
}

impl Session<'_> {
    async fn run(
        mut self,
        begin: impl Fn() -> Result<Recording, StoreError>,
    ) -> Result<(MessageEnd, Option<Recording>), TakeError> {
        let result = self.talk(begin).await;
        // The call may be over.
        let _ = self.call.hang_up().await;
        Ok((result?, self.recording))
    }

    async fn talk(
        &mut self,
        begin: impl Fn() -> Result<Recording, StoreError>,
    ) -> Result<MessageEnd, TakeError> {
        let (mut heard, mut said) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut is_pressed = self.press(true).await;
        // What follows comes a little ahead of time.
        let mut is_up = self.source.write(&[0.0; CUSHION]).await.is_ok();
        loop {
            if is_up && self.sink.read(&mut heard).await.is_ok() {
                self.machine.handle_block(&heard, &mut said);
                is_up = self.source.write(&said).await.is_ok();
            } else {
                self.machine.handle_hang_up();
            }
            if let Some(sound) = self.machine.poll_message()
                && !self.record(sound, &begin)?
            {
                return Ok(MessageEnd::Disk);
            }
            if let Some(end) = self.machine.end() {
                return Ok(end);
            }
            if self.machine.is_listening() && is_pressed {
                is_pressed = false;
                self.press(false).await;
            }
        }
    }

    fn record(
        &mut self,
        sound: Vec<f32>,
        begin: impl Fn() -> Result<Recording, StoreError>,
    ) -> Result<bool, TakeError> {
        let recording = match self.recording.take() {
            Some(recording) => recording,
            None => begin()?,
        };
        let is_taken = recording.write(sound);
        self.recording = Some(recording);
        Ok(is_taken)
    }

    /// Presses the button of half duplex, or releases it; tells whether it is pressed.
    async fn press(&self, is_pressed: bool) -> bool {
        // Refused in a call that is over, which the port tells.
        let _ = match is_pressed {
            true => self.call.press_to_talk().await,
            false => self.call.release().await,
        };
        is_pressed
    }
}

/// Moments that are moved at a time: 20 ms.
const BLOCK: usize = 960;
/// Silence before the first block: 60 ms.
const CUSHION: usize = 3 * BLOCK;
