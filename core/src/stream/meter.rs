//! The quality report of a session, from its counters.

use core::time::Duration;

use super::emodel;
use super::playout::PlayoutQuality;
use crate::audio::Samples;
use crate::counters::Counters;
use crate::limits::{QUALITY, SILENCE};
use crate::profile::Profile;
use crate::quality::{Mos, Quality};
use crate::time::Instant;
use crate::wire::Codec;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meter {
    /// The counters at the start of the session.
    began: Counters,
    /// The counters at the latest report.
    before: Counters,
    /// Missing audio at the latest report.
    missing: Samples,
    taken: Instant,
    heard: Instant,
    codec: Codec,
    rates: Rates,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rates {
    received_bps: u32,
    sent_bps: u32,
    mos: Mos,
}

/// What the frames came over, and in which profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) profile: Profile,
    pub(super) rtt: Duration,
}

impl Meter {
    pub(super) const fn new(now: Instant, counters: Counters) -> Self {
        Self {
            began: counters,
            before: counters,
            missing: Samples::ZERO,
            taken: now,
            heard: now,
            codec: Codec::Opus,
            rates: Rates { received_bps: 0, sent_bps: 0, mos: Mos(0) },
        }
    }

    pub(super) const fn on_frame(&mut self, now: Instant, codec: Codec) {
        (self.heard, self.codec) = (now, codec);
    }

    pub(super) fn due(&self) -> Instant {
        self.taken + QUALITY
    }

    /// Makes a report.
    pub(super) fn tell(
        &mut self,
        now: Instant,
        path: &Path,
        heard: PlayoutQuality,
        counters: &Counters,
    ) -> Quality {
        let passed = now.since(self.taken);
        // A shorter remainder of a second, at the end of a call, gives no useful rate.
        if passed >= QUALITY / 2 {
            self.rates = self.rates(passed, path, heard, counters);
            (self.before, self.missing, self.taken) = (*counters, heard.missing, now);
        }
        let (began, rates) = (&self.began, &self.rates);
        Quality {
            packets_received: counters.media_packets_received - began.media_packets_received,
            frames_received: counters.frames_received - began.frames_received,
            frames_lost: counters.frames_lost.saturating_sub(began.frames_lost),
            frames_recovered: counters.frames_recovered.saturating_sub(began.frames_recovered),
            copies_sent: counters.copies_sent.saturating_sub(began.copies_sent),
            concealed: counters.concealed - began.concealed,
            starved: counters.starved - began.starved,
            dropped: counters.dropped - began.dropped,
            capture_dropped: counters.capture_dropped - began.capture_dropped,
            playback_dropped: counters.playback_dropped - began.playback_dropped,
            shed: counters.shed - began.shed,
            expanded: counters.expanded - began.expanded,
            delay: heard.delay.duration(),
            jitter: heard.jitter.duration(),
            received_bps: rates.received_bps,
            sent_bps: rates.sent_bps,
            mos: rates.mos,
            is_peer_silent: now.since(self.heard) >= SILENCE,
        }
    }

    fn rates(
        &self,
        passed: Duration,
        path: &Path,
        heard: PlayoutQuality,
        counters: &Counters,
    ) -> Rates {
        let before = &self.before;
        let mouth_to_ear = path.rtt / 2 + (heard.frame + heard.delay).duration();
        let unplayed = counters.playback_dropped - before.playback_dropped;
        let missing_here = heard.missing - self.missing + unplayed;
        let missing_there = counters.capture_dropped - before.capture_dropped;
        let lost = share(missing_here.max(missing_there).duration(), passed);
        let received = counters.bytes_received - before.bytes_received;
        let mos = match received {
            0 => self.rates.mos,
            _ => emodel::opinion(self.codec, path.profile, mouth_to_ear, lost),
        };
        Rates {
            received_bps: bits_a_second(received, passed),
            sent_bps: bits_a_second(counters.bytes_sent - before.bytes_sent, passed),
            mos,
        }
    }
}

/// Hundredths of a percent.
fn share(part: Duration, whole: Duration) -> u32 {
    let whole = whole.as_micros().max(1);
    u32::try_from((part.as_micros() * 10_000 / whole).min(10_000)).unwrap_or(10_000)
}

fn bits_a_second(bytes: u64, passed: Duration) -> u32 {
    let micros = passed.as_micros().max(1);
    u32::try_from(u128::from(bytes) * 8_000_000 / micros).unwrap_or(u32::MAX)
}
