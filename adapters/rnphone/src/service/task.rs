//! The task of the phone: it hears the phone, its devices and its clients.

mod asked;
mod broadcast;
mod call_commands;
mod commands;
mod conference;
mod pages;
mod past;
mod quiet;
mod stations;
mod voicemail;

use std::time::{Duration, Instant};

use lxst_tokio::{Event as PhoneEvent, Events, IdentityHash, Phone, State, Watch};
use tokio::sync::mpsc;

use super::announced::Latest;
use super::broadcast::OnAir;
use super::calls::Calls;
use super::conference::SilentSpeaker;
use super::files::Files;
use super::messages::Messages;
use super::network_access::NetworkAccess;
use super::news::News;
use super::pages::Pages;
use super::people::People;
use super::quiet::Quiet;
use super::recordings::Recordings;
use super::server::{Asked, Control};
use super::sound::Sound;
use super::studio::Studio;
use super::told::{past, told};
use super::tuner::Stations;
use crate::control::{Command, Event, Peer};
use crate::history::{CallTracker, History, UnixTime};
use crate::settings::Settings;

pub(super) struct Task {
    pub(super) phone: Phone,
    pub(super) people: People,
    pub(super) quiet: Quiet,
    pub(super) history: History,
    pub(super) messages: Messages,
    pub(super) recordings: Recordings,
    pub(super) sound: Sound,
    files: Files,
    pub(super) studio: Studio,
    pub(super) pages: Pages,
    pub(super) stations: Stations,
    /// The station of this phone.
    pub(super) on_air: Option<OnAir>,
    pub(super) calls: Calls,
    /// While there is a conference and no other speaker.
    pub(super) silent_speaker: Option<SilentSpeaker>,
    pub(super) tracker: CallTracker,
    control: Control,
    network: NetworkAccess,
    /// By what the mesh is reached, as told last, and open connections.
    reached: (String, usize),
}

/// What the task works on besides the phone.
pub(super) struct Parts {
    pub(super) people: People,
    pub(super) quiet: Quiet,
    pub(super) history: History,
    pub(super) messages: Messages,
    pub(super) recordings: Recordings,
    pub(super) sound: Sound,
    pub(super) files: Files,
    pub(super) studio: Studio,
    pub(super) pages: Pages,
    pub(super) stations: Stations,
}

enum Wakeup {
    Phone(Option<PhoneEvent>),
    State(Option<State>),
    Asked(Option<Asked>),
    Device(Event),
    News(Option<News>),
    Studio,
    Clock,
    /// It is time to look whether the microphone still hears our page.
    Page,
}

impl Task {
    pub(super) fn new(
        phone: Phone,
        parts: Parts,
        control: Control,
        network: NetworkAccess,
    ) -> Self {
        let Parts {
            people,
            quiet,
            history,
            messages,
            recordings,
            sound,
            files,
            studio,
            pages,
            stations,
        } = parts;
        let reached = (network.text(&phone.state()), 0);
        Self {
            phone,
            people,
            quiet,
            history,
            messages,
            recordings,
            sound,
            files,
            studio,
            pages,
            stations,
            on_air: None,
            calls: Calls::default(),
            silent_speaker: None,
            tracker: CallTracker::default(),
            control,
            network,
            reached,
        }
    }

    /// Serves the phone until a client stops it.
    pub(super) async fn run(
        mut self,
        mut events: Events,
        mut asked: mpsc::Receiver<Asked>,
        mut news: mpsc::Receiver<News>,
    ) {
        let mut watch = self.phone.watch();
        self.open_pager().await;
        self.hear_stations().await;
        loop {
            let wakeup = self.wakeup(&mut events, &mut watch, &mut asked, &mut news).await;
            self.look_at_clock().await;
            match wakeup {
                Wakeup::Phone(None)
                | Wakeup::State(None)
                | Wakeup::Asked(None)
                | Wakeup::News(None) => break,
                Wakeup::Clock => {}
                Wakeup::Studio => self.look_at_studio(),
                Wakeup::Page => self.look_at_page(),
                Wakeup::News(Some(news)) => self.on_news(news).await,
                Wakeup::Phone(Some(event)) => {
                    self.on_phone(&event).await;
                    self.follow_calls().await;
                }
                Wakeup::State(Some(state)) => {
                    self.on_state(&state).await;
                    self.follow_calls().await;
                }
                Wakeup::Device(event) => self.tell(event),
                Wakeup::Asked(Some(asked)) => {
                    let is_last = asked.command == Command::Stop {};
                    self.on_asked(asked).await;
                    if is_last {
                        break;
                    }
                }
            }
        }
        self.stations.leave().await;
        if let Some(on_air) = self.on_air.take() {
            on_air.stop().await;
        }
        self.phone.shutdown().await;
        while let Some(event) = events.next().await {
            self.on_phone(&event).await;
        }
        self.finish_recordings(&mut news).await;
        self.files.finish().await;
        self.control.tell(Event::Stopped {});
    }

