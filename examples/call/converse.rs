//! The call itself: two phones, and the steps of each. [`converse`] does what any app does.

use std::error::Error;
use std::iter::repeat_n;
use std::time::Duration;

use indicatif::ProgressBar;
use lxst_examples::grade::Grade;
use lxst_examples::relay::{Conditions, Relay};
use lxst_examples::taps::Taps;
use lxst_examples::wav::{SoundError, WavSink};
use lxst_tokio::codecs::SAMPLE_RATE_HZ;
use lxst_tokio::trace::view::{Conversation, Playout};
use lxst_tokio::{
    AudioFormat, AudioSink, Call, CallId, Counters, DeviceSource, EndReason, Event, Events,
    Identity, InsteadOfVoice, Interface, Mos, OsRng, Phone, PhoneBuilder, Profile, Settings, Voice,
};
use tokio::time::{Instant, interval_at, timeout};

pub(crate) type Failure = Box<dyn Error>;

/// The result of a call.
pub(crate) struct Outcome {
    pub(crate) conversation: Conversation,
    /// The callee's speaker from the moment at which the caller began to speak.
    pub(crate) heard: Vec<f32>,
    /// The callee's receive path.
    pub(crate) playout: Playout,
    /// The average MOS at the callee; none for a call of less than a second.
    pub(crate) grade: Option<Grade>,
    pub(crate) caller: Counters,
    pub(crate) callee: Counters,
}

pub(crate) async fn converse(
    speech: &[f32],
    profile: Profile,
    conditions: Conditions,
    sink: WavSink,
    progress: &ProgressBar,
) -> Result<Outcome, Failure> {
    let taps = Taps::new();
    let relay = match conditions.is_plain() {
        true => None,
        false => Some(Relay::start(conditions).await?),
    };
    let [mut caller, mut callee] = two_users(&taps, relay.as_ref()).await?;
    let speaker = callee.phone.audio_sink(AudioFormat::PHONE).await?;
    let listening = tokio::spawn(listen(speaker, sink));
    let microphone = caller.phone.device_source(AudioFormat::PHONE).await?;

    if relay.is_some() {
        // Its announce at start was sent before the caller was connected.
        callee.phone.announce().await?;
    }
    let call = timeout(SET_UP, set_up(&mut caller, &mut callee, profile, progress))
        .await
        .map_err(|_| format!("the call was not established within {SET_UP:?}"))??;

    // Speak, and stay in the call until the last word has been played.
    let speech_began = Instant::now();
    progress.set_message("speaking");
    if let Some(relay) = &relay {
        relay.begin();
    }
    let said = blocks(speech).chain(repeat_n([0.0; BLOCK_SAMPLES], LISTENING_BLOCKS));
    tokio::select! {
        () = speak(microphone, said, |blocks| progress.set_position(blocks)) => {}
        ended = caller.ended() => {
            return Err(format!("the call ended early: {}", ended?.0).into());
        }
    }
    if let Some(relay) = &relay {
        relay.end();
    }
    call.hang_up().await?;
    caller.expect_end(EndReason::LocalHangup).await?;
    let scores = callee.expect_end(EndReason::RemoteHangup).await?;

    let (at_caller, at_callee) = (caller.phone.counters().await?, callee.phone.counters().await?);
    caller.phone.shutdown().await;
    callee.phone.shutdown().await;
    let (conversation, playout) = taps.seen();
    Ok(Outcome {
        conversation,
        heard: listening.await??.since(speech_began),
        playout,
        grade: mean(&scores).map(Grade),
        caller: at_caller,
        callee: at_callee,
    })
}

/// A phone and its events.
struct User {
    phone: Phone,
    events: Events,
}

impl User {
    /// Waits for the end of the call. Returns its reason, and the MOS of each report until then.
    async fn ended(&mut self) -> Result<(EndReason, Vec<Mos>), Failure> {
        let mut scores = Vec::new();
        loop {
            match next(&mut self.events).await? {
                Event::Quality { quality, .. } => scores.push(quality.mos),
                Event::Ended { reason, .. } => return Ok((reason, scores)),
                _ => {}
            }
        }
    }

    /// Waits for this end of the call. Returns the MOS of each report.
    async fn expect_end(&mut self, expected: EndReason) -> Result<Vec<Mos>, Failure> {
        let (reason, scores) = timeout(SET_UP, self.ended())
            .await
            .map_err(|_| format!("the call did not end within {SET_UP:?}"))??;
        if reason != expected {
            return Err(format!("the call ended: {reason}, and not: {expected}").into());
        }
        Ok(scores)
    }
}

