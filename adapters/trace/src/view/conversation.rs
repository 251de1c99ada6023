//! The conversation of two phones: the model of every picture of a call.
//!
//! Its source is the taps of both phones, or the trace of one.

use core::time::Duration;

use lxst_core::wire::{Packet, Signal};
use lxst_core::{
    Admission, Boundary, CallState, Command, DropReason, EndReason, Event, IdentityHash, Input,
    LinkEvent, LinkRequest, Mode, Mute, Output, Profile, Side, Talk,
};

/// The actions and packets of two phones, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// The names of the left side, [`Side::Local`], and of the right.
    pub names: [&'static str; 2],
    /// In the order of time.
    pub steps: Vec<Step>,
}

/// One action or one packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Time since the start of the recording.
    pub at: Duration,
    /// The side that acted or sent.
    pub by: Side,
    /// The line of its call, counted from 0; `None` if it has no call.
    pub line: Option<usize>,
    /// The action or the packet.
    pub kind: StepKind,
}

/// A kind of step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// An action of the phone or its user.
    Action(Action),
    /// A packet that sets up or closes the Reticulum link.
    Link(String),
    /// A packet of signals, in words.
    Signals(String),
    /// A packet of media.
    Media {
        /// Bytes of encoded audio.
        payload_bytes: usize,
        /// Bytes of the packet before encryption.
        plaintext_bytes: usize,
    },
}

/// An action of a phone or its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dials an identity.
    Dials(IdentityHash),
    /// Learns that the call rings at the other side.
    HearsRinging,
    /// Rings for a caller.
    Rings(IdentityHash),
    /// Answers.
    Answers,
    /// Sets up its audio.
    Connects,
    /// Has its audio open.
    Established(Profile, Mode),
    /// Hangs up.
    HangsUp,
    /// Sees the call end.
    Ended(EndReason),
    /// Another action, in words.
    Other(String),
}

/// The media that one side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MediaTotal {
    /// Number of packets.
    pub packets: usize,
    /// Bytes of encoded audio.
    pub payload_bytes: usize,
    /// Bytes of the Reticulum packets, without an interface's framing.
    pub air_bytes: usize,
    /// Time from the first packet to the last.
    pub lasted: Duration,
}

impl Conversation {
    /// Adds an input or output of one of the two phones, which have one line each. `at` is from a
    /// clock that both share.
    pub fn see(&mut self, side: Side, at: Duration, boundary: &Boundary<'_>) {
        if let Some((by, kind)) = see(side, boundary) {
            self.steps.push(Step { at, by, line: Some(0), kind });
        }
    }

    /// Returns the moment of a side's first such action.
    #[must_use]
    pub fn first(&self, by: Side, is_it: impl Fn(&Action) -> bool) -> Option<Duration> {
        let is_it = |step: &&Step| {
            step.by == by && matches!(&step.kind, StepKind::Action(act) if is_it(act))
        };
        self.steps.iter().find(is_it).map(|step| step.at)
    }

    /// Returns how many lines had calls at once, at least 1.
    #[must_use]
    pub fn lines(&self) -> usize {
        let lines = self.steps.iter().filter_map(|step| step.line);
        lines.max().unwrap_or(0).saturating_add(1)
    }

    /// Returns the total of the media that a side sent.
    #[must_use]
    pub fn media(&self, by: Side) -> MediaTotal {
        MediaTotal::of(&self.steps, by)
    }
}

impl MediaTotal {
    /// Returns the total of the media that a side sent in some steps.
    #[must_use]
    pub fn of<'s>(steps: impl IntoIterator<Item = &'s Step>, by: Side) -> Self {
        let mut total = Self::default();
        let mut first = None;
        for step in steps.into_iter().filter(|step| step.by == by) {
            if let StepKind::Media { payload_bytes, plaintext_bytes } = step.kind {
                total.packets += 1;
                total.payload_bytes += payload_bytes;
                total.air_bytes += air_bytes(plaintext_bytes);
                total.lasted = step.at.saturating_sub(*first.get_or_insert(step.at));
            }
        }
        total
    }
}

