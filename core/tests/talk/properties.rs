//! What holds for a radio whatever happens to it.

use lxst_core::talk::{Command, Config, Event, Input, Numbers, Output, Radio, SEND_STREAM};
use lxst_core::wire::{
    Codec, Frame, Media, Sequence, SpeakerId, TalkEnd, encode_media, encode_talk_end,
};
use lxst_core::{
    Direction, InputError, Instant, JobId, LinkId, Mute, Outcome, PacketBuf, PortChange, Profile,
    Samples, StreamChange, StreamId, Talk, Work, limits,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const TALKERS: usize = 3;
const RING: usize = 3_072;
type Tested = Radio<TALKERS, RING>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_radio_keeps_its_promises(
        config in config(),
        ops in prop::collection::vec(op(), 0..200),
    ) {
        let mut run = Run::new(config);
        for op in ops {
            run.apply(&op);
        }
        run.vanish();
    }
}

#[derive(Clone, Debug)]
enum Op {
    Advance(u64),
    Frames { link: u64, speaker: Option<u64>, number: Option<u16>, lengths: Vec<usize> },
    End { link: u64, speaker: Option<u64> },
    Bytes(u64, Vec<u8>),
    Closed(u64),
    Port(Direction, PortChange),
    Captured(u64),
    Consumed(u64),
    Overrun(Direction, u64),
    Done(Index, Done),
    Command(Command),
    Drain,
}

#[derive(Clone, Copy, Debug)]
enum Done {
    Encoded(usize),
    NoVoice,
    Played(u64, u8),
    Failed,
}

/// A radio, and what a driver knows of it.
struct Run {
    radio: Tested,
    now: Instant,
    jobs: Vec<(JobId, StreamId)>,
    open: Vec<StreamId>,
    ever_open: StreamId,
    talking: Vec<StreamId>,
}

impl Run {
    fn new(config: Config) -> Self {
        Self {
            radio: Radio::new(config, Instant::ORIGIN),
            now: Instant::ORIGIN,
            jobs: Vec::new(),
            open: Vec::new(),
            ever_open: SEND_STREAM,
            talking: Vec::new(),
        }
    }

    fn apply(&mut self, op: &Op) {
        let mut buf = [0; 4_096];
        match op {
            Op::Advance(micros) => {
                self.now = Instant::from_micros(self.now.as_micros() + micros);
                self.give(Input::Timeout);
            }
            Op::Frames { link, speaker, number, lengths } => {
                let payload = [0x08; 1_300];
                let frames: Vec<_> = lengths
                    .iter()
                    .map(|length| Frame { codec: Codec::Opus, payload: &payload[..*length] })
                    .collect();
                let (speaker, sequence) = (speaker.map(SpeakerId), number.map(Sequence));
                let media = Media { frames: &frames, speaker, sequence };
                if let Ok(length) = encode_media(media, &mut buf) {
                    self.give(Input::Packet { link: LinkId(*link), data: &buf[..length] });
                }
            }
            Op::End { link, speaker } => {
                let end = TalkEnd { speaker: speaker.map(SpeakerId) };
                let length = encode_talk_end(end, &mut buf).expect("there is room");
                self.give(Input::Packet { link: LinkId(*link), data: &buf[..length] });
            }
            Op::Bytes(link, data) => self.give(Input::Packet { link: LinkId(*link), data }),
            Op::Closed(link) => self.give(Input::Closed { link: LinkId(*link) }),
            Op::Port(direction, change) => {
                let (direction, change) = (*direction, *change);
                self.give(Input::Port { direction, change });
            }
            Op::Captured(samples) => self.give(Input::Captured { samples: Samples(*samples) }),
            Op::Consumed(samples) => self.give(Input::Consumed { samples: Samples(*samples) }),
            Op::Overrun(direction, samples) => {
                let (direction, samples) = (*direction, Samples(*samples));
                self.give(Input::Overrun { direction, samples });
            }
            Op::Done(index, done) => self.finish(index, *done),
            Op::Command(command) => self.give(Input::Command(*command)),
            Op::Drain => self.drain(),
        }
    }

