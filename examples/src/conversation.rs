//! What two phones of one process said to each other, as a tap in each of them saw it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use lxst_tokio::telephony::wire::{Packet, Signal};
use lxst_tokio::telephony::{
    Command, Event, Input, LinkEvent, LinkRequest, Mode, Output, Profile, Role,
};
use lxst_tokio::{Door, EndReason, Tap};

/// Collects what the taps of a caller and a callee see, on one clock.
#[derive(Debug)]
pub struct Recorder {
    start: Instant,
    sender: Sender<Step>,
    steps: Receiver<Step>,
}

/// What happened, in order.
#[derive(Debug)]
pub struct Conversation {
    steps: Vec<Step>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When it was seen, counted from the start of the recorder.
    pub at: Duration,
    /// Who did it, or sent it.
    pub by: Role,
    /// What it is.
    pub what: What,
}

/// A kind of step.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Something that the phone or its user did.
    Act(Act),
    /// A packet that sets up or ends the Reticulum link. The two that the telephone is not told
    /// of when they leave, proof and round trip time, are seen as they arrive.
    Link(&'static str),
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

/// Something that a phone or its user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Dials.
    Dials,
    /// Is told that it rings at the other side.
    HearsRinging,
    /// Rings.
    Rings,
    /// Answers.
    Answers,
    /// Has its audio open.
    Established,
    /// Hangs up.
    HangsUp,
    /// Sees the call end.
    Ended(EndReason),
}

/// The media that one side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MediaTotal {
    /// Packets.
    pub packets: usize,
    /// Bytes of encoded audio.
    pub payload_bytes: usize,
    /// Bytes of the Reticulum packets, without an interface's framing.
    pub air_bytes: usize,
    /// From the first packet to the last.
    pub lasted: Duration,
}

impl Recorder {
    /// Makes a recorder whose clock starts at 0.
    #[must_use]
    pub fn new() -> Self {
        let (sender, steps) = mpsc::channel();
        Self {
            start: Instant::now(),
            sender,
            steps,
        }
    }

    /// Makes the tap of one phone.
    #[must_use]
    pub fn tap(&self, role: Role) -> Tap {
        let (start, sender) = (self.start, self.sender.clone());
        Tap::new(move |_, door| {
            let Some((by, what)) = see(role, door) else {
                return;
            };
            let at = start.elapsed();
            // A conversation that was taken out is complete.
            let _ = sender.send(Step { at, by, what });
        })
    }