impl Action {
    /// Returns the state that the call has from this action on, for the side that acts.
    #[must_use]
    pub const fn state(&self) -> Option<CallState> {
        match self {
            Self::Dials(_) => Some(CallState::Calling),
            Self::HearsRinging | Self::Rings(_) => Some(CallState::Ringing),
            Self::Connects => Some(CallState::Connecting),
            Self::Established(..) => Some(CallState::Established),
            Self::Ended(_) => Some(CallState::Idle),
            Self::Answers | Self::HangsUp | Self::Other(_) => None,
        }
    }
}

/// Returns the length of the Reticulum packet with a plaintext of this length, in bytes: 67 bytes
/// of header, keys and signature, and the plaintext padded by 1 to 16 bytes to a multiple of 16.
#[must_use]
pub const fn air_bytes(plaintext_bytes: usize) -> usize {
    67 + (plaintext_bytes / 16 + 1) * 16
}

/// Returns the step that an input or output shows, and whose it is. Most show none.
///
/// A packet is shown by the tap of its sender. Two packets are shown by the receiver's, because the
/// sender's telephone does not see them leave: link proof and round trip time.
pub(super) fn see(side: Side, door: &Boundary<'_>) -> Option<(Side, StepKind)> {
    let act = |act| Some((side, StepKind::Action(act)));
    let does = |what: &str| act(Action::Other(what.into()));
    match *door {
        Boundary::In(Input::Command(command)) => match command {
            Command::Dial { to, .. } => act(Action::Dials(to)),
            Command::Answer(_) => act(Action::Answers),
            Command::HangUp(_) => act(Action::HangsUp),
            Command::Screen(_, Admission::Busy) => does("turns the caller away: busy"),
            Command::Screen(_, Admission::Reject) => does("turns the caller away: rejected"),
            Command::Screen(_, Admission::Drop) => does("turns the caller away"),
            Command::Talk(_, Talk::Pressed) => does("presses the talk button"),
            Command::Talk(_, Talk::Released) => does("releases the talk button"),
            Command::Mute(_, direction, Mute::Muted) => does(&format!("mutes: {direction:?}")),
            Command::Mute(_, direction, Mute::Unmuted) => does(&format!("unmutes: {direction:?}")),
            _ => None,
        },
        Boundary::In(Input::Link { event, .. }) => {
            let label = match event {
                LinkEvent::Up { .. } => "link proof",
                LinkEvent::Incoming { .. } => "round trip time",
                _ => return None,
            };
            Some((other(side), StepKind::Link(label.into())))
        }
        Boundary::Out(Output::Link { request, .. }) => {
            let label = match request {
                LinkRequest::Open(_) => "link request",
                LinkRequest::Identify => "identify",
                LinkRequest::Close => "link close",
            };
            Some((side, StepKind::Link(label.into())))
        }
        Boundary::Out(Output::Transmit { data, .. }) => Some((side, packet(data)?)),
        Boundary::Out(Output::Event(event)) => tell(event).map(|act| (side, StepKind::Action(act))),
        _ => None,
    }
}

fn tell(event: Event) -> Option<Action> {
    Some(match event {
        Event::CallerGone { .. } => Action::Other("sees the caller go before it rings".into()),
        Event::Incoming { from, .. } => Action::Rings(from),
        Event::Ringing { .. } => Action::HearsRinging,
        Event::Connecting { .. } => Action::Connects,
        Event::Established { profile, mode, .. } => Action::Established(profile, mode),
        Event::ProfileChanged { profile, .. } => Action::Other(format!("sends {profile}")),
        Event::ProfileUnavailable { asked, used, .. } => {
            Action::Other(format!("has no {asked}, and offers {used}"))
        }
        Event::ModeChanged { mode, .. } => Action::Other(format!("is in {mode}")),
        Event::Ended { reason, .. } => Action::Ended(reason),
        Event::PeerSilent { .. } => Action::Other("hears nothing".into()),
        Event::PeerAudible { .. } => Action::Other("hears again".into()),
        Event::CallerTurnedAway { .. } => {
            Action::Other("turns away a caller: the line is busy".into())
        }
        Event::CallerLimited { .. } => Action::Other("turns away who calls too often".into()),
        Event::Dropped { reason, .. } => Action::Other(format!("leaves out {}", dropped(reason))),
        _ => return None,
    })
}

const fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::MalformedPacket => "a malformed packet",
        DropReason::UnknownSignal => "an unknown signal",
        DropReason::UnsupportedPreference => "an unsupported wish",
        DropReason::UnknownFrame => "an unknown frame",
        DropReason::UndecodableFrame => "a frame of a codec that is not built in",
        _ => "something",
    }
}

const fn other(side: Side) -> Side {
    match side {
        Side::Local => Side::Remote,
        Side::Remote => Side::Local,
    }
}

pub(super) fn packet(data: &[u8]) -> Option<StepKind> {
    let packet = Packet::parse(data).ok()?;
    let payload_bytes = packet.frames().flatten().map(|frame| frame.payload.len());
    if packet.frames().next().is_some() {
        return Some(StepKind::Media {
            payload_bytes: payload_bytes.sum(),
            plaintext_bytes: data.len(),
        });
    }
    let words: Vec<String> = packet.signals().map(name).collect();
    Some(StepKind::Signals(words.join(", ")))
}

fn name(signal: Signal) -> String {
    match signal {
        Signal::PreferredProfile(id) => match Profile::from_id(id.into()) {
            Some(profile) => format!("prefers {profile}"),
            None => format!("prefers profile {id:#x}"),
        },
        Signal::PreferredMode(id) => match Mode::from_id(id) {
            Some(mode) => mode.to_string(),
            None => format!("mode {id}"),
        },
        // BUSY, REJECTED, AVAILABLE, ...: the names of the protocol are those of the variants.
        other => format!("{other:?}").to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_67_bytes_and_its_padded_plaintext() {
        assert_eq!(air_bytes(0), 83);
        assert_eq!(air_bytes(15), 83);
        assert_eq!(air_bytes(16), 99);
        assert_eq!(air_bytes(65), 147);
    }

    #[test]
    fn signals_and_media_are_told_apart() {
        let preferences = [0x81, 0x00, 0x92, 0xcd, 0x01, 0x3f, 0xcc, 0xf1];
        let words = "prefers Medium Quality, full duplex".to_owned();
        assert_eq!(packet(&preferences), Some(StepKind::Signals(words)));

        let available = [0x81, 0x00, 0x91, 0x03];
        assert_eq!(packet(&available), Some(StepKind::Signals("AVAILABLE".into())));

        let frame = [0x81, 0x01, 0xc4, 0x03, 0x01, 0x38, 0x00];
        assert_eq!(packet(&frame), Some(StepKind::Media { payload_bytes: 2, plaintext_bytes: 7 }));

        assert_eq!(packet(&[0xc0]), None);
    }

    #[test]
    fn media_is_added_up_for_each_side() {
        let media = |millis, by, payload_bytes| Step {
            at: Duration::from_millis(millis),
            by,
            line: Some(0),
            kind: StepKind::Media { payload_bytes, plaintext_bytes: payload_bytes + 5 },
        };
        let steps = vec![
            media(10, Side::Local, 60),
            media(20, Side::Remote, 3),
            media(70, Side::Local, 50),
        ];
        let conversation = Conversation { names: ["a", "b"], steps };

        let total = MediaTotal {
            packets: 2,
            payload_bytes: 110,
            air_bytes: 147 + 131,
            lasted: Duration::from_millis(60),
        };
        assert_eq!(conversation.media(Side::Local), total);
        assert_eq!(conversation.media(Side::Remote).air_bytes, 83);
    }
}
