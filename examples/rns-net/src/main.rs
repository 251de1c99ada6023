//! A call on another Reticulum stack: two phones, each on an `rns-net` node of its own, joined by
//! TCP on loopback.
//!
//! ```text
//! cargo run --release --manifest-path examples/rns-net/Cargo.toml
//! ```
//!
//! A phone needs links, packets and announces from any stack. An app that runs a Reticulum stack
//! for its messages as well starts the phone with `PhoneBuilder::on_links` and serves the
//! [`LinkPort`](lxst_tokio::LinkPort) that it gets. The binding is in `stack.rs`; `node.rs` starts
//! a node. This file is the call, which is the same as on the phone's own endpoint.
//!
//! Unlike the phone's own endpoint, an rns-net node acknowledges every packet, which costs airtime
//! on slow radio and which LXST phones do not do. It sends at most 431 bytes at once, so profiles
//! with larger frames are not available. It is under the Reticulum License, as the phone's endpoint
//! is; it is not a member of this repository's workspace, so no other crate depends on it.

mod node;
mod stack;

use std::error::Error;
use std::f32::consts::TAU;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::thread::JoinHandle;
use std::time::Duration;

use lxst_tokio::IdentityHash;
use lxst_tokio::{
    AudioFormat, AudioSink, AudioSource, Call, EndReason, Event, Events, Phone, PhoneBuilder,
    Profile,
};
use rns_crypto::OsRng;
use rns_crypto::identity::Identity;
use tokio::time::timeout;

use crate::node::{Tcp, serve};

type Failure = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = timeout(PATIENCE, run()).await;
    match outcome.unwrap_or_else(|_| Err(format!("it took longer than {PATIENCE:?}").into())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A failure to report a failure has no remedy.
            let _ = writeln!(io::stderr(), "rns-net: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(); // free again at once
    let mut bob = Person::start("Bob", Tcp::Server(port), 660.0).await?;
    let mut alice = Person::start("Alice", Tcp::Client(port), 440.0).await?;

    let call = alice.phone.dial(bob.phone.identity(), Profile::MediumQuality).await?;
    say(format_args!("Alice dials {}", bob.phone.identity()));
    let answered = bob.answer().await?;
    tokio::try_join!(alice.talk(&call), bob.talk(&answered))?;
    let (bobs, alices) = (bob.pitch_hz, alice.pitch_hz);
    let heard = tokio::try_join!(alice.converse(bobs), bob.converse(alices))?;
    call.hang_up().await?;
    let ends = tokio::try_join!(call.ended(), answered.ended())?;
    tokio::join!(alice.shut_down(), bob.shut_down());

    if heard != (true, true) {
        return Err("the tones did not come through".into());
    }
    if ends != (EndReason::LocalHangup, EndReason::RemoteHangup) {
        return Err("the call did not end as it should".into());
    }
    say(format_args!("both heard the other"));
    Ok(())
}

/// Writes a line. If nobody reads it, the call goes on.
fn say(line: Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// A phone whose microphone has a tone.
struct Person {
    name: &'static str,
    pitch_hz: f32,
    phone: Phone,
    events: Events,
    source: AudioSource,
    sink: AudioSink,
    stack: JoinHandle<()>,
}

impl Person {
    async fn start(name: &'static str, tcp: Tcp, pitch_hz: f32) -> Result<Self, Failure> {
        let identity = Identity::new(&mut OsRng);
        let (builder, port) = PhoneBuilder::on_links(IdentityHash(*identity.hash()));
        let (phone, events) = builder.start().await?;
        let stack = serve(identity, tcp, port)?;
        let source = phone.audio_source(AudioFormat::PHONE).await?;
        let sink = phone.audio_sink(AudioFormat::PHONE).await?;
        Ok(Self { name, pitch_hz, phone, events, source, sink, stack })
    }

    /// Waits until it rings, and answers.
    async fn answer(&mut self) -> Result<Call, Failure> {
        while let Some(event) = self.events.next().await {
            if let Event::Incoming { call, from } = event {
                say(format_args!("{} answers {from}", self.name));
                let call = self.phone.call(call);
                call.answer().await?;
                return Ok(call);
            }
        }
        Err("the phone has ended".into())
    }

    /// Waits until the call is established.
    async fn talk(&self, call: &Call) -> Result<(), Failure> {
        let status = call.established().await?;
        say(format_args!("{} talks, in {}", self.name, status.profile));
        Ok(())
    }

    /// Plays the tone for a while. Returns whether the peer's tone was heard for most of it.
    async fn converse(&mut self, other_hz: f32) -> Result<bool, Failure> {
        let (source, sink, pitch_hz) = (&mut self.source, &mut self.sink, self.pitch_hz);
        let hum = async {
            for start in (0..BLOCKS).map(|block| block * BLOCK) {
                let block: [f32; BLOCK] =
                    std::array::from_fn(|sample| 0.5 * phase(pitch_hz, start + sample).sin());
                source.write(&block).await?;
            }
            Ok::<_, Failure>(())
        };
        let listen = async {
            let mut heard = 0;
            for _ in 0..BLOCKS {
                let mut block = [0.0; BLOCK];
                sink.read(&mut block).await?;
                heard += usize::from(share(other_hz, &block) > 0.5);
            }
            Ok(heard)
        };
        let ((), heard) = tokio::try_join!(hum, listen)?;
        say(format_args!(
            "{} hears {other_hz} Hz in {heard} of {BLOCKS} blocks of 20 ms",
            self.name
        ));
        Ok(heard > BLOCKS / 2)
    }

    /// Shuts down the phone, and with it the stack.
    async fn shut_down(self) {
        self.phone.shutdown().await;
        let _ = self.stack.join();
    }
}

/// Returns the phase of a tone.
fn phase(hz: f32, sample: usize) -> f32 {
    (hz * sample as f32 / 48_000.0).fract() * TAU
}

/// Returns the share of a tone in the power of `pcm`, 0 to 1.
fn share(hz: f32, pcm: &[f32]) -> f32 {
    let power: f32 = pcm.iter().map(|sample| sample * sample).sum();
    let along = |part: fn(f32) -> f32| -> f32 {
        pcm.iter().enumerate().map(|(index, sample)| sample * part(phase(hz, index))).sum()
    };
    let tone = along(f32::cos).powi(2) + along(f32::sin).powi(2);
    if power < SILENCE { 0.0 } else { 2.0 * tone / (power * pcm.len() as f32) }
}

/// 20 ms at 48 kHz.
const BLOCK: usize = 960;
const BLOCKS: usize = 100;
/// Power below which a block is silent.
const SILENCE: f32 = 0.01;
const PATIENCE: Duration = Duration::from_secs(30);