    /// Takes out what was seen so far.
    #[must_use]
    pub fn conversation(self) -> Conversation {
        Conversation::new(self.steps.try_iter().collect())
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Conversation {
    /// Makes a conversation of its steps, in order.
    #[must_use]
    pub const fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Tells when a side first did something.
    #[must_use]
    pub fn moment(&self, by: Role, act: Act) -> Option<Duration> {
        let is_it = |step: &&Step| step.by == by && step.what == What::Act(act);
        self.steps.iter().find(is_it).map(|step| step.at)
    }

    /// Adds up the media that a side sent.
    #[must_use]
    pub fn media(&self, by: Role) -> MediaTotal {
        let mut total = MediaTotal::default();
        let mut first = None;
        for step in self.steps.iter().filter(|step| step.by == by) {
            if let What::Media {
                payload_bytes,
                plaintext_bytes,
            } = step.what
            {
                total.packets += 1;
                total.payload_bytes += payload_bytes;
                total.air_bytes += air_bytes(plaintext_bytes);
                total.lasted = step.at - *first.get_or_insert(step.at);
            }
        }
        total
    }
}

/// Tells how long the Reticulum packet of a link's plaintext is: 67 bytes of header, keys and
/// signature around the plaintext, which is padded with 1 to 16 bytes to a multiple of 16.
#[must_use]
pub const fn air_bytes(plaintext_bytes: usize) -> usize {
    67 + (plaintext_bytes / 16 + 1) * 16
}

/// Says what a door's traffic means, and who did it. Most of it means nothing here.
fn see(role: Role, door: Door<'_>) -> Option<(Role, What)> {
    let act = |act| Some((role, What::Act(act)));
    match door {
        Door::In(Input::Command(Command::Dial { .. })) => act(Act::Dials),
        Door::In(Input::Command(Command::Answer(_))) => act(Act::Answers),
        Door::In(Input::Command(Command::HangUp(_))) => act(Act::HangsUp),
        Door::In(Input::Link { event, .. }) => match event {
            LinkEvent::Up { .. } => Some((Role::Callee, What::Link("link proof"))),
            LinkEvent::Incoming { .. } => Some((Role::Caller, What::Link("round trip time"))),
            _ => None,
        },
        Door::Out(Output::Link { request, .. }) => {
            let what = match request {
                LinkRequest::Open(_) => "link request",
                LinkRequest::Identify => "identify",
                LinkRequest::Close => "link close",
            };
            Some((role, What::Link(what)))
        }
        Door::Out(Output::Transmit { data, .. }) => Some((role, packet(data)?)),
        Door::Out(Output::Event(event)) => match event {
            Event::Incoming { .. } => act(Act::Rings),
            Event::Ringing { .. } => act(Act::HearsRinging),
            Event::Established { .. } => act(Act::Established),
            Event::Ended { reason, .. } => act(Act::Ended(reason)),
            _ => None,
        },
        _ => None,
    }
}

fn packet(data: &[u8]) -> Option<What> {
    let packet = Packet::parse(data).ok()?;
    let payload_bytes = packet.frames().flatten().map(|frame| frame.payload.len());
    if packet.frames().next().is_some() {
        return Some(What::Media {
            payload_bytes: payload_bytes.sum(),
            plaintext_bytes: data.len(),
        });
    }
    let words: Vec<String> = packet.signals().map(name).collect();
    Some(What::Signals(words.join(", ")))
}

fn name(signal: Signal) -> String {
    match signal {
        Signal::PreferredProfile(id) => match Profile::from_id(id.into()) {
            Some(profile) => format!("prefers {profile}"),
            None => format!("prefers profile {id:#x}"),
        },
        Signal::PreferredMode(id) => match Mode::from_id(id) {
            Some(Mode::FullDuplex) => "full duplex".into(),
            Some(Mode::HalfDuplex) => "half duplex".into(),
            None => format!("mode {id}"),
        },
        // BUSY, REJECTED, AVAILABLE, ...: the protocol's names are those of the variants.
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
        assert_eq!(packet(&preferences), Some(What::Signals(words)));

        let available = [0x81, 0x00, 0x91, 0x03];
        assert_eq!(packet(&available), Some(What::Signals("AVAILABLE".into())));

        let frame = [0x81, 0x01, 0xc4, 0x03, 0x01, 0x38, 0x00];
        let media = What::Media {
            payload_bytes: 2,
            plaintext_bytes: 7,
        };
        assert_eq!(packet(&frame), Some(media));

        assert_eq!(packet(&[0xc0]), None);
    }

    #[test]
    fn media_is_added_up_for_each_side() {
        let media = |millis, by, payload_bytes| Step {
            at: Duration::from_millis(millis),
            by,
            what: What::Media {
                payload_bytes,
                plaintext_bytes: payload_bytes + 5,
            },
        };
        let conversation = Conversation::new(vec![
            media(10, Role::Caller, 60),
            media(20, Role::Callee, 3),
            media(70, Role::Caller, 50),
        ]);

        let total = MediaTotal {
            packets: 2,
            payload_bytes: 110,
            air_bytes: 147 + 131,
            lasted: Duration::from_millis(60),
        };
        assert_eq!(conversation.media(Role::Caller), total);
        assert_eq!(conversation.media(Role::Callee).air_bytes, 83);
    }
}
