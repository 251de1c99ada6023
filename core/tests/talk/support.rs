//! Talkers, wires and a listener, in virtual time.

use core::time::Duration;

use lxst_core::talk::{Command, Config, Event, Format, Input, Output, Radio};
use lxst_core::wire::{Codec, Frame};
use lxst_core::{
    Direction, Instant, JobId, LinkId, Outcome, PacketBuf, PortChange, Profile, Samples,
    SendFormat, StreamChange, StreamId, Talk, Work,
};
use lxst_sim::wire::{Conditions, Wire};

/// One who talks, and the wire to the listener.
pub(crate) struct Talker {
    pub(crate) radio: Radio<0>,
    pub(crate) wire: Wire<Vec<u8>>,
    pub(crate) sent: Vec<Vec<u8>>,
    /// Whether the encoder finds voice.
    pub(crate) has_voice: bool,
    link: LinkId,
    format: Format,
    frames: u32,
}

/// One who listens to all.
pub(crate) struct Listener {
    pub(crate) radio: Radio<4>,
    pub(crate) heard: Vec<Heard>,
    pub(crate) events: Vec<Event>,
    /// Streams that opened and did not close.
    pub(crate) open: Vec<StreamId>,
}

/// What the listener's codec was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Frame(StreamId, u32),
    Concealed(StreamId, Samples),
}

impl Talker {
    pub(crate) fn new(link: u64, config: Config, conditions: Conditions) -> Self {
        let mut radio = Radio::new(config, Instant::ORIGIN);
        attach(&mut radio, Direction::Send);
        Self {
            radio,
            wire: Wire::new(link, conditions),
            sent: Vec::new(),
            has_voice: true,
            link: LinkId(link),
            format: config.format,
            frames: 0,
        }
    }

    pub(crate) fn talk(&mut self, now: Instant, talk: Talk) {
        self.give(now, Input::Command(Command::Talk(talk)));
    }

    pub(crate) fn capture(&mut self, now: Instant, samples: Samples) {
        self.give(now, Input::Captured { samples });
    }

    pub(crate) fn give(&mut self, now: Instant, input: Input<'_>) {
        self.radio.handle_input(now, input).expect("the outputs are drained");
        let mut buf = PacketBuf::new();
        while let Some(output) = self.radio.poll_output(&mut buf) {
            match output {
                Output::Transmit { data, .. } => {
                    self.sent.push(data.to_vec());
                    self.wire.send(now, data.to_vec());
                }
                Output::Job { job, work, .. } => self.encode(now, job, work),
                Output::Stream { .. } | Output::Event(_) => {}
            }
        }
    }

    fn encode(&mut self, now: Instant, job: JobId, work: Work<'_>) {
        let payload = payload(self.format, self.frames);
        let outcome = match work {
            Work::Encode { .. } if self.has_voice => {
                self.frames += 1;
                Outcome::Encoded(Frame { codec: Codec::Opus, payload: &payload })
            }
            Work::Encode { .. } => Outcome::NoVoice,
            Work::Discard { .. } | Work::Decode { .. } | Work::Conceal { .. } => Outcome::Discarded,
        };
        self.radio.handle_input(now, Input::JobDone { job, outcome }).expect("no packet waits");
    }
}

impl Listener {
    pub(crate) fn new() -> Self {
        let mut radio = Radio::new(Config::default(), Instant::ORIGIN);
        attach(&mut radio, Direction::Receive);
        Self { radio, heard: Vec::new(), events: Vec::new(), open: Vec::new() }
    }

    pub(crate) fn give(&mut self, now: Instant, input: Input<'_>) {
        self.radio.handle_input(now, input).expect("the outputs are drained");
        let mut buf = PacketBuf::new();
        while let Some(output) = self.radio.poll_output(&mut buf) {
            match output {
                Output::Job { job, stream, work, .. } => self.decode(now, job, stream, work),
                Output::Event(event) => self.events.push(event),
                Output::Stream { stream, change: StreamChange::Opened, .. } => {
                    self.open.push(stream);
                }
                Output::Stream { stream, change: StreamChange::Closed, .. } => {
                    self.open.retain(|open| *open != stream);
                }
                Output::Transmit { .. } => panic!("a listener sends nothing"),
            }
        }
    }

