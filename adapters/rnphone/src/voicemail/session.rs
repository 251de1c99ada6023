//! Takes a message in a call.

use std::io;

use lxst_audio::FileError;
use lxst_phone::{Call, CallError, DisplayName, InputError};

use super::greeting::beep;
use super::machine::{AnsweringMachine, MessageEnd};
use super::message::{Message, MessageId};
use super::recording::Recording;
use super::rules::Rules;
use super::store::{Store, StoreError};
use crate::answered::{AnswerError, AnsweredCall, BLOCK};
use crate::contacts::Contacts;
use crate::history::UnixTime;

/// What came of a call that the voicemail answered.
#[derive(Debug)]
pub struct Taken {
    /// Why it ended.
    pub end: MessageEnd,
    /// `None` if the caller said nothing, or too little.
    pub message: Option<Message>,
    /// Why our notes were played, and not the file of the greeting.
    pub greeting_fault: Option<FileError>,
}

/// Why no message was taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeError {
    /// The call was not answered.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// There is no room. A call that rang rings on.
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
/// [`TakeError`].
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
    let status = call.status().ok_or(CallError::Refused(InputError::UnknownCall));
    let peer = status.map_err(AnswerError::from)?.peer;
    store.check_room(peer, contacts, &rules.bounds)?;
    let id = MessageId { time: UnixTime::now(), peer };
    let name = contacts.name(peer, announced);
    let (greeting, greeting_fault) = rules.greeting.sound();
    let mut machine = AnsweringMachine::new(greeting.then(beep()), rules.bounds);

    let mut answered = AnsweredCall::answer(call).await?;
    let mut recording = None;
    let begin = || store.record(id, &name, contacts, &rules.bounds);
    let ended = talk(&mut answered, &mut machine, &mut recording, begin).await;
    answered.hang_up().await;
    let end = ended?;
    let message = match recording {
        Some(recording) => recording.finish().await.map_err(TakeError::Write)?,
        None => None,
    };
    Ok(Taken { end, message, greeting_fault })
}

/// Moves the blocks between the call, the machine and the file.
async fn talk(
    call: &mut AnsweredCall,
    machine: &mut AnsweringMachine,
    recording: &mut Option<Recording>,
    begin: impl Fn() -> Result<Recording, StoreError>,
) -> Result<MessageEnd, StoreError> {
    let (mut heard, mut said) = ([0.0; BLOCK], [0.0; BLOCK]);
    loop {
        let has_prompt = !machine.is_listening();
        if call.listen(&mut heard).await {
            machine.handle_block(&heard, &mut said);
        } else {
            machine.handle_hang_up();
        }
        if has_prompt {
            call.say(&said).await;
            if machine.is_listening() {
                call.release().await;
            }
        }
        if let Some(sound) = machine.poll_message() {
            let recording = match recording {
                Some(recording) => recording,
                None => recording.insert(begin()?),
            };
            if !recording.write(sound) {
                return Ok(MessageEnd::Disk);
            }
        }
        if let Some(end) = machine.end() {
            return Ok(end);
        }
    }
}
