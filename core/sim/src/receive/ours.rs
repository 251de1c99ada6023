//! Our phone, in an established call, with a decoder that answers at once.

use core::time::Duration;
use std::collections::VecDeque;

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    AnnouncePolicy, CallId, Command, Config, Counters, Direction, IdentityHash, Input, Instant,
    LinkEvent, LinkId, Mode, Outcome as Done, Output, PacketBuf, PortChange, Profile, ProfileSet,
    Samples, StreamId, Telephone, Tempo, VoiceCodec, Work, limits,
};

use super::{LEARNING, Outcome, Trace, block, micros};

pub(super) fn play(trace: &Trace) -> Outcome {
    let mut handset = Handset::new(trace);
    handset.establish();
    let mut arrivals = trace.arrivals.iter().peekable();
    let mut number = 0;
    loop {
        let block_at = trace.tick(number);
        let arrival = arrivals.peek().map_or(u64::MAX, |(at, _)| *at);
        let timeout = handset.phone.poll_timeout().map_or(u64::MAX, |due| due.at.as_micros());
        let timeout = timeout.saturating_sub(BEGINS).max(handset.now);
        handset.now = block_at.min(arrival).min(timeout);
        if handset.now > trace.end() {
            break;
        }
        if handset.now == arrival {
            let frame = arrivals.next().expect("it was peeked").1;
            handset.on_frame(frame);
        } else if handset.now == block_at {
            handset.on_block();
            number += 1;
        } else {
            handset.give(Input::Timeout);
        }
    }
    handset.finish()
}

struct Handset<'t> {
    trace: &'t Trace,
    phone: Telephone,
    now: u64,
    /// What the playout queue holds: frames' numbers, or none for what was made up.
    queue: VecDeque<(Option<u32>, Samples)>,
    before: Counters,
    /// What the decoder holds back while it plays faster.
    held: Samples,
    outcome: Outcome,
}

impl<'t> Handset<'t> {
    fn new(trace: &'t Trace) -> Self {
        let config = Config {
            announce: AnnouncePolicy::ON_COMMAND,
            profiles: Profile::ALL.into_iter().fold(ProfileSet::EMPTY, ProfileSet::with),
            ..Config::default()
        };
        Self {
            trace,
            phone: Telephone::new(IdentityHash([1; 16]), config, Instant::ORIGIN),
            now: 0,
            queue: VecDeque::new(),
            before: Counters::default(),
            held: Samples::ZERO,
            outcome: Outcome::default(),
        }
    }

    fn establish(&mut self) {
        let dial = Command::Dial {
            call: CallId(1),
            link: LINK,
            to: IdentityHash([2; 16]),
            profile: self.trace.profile,
            mode: Mode::FullDuplex,
        };
        self.give(Input::Command(dial));
        let event = LinkEvent::Up { rtt: Some(Duration::ZERO), mdu: Some(431) };
        self.give(Input::Link { link: LINK, event });
        for signal in [Signal::Available, Signal::Ringing, Signal::Connecting, Signal::Established]
        {
            let mut buf = [0; 20];
            let length = wire::encode_signals(&[signal], &mut buf).expect("20 bytes hold one");
            self.give(Input::Packet { link: LINK, data: &buf[..length] });
        }
        let (direction, change) = (Direction::Receive, PortChange::Attached);
        self.give(Input::Port { stream: STREAM, direction, change });
    }

    fn on_frame(&mut self, number: u32) {
        let codec = match self.trace.profile.codec() {
            VoiceCodec::Opus { .. } => Codec::Opus,
            VoiceCodec::Codec2 { .. } => Codec::Codec2,
        };
        let mut payload = [0; 300];
        payload[0] = match self.trace.profile {
            Profile::UltraLowBandwidth => 0,
            Profile::VeryLowBandwidth => 4,
            Profile::LowBandwidth => 6,
            Profile::MediumQuality | Profile::HighQuality | Profile::SuperHighQuality => 0x58,
            Profile::LowLatency => 0x48,
            Profile::UltraLowLatency => 0xf0,
        };
        payload[1..5].copy_from_slice(&number.to_le_bytes());
        let payload = &payload[..self.trace.profile.byte_ceiling()];
        let mut buf = [0; 400];
        let length = wire::encode_frame(Frame { codec, payload }, &mut buf).expect("it fits");
        self.give(Input::Packet { link: LINK, data: &buf[..length] });
    }

