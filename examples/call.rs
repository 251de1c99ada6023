//! A whole call in one process: two phones, joined by TCP on loopback, one recording, one verdict.
//!
//! `cargo run --release --example call` needs no network, no sound card, and beside Rust only a C
//! compiler and CMake. The steps of [`converse`] are those of any app.

use std::error::Error;
use std::iter::repeat_n;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use lxst_examples::conversation::{Conversation, Recorder};
use lxst_examples::ladder::Ladder;
use lxst_examples::report::Report;
use lxst_examples::sound::{SoundError, WavSink, read_wav, to_i16};
use lxst_interop::envelope::{EnvelopeError, Pcm, Verdict, correlation};
use lxst_tokio::codecs::SAMPLE_RATE_HZ;
use lxst_tokio::telephony::Side;
use lxst_tokio::{
    BLOCK_SAMPLES, CallEvent, CallId, EndReason, Event, Events, Figures, Identity, Microphone,
    OsRng, Phone, Profile, Speaker,
};
use tokio::time::{Instant, interval_at, timeout};

/// Calls from one phone to another in this process, plays a recording into the
/// caller's microphone, writes what the callee's speaker plays, and compares the two.
///
/// Both phones are complete: Reticulum endpoint, telephone, codecs. Between them is
/// real TCP on loopback, encrypted and signed as on any Reticulum link. At the end
/// stand every signal of the call with its moment, its figures, and whether the
/// speech came through.
#[derive(Debug, Parser)]
#[command(verbatim_doc_comment)]
#[command(after_help = "The exit code is 0 when the speech came through, else 1.")]
struct Args {
    /// What is sent: mq, hq, shq (medium, high, super high quality,
    /// frames of 60 ms), ll, ull (low and ultra low latency, 20 and 10 ms)
    #[arg(long, default_value = "mq", verbatim_doc_comment)]
    profile: Profile,
    /// What the caller says, of a second or more [default: speech.wav of the sources]
    #[arg(long, value_name = "FILE.wav", default_value = SPEECH, hide_default_value = true)]
    speech: PathBuf,
    /// Where to write what the callee hears; its folder is made
    #[arg(long, value_name = "FILE.wav", default_value = "target/heard.wav")]
    out: PathBuf,
}

type Failure = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("call: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<(), Failure> {
    let speech = read_wav(&args.speech)?;
    let sink = create(&args.out)?;
    let progress = progress(speech.len());
    let outcome = converse(&speech, args.profile, sink, &progress).await;
    progress.finish_and_clear();
    let outcome = outcome?;

    println!("{}", Ladder(&outcome.conversation));
    let verdict = compare(&speech, &outcome.heard);
    let report = Report {
        conversation: &outcome.conversation,
        caller: &outcome.caller,
        callee: &outcome.callee,
        mouth_to_ear: verdict.as_ref().ok().map(|verdict| verdict.lag),
    };
    println!("{report}");
    println!("heard    {}", args.out.display());
    let Verdict { correlation, .. } = verdict?;
    if correlation < LEAST_CORRELATION {
        let starved = outcome.callee.telephone.starved.duration();
        let hint = if starved.is_zero() {
            String::new()
        } else {
            format!("; the speaker starved for {starved:.0?}: is the machine busy?")
        };
        return Err(format!(
            "the speech did not come through: correlation {correlation:.3}, at least \
             {LEAST_CORRELATION} is wanted{hint}"
        )
        .into());
    }
    println!("verdict  the speech came through, correlation {correlation:.3}");
    Ok(())
}

/// What is left of a call.
struct Outcome {
    conversation: Conversation,
    /// What the callee's speaker played from the moment at which the caller began to speak.
    heard: Vec<f32>,
    caller: Figures,
    callee: Figures,
}

