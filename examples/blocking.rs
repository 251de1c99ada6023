//! A call without a runtime: two phones, each a thread with a loop around one TCP socket.
//!
//! ```text
//! cargo run --release --example blocking
//! ```
//!
//! `lxst_engine::Engine` is a whole phone without a runtime, for an app with an event loop of its
//! own. [`Phone::turn`] is the loop: drain the engine's outputs, sleep until its deadline or the
//! next block of audio, give it what arrived meanwhile. The sleep here is a read of the socket with
//! a timeout. Codec tasks run inline, a millisecond or two each. An app that must not block that
//! long gives them to a thread (`lxst_phone::host::CoderThread`).
//!
//! Both sides play a tone for two seconds, each with its own pitch, and listen for the other's. The
//! exit code is 0 if both were heard, else 1.

use std::array;
use std::error::Error;
use std::f32::consts::TAU;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use lxst_core::{
    Command, Direction, EndReason, Event as CallEvent, IdentityHash, Mode, PortChange, Profile,
};
use lxst_engine::codecs::SAMPLE_RATE_HZ;
use lxst_engine::{Coder, Config, Engine, Event, InterfaceOrigin};
use lxst_examples::console::{detach, left_out};
use lxst_examples::{errln, outln};
use lxst_phone::host::{OsRng, unix_time};
use lxst_reticulum::limits::LINGER;
use lxst_reticulum::{Endpoint, EndpointLinks, Identity, InterfaceConfig, InterfaceId};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let _console = detach(left_out);
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            errln!("blocking: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = TcpStream::connect(listener.local_addr()?)?;
    let (accepted, _) = listener.accept()?;
    let bob = Phone::new("Bob", accepted, InterfaceConfig::TCP_ACCEPTED, [660.0, 440.0])?;
    let alice = Phone::new("Alice", stream, InterfaceConfig::TCP, [440.0, 660.0])?;

    let to_dial = bob.engine.identity();
    let alice = thread::spawn(move || alice.call(Some(to_dial)));
    let bob = thread::spawn(move || bob.call(None));
    for (thread, expected) in [(alice, EndReason::LocalHangup), (bob, EndReason::RemoteHangup)] {
        let reason = thread.join().map_err(|_| "a phone panicked")??;
        if reason != expected {
            return Err(format!("the call ended: {reason}, and not: {expected}").into());
        }
    }
    outln!("both heard the other");
    Ok(())
}

/// A phone on one TCP connection.
struct Phone {
    name: &'static str,
    engine: Engine<EndpointLinks>,
    coder: Coder,
    stream: TcpStream,
    interface: InterfaceId,
    /// The origin of the engine's time.
    origin: Instant,
    next_block: lxst_core::Instant,
    /// The frequency of our tone, and of the peer's.
    hum_hz: f32,
    other_hz: f32,
    hummed: usize,
    /// Blocks in which the peer's tone was heard.
    heard: u32,
}

impl Phone {
    fn new(
        name: &'static str,
        stream: TcpStream,
        config: InterfaceConfig,
        [hum_hz, other_hz]: [f32; 2],
    ) -> Result<Self, Failure> {
        stream.set_nodelay(true)?;
        let identity = Identity::generate(&mut OsRng);
        let endpoint = Endpoint::new(identity, lxst_reticulum::Config::default(), Box::new(OsRng));
        let mut engine = Engine::new(Config::default(), EndpointLinks::new(endpoint));

        let (origin, now) = (Instant::now(), lxst_core::Instant::ORIGIN);
        let up = |links: &mut EndpointLinks| links.endpoint_mut().interface_up(now, config);
        let interface = engine.with_stack(now, up);
        engine.network_up(now, InterfaceOrigin(0));
        for direction in [Direction::Send, Direction::Receive] {
            engine.port(now, direction, PortChange::Attached);
        }
        let coder = Coder::default();
        let (hummed, heard) = (0, 0);
        Ok(Self {
            name,
            engine,
            coder,
            stream,
            interface,
            origin,
            next_block: now,
            hum_hz,
            other_hz,
            hummed,
            heard,
        })
    }

    /// Dials, or waits for a call; talks; hangs up, or waits until the peer hangs up.
    fn call(mut self, to: Option<IdentityHash>) -> Result<EndReason, Failure> {
        if let Some(to) = to {
            outln!("{} dials {to}", self.name);
            let now = self.now();
            self.engine.dial(now, to, Profile::MediumQuality, Mode::FullDuplex)?;
        }
        let mut hang_up = None;
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up {
            if let Some((_, call)) = hang_up.take_if(|(moment, _)| *moment <= Instant::now()) {
                self.engine.command(self.now(), Command::HangUp(call))?;
            }
            while let Some(event) = self.engine.poll_event() {
                let Event::Call(event) = event else { continue };
                match event {
                    CallEvent::Ringing { .. } => outln!("{} hears that it rings", self.name),
                    CallEvent::Incoming { call, from } => {
                        outln!("{} answers {from}", self.name);
                        self.engine.command(self.now(), Command::Answer(call))?;
                    }
                    CallEvent::Established { call, profile, .. } => {
                        outln!("{} talks, in {profile}", self.name);
                        hang_up = to.map(|_| (Instant::now() + TALK, call));
                    }
                    CallEvent::Ended { reason, .. } => return self.end(reason),
                    _ => {}
                }
            }
            self.turn()?;
        }
        Err(format!("{}'s call did not end within {PATIENCE:?}", self.name).into())
    }