    fn finish(&mut self, index: &Index, done: Done) {
        if self.jobs.is_empty() {
            return;
        }
        let index = index.index(self.jobs.len());
        let (job, _) = self.jobs[index];
        let payload = [0x08; 1_300];
        let outcome = match done {
            Done::Encoded(length) => {
                Outcome::Encoded(Frame { codec: Codec::Opus, payload: &payload[..length] })
            }
            Done::NoVoice => Outcome::NoVoice,
            Done::Played(samples, level) => Outcome::Played { samples: Samples(samples), level },
            Done::Failed => Outcome::Failed,
        };
        if self.offer(Input::JobDone { job, outcome }) {
            self.jobs.remove(index);
        }
    }

    fn give(&mut self, input: Input<'_>) {
        if !self.offer(input) {
            self.drain();
            assert!(self.offer(input) || matches!(input, Input::Command(Command::Mute(..))));
        }
    }

    /// Gives an input to two clones, which agree. Returns whether it was taken.
    fn offer(&mut self, input: Input<'_>) -> bool {
        let before = self.radio.clone();
        let mut twin = self.radio.clone();
        let taken = self.radio.handle_input(self.now, input);
        assert_eq!(taken, twin.handle_input(self.now, input));
        assert_eq!(self.radio, twin);
        match taken {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(self.radio, before, "a refused input changes nothing");
                let is_known =
                    matches!(error, InputError::OutputFull | InputError::UnknownStream(_));
                assert!(is_known, "{error}");
                false
            }
        }
    }

    fn drain(&mut self) {
        let mut buf = PacketBuf::new();
        let mut outputs = 0;
        while let Some(output) = self.radio.poll_output(&mut buf) {
            outputs += 1;
            match output {
                Output::Stream { stream, change: StreamChange::Opened, .. } => {
                    assert!(!self.open.contains(&stream));
                    assert!(stream == SEND_STREAM || stream > self.ever_open, "ids are used once");
                    self.ever_open = self.ever_open.max(stream);
                    self.open.push(stream);
                }
                Output::Stream { stream, change: StreamChange::Closed, .. } => {
                    assert!(self.open.contains(&stream));
                    assert!(!self.talking.contains(&stream));
                    self.open.retain(|open| *open != stream);
                }
                Output::Job { job, stream, work, direction } => {
                    assert!(self.open.contains(&stream));
                    assert_eq!(direction == Direction::Send, stream == SEND_STREAM);
                    if let Work::Encode { samples, .. } | Work::Discard { samples } = work {
                        assert!(!samples.is_zero());
                    }
                    self.jobs.push((job, stream));
                }
                Output::Event(Event::Talking { stream, .. }) => {
                    assert!(!self.talking.contains(&stream));
                    self.talking.push(stream);
                }
                Output::Event(Event::TalkEnded { stream }) => {
                    assert!(self.talking.contains(&stream));
                    self.talking.retain(|talking| *talking != stream);
                }
                Output::Transmit { data, .. } => assert!(data.len() <= limits::PACKET_BYTES),
                Output::Event(_) => {}
            }
        }
        assert!(outputs <= limits::OUTBOX + 2);
        let listening = self.open.iter().filter(|stream| **stream != SEND_STREAM).count();
        assert!(listening <= TALKERS);
        for stream in &self.open {
            let out = self.jobs.iter().filter(|(_, of)| of == stream);
            let most = if *stream == SEND_STREAM { 2 * limits::SEND_JOBS } else { 1 };
            // The microphone may have come back while old jobs are out.
            assert!(*stream == SEND_STREAM || out.count() <= most);
        }
    }

    /// Everybody vanishes: the radio forgets all talkers, and is idle.
    fn vanish(&mut self) {
        self.drain();
        let mut steps = 0;
        while let Some(due) = self.radio.poll_timeout() {
            self.now = self.now.max(due.at);
            self.give(Input::Timeout);
            self.drain();
            for (job, stream) in core::mem::take(&mut self.jobs) {
                if stream != SEND_STREAM {
                    let outcome = Outcome::Played { samples: Samples(480), level: 30 };
                    self.give(Input::JobDone { job, outcome });
                }
            }
            self.drain();
            steps += 1;
            assert!(steps < 10_000, "{due:?} stays due");
        }
        assert!(self.talking.is_empty());
        assert!(self.open.iter().all(|stream| *stream == SEND_STREAM));
    }
}