async fn converse(
    speech: &[f32],
    profile: Profile,
    sink: WavSink,
    progress: &ProgressBar,
) -> Result<Outcome, Failure> {
    // Two people, two phones. Each announces itself as soon as it is connected.
    let recorder = Recorder::new();
    let (callee, mut callee_events) = Phone::builder(Identity::generate(&mut OsRng))
        .listen("127.0.0.1:0")
        .tap(recorder.tap(Side::Remote))
        .start()
        .await?;
    let (caller, mut caller_events) = Phone::builder(Identity::generate(&mut OsRng))
        .connect(callee.listening()[0].to_string()) // one for each `listen`
        .tap(recorder.tap(Side::Local))
        .start()
        .await?;
    let listening = tokio::spawn(listen(callee.speaker().await?, sink));
    let silence = repeat_n([0.0; BLOCK_SAMPLES], usize::MAX);
    tokio::spawn(speak(callee.microphone().await?, silence, |_| ()));
    let microphone = caller.microphone().await?;

    // The call: dial, ring, answer.
    let set_up = async {
        announced(&mut caller_events, &callee).await?;
        progress.set_message("dialling");
        let call = caller.dial(callee.identity(), profile).await?;
        let answer = async {
            let incoming = ringing(&mut callee_events).await?;
            progress.set_message("ringing");
            Ok(callee.call(incoming).answer().await?)
        };
        tokio::try_join!(answer, established(&mut caller_events))?;
        Ok::<_, Failure>(call)
    };
    let call = timeout(SET_UP, set_up)
        .await
        .map_err(|_| format!("the call was not established within {SET_UP:?}"))??;

    // Speak, and stay on the line until the last word is heard for sure.
    let speech_began = Instant::now();
    progress.set_message("speaking");
    let said = blocks(speech).chain(repeat_n([0.0; BLOCK_SAMPLES], LISTENING_BLOCKS));
    tokio::select! {
        () = speak(microphone, said, |blocks| progress.set_position(blocks)) => {}
        reason = ended(&mut caller_events) => {
            return Err(format!("the call ended early: {}", reason?).into());
        }
    }
    call.hang_up().await?;
    for (events, expected) in [
        (&mut caller_events, EndReason::LocalHangup),
        (&mut callee_events, EndReason::RemoteHangup),
    ] {
        let reason = timeout(SET_UP, ended(events))
            .await
            .map_err(|_| format!("the call did not end within {SET_UP:?}"))??;
        if reason != expected {
            return Err(format!("the call ended: {reason}, and not: {expected}").into());
        }
    }

    let (caller_figures, callee_figures) = (caller.figures().await?, callee.figures().await?);
    caller.shutdown().await;
    callee.shutdown().await;
    Ok(Outcome {
        conversation: recorder.conversation(),
        heard: listening.await??.since(speech_began),
        caller: caller_figures,
        callee: callee_figures,
    })
}

/// Gives a microphone blocks of 20 ms at the pace of a sound card: each when it is complete, 20 ms
/// after its first sample. Ends with the blocks, or with the phone.
async fn speak(
    mut microphone: Microphone,
    blocks: impl Iterator<Item = [f32; BLOCK_SAMPLES]>,
    progress: impl Fn(u64),
) {
    let mut pace = interval_at(Instant::now() + BLOCK, BLOCK);
    for (count, block) in (1..).zip(blocks) {
        pace.tick().await;
        if !microphone.write(&block).await {
            return;
        }
        progress(count);
    }
}

/// Writes what a speaker plays until its phone shuts down.
async fn listen(mut speaker: Speaker, mut sink: WavSink) -> Result<Heard, SoundError> {
    let mut heard = Heard { began: Instant::now(), pcm: Vec::new() };
    while let Some(block) = speaker.read().await {
        if heard.pcm.is_empty() {
            heard.began = Instant::now();
        }
        sink.write(&block)?;
        heard.pcm.extend(block);
    }
    sink.finish()?;
    Ok(heard)
}

/// What a speaker played, without a pause, from a moment on.
struct Heard {
    began: Instant,
    pcm: Vec<f32>,
}