    /// Waits until the files of the recordings are whole, or until the disk has taken too long.
    async fn finish_recordings(&mut self, news: &mut mpsc::Receiver<News>) {
        let finish = async {
            while !self.recordings.is_empty()
                && let Some(news) = news.recv().await
            {
                self.on_news(news).await;
            }
        };
        if tokio::time::timeout(PATIENCE, finish).await.is_err() {
            let text = "the disk is too slow: a recording may lack its end".to_owned();
            self.tell(Event::Warning { text });
        }
    }

    async fn wakeup(
        &self,
        events: &mut Events,
        watch: &mut Watch,
        asked: &mut mpsc::Receiver<Asked>,
        news: &mut mpsc::Receiver<News>,
    ) -> Wakeup {
        tokio::select! {
            event = events.next() => Wakeup::Phone(event),
            state = watch.changed() => Wakeup::State(state),
            asked = asked.recv() => Wakeup::Asked(asked),
            () = self.studio.look() => Wakeup::Studio,
            () = self.quiet.minute(&self.people.settings().quiet_hours) => Wakeup::Clock,
            () = self.pages.look() => Wakeup::Page,
            told = news.recv() => Wakeup::News(told),
            (role, text) = self.sound.event() => Wakeup::Device(Event::Device { role, text }),
        }
    }

    async fn on_phone(&mut self, event: &PhoneEvent) {
        let screened = match *event {
            PhoneEvent::Screening { call, from, .. } => self.screen(call, from).await,
            _ => None,
        };
        let event = screened.as_ref().unwrap_or(event);
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
            PhoneEvent::Established { call, .. } if !self.calls.line(call).is_voicemail => {
                self.files.handle_established(&self.phone, call).await;
            }
            PhoneEvent::Ended { call, .. } => {
                self.calls.ended(call);
                self.leave_conference().await;
                self.files.handle_ended(call);
            }
            // Its caller was sent there before it rang.
            PhoneEvent::Incoming { call, .. } if self.calls.is_voicemail(call) => {}
            PhoneEvent::Incoming { call, from } if self.answers_at_once(&state, from) => {
                // The call may have ended.
                let _ = self.phone.call(call).answer().await;
            }
            PhoneEvent::Incoming { call, from } => {
                let Settings { blocked, voicemail, .. } = self.people.settings();
                self.messages.handle_incoming(call, from, blocked, voicemail);
            }
            _ => {}
        }
    }

    async fn on_news(&mut self, news: News) {
        match news {
            News::Due(call) => self.take_message(call),
            News::Taken { call, result } => self.on_taken(call, result),
            News::Recorded { path, recorded } => {
                if let Some(event) = self.recordings.ended(path, &recorded) {
                    self.tell(event);
                }
            }
            News::GreetingRecorded(recorded) => self.on_greeting(&recorded),
            News::Page(event) => self.on_page(event).await,
            News::Station(announce) => self.stations.on_announce(&announce),
            News::Tuner(event) => self.on_tuner(event).await,
            News::SpeakerFree => self.play_station().await,
            News::Listeners(count) => self.tell(Event::Listeners { count }),
            News::FileRead { command, pcm } => self.on_file(command, pcm).await,
            News::PageSaid => _ = self.end_page(None),
            News::PageSent { fault } => self.tell(Event::PageSent { fault }),
            News::Warning(text) => self.tell(Event::Warning { text }),
        }
    }

    /// Nobody's call that is answered at once takes the place of one that is talked on.
    fn answers_at_once(&self, state: &State, from: IdentityHash) -> bool {
        self.people.settings().answers_at_once(from) && self.calls.talked(state).is_none()
    }

    async fn on_state(&mut self, state: &State) {
        let reached = (self.network.text(state), state.connections);
        if reached.1 > self.reached.1
            && let Some(on_air) = &self.on_air
        {
            on_air.announce().await;
        }
        if self.reached != reached {
            self.reached = reached.clone();
            let (text, connections) = reached;
            self.tell(Event::Network { text, connections });
        }
    }

    /// By what the mesh is reached, in words.
    pub(super) fn network(&self) -> String {
        self.network.text(&self.phone.state())
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.network.trouble(&self.phone.state())
    }

    pub(super) fn peer(&self, hash: IdentityHash) -> Peer {
        self.people.peer(hash)
    }

    pub(super) fn tell(&self, event: Event) {
        self.control.tell(event);
    }
}

/// How long the end of the phone waits for the files of recordings.
const PATIENCE: Duration = Duration::from_secs(3);
