//! The conversation in the trace of one phone.

use core::time::Duration;

use lxst_core::wire::{Packet, Signal};
use lxst_core::{
    Boundary, CallId, Command, Event, IdentityHash, Input, LinkClosed, LinkEvent, LinkId, Output,
    Side,
};

use crate::header::MAX_LINES;
use crate::reader::{Record, Recorded};
use crate::view::conversation::{Conversation, Step, StepKind, packet, see};

/// Reads a conversation from the trace of one phone. The other side is known by the packets that
/// arrive from it.
///
/// Each step has the line of its call: the lowest line that is free when the call begins.
#[derive(Debug)]
pub struct ConversationReader {
    conversation: Conversation,
    calls: Vec<Known>,
    /// The identity of the caller on each link.
    callers: Vec<(LinkId, IdentityHash)>,
    /// Steps on links that have no call so far.
    strays: Vec<Stray>,
}

/// A call of the trace.
#[derive(Debug)]
struct Known {
    call: CallId,
    peer: IdentityHash,
    link: LinkId,
    line: usize,
    /// The number of steps until its end.
    ended: Option<usize>,
}

#[derive(Debug)]
struct Stray {
    step: usize,
    link: LinkId,
    /// Whether there was a call on another link at that time.
    is_beside: bool,
}

impl ConversationReader {
    /// Creates an empty conversation.
    #[must_use]
    pub const fn new() -> Self {
        let names = ["this phone", "peer"];
        Self {
            conversation: Conversation { names, steps: Vec::new() },
            calls: Vec::new(),
            callers: Vec::new(),
            strays: Vec::new(),
        }
    }

    /// Adds a line of the trace.
    pub fn read(&mut self, record: &Record<'_>) {
        let door = match record.what {
            Recorded::Input(input) => Boundary::In(input),
            Recorded::Output(Some(output)) => Boundary::Out(output),
            Recorded::Output(None) => return,
        };
        match door {
            Boundary::In(Input::Command(Command::Dial { call, link, to, .. })) => {
                self.begin(call, to, link);
            }
            Boundary::In(Input::Link { link, event: LinkEvent::Identified(from) }) => {
                self.callers.push((link, from));
            }
            Boundary::Out(Output::Transmit { link, data, .. }) if rings(data) => self.ring(link),
            Boundary::Out(Output::Event(Event::Incoming { call, from })) => {
                self.begin(call, from, LinkId(call.0));
            }
            _ => {}
        }
        if let Some((by, kind)) = sent_by_peer(&door).or_else(|| see(Side::Local, &door)) {
            let at = Duration::from_micros(record.at.as_micros());
            let link = link(&door);
            let line = match (call(&door), link) {
                (Some(call), _) => self.line_of(|known| known.call == call),
                (None, Some(link)) => self.line_of(|known| known.link == link),
                (None, None) => None,
            };
            let step = self.conversation.steps.len();
            if let (None, Some(link)) = (line, link) {
                let is_beside = self.calls.iter().any(|known| known.ended.is_none());
                self.strays.push(Stray { step, link, is_beside });
            }
            self.conversation.steps.push(Step { at, by, line, kind });
        }
        if let Boundary::Out(Output::Event(Event::Ended { call, .. })) = door
            && let Some(known) = self.calls.iter_mut().rfind(|known| known.call == call)
        {
            known.ended = Some(self.conversation.steps.len());
        }
    }

    /// Returns the conversation.
    #[must_use]
    pub fn conversation(mut self) -> Conversation {
        for stray in self.strays.iter().filter(|stray| stray.is_beside) {
            if let StepKind::Link(label) | StepKind::Signals(label) =
                &mut self.conversation.steps[stray.step].kind
            {
                *label += &format!(" (link {})", stray.link.0);
            }
        }
        self.conversation
    }

