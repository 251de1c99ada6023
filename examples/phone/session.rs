//! The phone from its start to its end: options, keys and signals.

use core::future::{Future, pending};
use core::time::Duration;
use std::time::Instant;

use async_channel::Receiver;
use futures_lite::future::or;
use lxst_tokio::{
    BuiltInCodecs, Call, CallError, CallState, CallStatus, Codecs, Direction, EndReason, Event,
    Events, IdentityHash, Mode, Phone, Profile, Role, Runtime, Watch, reticulum,
};

use crate::Failure;
use crate::audio::{AudioIn, Speaking};
use crate::keys::Key;
use crate::options::Options;
use crate::report::Reporter;
use crate::status::StatusLine;

pub(crate) struct Session<R> {
    runtime: R,
    options: Options,
    phone: Phone,
    reporter: Reporter,
    status: StatusLine,
    audio_in: Option<AudioIn>,
    /// The microphone of the established call.
    speaking: Option<Speaking>,
    plan: Option<Plan>,
    is_muted: bool,
    is_talking: bool,
}

/// What the options want of the call, and when.
struct Plan {
    call: Call,
    at: Instant,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Answer,
    Reject,
    HangUp,
}

/// Why the session wakes.
enum Wakeup {
    Event(Option<Event>),
    Planned,
    Key(Key),
    Stop,
    /// The status line is due.
    Draw,
}

impl<R: Runtime> Session<R> {
    pub(crate) fn new(
        runtime: R,
        options: Options,
        phone: Phone,
        reporter: Reporter,
        status: StatusLine,
        audio_in: Option<AudioIn>,
    ) -> Self {
        Self {
            runtime,
            options,
            phone,
            reporter,
            status,
            audio_in,
            speaking: None,
            plan: None,
            is_muted: false,
            is_talking: false,
        }
    }

    /// Runs until the options, a key or a signal end the phone. Returns how the last call ended.
    pub(crate) async fn run(
        mut self,
        mut events: Events,
        stops: Receiver<()>,
        keys: Receiver<Key>,
    ) -> Result<Option<EndReason>, Failure> {
        let is_last = self.options.once || self.options.call.is_some();
        if self.options.busy {
            self.phone.set_available(false).await?;
        }
        if let Some(to) = self.options.call {
            self.check_is_identity(to, self.phone.identity())?;
            let Options { profile, .. } = self.options;
            self.phone.dial_in_mode(to, profile, self.options.mode()).await?;
        }
        let mut watch = self.phone.watch();
        loop {
            self.status.draw(
                &self.phone.state(),
                self.is_muted,
                self.is_talking,
                !keys.is_closed(),
            );
            match self.next_wakeup(&mut events, &mut watch, &stops, &keys).await {
                Wakeup::Event(None) => return Ok(None),
                Wakeup::Event(Some(event)) => {
                    self.reporter.event(&event);
                    if let (Event::Announced { identity, .. }, Some(to)) =
                        (event, self.options.call)
                        && let Err(misdialled) = self.check_is_identity(to, identity)
                    {
                        self.phone.shutdown().await;
                        return Err(misdialled);
                    }
                    self.follow(event).await;
                    if let Event::Ended { reason, .. } = event
                        && is_last
                    {
                        self.phone.shutdown().await;
                        return Ok(Some(reason));
                    }
                }
                Wakeup::Planned => self.do_planned().await,
                Wakeup::Stop | Wakeup::Key(Key::Quit) => return Ok(self.stop(events).await),
                Wakeup::Key(key) => {
                    if let Err(refused) = self.press(key).await {
                        self.reporter.note(&refused.to_string());
                    }
                }
                Wakeup::Draw => {}
            }
        }
    }

    /// Refuses to dial the hash of a known phone's destination, and names its identity.
    fn check_is_identity(&self, to: IdentityHash, known: IdentityHash) -> Result<(), Failure> {
        if reticulum::DestinationHash::telephony(known).0 != to.0 {
            return Ok(());
        }
        Err(format!("{to} is a destination, which nobody dials; dial the identity: {known}").into())
    }

