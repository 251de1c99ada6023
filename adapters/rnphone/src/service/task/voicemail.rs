//! What the task does for the voicemail.

use lxst_audio::Recorded;
use lxst_tokio::{CallId, CallState, CallStatus, Role};

use super::Task;
use super::pages::PAGE_GOES_ON;
use crate::contacts::ContactError;
use crate::control::{Event, GreetingAction, MessageInfo};
use crate::ini::{Document, EditError, Value};
use crate::service::greeting::{GreetingRecording, Spoken};
use crate::service::playback::{Playback, Step, millis};
use crate::service::refused::Refused;
use crate::settings::{GREETING, OURS};
use crate::voicemail::{TakeError, Taken};

impl Task {
    pub(super) fn take_message(&mut self, call: CallId) {
        let calls = self.phone.state().calls;
        let ringing = (Role::Callee, CallState::Ringing);
        let is_it =
            |status: &&CallStatus| status.call == call && (status.role, status.state) == ringing;
        let Some(status) = calls.iter().find(is_it) else { return };
        self.sound.leave_to_app(call);
        let settings = self.people.settings();
        let (contacts, rules) = (settings.contacts.clone(), settings.voicemail.clone());
        let announced = self.people.announced.name(status.peer);
        self.messages.take(self.phone.call(call), announced, contacts, rules);
        self.calls.line(call).is_voicemail = true;
        self.tell(Event::VoicemailAnswers { call: call.0, peer: self.peer(status.peer) });
    }

    pub(super) fn on_taken(&self, call: CallId, result: Result<Taken, TakeError>) {
        match result {
            Ok(taken) => {
                if let Some(fault) = taken.greeting_fault {
                    self.tell(Event::Warning { text: format!("the greeting: {fault}") });
                }
                if let Some(message) = taken.message {
                    let message = MessageInfo::new(&message, &self.people.settings().contacts);
                    self.tell(Event::Message { call: call.0, message });
                }
            }
            // The user or the caller was faster.
            Err(TakeError::Answer(_)) => {}
            Err(error) => self.tell(Event::Warning { text: format!("the voicemail: {error}") }),
        }
    }

    pub(super) fn play_message(&mut self, message: &str) -> Result<(), Refused> {
        self.check_free()?;
        let message = self.messages.find(message)?;
        let (playback, sound) = Playback::of_message(&message, self.studio.news.clone())?;
        self.stop_playing();
        self.sound.play(sound)?;
        self.begin(playback);
        Ok(())
    }

    /// Ends what plays.
    pub(super) fn stop_playing(&mut self) {
        self.sound.stop_playing();
        if let Some(playback) = self.studio.playback.take() {
            self.tell(playback.ended(false));
        }
    }

    pub(super) fn handle_greeting(&mut self, action: GreetingAction) -> Result<(), Refused> {
        match action {
            GreetingAction::Record => self.record_greeting(),
            GreetingAction::Keep => self.stop_recording(true),
            GreetingAction::Cancel => self.stop_recording(false),
            GreetingAction::Play => self.play_greeting(),
            GreetingAction::Default => self.change_greeting(None),
        }
    }

    /// Tells how far the sounds besides calls are, and ends those that are over.
    pub(super) fn look_at_studio(&mut self) {
        self.studio.looked();
        match self.studio.playback.as_mut().map(Playback::step) {
            None | Some(Step::Silent) => {}
            Some(Step::Told(event)) => self.tell(event),
            Some(Step::Ended { is_whole }) => self.on_played(is_whole),
        }
        match self.studio.greeting.as_mut().map(GreetingRecording::step) {
            None | Some(Spoken::Nothing) => {}
            Some(Spoken::Told(event)) => self.tell(event),
            Some(Spoken::Full) => self.end_recording(true),
        }
    }

    /// The file of a greeting is whole.
    pub(super) fn on_greeting(&mut self, recorded: &Recorded) {
        let Some(recording) = self.studio.greeting.take() else { return };
        // The recorder may have ended by itself.
        self.sound.stop_listening();
        self.free_speaker();
        let kept = recording.finish(recorded).and_then(|name| self.change_greeting(Some(name)));
        let length_ms = millis(recorded.length.duration());
        self.tell(Event::GreetingRecorded { length_ms, fault: kept.err().map(Refused::into_text) });
    }

    fn on_played(&mut self, is_whole: bool) {
        self.sound.stop_playing();
        let Some(playback) = self.studio.playback.take() else { return };
        self.free_speaker();
        self.tell(playback.ended(is_whole));
        if let Some(message) = playback.message().filter(|_| is_whole)
            && let Err(error) = self.messages.mark_heard(message)
        {
            let text = format!("the message is not marked as heard: {}", error.into_text());
            self.tell(Event::Warning { text });
        }
    }

    fn play_greeting(&mut self) -> Result<(), Refused> {
        self.check_free()?;
        let (greeting, fault) = self.people.settings().voicemail.greeting.sound();
        let (playback, sound) = Playback::of_greeting(greeting);
        self.stop_playing();
        self.sound.play(sound)?;
        if let Some(fault) = fault {
            self.tell(Event::Warning { text: format!("the greeting: {fault}") });
        }
        self.begin(playback);
        Ok(())
    }

    fn begin(&mut self, playback: Playback) {
        self.tell(playback.playing());
        self.studio.playback = Some(playback);
        self.studio.looked();
    }

    fn record_greeting(&mut self) -> Result<(), Refused> {
        self.check_free()?;
        self.stop_playing();
        let news = self.studio.news.clone();
        let (recording, sink) = GreetingRecording::start(self.people.folder().path(), news)?;
        self.sound.listen(sink)?;
        self.tell(recording.recording());
        self.studio.greeting = Some(recording);
        self.studio.looked();
        Ok(())
    }

    fn stop_recording(&mut self, is_kept: bool) -> Result<(), Refused> {
        let is_open = |recording: &GreetingRecording| !recording.is_stopped();
        if !self.studio.greeting.as_ref().is_some_and(is_open) {
            return Err(Refused::new("no greeting is recorded: begin with greeting record"));
        }
        self.end_recording(is_kept);
        Ok(())
    }

    fn end_recording(&mut self, is_kept: bool) {
        if let Some(recording) = &mut self.studio.greeting {
            recording.stop(is_kept);
        }
        self.sound.stop_listening();
    }

    fn change_greeting(&mut self, name: Option<&str>) -> Result<(), Refused> {
        self.people.edit(|config| Ok::<_, ContactError>(set_greeting(config, name)?))?;
        self.tell(Event::SettingsChanged {});
        Ok(())
    }

    /// Refuses what a call would end at once, and a second use of the microphone.
    pub(super) fn check_free(&self) -> Result<(), Refused> {
        let is_of_user = |status: &&CallStatus| !self.calls.is_voicemail(status.call);
        if self.phone.state().calls.iter().find(is_of_user).is_some() {
            return Err(Refused::new("there is a call: end it first"));
        }
        if self.studio.greeting.is_some() {
            return Err(Refused::new(
                "a greeting is recorded: end it first by greeting keep or off",
            ));
        }
        if self.pages.is_spoken() {
            return Err(Refused::new(PAGE_GOES_ON));
        }
        Ok(())
    }
}

/// Takes a file of the folder as the greeting; `None` is the notes.
fn set_greeting(config: &mut Document, name: Option<&str>) -> Result<(), EditError> {
    match name {
        Some(name) => config.set(OURS, GREETING, &Value::Text(name.to_owned())),
        None if config.get(OURS, GREETING).is_none() => Ok(()),
        None => config.remove(OURS, GREETING),
    }
}