    /// Drains the engine and waits for input, until the next block at most.
    fn turn(&mut self) -> io::Result<()> {
        self.drain()?;
        let wake = self.engine.poll_timeout().map_or(self.next_block, |at| at.min(self.next_block));
        let wait = wake.since(self.now());
        if !wait.is_zero() {
            self.receive(wait)?;
        }
        self.engine.handle_timeout(self.now());
        while self.next_block <= self.now() {
            self.next_block = self.next_block + BLOCK;
            self.on_block();
            self.drain()?;
        }
        Ok(())
    }

    /// Drains the engine: codec tasks for the coder, bytes for the network.
    fn drain(&mut self) -> io::Result<()> {
        while let Some(task) = self.engine.poll_task() {
            if let Some(done) = self.coder.run(task) {
                self.engine.handle_done(self.now(), done);
            }
        }
        let (now, mut buffer) = (self.now(), Vec::new());
        let endpoint = self.engine.stack_mut().endpoint_mut();
        while let Some(bytes) =
            endpoint.poll_transmit(now, unix_time(), self.interface, &mut buffer)
        {
            self.stream.write_all(bytes)?;
        }
        Ok(())
    }

    fn receive(&mut self, wait: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(wait))?;
        let mut bytes = [0; 4_096];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(ErrorKind::ConnectionReset.into()),
            Ok(length) => {
                // The length that was read is at most the buffer's.
                let (now, bytes) = (self.now(), &bytes[..length]);
                self.engine.with_stack(now, |links| {
                    links.endpoint_mut().handle_bytes(now, self.interface, bytes);
                });
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Stands in for the sound card: captures one block of the tone, and plays one block.
    fn on_block(&mut self) {
        let now = self.now();
        let hum = |sample| 0.5 * phase(self.hum_hz, self.hummed + sample).sin();
        let mut block: [f32; BLOCK_SAMPLES] = array::from_fn(hum);
        self.hummed += BLOCK_SAMPLES;
        if let Some(stream) = self.engine.stream() {
            self.engine.capture(now, stream, &block);
            self.engine.play(now, stream, &mut block);
            self.heard += u32::from(share(self.other_hz, &block) > 0.5);
        }
    }

    /// Waits until the end of the call was sent, and reports what was heard.
    fn end(mut self, reason: EndReason) -> Result<EndReason, Failure> {
        self.drain()?;
        while self.engine.has_links() {
            self.turn()?;
        }
        // A peer may drop packets that it has not handled when the stream ends.
        let lingered = self.now() + LINGER;
        while self.now() < lingered && self.turn().is_ok() {}
        self.stream.shutdown(Shutdown::Write)?;
        self.stream.set_read_timeout(Some(PATIENCE))?;
        io::copy(&mut self.stream, &mut io::sink())?;
        let heard = BLOCK * self.heard;
        outln!("{}: {reason}; heard {} Hz for {heard:?}", self.name, self.other_hz);
        if heard < TALK / 2 {
            return Err(format!("{} heard too little", self.name).into());
        }
        Ok(reason)
    }

    fn now(&self) -> lxst_core::Instant {
        lxst_core::Instant::ORIGIN + self.origin.elapsed()
    }
}

/// Returns the phase of a tone.
fn phase(hz: f32, sample: usize) -> f32 {
    (hz * sample as f32 / SAMPLE_RATE_HZ as f32).fract() * TAU
}

/// Returns the share of a tone in a block's power, 0 to 1.
fn share(hz: f32, pcm: &[f32]) -> f32 {
    let power: f32 = pcm.iter().map(|sample| sample * sample).sum();
    let along = |part: fn(f32) -> f32| -> f32 {
        pcm.iter().enumerate().map(|(index, sample)| sample * part(phase(hz, index))).sum()
    };
    let tone = along(f32::cos).powi(2) + along(f32::sin).powi(2);
    if power < SILENCE { 0.0 } else { 2.0 * tone / (power * pcm.len() as f32) }
}

const BLOCK: Duration = Duration::from_millis(20);
const BLOCK_SAMPLES: usize = 960;
/// Power below which a block is silent.
const SILENCE: f32 = 0.01;
/// Length of the conversation.
const TALK: Duration = Duration::from_secs(2);
/// Time limit of the whole call.
const PATIENCE: Duration = Duration::from_secs(20);
