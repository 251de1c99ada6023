//! A scriptable telephone: see `--help`.

mod audio;
mod options;
mod report;

use core::time::Duration;
use std::future;
use std::io::{self, IsTerminal};
use std::process;

use clap::Parser;
use lxst_tokio::reticulum::Config as EndpointConfig;
use lxst_tokio::telephony::{Config, ProfileSet};
use lxst_tokio::trace::Payloads;
use lxst_tokio::{
    Call, CallError, CallEvent, EndReason, Event, Events, Identity, OsRng, Phone,
    load_or_create_identity,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing_subscriber::filter::LevelFilter;

use audio::{AudioIn, AudioOut, Listening};
use options::Options;
use report::{Reporter, exit_code};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    let level = match options.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .init();
    let code = run(options).await.unwrap_or_else(|error| {
        eprintln!("phone: {error}");
        USAGE
    });
    // Standard input may be blocked on a thread, which a return would wait for.
    process::exit(code.into());
}

async fn run(options: Options) -> Result<u8, Box<dyn std::error::Error>> {
    if !ProfileSet::OPUS.contains(options.profile) {
        return Err(format!("{} needs Codec2, which is not built in", options.profile).into());
    }
    if options.call.is_some() && options.connect.is_empty() && options.listen.is_empty() {
        return Err("--call needs a network: give --connect or --listen".into());
    }
    let mut signals = Signals::new()?;
    let identity = match &options.identity {
        Some(path) => load_or_create_identity(path)?,
        None => Identity::generate(&mut OsRng),
    };
    let destination = identity.destination().to_string();
    let audio_in = options.audio_in.as_deref().map(AudioIn::open).transpose()?;
    let audio_out = options.audio_out.as_deref().map(AudioOut::open).transpose()?;

    let path_search = EndpointConfig::default().path_search.min(options.wait_time);
    let mut builder = Phone::builder(identity)
        .telephone(Config { wait_time: options.wait_time, ..Config::default() })
        .endpoint(EndpointConfig { path_search });
    for address in &options.connect {
        builder = builder.connect(address);
    }
    for address in &options.listen {
        builder = builder.listen(address);
    }
    if let Some(path) = &options.trace {
        let payloads =
            if options.trace_without_voices { Payloads::Stripped } else { Payloads::Kept };
        builder = builder.trace(path, payloads);
    }
    let (phone, events) = builder.start().await?;
    let reporter = Reporter::new(options.json);
    reporter.ready(&phone, &destination, matches!(audio_out, Some(AudioOut::Pipe)));
    if options.connect.is_empty() && options.listen.is_empty() {
        return Ok(0);
    }

    let (talking, is_talking) = watch::channel(false);
    if let Some(audio_in) = audio_in {
        tokio::spawn(audio_in.speak(phone.clone(), is_talking));
    }
    let listening = audio_out.map(|out| Listening::start(out, phone.clone()));
    let session = Session { options, phone: phone.clone(), reporter, talking };
    let ended = session.run(events, &mut signals).await?;
    if let Some(listening) = listening {
        listening.finish().await?;
    }
    Ok(ended.map_or(0, exit_code))
}

/// The phone between its start and its end.
struct Session {
    options: Options,
    phone: Phone,
    reporter: Reporter,
    talking: watch::Sender<bool>,
}

/// What the options want done with the call, and when.
struct Plan {
    call: Call,
    at: Instant,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Answer,
    HangUp,
}

impl Session {
    /// Runs until the options or a signal end the phone, and tells how the last call ended.
    async fn run(
        self,
        mut events: Events,
        signals: &mut Signals,
    ) -> Result<Option<EndReason>, CallError> {
        let is_last = self.options.once || self.options.call.is_some();
        if let Some(to) = self.options.call {
            self.phone.dial(to, self.options.profile).await?;
        }
        let mut plan = None;
        loop {
            tokio::select! {
                event = events.next() => {
                    let Some(event) = event else { return Ok(None) };
                    self.reporter.event(&event);
                    if let Event::Call(event) = event {
                        if let CallEvent::Ended { reason, .. } = event && is_last {
                            self.phone.shutdown().await;
                            return Ok(Some(reason));
                        }
                        self.follow(event, &mut plan);
                    }
                }
                () = due(&plan) => {
                    if let Some(Plan { call, step, .. }) = plan.take() {
                        // The call may have ended at this very moment.
                        let _ = match step {
                            Step::Answer => call.answer().await,
                            Step::HangUp => call.hang_up().await,
                        };
                    }
                }
                () = signals.next() => return Ok(self.stop(events).await),
            }
        }
    }

    /// Hangs up and tells of the end.
    async fn stop(&self, mut events: Events) -> Option<EndReason> {
        self.phone.shutdown().await;
        let mut ended = None;
        while let Some(event) = events.next().await {
            self.reporter.event(&event);
            if let Event::Call(CallEvent::Ended { reason, .. }) = event {
                ended = Some(reason);
            }
        }
        ended
    }

    fn follow(&self, event: CallEvent, plan: &mut Option<Plan>) {
        let (options, phone) = (&self.options, &self.phone);
        let begin = |id, after: Duration, step| {
            Some(Plan { call: phone.call(id), at: Instant::now() + after, step })
        };
        match event {
            CallEvent::Incoming { call, .. } if options.reject => {
                *plan = begin(call, Duration::ZERO, Step::HangUp);
            }
            CallEvent::Incoming { call, .. } => {
                *plan = options.answer.and_then(|after| begin(call, after, Step::Answer));
            }
            CallEvent::Established { call, .. } => {
                *plan = options.hang_up_after.and_then(|after| begin(call, after, Step::HangUp));
                self.talking.send_replace(true);
            }
            CallEvent::Ended { .. } => {
                *plan = None;
                self.talking.send_replace(false);
            }
            _ => {}
        }
    }
}

async fn due(plan: &Option<Plan>) {
    match plan {
        Some(plan) => sleep_until(plan.at).await,
        None => future::pending().await,
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The exit code for wrong options and for a phone that cannot start; clap's own too.
const USAGE: u8 = 2;
