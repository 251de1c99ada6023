//! The task of the phone: it hears the phone, its devices and its clients.

use std::time::Instant;

use lxst_tokio::{Event as PhoneEvent, Events, IdentityHash, Phone, State, Watch};
use tokio::sync::mpsc;

use super::announced::Latest;
use super::calls::Calls;
use super::people::People;
use super::server::{Asked, Control};
use super::sound::Sound;
use super::told::{past, told};
use crate::control::{Command, Event, Peer, Reply};
use crate::history::{CallTracker, History, UnixTime};

pub(super) struct Task {
    pub(super) phone: Phone,
    pub(super) people: People,
    pub(super) history: History,
    pub(super) sound: Sound,
    pub(super) calls: Calls,
    pub(super) tracker: CallTracker,
    pub(super) network: String,
    control: Control,
    connections: usize,
}

enum Wakeup {
    Phone(Option<PhoneEvent>),
    State(Option<State>),
    Asked(Option<Asked>),
    Device(Event),
}

impl Task {
    pub(super) fn new(
        phone: Phone,
        people: People,
        history: History,
        sound: Sound,
        control: Control,
        network: String,
    ) -> Self {
        Self {
            phone,
            people,
            history,
            sound,
            calls: Calls::default(),
            tracker: CallTracker::default(),
            network,
            control,
            connections: 0,
        }
    }

    /// Serves the phone until a client stops it.
    pub(super) async fn run(mut self, mut events: Events, mut asked: mpsc::Receiver<Asked>) {
        let mut watch = self.phone.watch();
        loop {
            match self.wakeup(&mut events, &mut watch, &mut asked).await {
                Wakeup::Phone(None) | Wakeup::State(None) | Wakeup::Asked(None) => break,
                Wakeup::Phone(Some(event)) => self.on_phone(&event).await,
                Wakeup::State(Some(state)) => self.on_state(&state),
                Wakeup::Device(event) => self.tell(event),
                Wakeup::Asked(Some(Asked { command, reply })) => {
                    let is_last = command == Command::Stop {};
                    let done = if is_last { Ok(Reply::Done) } else { self.handle(command).await };
                    // The client may be gone.
                    let _ = reply.send(done.map_err(super::refused::Refused::into_text));
                    if is_last {
                        break;
                    }
                }
            }
        }
        self.phone.shutdown().await;
        while let Some(event) = events.next().await {
            self.on_phone(&event).await;
        }
        self.tell(Event::Stopped {});
    }

    async fn wakeup(
        &self,
        events: &mut Events,
        watch: &mut Watch,
        asked: &mut mpsc::Receiver<Asked>,
    ) -> Wakeup {
        tokio::select! {
            event = events.next() => Wakeup::Phone(event),
            state = watch.changed() => Wakeup::State(state),
            asked = asked.recv() => Wakeup::Asked(asked),
            (role, text) = self.sound.event() => Wakeup::Device(Event::Device { role, text }),
        }
    }

    async fn on_phone(&mut self, event: &PhoneEvent) {
        let now = Instant::now();
        if let PhoneEvent::Announced { identity, hops, name } = *event {
            if self.people.announced.handle(identity, Latest { name, hops, at: now }) {
                self.tell(Event::Announced { peer: self.peer(identity), hops });
            }
            return;
        }
        let state = self.phone.state();
        let people = &self.people;
        let event_told = told(event, &state, &mut self.calls, now, |hash| people.peer(hash));
        let name = |hash| people.settings().contacts.name(hash, people.announced.name(hash));
        let record = self.tracker.handle_event(event, now, UnixTime::now(), name);
        if let Some(event) = event_told {
            self.tell(event);
        }
        if let Some(record) = record {
            if let PhoneEvent::Ended { call, .. } = event {
                let past = past(&record, self.peer(record.peer));
                self.tell(Event::Ended { call: call.0, past });
            }
            if let Err(error) = self.history.add(record) {
                self.tell(Event::Warning { text: format!("the history is not written: {error}") });
            }
        }
        match *event {
            PhoneEvent::Ended { call, .. } => self.calls.ended(call),
            PhoneEvent::Incoming { call, from } if self.answers_at_once(&state, from) => {
                // The call may have ended.
                let _ = self.phone.call(call).answer().await;
            }
            _ => {}
        }
    }

    /// Nobody's call that is answered at once takes the place of one that is talked on.
    fn answers_at_once(&self, state: &State, from: IdentityHash) -> bool {
        self.people.settings().answers_at_once(from) && self.calls.talked(state).is_none()
    }

    fn on_state(&mut self, state: &State) {
        if self.connections != state.connections {
            self.connections = state.connections;
            let connections = state.connections;
            self.tell(Event::Network { text: self.network.clone(), connections });
        }
    }

    pub(super) fn peer(&self, hash: IdentityHash) -> Peer {
        self.people.peer(hash)
    }

    pub(super) fn tell(&self, event: Event) {
        self.control.tell(event);
    }
}