    fn next_wakeup(
        &self,
        events: &mut Events,
        watch: &mut Watch,
        stops: &Receiver<()>,
        keys: &Receiver<Key>,
    ) -> impl Future<Output = Wakeup> {
        let event = async { Wakeup::Event(events.next().await) };
        let planned = async {
            match &self.plan {
                Some(plan) => self.runtime.sleep_until(plan.at).await,
                None => pending().await,
            }
            Wakeup::Planned
        };
        let stop = async { stops.recv().await.map_or(Wakeup::Stop, |()| Wakeup::Stop) };
        let key = async {
            match keys.recv().await {
                Ok(key) => Wakeup::Key(key),
                Err(_) => pending().await,
            }
        };
        let draw = async {
            if self.status.is_hidden() {
                pending().await
            }
            if self.phone.state().call.is_some() {
                self.runtime.sleep_until(self.runtime.now() + DRAW).await;
            } else if watch.changed().await.is_none() {
                pending().await
            }
            Wakeup::Draw
        };
        or(event, or(planned, or(stop, or(key, draw))))
    }

    async fn follow(&mut self, event: Event) {
        let begin = |id, after: Duration, step| {
            Some(Plan { call: self.phone.call(id), at: self.runtime.now() + after, step })
        };
        match event {
            Event::Incoming { call, .. } if self.options.reject => {
                self.plan = begin(call, Duration::ZERO, Step::Reject);
            }
            Event::Incoming { call, .. } => {
                self.plan = self.options.answer.and_then(|after| begin(call, after, Step::Answer));
            }
            Event::Established { call, .. } => {
                let after = self.options.hang_up_after;
                self.plan = after.and_then(|after| begin(call, after, Step::HangUp));
                if let Some(audio_in) = &self.audio_in {
                    self.speaking = audio_in.speak(&self.runtime, &self.phone).await;
                }
            }
            Event::Ended { .. } => {
                (self.plan, self.speaking) = (None, None);
                (self.is_muted, self.is_talking) = (false, false);
            }
            _ => {}
        }
    }

    async fn do_planned(&mut self) {
        if let Some(Plan { call, step, .. }) = self.plan.take() {
            // The call may just have ended.
            let _ = match step {
                Step::Answer => call.answer().await,
                Step::Reject => call.reject().await,
                Step::HangUp => call.hang_up().await,
            };
        }
    }

    /// Handles a key. Has no effect without a call.
    async fn press(&mut self, key: Key) -> Result<(), CallError> {
        let Some(status) = self.phone.state().call else { return Ok(()) };
        let call = self.phone.call(status.call);
        match key {
            Key::Answer => call.answer().await,
            Key::HangUp => call.hang_up().await,
            Key::Reject if is_ringing_here(&status) => call.reject().await,
            Key::NextProfile => call.set_profile(next(status.profile)).await,
            Key::Mute => {
                self.is_muted = !self.is_muted;
                match self.is_muted {
                    true => call.mute(Direction::Send).await,
                    false => call.unmute(Direction::Send).await,
                }
            }
            Key::Talk if status.mode == Mode::HalfDuplex => {
                self.is_talking = !self.is_talking;
                match self.is_talking {
                    true => call.press_to_talk().await,
                    false => call.release().await,
                }
            }
            Key::Reject | Key::Talk | Key::Quit => Ok(()),
        }
    }

    /// Hangs up and reports the end.
    async fn stop(&self, mut events: Events) -> Option<EndReason> {
        self.phone.shutdown().await;
        let mut ended = None;
        while let Some(event) = events.next().await {
            self.reporter.event(&event);
            if let Event::Ended { reason, .. } = event {
                ended = Some(reason);
            }
        }
        ended
    }
}

fn is_ringing_here(status: &CallStatus) -> bool {
    (status.role, status.state) == (Role::Callee, CallState::Ringing)
}

/// Returns the next profile that this build can send.
fn next(profile: Profile) -> Profile {
    let sendable = BuiltInCodecs.profiles();
    let sent = || Profile::ALL.into_iter().filter(|profile| sendable.contains(*profile));
    let mut after = sent().skip_while(|other| *other != profile).skip(1);
    after.next().or_else(|| sent().next()).unwrap_or(profile)
}

/// Interval of the status line's clock.
const DRAW: Duration = Duration::from_secs(1);
