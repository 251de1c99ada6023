//! What the screen shows, as a value: it takes the phone's messages and keys, and does nothing else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rnphone_rs::control::{CallInfo, CallStage, Command, Event, Reply, Status};
use rnphone_rs::history::UnixTime;
use rnphone_rs::words;

use super::focus::Focus;
use super::meters::{PeakHold, QualityGraph};
use super::people::{People, RowKey, Tab};
use super::playing::Playing;

/// The state of the screen.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    /// Whether the phone ends with the screen.
    pub(super) is_own: bool,
    pub(super) status: Option<Status>,
    pub(super) people: People,
    pub(super) tab: Tab,
    /// Rows are chosen by what they show, so that a new row above moves no choice.
    pub(super) chosen: Option<RowKey>,
    pub(super) focus: Focus,
    /// Incoming calls whose dialog was put aside.
    pub(super) put_aside: BTreeSet<u64>,
    pub(super) microphone: PeakHold,
    pub(super) speaker: PeakHold,
    pub(super) graphs: BTreeMap<u64, QualityGraph>,
    pub(super) playing: Option<Playing>,
    /// The profile that the call refused last, where the next one begins.
    pub(super) refused: Option<lxst_phone::Profile>,
    /// The last events in words, the latest last.
    pub(super) news: VecDeque<String>,
    /// How often the terminal is to have rung, in place of a ringer.
    pub(super) bells: u64,
    /// Since the screen began.
    pub(super) now: Duration,
    pub(super) today: UnixTime,
    stale: Stale,
}

/// What the phone has to be asked for again.
#[derive(Clone, Copy, Debug)]
struct Stale {
    contacts: bool,
    announced: bool,
    history: bool,
    messages: bool,
    missed_seen: bool,
    /// When the ages of announces were asked last.
    aged: Duration,
}

impl Screen {
    pub(super) fn new(is_own: bool) -> Self {
        Self {
            is_own,
            status: None,
            people: People::default(),
            tab: Tab::Contacts,
            chosen: None,
            focus: Focus::Lists,
            put_aside: BTreeSet::new(),
            microphone: PeakHold::default(),
            speaker: PeakHold::default(),
            graphs: BTreeMap::new(),
            playing: None,
            refused: None,
            news: VecDeque::new(),
            bells: 0,
            now: Duration::ZERO,
            today: UnixTime(0),
            stale: Stale {
                contacts: true,
                announced: true,
                history: true,
                messages: true,
                missed_seen: false,
                aged: Duration::ZERO,
            },
        }
    }

    pub(super) fn handle_time(&mut self, now: Duration, today: UnixTime) {
        (self.now, self.today) = (now, today);
        if now.saturating_sub(self.stale.aged) >= AGE_EVERY {
            (self.stale.aged, self.stale.announced) = (now, true);
        }
    }

    pub(super) fn handle_event(&mut self, event: &Event) {
        if let Some(text) = words::event(event) {
            self.tell(text);
        }
        Playing::handle_event(&mut self.playing, event);
        match event {
            Event::Quality { call, quality } => {
                self.graphs.entry(*call).or_default().push(self.now, *quality);
            }
            Event::Incoming { is_waiting, .. } => self.handle_incoming(*is_waiting),
            Event::Ended { call, .. } => {
                self.graphs.remove(call);
                self.put_aside.remove(call);
                self.refused = None;
                self.stale.history = true;
            }
            Event::ProfileChanged { .. } => self.refused = None,
            Event::TurnedAway { .. } | Event::CallerLimited { .. } => self.stale.history = true,
            Event::Announced { .. } => self.stale.announced = true,
            Event::Message { .. } => self.stale.messages = true,
            Event::SettingsChanged {} | Event::LeftOut { .. } => {
                let aged = self.stale.aged;
                self.stale = Stale { aged, ..Self::new(self.is_own).stale };
            }
            _ => {}
        }
    }

    /// Takes the reply to a command, or why it was not done.
    pub(super) fn handle_reply(&mut self, command: &Command, reply: Result<Reply, String>) {
        match reply {
            Ok(Reply::Status(status)) => self.handle_status(*status),
            Ok(Reply::Contacts(contacts)) => self.people.contacts = contacts,
            Ok(Reply::Announced(announced)) => self.people.announced = announced,
            Ok(Reply::History(history)) => self.people.history = history,
            Ok(Reply::Messages(messages)) => self.people.messages = messages,
            Ok(_) => {
                self.stale.messages |= matches!(command, Command::DeleteMessage { .. });
                if let Some(text) = done(command) {
                    self.tell(text);
                }
                return;
            }
            Err(error) => {
                if let Command::Profile { profile } = command {
                    self.refused = Some(*profile);
                }
                self.tell(error);
            }
        }
        self.choose_something();
    }