    /// Handles what is due, exactly at its time.
    pub(crate) fn pass_time(&mut self, now: Instant) {
        for _ in 0..100 {
            match self.radio.poll_timeout() {
                Some(due) if due.at <= now => self.give(due.at, Input::Timeout),
                _ => return,
            }
        }
        panic!("a deadline stays due");
    }

    /// The frames that one talker was heard with.
    pub(crate) fn frames_of(&self, stream: StreamId) -> Vec<u32> {
        let frames = self.heard.iter().filter_map(|heard| match heard {
            Heard::Frame(of, frame) if *of == stream => Some(*frame),
            Heard::Frame(..) | Heard::Concealed(..) => None,
        });
        frames.collect()
    }

    pub(crate) fn concealed(&self) -> Samples {
        self.heard.iter().fold(Samples::ZERO, |sum, heard| match heard {
            Heard::Concealed(_, samples) => sum + *samples,
            Heard::Frame(..) => sum,
        })
    }

    fn decode(&mut self, now: Instant, job: JobId, stream: StreamId, work: Work<'_>) {
        let played = match work {
            Work::Decode { payload, .. } => {
                let (first, number) = payload.split_first().expect("a frame has a first byte");
                let number = number.first_chunk().expect("a frame has a number");
                self.heard.push(Heard::Frame(stream, u32::from_le_bytes(*number)));
                length_of(*first)
            }
            Work::Conceal { samples } => {
                self.heard.push(Heard::Concealed(stream, samples));
                samples
            }
            Work::Encode { .. } | Work::Discard { .. } => panic!("a listener encodes nothing"),
        };
        let outcome = Outcome::Played { samples: played, level: 20 };
        let done = self.radio.handle_input(now, Input::JobDone { job, outcome });
        done.expect("a job is done once");
    }
}

/// Lets everybody talk and listen until a moment: blocks of 10 ms are captured, blocks of 20 ms are
/// played.
pub(crate) fn run(talkers: &mut [Talker], listener: &mut Listener, from: Instant, until: Instant) {
    let block = Duration::from_millis(10);
    let mut now = from;
    let mut blocks = 0_u64;
    while now < until {
        for talker in talkers.iter_mut() {
            talker.capture(now, Samples::of(block));
            while let Some(at) = talker.wire.next_at().filter(|at| *at <= now) {
                listener.pass_time(at);
                let data = talker.wire.poll(at).expect("it has arrived");
                listener.give(at, Input::Packet { link: talker.link, data: &data });
            }
        }
        listener.pass_time(now);
        if blocks.is_multiple_of(2) {
            listener.give(now, Input::Consumed { samples: Samples::from_millis(20) });
        }
        blocks += 1;
        now = now + block;
    }
}

pub(crate) fn config(profile: Profile) -> Config {
    Config { format: profile.into(), ..Config::default() }
}

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A frame of a format: its TOC byte, and a number.
fn payload(format: Format, number: u32) -> [u8; 5] {
    let toc = match format.send() {
        SendFormat::Profile(Profile::UltraLowLatency) => 0xf0,
        SendFormat::Profile(Profile::LowLatency) => 0x08,
        _ => 0x18,
    };
    let [a, b, c, d] = number.to_le_bytes();
    [toc, a, b, c, d]
}

/// The length of a frame that begins with this byte: of Opus, or 0 for Codec2 700C.
fn length_of(first: u8) -> Samples {
    Samples::from_millis(match first {
        0x00 => 400,
        0xf0 => 10,
        0x08 => 20,
        _ => 60,
    })
}

fn attach<const TALKERS: usize>(radio: &mut Radio<TALKERS>, direction: Direction) {
    let change = PortChange::Attached;
    let taken = radio.handle_input(Instant::ORIGIN, Input::Port { direction, change });
    taken.expect("nothing waits");
    while radio.poll_output(&mut PacketBuf::new()).is_some() {}
}
