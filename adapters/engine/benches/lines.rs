//! Wall time of 60 ms of calls: of one call on one line and on one of four, and of four calls; and of
//! a radio that hears four talkers. A frame comes in from each and is played, and one is captured
//! and sent, with a coder that costs nothing.

use core::hint::black_box;
use core::time::Duration;

use bytes::Bytes;
use divan::Bencher;
use lxst_core::talk;
use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    Direction, IdentityHash, Instant, LinkEvent, LinkId, LinkRequest, Mode, PortChange, Profile,
    StackEvent, StreamId, Talk,
};
use lxst_engine::{Config, Done, Engine, LinkCommand, LinkQueue, RadioEngine, Task};

fn main() {
    divan::main();
}

#[divan::bench(consts = [1, 4], sample_count = 1_000, sample_size = 16)]
fn one_call<const LINES: usize>(bencher: Bencher<'_, '_>) {
    bench(bencher, Phone::<LINES>::in_calls(1));
}

#[divan::bench(sample_count = 1_000, sample_size = 16)]
fn four_calls(bencher: Bencher<'_, '_>) {
    bench(bencher, Phone::<4>::in_calls(4));
}

#[divan::bench(consts = [1, 4], sample_count = 1_000, sample_size = 16)]
fn radio<const OTHERS: u64>(bencher: Bencher<'_, '_>) {
    let mut radio = RadioEngine::<4>::new(talk::Config::default());
    let mut now = Instant::ORIGIN;
    for direction in [Direction::Send, Direction::Receive] {
        radio.port(now, direction, PortChange::Attached);
    }
    radio.command(now, talk::Command::Talk(Talk::Pressed)).expect("it takes any");
    let media = media_packet();
    let (mut rounds, mut sent) = (0, 0);
    bencher.bench_local(|| {
        now = now + FRAME;
        radio.handle_timeout(now);
        for link in 0..OTHERS {
            radio.handle_packet(now, LinkId(link), black_box(&media));
        }
        radio.capture(now, black_box(&[0.1; SAMPLES]));
        radio.play(now, black_box(&mut [0.0; SAMPLES]));
        while let Some(task) = radio.poll_task() {
            if let Some(done) = done(task) {
                radio.handle_done(now, done);
            }
        }
        sent += core::iter::from_fn(|| radio.poll_packet()).count();
        while radio.poll_event().is_some() {}
        rounds += 1;
    });
    assert_eq!(sent, rounds);
    assert!(radio.counters().frames_received >= OTHERS * (rounds - 1) as u64);
}

fn bench<const LINES: usize>(bencher: Bencher<'_, '_>, mut phone: Phone<LINES>) {
    let mut frames = [0; 2];
    let mut rounds = 0;
    bencher.bench_local(|| {
        let passed = phone.frame();
        frames = [frames[0] + passed[0], frames[1] + passed[1]];
        rounds += phone.streams.len();
    });
    // Before the first are those of the pre-buffer.
    assert!(frames.iter().all(|frames| frames + 16 > rounds), "{frames:?} of {rounds}");
}

/// An engine with calls that stand.
struct Phone<const LINES: usize> {
    engine: Engine<LinkQueue, LINES>,
    now: Instant,
    links: Vec<LinkId>,
    streams: Vec<StreamId>,
    media: Vec<u8>,
}

impl<const LINES: usize> Phone<LINES> {
    fn in_calls(calls: u8) -> Self {
        let mut engine =
            Engine::with_lines(Config::default(), LinkQueue::new(IdentityHash([0xaa; 16])));
        let now = Instant::ORIGIN;
        for direction in [Direction::Send, Direction::Receive] {
            engine.port(now, direction, PortChange::Attached);
        }
        let (links, streams) = (Vec::new(), Vec::new());
        let media = media_packet();
        let mut phone = Self { engine, now, links, streams, media };
        (1..=calls).for_each(|peer| phone.dial(IdentityHash([peer; 16])));
        phone
    }

    fn dial(&mut self, to: IdentityHash) {
        let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
        let call = self.engine.dial(self.now, to, profile, mode).expect("a line is free");
        let Some(LinkCommand::Link { link, request: LinkRequest::Open(_) }) =
            self.engine.stack_mut().poll_command()
        else {
            panic!("a call opens a link")
        };
        let event = LinkEvent::Up { rtt: Some(Duration::from_millis(20)), mdu: Some(431) };
        self.push(StackEvent::Link { link, event });
        for signal in ESTABLISHING {
            self.push(StackEvent::Packet { link, data: signal_packet(signal).into() });
        }
        while self.engine.stack_mut().poll_command().is_some() {}
        self.links.push(link);
        self.streams.push(call.into());
    }

    fn push(&mut self, event: StackEvent<Bytes>) {
        let now = self.now;
        self.engine.with_stack(now, |stack| stack.push(now, event));
    }

    /// Lets a frame pass each way in each call. Tells how many frames were decoded and sent.
    fn frame(&mut self) -> [usize; 2] {
        self.now = self.now + FRAME;
        let now = self.now;
        self.engine.handle_timeout(now);
        for index in 0..self.links.len() {
            let (link, stream) = (self.links[index], self.streams[index]);
            let data = black_box(&self.media).clone().into();
            self.push(StackEvent::Packet { link, data });
            self.engine.capture(now, stream, black_box(&[0.1; SAMPLES]));
            self.engine.play(now, stream, black_box(&mut [0.0; SAMPLES]));
        }
        let (mut decoded, mut sent) = (0, 0);
        while let Some(task) = self.engine.poll_task() {
            if let Some(done) = done(task) {
                decoded += usize::from(matches!(done, Done::Played { .. }));
                self.engine.handle_done(now, done);
            }
        }
        while let Some(command) = self.engine.stack_mut().poll_command() {
            sent += usize::from(matches!(command, LinkCommand::Send { .. }));
        }
        while self.engine.poll_event().is_some() {}
        [decoded, sent]
    }
}

/// What a coder that costs nothing makes of a task.
fn done(task: Task) -> Option<Done> {
    Some(match task {
        Task::Encode { job, .. } | Task::EncodeSilence { job, .. } => {
            Done::Encoded { job, codec: Codec::Opus, payload: Bytes::from_static(&FRAME_BYTES) }
        }
        Task::Decode { job, .. } | Task::Conceal { job, .. } => {
            Done::Played { job, pcm: vec![0.1; SAMPLES], level: 20 }
        }
        Task::Open { .. } | Task::Close { .. } => return None,
    })
}

fn signal_packet(signal: Signal) -> Vec<u8> {
    let mut out = [0; 20];
    let length = wire::encode_signals(&[signal], &mut out).expect("20 bytes hold one");
    out[..length].to_vec()
}

fn media_packet() -> Vec<u8> {
    let mut out = [0; 500];
    let frame = Frame { codec: Codec::Opus, payload: &FRAME_BYTES };
    let length = wire::encode_frame(frame, &mut out).expect("500 bytes hold 60");
    out[..length].to_vec()
}

const ESTABLISHING: [Signal; 4] =
    [Signal::Available, Signal::Ringing, Signal::Connecting, Signal::Established];
/// Of Medium Quality.
const FRAME: Duration = Duration::from_millis(60);
const SAMPLES: usize = 2_880;
const FRAME_BYTES: [u8; 60] = [0x58; 60];