    /// Begins a call. It includes the steps on its link since its line became free.
    fn begin(&mut self, call: CallId, peer: IdentityHash, link: LinkId) {
        let is_free = |line: &usize| {
            !self.calls.iter().any(|known| known.line == *line && known.ended.is_none())
        };
        let line = (0..MAX_LINES).find(is_free).unwrap_or(MAX_LINES - 1);
        let before = self.calls.iter().rfind(|known| known.line == line);
        let since = before.and_then(|before| before.ended).unwrap_or(0);
        let steps = &mut self.conversation.steps;
        self.strays.retain(|stray| {
            let is_its = stray.link == link && stray.step >= since;
            if is_its {
                steps[stray.step].line = Some(line);
            }
            !is_its
        });
        self.calls.push(Known { call, peer, link, line, ended: None });
    }

    /// Handles our RINGING. If glare was resolved in favour of the peer's call, ours continues on
    /// the peer's link.
    fn ring(&mut self, link: LinkId) {
        let from = self.callers.iter().rfind(|(of, _)| *of == link).map(|(_, from)| *from);
        let is_ours = |known: &&mut Known| known.ended.is_none() && Some(known.peer) == from;
        if let Some(known) = self.calls.iter_mut().find(is_ours) {
            known.link = link;
        }
    }

    /// Returns the line of the latest such call, unless a later call took the line.
    fn line_of(&self, is: impl Fn(&Known) -> bool) -> Option<usize> {
        let place = self.calls.iter().rposition(is)?;
        let line = self.calls[place].line;
        self.calls[place + 1..].iter().all(|later| later.line != line).then_some(line)
    }
}

impl Default for ConversationReader {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the step of the other side that an input shows. Only this side has a tap.
fn sent_by_peer(door: &Boundary<'_>) -> Option<(Side, StepKind)> {
    let what = match door {
        Boundary::In(Input::Packet { data, .. }) => packet(data)?,
        Boundary::In(Input::Link { event: LinkEvent::Incoming { .. }, .. }) => {
            StepKind::Link("opens a link".into())
        }
        Boundary::In(Input::Link { event: LinkEvent::Identified(_), .. }) => {
            StepKind::Link("identify".into())
        }
        Boundary::In(Input::Link { event: LinkEvent::Closed(LinkClosed::Peer), .. }) => {
            StepKind::Link("link close".into())
        }
        _ => return None,
    };
    Some((Side::Remote, what))
}

fn rings(data: &[u8]) -> bool {
    Packet::parse(data).is_ok_and(|packet| packet.signals().any(|it| it == Signal::Ringing))
}

const fn link(door: &Boundary<'_>) -> Option<LinkId> {
    match door {
        Boundary::In(Input::Packet { link, .. } | Input::Link { link, .. })
        | Boundary::Out(
            Output::Transmit { link, .. }
            | Output::Link { link, .. }
            | Output::Event(Event::Dropped { link, .. }),
        ) => Some(*link),
        _ => None,
    }
}

const fn call(door: &Boundary<'_>) -> Option<CallId> {
    match door {
        Boundary::In(Input::Command(command)) => call_of_command(command),
        Boundary::Out(Output::Event(event)) => call_of_event(event),
        _ => None,
    }
}

const fn call_of_command(command: &Command) -> Option<CallId> {
    match command {
        Command::Dial { call, .. }
        | Command::Answer(call)
        | Command::HangUp(call)
        | Command::Screen(call, _)
        | Command::SetProfile(call, _)
        | Command::SetMode(call, _)
        | Command::Talk(call, _)
        | Command::Mute(call, ..) => Some(*call),
        Command::SetAvailable(_)
        | Command::LimitCallers(_)
        | Command::Know(_)
        | Command::Announce => None,
    }
}

const fn call_of_event(event: &Event) -> Option<CallId> {
    match event {
        Event::Screening { call, .. }
        | Event::CallerGone { call }
        | Event::Incoming { call, .. }
        | Event::Ringing { call }
        | Event::Connecting { call }
        | Event::Established { call, .. }
        | Event::ProfileChanged { call, .. }
        | Event::ProfileUnavailable { call, .. }
        | Event::ModeChanged { call, .. }
        | Event::PeerSilent { call }
        | Event::PeerAudible { call }
        | Event::Quality { call, .. }
        | Event::Ended { call, .. } => Some(*call),
        Event::CallerLimited { .. } | Event::CallerTurnedAway { .. } | Event::Dropped { .. } => {
            None
        }
    }
}
