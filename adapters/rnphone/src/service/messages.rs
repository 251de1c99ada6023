//! The voicemail of the phone: which calls it answers, and the messages.

use std::collections::BTreeSet;

use lxst_tokio::{Call, CallId, DisplayName, IdentityHash};
use tokio::sync::mpsc;

use super::error::ServiceError;
use super::news::News;
use super::refused::Refused;
use crate::contacts::Contacts;
use crate::control::MessageInfo;
use crate::voicemail::{Message, MessageId, Pickup, Presence, Rules, Store, StoreError};

/// The voicemail, and whether the user is away.
#[derive(Debug)]
pub(super) struct Messages {
    store: Store,
    presence: Presence,
    news: mpsc::Sender<News>,
}

impl Messages {
    pub(super) fn open(
        folder: &crate::folder::Folder,
        news: mpsc::Sender<News>,
    ) -> Result<Self, ServiceError> {
        let path = folder.voicemail();
        let store = Store::open(&path).map_err(|error| ServiceError::Messages { path, error })?;
        Ok(Self { store, presence: Presence::Here, news })
    }

    /// A call rings. When it has rung long enough, [`News::Due`] comes.
    pub(super) fn handle_incoming(
        &self,
        call: CallId,
        caller: IdentityHash,
        blocked: &BTreeSet<IdentityHash>,
        rules: &Rules,
    ) {
        let Pickup::After(time) = rules.pickup(caller, blocked, self.presence) else { return };
        let news = self.news.clone();
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            // The phone may have ended.
            let _ = news.send(News::Due(call)).await;
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
        let (news, store) = (self.news.clone(), self.store.clone());
        tokio::spawn(async move {
            let result =
                crate::voicemail::take_message(&call, announced, &contacts, &rules, &store);
            let taken = News::Taken { call: call.id(), result: result.await };
            // The phone may have ended.
            let _ = news.send(taken).await;
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

    /// Returns a message by its id or number.
    pub(super) fn find(&self, id: &str) -> Result<Message, Refused> {
        let id = self.id(id)?;
        let messages = self.store.list()?.messages;
        let found = messages.into_iter().find(|message| message.id == id);
        Ok(found.ok_or(StoreError::Unknown(id))?)
    }

    pub(super) fn mark_heard(&self, id: MessageId) -> Result<(), Refused> {
        Ok(self.store.mark_heard(id)?)
    }

    pub(super) fn delete(&self, id: &str) -> Result<(), Refused> {
        Ok(self.store.delete(self.id(id)?)?)
    }

    /// Reads an id, or a number in the list of messages, which begins at 1.
    pub(super) fn id(&self, text: &str) -> Result<MessageId, Refused> {
        let Ok(number) = text.parse::<usize>() else { return Ok(text.parse()?) };
        let messages = self.store.list()?.messages;
        let message = number.checked_sub(1).and_then(|index| messages.get(index));
        let none = || Refused::new(format!("there is no message {number}"));
        message.map(|message| message.id).ok_or_else(none)
    }
}
