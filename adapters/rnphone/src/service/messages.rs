//! The voicemail of the phone: which calls it answers, and the messages.

use std::collections::BTreeSet;

use lxst_tokio::{Call, CallId, DisplayName, IdentityHash};
use tokio::sync::mpsc;

use super::refused::Refused;
use crate::contacts::Contacts;
use crate::control::MessageInfo;
use crate::service::ServiceError;
use crate::voicemail::{Message, MessageId, Pickup, Presence, Rules, Store, TakeError, Taken};

/// The voicemail, and whether the user is away.
#[derive(Debug)]
pub(super) struct Messages {
    store: Store,
    presence: Presence,
    told: mpsc::Sender<Told>,
}

/// What the voicemail has to tell.
#[derive(Debug)]
pub(super) enum Told {
    /// A call has rung long enough.
    Due(CallId),
    /// A call was answered, and is over.
    Over { call: CallId, result: Result<Taken, TakeError> },
}

impl Messages {
    pub(super) fn open(
        folder: &crate::folder::Folder,
    ) -> Result<(Self, mpsc::Receiver<Told>), ServiceError> {
        let path = folder.voicemail();
        let store = Store::open(&path).map_err(|error| ServiceError::Messages { path, error })?;
        let (told, receiver) = mpsc::channel(NEWS);
        Ok((Self { store, presence: Presence::Here, told }, receiver))
    }

    /// A call rings. When it has rung long enough, [`Told::Due`] comes.
    pub(super) fn handle_incoming(
        &self,
        call: CallId,
        caller: IdentityHash,
        blocked: &BTreeSet<IdentityHash>,
        rules: &Rules,
    ) {
        let Pickup::After(time) = rules.pickup(caller, blocked, self.presence) else { return };
        let told = self.told.clone();
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            // The phone may have ended.
            let _ = told.send(Told::Due(call)).await;
        });
    }

    /// Answers a call that rings, and takes a message.
    pub(super) fn take(
        &self,
        call: Call,
        announced: Option<DisplayName>,
        contacts: Contacts,
        rules: Rules,
    ) {
        let (told, store) = (self.told.clone(), self.store.clone());
        tokio::spawn(async move {
            let result =
                crate::voicemail::take_message(&call, announced, &contacts, &rules, &store);
            let over = Told::Over { call: call.id(), result: result.await };
            // The phone may have ended.
            let _ = told.send(over).await;
        });
    }

    pub(super) fn is_away(&self) -> bool {
        self.presence == Presence::Away
    }

    pub(super) fn set_away(&mut self, away: bool) {
        self.presence = if away { Presence::Away } else { Presence::Here };
    }

    /// Returns the messages, the newest first.
    pub(super) fn list(
        &self,
        contacts: &Contacts,
    ) -> Result<(Vec<MessageInfo>, Vec<String>), Refused> {
        let listing = self.store.list()?;
        let info = |message: &Message| MessageInfo::new(message, contacts);
        let damaged = listing.damaged.iter();
        let damaged = damaged.map(|(path, error)| format!("{}: {error}", path.display()));
        Ok((listing.messages.iter().map(info).collect(), damaged.collect()))
    }

    /// How many messages nobody has heard.
    pub(super) fn new_messages(&self) -> usize {
        let listing = self.store.list().unwrap_or_default();
        listing.messages.iter().filter(|message| message.is_new).count()
    }

    pub(super) fn mark_heard(&self, id: &str) -> Result<(), Refused> {
        Ok(self.store.mark_heard(self.id(id)?)?)
    }

    pub(super) fn delete(&self, id: &str) -> Result<(), Refused> {
        Ok(self.store.delete(self.id(id)?)?)
    }

    /// Reads an id, or a number in the list of messages, which begins at 1.
    fn id(&self, text: &str) -> Result<MessageId, Refused> {
        let Ok(number) = text.parse::<usize>() else { return Ok(text.parse()?) };
        let messages = self.store.list()?.messages;
        let message = number.checked_sub(1).and_then(|index| messages.get(index));
        let none = || Refused::new(format!("there is no message {number}"));
        message.map(|message| message.id).ok_or_else(none)
    }
}

/// What waits to be told: a call has a timer and an end.
const NEWS: usize = 16;
