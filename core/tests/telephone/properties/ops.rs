//! Anything that may happen to a phone.

use core::time::Duration;

use lxst_core::wire::Codec;
use lxst_core::{
    Admission, AirBudget, AnswerMode, CallId, Command, Config, Direction, FramesPerPacket,
    InsteadOfVoice, LinkClosed, LinkEvent, LinkFailed, Mode, Mute, PortChange, Profile, ProfileSet,
    RawDepth, ScreeningTime, Talk, TransmitCodec, limits,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::support::{quiet, somebody};

#[derive(Clone, Debug)]
pub(super) enum Op {
    Advance(u64),
    SetUp(bool, Profile, Mode),
    Dial(Profile, Mode),
    Cross(Profile, Mode, u64, u8),
    Incoming(Option<u64>, Option<usize>),
    Link(Index, LinkEvent),
    Signals(Index, Vec<u64>),
    Frame(Index, Codec, usize),
    /// A frame with a copy and a report of loss, in percent.
    Copy(Index, usize, u8),
    Bytes(Index, Vec<u8>),
    Command(Index, fn(CallId) -> Command),
    SetAvailable(bool),
    Port(Direction, PortChange),
    Captured(u64),
    Consumed(u64),
    Overrun(Direction, u64),
    JobDone(Index, Done),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Done {
    Encoded(usize),
    NoVoice,
    Played(u64, u8),
    Discarded,
    Failed,
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let any_index = any::<Index>;
    prop_oneof![
        3 => prop_oneof![0..30_u64, 0..2_000_u64, 0..100_000_u64].prop_map(Op::Advance),
        2 => (any::<bool>(), profile(), mode()).prop_map(|(is_caller, profile, mode)| {
            Op::SetUp(is_caller, profile, mode)
        }),
        1 => (profile(), mode()).prop_map(|(profile, mode)| Op::Dial(profile, mode)),
        2 => (profile(), mode(), 0..7_u64, 1..5_u8).prop_map(|(profile, mode, signal, peer)| {
            Op::Cross(profile, mode, signal, peer)
        }),
        2 => (rtt(), prop_oneof![Just(None), prop_oneof![Just(431_usize), 0..500_usize].prop_map(Some)])
            .prop_map(|(rtt, mdu)| Op::Incoming(rtt, mdu)),
        4 => (any_index(), link_event()).prop_map(|(link, event)| Op::Link(link, event)),
        4 => (any_index(), prop::collection::vec(signal(), 0..20))
            .prop_map(|(link, signals)| Op::Signals(link, signals)),
        6 => (any_index(), select(vec![Codec::Raw, Codec::Opus, Codec::Codec2]), 0..1_300_usize)
            .prop_map(|(link, codec, length)| Op::Frame(link, codec, length)),
        3 => (any_index(), 0..200_usize, 0..130_u8)
            .prop_map(|(link, length, percent)| Op::Copy(link, length, percent)),
        1 => (any_index(), prop::collection::vec(any::<u8>(), 0..30))
            .prop_map(|(link, data)| Op::Bytes(link, data)),
        4 => (any_index(), select(COMMANDS)).prop_map(|(call, make)| Op::Command(call, make)),
        1 => select(vec![false, true]).prop_map(Op::SetAvailable),
        2 => (direction(), select(vec![PortChange::Attached, PortChange::Detached]))
            .prop_map(|(direction, change)| Op::Port(direction, change)),
        6 => prop_oneof![4 => 0..5_000_u64, 1 => any::<u64>()].prop_map(Op::Captured),
        6 => prop_oneof![4 => 0..5_000_u64, 1 => any::<u64>()].prop_map(Op::Consumed),
        2 => (direction(), any::<u64>())
            .prop_map(|(direction, samples)| Op::Overrun(direction, samples)),
        8 => (any_index(), done()).prop_map(|(job, done)| Op::JobDone(job, done)),
    ]
}

pub(super) fn config() -> impl Strategy<Value = Config> {
    let seconds =
        prop_oneof![Just(Duration::ZERO), (0..90_000_u64).prop_map(Duration::from_millis)];
    let longest = limits::MAX_SCREENING.as_millis() as u64;
    let screening =
        prop_oneof![Just(Duration::ZERO), (0..=longest).prop_map(Duration::from_millis)];
    let verdicts =
        select(vec![Admission::Ring, Admission::Busy, Admission::Reject, Admission::Drop]);
    let transmits = vec![TransmitCodec::Profile, TransmitCodec::Raw { depth: RawDepth::Float128 }];
    let mutes = vec![InsteadOfVoice::Silence, InsteadOfVoice::Nothing];
    let callers = vec![Some(Admission::Ring), Some(Admission::Ring), None, Some(Admission::Busy)];
    (
        select(vec![AnswerMode::App, AnswerMode::Automatic]),
        select(callers),
        (seconds.clone(), seconds, screening),
        verdicts,
        (select(transmits), 1..=limits::FRAMES_PER_PACKET as u8, select(mutes)),
        (0..=100_u8, any::<bool>()),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(answer, callers, times, admission, sends, copies, opens, announces)| {
            Config {
                answer,
                callers,
                transmit: sends.0,
                frames_per_packet: FramesPerPacket::new(sends.1).expect("within its bounds"),
                air_budget: AirBudget::new(copies.0).expect("within its bounds"),
                asks_for_copies: copies.1,
                when_muted: sends.2,
                ring_time: times.0,
                wait_time: times.1,
                screening_time: ScreeningTime::new(times.2).expect("within its bounds"),
                screening_default: admission,
                peer_may_open_microphone: opens,
                profiles: Profile::ALL.into_iter().fold(ProfileSet::EMPTY, ProfileSet::with),
                ..if announces { Config::default() } else { quiet() }
            }
        })
}

fn signal() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => 0..8_u64,
        2 => 0xf0..0xf4_u64,
        2 => (0..10_u64).prop_map(|profile| 0xff + profile * 0x10),
        1 => any::<u64>(),
    ]
}