    fn on_block(&mut self) {
        if self.now >= LEARNING && self.outcome.streamed.is_zero() {
            self.before = self.phone.counters();
        }
        let samples = block(self.trace.profile);
        if self.now >= LEARNING {
            self.outcome.streamed += samples.duration();
        }
        let mut wanted = samples;
        while !wanted.is_zero()
            && let Some((what, length)) = self.queue.front_mut()
        {
            if let Some(number) = what.take() {
                let starts = self.now + micros(samples - wanted);
                let captured = self.trace.captured(number);
                self.outcome.delays.push((captured, starts - captured));
            }
            let taken = wanted.min(*length);
            (wanted, *length) = (wanted - taken, *length - taken);
            if length.is_zero() {
                self.queue.pop_front();
            }
        }
        if self.now >= LEARNING {
            self.outcome.silent += wanted.duration();
        }
        self.give(Input::Consumed { stream: STREAM, samples });
    }

    fn give(&mut self, input: Input<'_>) {
        let now = Instant::from_micros(BEGINS + self.now);
        self.phone.handle_input(now, input).expect("the phone takes it");
        let mut buf = PacketBuf::new();
        while let Some(output) = self.phone.poll_output(&mut buf) {
            let Output::Job { job, work, .. } = output else { continue };
            let outcome = self.work(work);
            self.phone.handle_input(now, Input::JobDone { job, outcome }).expect("it is out");
        }
    }

    /// Does what a decoder does, at the tempo that it is told.
    fn work(&mut self, work: Work<'_>) -> Done<'static> {
        match work {
            Work::Decode { payload, tempo, .. } => {
                let bytes =
                    payload[1..].first_chunk().expect("frames of the trace have four bytes");
                let number = u32::from_le_bytes(*bytes);
                let is_pause = self.trace.is_pause(number);
                let frame = self.trace.profile.frame().0;
                // A fifth of a frame is left out, or what is allowed.
                let most = if let Tempo::Faster { most } = tempo { most.0 } else { 0 };
                let played = Samples(frame - most.min(frame / 5));
                let is_long = frame >= limits::UNHELD_FRAME.0;
                let hold = if is_long { Samples::ZERO } else { limits::TEMPO_HELD };
                let samples = match tempo {
                    Tempo::Normal => self.held + Samples(frame),
                    Tempo::Skip => Samples::ZERO,
                    Tempo::Faster { .. } => self.held + played - hold,
                    Tempo::Slower => self.held + Samples(frame * 6 / 5),
                };
                match tempo {
                    Tempo::Normal | Tempo::Slower => self.held = Samples::ZERO,
                    Tempo::Faster { .. } => self.held = self.held + played - samples,
                    Tempo::Skip => {}
                }
                if !samples.is_zero() {
                    self.queue.push_back((Some(number), samples));
                }
                Done::Played { samples, level: if is_pause { 70 } else { 25 } }
            }
            Work::Conceal { samples } => {
                let samples = samples.max(core::mem::take(&mut self.held));
                self.queue.push_back((None, samples));
                Done::Played { samples, level: 40 }
            }
            Work::Encode { .. } => Done::NoVoice,
            Work::Discard { .. } => Done::Discarded,
        }
    }

    fn finish(mut self) -> Outcome {
        let (before, counters) = (self.before, self.phone.counters());
        self.outcome.concealed = (counters.concealed - before.concealed).duration();
        self.outcome.shed = (counters.shed - before.shed).duration();
        self.outcome.expanded = (counters.expanded - before.expanded).duration();
        self.outcome.dropped = counters.frames_shed;
        self.outcome.estimated_lost = counters.frames_lost;
        self.outcome
    }
}

const LINK: LinkId = LinkId(2);
const STREAM: StreamId = StreamId(1);

/// When the trace begins at the phone's clock, in µs.
const BEGINS: u64 = 1_000_000;