/// Creates the phones of caller and callee, joined by the relay or by TCP. Each phone announces as
/// soon as it is connected.
async fn two_users(taps: &Taps, relay: Option<&Relay>) -> Result<[User; 2], Failure> {
    let at_callee = match relay {
        Some(relay) => relay.interfaces()[1].clone(),
        None => Interface::tcp_server("127.0.0.1:0"),
    };
    let voice = Voice::default().when_no_microphone(InsteadOfVoice::Silence);
    let (callee, callee_events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
        .interface(at_callee)
        .settings(Settings::default().voice(voice))
        .tap(taps.callee())
        .start()
        .await?;
    let at_caller = match relay {
        Some(relay) => relay.interfaces()[0].clone(),
        None => Interface::tcp_client(callee.listening()[0].to_string()), // one for each server
    };
    let (caller, caller_events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
        .interface(at_caller)
        .tap(taps.caller())
        .start()
        .await?;
    let caller = User { phone: caller, events: caller_events };
    Ok([caller, User { phone: callee, events: callee_events }])
}

/// Dials, rings and answers.
async fn set_up(
    caller: &mut User,
    callee: &mut User,
    profile: Profile,
    progress: &ProgressBar,
) -> Result<Call, Failure> {
    announced(&mut caller.events, &callee.phone).await?;
    progress.set_message("dialling");
    let call = caller.phone.dial(callee.phone.identity(), profile).await?;
    let answer = async {
        let incoming = ringing(&mut callee.events).await?;
        progress.set_message("ringing");
        callee.phone.call(incoming).answer().await?;
        Ok::<_, Failure>(())
    };
    tokio::try_join!(answer, async { Ok(call.established().await?) })?;
    Ok(call)
}

/// Gives a microphone blocks of 20 ms at the pace of a sound card: each one when it is complete, 20
/// ms after its first sample. Ends with the blocks, or with the phone.
async fn speak(
    mut microphone: DeviceSource,
    blocks: impl Iterator<Item = [f32; BLOCK_SAMPLES]>,
    progress: impl Fn(u64),
) {
    let mut pace = interval_at(Instant::now() + BLOCK, BLOCK);
    for (count, block) in (1..).zip(blocks) {
        pace.tick().await;
        if microphone.push(&block).is_err() {
            return;
        }
        progress(count);
    }
}

/// Writes the speaker's audio until its phone shuts down.
async fn listen(mut speaker: AudioSink, mut sink: WavSink) -> Result<SpeakerAudio, SoundError> {
    let mut heard = SpeakerAudio { began: Instant::now(), pcm: Vec::new() };
    let mut block = [0.0; BLOCK_SAMPLES];
    while speaker.read(&mut block).await.is_ok() {
        if heard.pcm.is_empty() {
            heard.began = Instant::now();
        }
        sink.write(&block)?;
        heard.pcm.extend(block);
    }
    sink.finish()?;
    Ok(heard)
}

/// The speaker's audio, without a gap, from a moment on.
struct SpeakerAudio {
    began: Instant,
    pcm: Vec<f32>,
}

impl SpeakerAudio {
    /// Cuts off what was played before a moment, or puts silence before what was played later.
    ///
    /// This measures mouth to ear. A sound card at the caller captures the first sample of the
    /// speech at `moment` and gives it to the app with the rest of its block, 20 ms later. A sound
    /// card at the callee plays the first block as soon as it is read, and the others after it. A
    /// sample that was spoken s samples after `moment` and is at position s + n here took n samples
    /// from mouth to ear: block, frame, codecs, network and jitter buffer are included, only the
    /// hardware's delay is not.
    fn since(self, moment: Instant) -> Vec<f32> {
        let early = samples(moment.saturating_duration_since(self.began));
        let late = samples(self.began.saturating_duration_since(moment));
        let played = self.pcm.into_iter().skip(early);
        repeat_n(0.0, late).chain(played).collect()
    }
}

/// Waits until a phone has received the other's announce, and so knows the path.
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
        if let Event::Incoming { call, .. } = next(events).await? {
            return Ok(call);
        }
    }
}

fn mean(scores: &[Mos]) -> Option<Mos> {
    let count = u32::try_from(scores.len()).ok().filter(|count| *count > 0)?;
    let sum: u32 = scores.iter().map(|score| u32::from(score.0)).sum();
    u16::try_from(sum / count).ok().map(Mos)
}

async fn next(events: &mut Events) -> Result<Event, Failure> {
    Ok(events.next().await.ok_or("the phone has shut down")?)
}

/// Cuts PCM into blocks; the last one is padded with silence.
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

const BLOCK: Duration = Duration::from_millis(20);
/// Samples of a block at 48 kHz.
pub(crate) const BLOCK_SAMPLES: usize = 960;
/// Blocks that the caller stays in the call after the last word: the largest lag, and one more.
pub(crate) const LISTENING_BLOCKS: usize = 51;
/// Time limit of set-up and hang-up on loopback.
const SET_UP: Duration = Duration::from_secs(10);