/// What a stack tells of a round trip, in ms.
fn rtt() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![Just(None), (0..5_000_u64).prop_map(Some)]
}

fn link_event() -> impl Strategy<Value = LinkEvent> {
    let (rtt, mdu) = (Some(Duration::from_millis(10)), Some(431));
    select(vec![
        LinkEvent::Up { rtt, mdu },
        LinkEvent::Up { rtt: None, mdu: None },
        LinkEvent::Failed(LinkFailed::NoPath),
        LinkEvent::Failed(LinkFailed::NoNetwork),
        LinkEvent::Identified(somebody(1)),
        LinkEvent::Identified(somebody(2)),
        LinkEvent::Identified(somebody(3)),
        LinkEvent::Heard,
        LinkEvent::Closed(LinkClosed::Peer),
        LinkEvent::Closed(LinkClosed::Timeout),
    ])
}

fn done() -> impl Strategy<Value = Done> {
    prop_oneof![
        (0..600_usize).prop_map(Done::Encoded),
        Just(Done::NoVoice),
        (0..10_000_u64, 0..128_u8).prop_map(|(samples, level)| Done::Played(samples, level)),
        (any::<u64>(), any::<u8>()).prop_map(|(samples, level)| Done::Played(samples, level)),
        Just(Done::Discarded),
        Just(Done::Failed),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    select(&Profile::ALL[..])
}

fn mode() -> impl Strategy<Value = Mode> {
    select(vec![Mode::FullDuplex, Mode::HalfDuplex])
}

fn direction() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Send, Direction::Receive])
}

const COMMANDS: &[fn(CallId) -> Command] = &[
    Command::Answer,
    Command::HangUp,
    |call| Command::Screen(call, Admission::Ring),
    |call| Command::Screen(call, Admission::Busy),
    |call| Command::SetProfile(call, Profile::LowLatency),
    |call| Command::SetProfile(call, Profile::MediumQuality),
    |call| Command::SetMode(call, Mode::HalfDuplex),
    |call| Command::SetMode(call, Mode::FullDuplex),
    |call| Command::Talk(call, Talk::Pressed),
    |call| Command::Talk(call, Talk::Released),
    |call| Command::Mute(call, Direction::Send, Mute::Muted),
    |call| Command::Mute(call, Direction::Receive, Mute::Muted),
    |call| Command::Mute(call, Direction::Receive, Mute::Unmuted),
];
