//! Telephones in virtual time: one with a script, a pair on a network, and a door that checks its
//! promises.

mod pair;
mod script;

use lxst_core::wire::{Codec, Frame, Packet, Signal};
use lxst_core::{
    AnnouncePolicy, CallId, Class, Config, Direction, Event, IdentityHash, Input, InputError,
    Instant, JobId, LinkId, LinkRequest, Mode, Output, PacketBuf, Profile, Samples, SendFormat,
    Source, StreamChange, StreamId, Telephone, Tempo, Work, limits,
};

pub use pair::{ALICE, BOB, Handset, LinkFacts, Network, Pair};
pub use script::{ESTABLISHING, IN, IN_CALL, OUT, OUT_CALL, OUT_STREAM, PEER, Script, US};

/// An output whose bytes are read and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedOutput {
    Tx(LinkId, Vec<Signal>),
    Media(LinkId, Codec, Vec<u8>),
    /// Several frames in one packet.
    Joined(LinkId, Vec<Vec<u8>>),
    /// A report of lost packets in percent, without media.
    LossReport(LinkId, u8),
    Link(LinkId, LinkRequest),
    Announce,
    Stream(StreamId, Direction, StreamChange),
    Encode(JobId, SendFormat, Source, Samples),
    Discard(JobId, Samples),
    Decode(JobId, Codec, Tempo, Vec<u8>),
    Conceal(JobId, Samples),
    Event(Event),
}

impl OwnedOutput {
    fn keep(output: &Output<'_>) -> Self {
        match *output {
            Output::Transmit { link, class, data } => {
                let packet = Packet::parse(data).expect("what is sent is well formed");
                let mut frames = packet.frames();
                match (class, frames.next()) {
                    (Class::Signal, None) => Self::Tx(link, packet.signals().collect()),
                    (Class::Media, None) => {
                        Self::LossReport(link, packet.loss().expect("there is nothing else"))
                    }
                    (Class::Media, Some(Ok(Frame { codec, payload }))) => {
                        assert_eq!(packet.signals().count(), 0);
                        if frames.next().is_none() {
                            return Self::Media(link, codec, payload.to_vec());
                        }
                        let frames = packet.frames().map(|frame| frame.expect("it is ours"));
                        Self::Joined(link, frames.map(|frame| frame.payload.to_vec()).collect())
                    }
                    other => panic!("{other:?} in {data:02x?}"),
                }
            }
            Output::Link { link, request } => Self::Link(link, request),
            Output::Announce => Self::Announce,
            Output::Stream { stream, direction, change } => Self::Stream(stream, direction, change),
            Output::Job { job, direction, work, .. } => {
                let (is_of, kept) = match work {
                    Work::Encode { format, source, samples } => {
                        (Direction::Send, Self::Encode(job, format, source, samples))
                    }
                    Work::Discard { samples } => (Direction::Send, Self::Discard(job, samples)),
                    Work::Decode { codec, payload, tempo } => {
                        let rest = payload.strip_prefix(&[OPUS_60_MS]).unwrap_or(payload);
                        (Direction::Receive, Self::Decode(job, codec, tempo, rest.to_vec()))
                    }
                    Work::Conceal { samples } => (Direction::Receive, Self::Conceal(job, samples)),
                };
                assert_eq!(direction, is_of, "{kept:?}");
                kept
            }
            Output::Event(event) => Self::Event(event),
        }
    }
}

/// Gives an input and drains the outputs. Whatever the input is: a refused one changes nothing,
/// and an accepted one keeps to its bound.
pub fn feed(
    phone: &mut Telephone,
    now: Instant,
    input: Input<'_>,
    mut see: impl FnMut(&Output<'_>),
) -> Result<Vec<OwnedOutput>, InputError> {
    let before = phone.clone();
    if let Err(error) = phone.handle_input(now, input) {
        assert!(*phone == before, "{input:?} was refused and changed something");
        return Err(error);
    }
    let mut buf = PacketBuf::new();
    let mut done = Vec::new();
    while let Some(output) = phone.poll_output(&mut buf) {
        see(&output);
        done.push(OwnedOutput::keep(&output));
    }
    assert!(done.len() <= limits::OUTPUTS_PER_INPUT, "{input:?} caused {} outputs", done.len());
    Ok(done)
}

pub fn tx<const N: usize>(link: LinkId, signals: [Signal; N]) -> OwnedOutput {
    OwnedOutput::Tx(link, signals.to_vec())
}

/// What a caller hears who is turned away.
pub fn busy(link: LinkId) -> OwnedOutput {
    tx(link, [Signal::Ringing, Signal::Busy])
}

/// What the app hears of a caller who came while the line was taken.
pub fn turned_away(from: IdentityHash) -> OwnedOutput {
    event(Event::CallerTurnedAway { from })
}

pub fn event(event: Event) -> OwnedOutput {
    OwnedOutput::Event(event)
}

pub fn close(link: LinkId) -> OwnedOutput {
    OwnedOutput::Link(link, LinkRequest::Close)
}

pub fn streams(call: CallId, change: StreamChange) -> [OwnedOutput; 2] {
    [Direction::Send, Direction::Receive]
        .map(|direction| OwnedOutput::Stream(call.into(), direction, change))
}

/// What a callee says and tells once it has answered and knows the preferences, in full duplex.
pub fn answered(link: LinkId, call: CallId, profile: Profile) -> [OwnedOutput; 5] {
    let [send, receive] = streams(call, StreamChange::Opened);
    [
        tx(link, [Signal::Connecting]),
        tx(link, [Signal::Established]),
        event(Event::Established { call, profile, mode: Mode::FullDuplex }),
        send,
        receive,
    ]
}

/// The default settings of a phone that announces itself on command only.
pub fn quiet() -> Config {
    Config { announce: AnnouncePolicy::ON_COMMAND, ..Config::default() }
}

pub fn somebody(number: u8) -> IdentityHash {
    IdentityHash([number; 16])
}

/// The first byte of an Opus frame of 60 ms.
const OPUS_60_MS: u8 = 0x58;