fn op() -> impl Strategy<Value = Op> {
    let link = || 1..4_u64;
    let speaker = || prop_oneof![2 => Just(None), 1 => (1..3_u64).prop_map(Some)];
    let direction = || select(vec![Direction::Send, Direction::Receive]);
    let number = prop_oneof![
        2 => Just(None),
        4 => (0..30_u16).prop_map(Some),
        1 => any::<u16>().prop_map(Some)
    ];
    let lengths = prop::collection::vec(prop_oneof![8 => 1..60_usize, 1 => 0..1_300_usize], 0..6);
    prop_oneof![
        4 => prop_oneof![0..30_000_u64, 0..3_000_000_u64, 0..60_000_000_u64].prop_map(Op::Advance),
        10 => (link(), speaker(), number, lengths).prop_map(|(link, speaker, number, lengths)| {
            Op::Frames { link, speaker, number, lengths }
        }),
        2 => (link(), speaker()).prop_map(|(link, speaker)| Op::End { link, speaker }),
        1 => (link(), prop::collection::vec(any::<u8>(), 0..30))
            .prop_map(|(link, bytes)| Op::Bytes(link, bytes)),
        1 => link().prop_map(Op::Closed),
        3 => (direction(), select(vec![PortChange::Attached, PortChange::Attached, PortChange::Detached]))
            .prop_map(|(direction, change)| Op::Port(direction, change)),
        6 => prop_oneof![4 => 0..5_000_u64, 1 => any::<u64>()].prop_map(Op::Captured),
        8 => prop_oneof![4 => 0..5_000_u64, 1 => any::<u64>()].prop_map(Op::Consumed),
        1 => (direction(), any::<u64>())
            .prop_map(|(direction, samples)| Op::Overrun(direction, samples)),
        12 => (any::<Index>(), done()).prop_map(|(index, done)| Op::Done(index, done)),
        4 => command().prop_map(Op::Command),
        10 => Just(Op::Drain),
    ]
}

fn done() -> impl Strategy<Value = Done> {
    prop_oneof![
        4 => (1..1_300_usize).prop_map(Done::Encoded),
        1 => Just(Done::NoVoice),
        6 => (0..5_000_u64, 0..128_u8).prop_map(|(samples, level)| Done::Played(samples, level)),
        1 => Just(Done::Failed),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let stream = (0..9_u64).prop_map(StreamId);
    prop_oneof![
        3 => Just(Command::Talk(Talk::Pressed)),
        2 => Just(Command::Talk(Talk::Released)),
        1 => (stream, select(vec![Mute::Muted, Mute::Unmuted]))
            .prop_map(|(stream, mute)| Command::Mute(stream, mute)),
        1 => select(Profile::ALL.to_vec()).prop_map(|profile| Command::SetFormat(profile.into())),
        1 => (0..2_000_usize).prop_map(Command::SetMdu),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let numbers = select(vec![Numbers::Auto, Numbers::Always, Numbers::Never]);
    (select(Profile::ALL.to_vec()), 0..200_000_u64, numbers, any::<bool>()).prop_map(
        |(profile, batch, numbers, ends)| Config {
            format: profile.into(),
            batch: Samples(batch),
            numbers,
            ends,
            ..Config::default()
        },
    )
}
