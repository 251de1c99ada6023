//! What a station says on a link that is up.

use core::time::Duration;

use lxst_core::wire::Frame;
use lxst_core::{Class, Instant, LinkId};

use super::{Session, Tuner, TunerEvent};
use crate::bucket::Bucket;
use crate::client::CloseReason;
use crate::limits::{
    ASK_AGAIN, FRAME_BURST, FRAME_RATE, STATION_ASKS, STATION_PACKET, STATION_PATH, STATION_QUIET,
};
use crate::spoken::{Spoken, Window};
use crate::station_profile::StationProfile;
use crate::wire::{Program, StationMessage};

/// A link that is up.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    pub(super) link: LinkId,
    rtt: Duration,
    pub(super) program: Option<Program>,
    /// When the station is asked.
    pub(super) ask_at: Instant,
    /// Questions since the last answer.
    asks: u32,
    frames: Bucket,
    window: Window,
    is_talking: bool,
}

impl Listening {
    pub(super) fn new(now: Instant, link: LinkId, rtt: Duration) -> Self {
        let mut listening = Self {
            link,
            rtt,
            program: None,
            ask_at: now,
            asks: 0,
            frames: Bucket::new(now, 0, 0),
            window: Window::default(),
            is_talking: false,
        };
        listening.ask_at = now + listening.patience();
        listening
    }

    /// Returns how long an answer may take.
    fn patience(&self) -> Duration {
        ASK_AGAIN.max(self.rtt.saturating_mul(3))
    }

    fn heard(&mut self, now: Instant) {
        (self.asks, self.ask_at) = (0, now + STATION_QUIET);
    }
}

impl Tuner {
    pub(super) fn on_timeout(&mut self) {
        let Session::Listening(listening) = &mut self.session else { return };
        if listening.ask_at > self.now {
            return;
        }
        if listening.asks >= STATION_ASKS {
            return self.hang_up(CloseReason::NoAnswer, self.pause());
        }
        listening.asks += 1;
        listening.ask_at = self.now + listening.patience();
        let link = listening.link;
        let data = self.out.packet(|buffer| StationMessage::Ask.encode(buffer));
        self.out.transmit(link, Class::Signal, data);
    }

    pub(super) fn on_packet(&mut self, link: LinkId, data: &[u8]) {
        let is_ours = matches!(&self.session, Session::Listening(of) if of.link == link);
        match StationMessage::parse(data) {
            Ok(message) if is_ours => match message {
                Some(StationMessage::Station(program)) => self.on_program(program),
                Some(StationMessage::Refused(reason)) => {
                    self.hang_up(CloseReason::Refused(reason), self.pause());
                }
                Some(StationMessage::Ask) => self.counters.malformed += 1,
                None => self.on_voice(data),
            },
            _ => self.counters.malformed += 1,
        }
    }

    fn on_program(&mut self, program: Option<Program>) {
        let Session::Listening(listening) = &mut self.session else { return };
        let Some(program) = program else {
            return self.hang_up(CloseReason::UnknownProgram, None);
        };
        if let Some(station) = &self.relay {
            if program.path.contains(station) {
                return self.hang_up(CloseReason::Loop, None);
            }
            if program.path.len() >= STATION_PATH {
                return self.hang_up(CloseReason::TooFar, None);
            }
        }
        listening.heard(self.now);
        self.lost = 0;
        if listening.program.as_ref() == Some(&program) {
            return;
        }
        let old = listening.program.replace(program.clone());
        let is_anew =
            old.is_none_or(|old| (old.profile, &old.path) != (program.profile, &program.path));
        if is_anew {
            listening.frames = bucket(self.now, program.profile);
            listening.window = Window::default();
        }
        if is_anew || !program.is_on_air {
            self.end_talk();
        }
        self.out.event(TunerEvent::Program(program));
    }

    fn on_voice(&mut self, data: &[u8]) {
        let Session::Listening(listening) = &mut self.session else { return };
        let profile = listening.program.as_ref().map(|program| program.profile);
        let spoken = profile
            .and_then(|profile| Spoken::read(data, |frame: Frame<'_>| profile.accepts(frame)));
        match spoken {
            Some(Spoken::TalkEnd) => {
                listening.heard(self.now);
                self.end_talk();
            }
            Some(Spoken::Frames { frames, sequence: Some(first) })
                if data.len() <= STATION_PACKET =>
            {
                if !listening.frames.take(self.now, frames.len() as u64) {
                    self.counters.excess += 1;
                } else if !listening.window.take(first) {
                    self.counters.repeated += 1;
                } else {
                    listening.heard(self.now);
                    listening.is_talking = true;
                    let spoken = Spoken::Frames { frames, sequence: Some(first) };
                    let data = self.out.packet(|buffer| spoken.write(buffer));
                    self.out.event(TunerEvent::Voice(data));
                }
            }
            Some(Spoken::Frames { .. }) | None => self.counters.malformed += 1,
        }
    }

    /// Ends the talk spurt, once.
    pub(super) fn end_talk(&mut self) {
        if let Session::Listening(listening) = &mut self.session
            && core::mem::take(&mut listening.is_talking)
        {
            self.out.event(TunerEvent::TalkEnd);
        }
    }
}

/// Returns twice real time of this profile.
fn bucket(now: Instant, profile: StationProfile) -> Bucket {
    let rate = FRAME_RATE * 48_000 / profile.frame().0;
    Bucket::new(now, rate, FRAME_BURST.max(2 * rate))
}