    /// Shows a line among the last events.
    pub(super) fn tell(&mut self, text: String) {
        if self.news.len() == MAX_NEWS {
            self.news.pop_front();
        }
        self.news.push_back(text);
    }

    /// Returns what to ask the phone for now.
    pub(super) fn questions(&mut self) -> Vec<Command> {
        let is_missed_shown = self.tab == Tab::History && self.missed() > 0;
        let Stale { contacts, announced, history, messages, missed_seen, .. } = &mut self.stale;
        *missed_seen |= is_missed_shown;
        let questions = [
            (contacts, Command::Contacts {}),
            (announced, Command::Announced {}),
            (history, Command::History { search: None, limit: MAX_HISTORY }),
            (messages, Command::Messages {}),
            (missed_seen, Command::MissedSeen {}),
        ];
        let is_asked = |(is_stale, command)| std::mem::take::<bool>(is_stale).then_some(command);
        questions.into_iter().filter_map(is_asked).chain([Command::Status {}]).collect()
    }

    pub(super) fn missed(&self) -> usize {
        self.status.as_ref().map_or(0, |status| status.missed)
    }

    pub(super) fn new_messages(&self) -> usize {
        self.status.as_ref().map_or(0, |status| status.new_messages)
    }

    pub(super) fn calls(&self) -> &[CallInfo] {
        self.status.as_ref().map_or(&[], |status| &status.calls)
    }

    /// The call that is talked on, else one that is on its way, held, or rings here.
    pub(super) fn main_call(&self) -> Option<&CallInfo> {
        let calls = self.calls();
        let is_ours = |call: &&CallInfo| !call.is_held && !rings_here(call);
        let is_talked = |call: &&CallInfo| is_ours(call) && call.state == CallStage::Established;
        let found = calls.iter().find(is_talked).or_else(|| calls.iter().find(is_ours));
        found.or_else(|| calls.iter().find(|call| call.is_held)).or_else(|| calls.first())
    }

    /// The first call that rings here.
    pub(super) fn incoming(&self) -> Option<&CallInfo> {
        self.calls().iter().find(|call| rings_here(call))
    }

    /// The call of the dialog, if there is one.
    pub(super) fn dialog(&self) -> Option<&CallInfo> {
        self.incoming().filter(|call| !self.put_aside.contains(&call.call))
    }

    fn handle_incoming(&mut self, is_waiting: bool) {
        if self.focus.is_question() {
            self.focus = Focus::Lists;
        }
        let has_devices = |status: &Status| status.speaker_dbfs.is_some();
        if !is_waiting && !self.status.as_ref().is_some_and(has_devices) {
            self.bells += 1;
        }
    }

    fn handle_status(&mut self, status: Status) {
        self.microphone.push(self.now, status.microphone_dbfs);
        self.speaker.push(self.now, status.speaker_dbfs);
        // They are heard and deleted by other clients too.
        let new = self.people.messages.iter().filter(|message| message.is_new).count();
        self.stale.messages |= new != status.new_messages;
        let is_on = |call: &u64| status.calls.iter().any(|info| info.call == *call);
        self.graphs.retain(|call, _| is_on(call));
        self.put_aside.retain(is_on);
        if status.calls.is_empty() && matches!(self.focus, Focus::Quit) {
            self.focus = Focus::Lists;
        }
        self.status = Some(status);
    }
}

/// What no event tells of a command that was done.
fn done(command: &Command) -> Option<String> {
    match command {
        Command::Block { who } => {
            Some(format!("{who} is blocked, and hears that the line is busy"))
        }
        Command::Unblock { who } => Some(format!("{who} may call again")),
        Command::AddContact { name, .. } => Some(format!("{name} is a contact")),
        Command::DeleteMessage { .. } => Some("the message is deleted".to_owned()),
        Command::Volume { decibels } => Some(format!("volume {decibels:+.0} dB")),
        Command::DoNotDisturb { on: true } => {
            Some("do not disturb: callers hear that the line is busy".to_owned())
        }
        Command::DoNotDisturb { on: false } => Some("calls are taken again".to_owned()),
        _ => None,
    }
}

/// Whether a call waits for an answer of this phone's user.
pub(super) fn rings_here(call: &CallInfo) -> bool {
    call.is_incoming && call.state == CallStage::Ringing
}

const MAX_NEWS: usize = 20;
/// Calls of the history that are shown.
const MAX_HISTORY: usize = 200;
/// Announces grow older by minutes.
const AGE_EVERY: Duration = Duration::from_secs(10);