impl Heard {
    /// Cuts off what was played before a moment, or puts silence before what was played later.
    ///
    /// That is how mouth to ear is measured. A sound card at the caller takes the first sample of
    /// the speech at `moment` and gives it to the app with the rest of its block, 20 ms later; one
    /// at the callee plays the first block as soon as it is read, and the others behind it. So a
    /// sample that was spoken s samples after `moment` and comes out at place s + n here took n
    /// samples from mouth to ear: the block, the frame, codecs, network and playout are all in it,
    /// and only what the hardware adds is not.
    fn since(self, moment: Instant) -> Vec<f32> {
        let early = samples(moment.saturating_duration_since(self.began));
        let late = samples(self.began.saturating_duration_since(moment));
        let played = self.pcm.into_iter().skip(early);
        repeat_n(0.0, late).chain(played).collect()
    }
}

fn compare(speech: &[f32], heard: &[f32]) -> Result<Verdict, EnvelopeError> {
    let [speech, heard] =
        [speech, heard].map(|pcm| pcm.iter().copied().map(to_i16).collect::<Vec<i16>>());
    let pcm = |samples| Pcm { samples, rate_hz: SAMPLE_RATE_HZ };
    correlation(pcm(&speech), pcm(&heard), MOST_LAG)
}

/// Waits until a phone has heard another announce itself: then it knows the way there.
async fn announced(events: &mut Events, other: &Phone) -> Result<(), Failure> {
    loop {
        if let Event::Announced { identity, .. } = next(events).await?
            && identity == other.identity()
        {
            return Ok(());
        }
    }
}

async fn ringing(events: &mut Events) -> Result<CallId, Failure> {
    loop {
        if let Event::Call(CallEvent::Incoming { call, .. }) = next(events).await? {
            return Ok(call);
        }
    }
}

async fn established(events: &mut Events) -> Result<(), Failure> {
    loop {
        match next(events).await? {
            Event::Call(CallEvent::Established { .. }) => return Ok(()),
            Event::Call(CallEvent::Ended { reason, .. }) => {
                return Err(format!("the call was not established: {reason}").into());
            }
            _ => {}
        }
    }
}

async fn ended(events: &mut Events) -> Result<EndReason, Failure> {
    loop {
        if let Event::Call(CallEvent::Ended { reason, .. }) = next(events).await? {
            return Ok(reason);
        }
    }
}

async fn next(events: &mut Events) -> Result<Event, Failure> {
    Ok(events.next().await.ok_or("the phone has shut down")?)
}

fn create(path: &Path) -> Result<WavSink, Failure> {
    if let Some(folder) = path.parent() {
        let failed = |error| format!("cannot make the folder {}: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    Ok(WavSink::create(path)?)
}

/// Shows how far the speech is, on stderr where that is a terminal.
fn progress(speech: usize) -> ProgressBar {
    let blocks = speech.div_ceil(BLOCK_SAMPLES) + LISTENING_BLOCKS;
    let style = ProgressStyle::with_template("{msg:9} {bar:50.cyan/dim} {elapsed}");
    ProgressBar::new(blocks as u64)
        .with_style(style.expect("the template is a constant, and valid"))
        .with_message("starting")
}

/// Cuts PCM into blocks; silence fills the last.
fn blocks(pcm: &[f32]) -> impl Iterator<Item = [f32; BLOCK_SAMPLES]> {
    pcm.chunks(BLOCK_SAMPLES).map(|chunk| {
        let mut block = [0.0; BLOCK_SAMPLES];
        block[..chunk.len()].copy_from_slice(chunk); // chunks are at most this long
        block
    })
}

fn samples(duration: Duration) -> usize {
    (duration.as_secs_f64() * f64::from(SAMPLE_RATE_HZ)).round() as usize
}

const SPEECH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/speech.wav");
const BLOCK: Duration = Duration::from_millis(20);
/// How much later than it was said the speech is looked for.
const MOST_LAG: Duration = Duration::from_secs(1);
/// How long the caller stays on the line after the last word: that, and a block.
const LISTENING_BLOCKS: usize = 51;
/// What set-up and hang-up may take on loopback.
const SET_UP: Duration = Duration::from_secs(10);
/// The least correlation of speech that came through.
const LEAST_CORRELATION: f64 = 0.9;
