//! A conversation as one phone's trace tells it.

use core::time::Duration;

use lxst_core::{Boundary, Command, Event, Input, LinkClosed, LinkEvent, LinkId, Output, Side};

use crate::reader::{Record, Recorded};
use crate::view::conversation::{Conversation, Step, StepKind, packet, see};

/// Reads a conversation out of one phone's trace. The other side is known by what it sent.
#[derive(Debug)]
pub struct ConversationReader {
    conversation: Conversation,
    /// The link that was dialled or rang last.
    link: Option<LinkId>,
}

impl ConversationReader {
    /// Makes a conversation without steps.
    #[must_use]
    pub const fn new() -> Self {
        let names = ["this phone", "peer"];
        Self { conversation: Conversation { names, steps: Vec::new() }, link: None }
    }

    /// Adds what a line of the trace tells.
    pub fn read(&mut self, record: &Record<'_>) {
        let door = match record.what {
            Recorded::Input(input) => Boundary::In(input),
            Recorded::Output(Some(output)) => Boundary::Out(output),
            Recorded::Output(None) => return,
        };
        match door {
            Boundary::In(Input::Command(Command::Dial { link, .. })) => self.link = Some(link),
            Boundary::Out(Output::Event(Event::Incoming { call, .. })) => {
                self.link = Some(LinkId(call.0));
            }
            Boundary::Out(Output::Event(Event::Ended { .. })) => self.link = None,
            _ => {}
        }
        let Some((by, mut kind)) = sent_by_peer(&door).or_else(|| see(Side::Local, &door)) else {
            return;
        };
        if let StepKind::Link(label) | StepKind::Signals(label) = &mut kind
            && let Some(other) = link(&door).filter(|link| self.link.is_some_and(|of| of != *link))
        {
            *label += &format!(" (link {})", other.0);
        }
        let at = Duration::from_micros(record.at.as_micros());
        self.conversation.steps.push(Step { at, by, kind });
    }

    /// Hands the conversation over.
    #[must_use]
    pub fn conversation(self) -> Conversation {
        self.conversation
    }
}

impl Default for ConversationReader {
    fn default() -> Self {
        Self::new()
    }
}

/// Says what the other side sent, where only this side has a tap.
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

const fn link(door: &Boundary<'_>) -> Option<LinkId> {
    match door {
        Boundary::In(Input::Packet { link, .. } | Input::Link { link, .. })
        | Boundary::Out(Output::Transmit { link, .. } | Output::Link { link, .. }) => Some(*link),
        _ => None,
    }
}
