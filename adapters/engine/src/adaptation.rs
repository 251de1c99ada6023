//! Adaptive profile: steps down when the path cannot carry the profile, and up again when it can.
//!
//! Our switch moves the peer as well, so loss on the way here counts for both directions: a path
//! that loses what the peer sends is too narrow for what both send. Media that our own interface
//! could not send in time also counts.
//!
//! *Down*: when more than 8 % of the voice of five seconds was lost, or not sent in time; to the
//! best lower profile whose packets take no more of the path than what came through. *Up*, to the
//! best profile that the call was given at most: after 20 s with less than 2 %. A step up that fails
//! doubles the wait before the next one, up to 5 min. Two steps are at least 5 s apart. A profile
//! that the peer chooses is the best from then on; a person here who names one ends the adaptation.
//! *Source*: our choice; the reference never switches.

use std::collections::VecDeque;
use std::time::Duration;

use lxst_core::{Instant, Profile, ProfileSet, Quality, Side};

/// The adaptation of one call.
#[derive(Debug)]
pub(crate) struct Adapter {
    profiles: ProfileSet,
    /// The profile that a person chose.
    chosen: Profile,
    current: Profile,
    /// The latest five reports since the latest switch.
    window: VecDeque<Share>,
    before: Option<MediaCounters>,
    /// Since when loss has been low.
    good_since: Option<Instant>,
    stepped_up: Option<Instant>,
    patience: Duration,
}

/// Whether the profile of a call still adapts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adaptation {
    GoesOn,
    Over,
}

/// Counters of a call's media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MediaCounters {
    pub(crate) received: u64,
    /// Lost by the network, and replaced by no copy.
    pub(crate) lost: u64,
    pub(crate) sent: u64,
    /// Media packets that our own interface could not send in time.
    pub(crate) unsent: u64,
}

impl MediaCounters {
    pub(crate) const fn new(quality: &Quality, sent: u64, unsent: u64) -> Self {
        let lost = quality.frames_lost.saturating_sub(quality.frames_recovered);
        Self { received: quality.frames_received, lost, sent, unsent }
    }
}

/// The media of one report: wanted and missing.
#[derive(Clone, Copy, Debug)]
struct Share {
    wanted: u64,
    missing: u64,
}

impl Adapter {
    /// Adapts a call that begins in a profile, and steps up to the best at most.
    pub(crate) const fn up_to(best: Profile, profile: Profile, profiles: ProfileSet) -> Self {
        Self {
            profiles,
            chosen: best,
            current: profile,
            window: VecDeque::new(),
            before: None,
            good_since: None,
            stepped_up: None,
            patience: MIN_PATIENCE,
        }
    }

    /// Handles a switch. Ours is known. That of the peer is the best from here on. One that a person
    /// on this side made ends the adaptation: a profile that is named is used exactly.
    pub(crate) fn on_switched(&mut self, profile: Profile, by: Side) -> Adaptation {
        match by {
            _ if profile == self.current => Adaptation::GoesOn,
            Side::Local => Adaptation::Over,
            Side::Remote => {
                *self = Self::up_to(profile, profile, self.profiles);
                Adaptation::GoesOn
            }
        }
    }

    /// Handles the report of one second. Returns the profile to switch to.
    pub(crate) fn on_report(&mut self, now: Instant, counts: MediaCounters) -> Option<Profile> {
        let before = self.before.replace(counts)?;
        let [here, there] = [
            share(
                counts.received.saturating_sub(before.received),
                counts.lost.saturating_sub(before.lost),
            ),
            Share {
                wanted: counts.sent.saturating_sub(before.sent),
                missing: counts.unsent.saturating_sub(before.unsent),
            },
        ];
        self.window.push_back(if worse(there, here) { there } else { here });
        if self.window.len() > WINDOW {
            self.window.pop_front();
        }
        let percent = self.missing_percent();
        if percent >= GOOD_BELOW_PERCENT {
            self.good_since = None;
        } else if self.good_since.is_none() {
            self.good_since = Some(now);
        }
        if self.window.len() < WINDOW {
            return None;
        }
        if percent > BAD_ABOVE_PERCENT {
            return self.step_down(now, percent);
        }
        let is_good = self.good_since.is_some_and(|since| since + self.patience <= now);
        if is_good { self.step_up(now) } else { None }
    }

    fn step_down(&mut self, now: Instant, missing_percent: u64) -> Option<Profile> {
        let carried = air_bps(self.current) * 100_u64.saturating_sub(missing_percent);
        let mut lower = self.below(self.current)?;
        while air_bps(lower) * 100 > carried {
            let Some(next) = self.below(lower) else { break };
            lower = next;
        }
        let failed = self.stepped_up.take().is_some_and(|at| now < at + self.patience);
        if failed {
            self.patience = (self.patience * 2).min(MAX_PATIENCE);
        }
        Some(self.switch(lower))
    }

    fn step_up(&mut self, now: Instant) -> Option<Profile> {
        let mut next = self.chosen;
        // From the chosen profile down to the one above the current.
        while next != self.current {
            let below = self.below(next)?;
            if below == self.current {
                self.stepped_up = Some(now);
                return Some(self.switch(next));
            }
            next = below;
        }
        None
    }

    fn switch(&mut self, profile: Profile) -> Profile {
        self.current = profile;
        self.window.clear();
        (self.before, self.good_since) = (None, None);
        profile
    }

    /// Returns the nearest profile below that we can send.
    fn below(&self, profile: Profile) -> Option<Profile> {
        let mut lower = less(profile)?;
        while !self.profiles.contains(lower) {
            lower = less(lower)?;
        }
        Some(lower)
    }

    fn missing_percent(&self) -> u64 {
        let wanted: u64 = self.window.iter().map(|share| share.wanted).sum();
        let missing: u64 = self.window.iter().map(|share| share.missing).sum();
        missing * 100 / wanted.max(1)
    }
}

const fn share(passed: u64, missing: u64) -> Share {
    Share { wanted: passed + missing, missing }
}

/// Compares two shares without a division.
const fn worse(one: Share, other: Share) -> bool {
    one.missing * other.wanted > other.missing * one.wanted
}

/// Returns the next profile that takes less airtime, packet headers included.
const fn less(profile: Profile) -> Option<Profile> {
    match profile {
        Profile::UltraLowLatency => Some(Profile::LowLatency),
        Profile::SuperHighQuality => Some(Profile::HighQuality),
        Profile::LowLatency | Profile::HighQuality => Some(Profile::MediumQuality),
        Profile::MediumQuality => Some(Profile::LowBandwidth),
        Profile::LowBandwidth => Some(Profile::VeryLowBandwidth),
        Profile::VeryLowBandwidth => Some(Profile::UltraLowBandwidth),
        Profile::UltraLowBandwidth => None,
    }
}

/// Returns the bit rate of a profile's packets, with header and padding.
const fn air_bps(profile: Profile) -> u64 {
    let payload = FRAME_HEADER + profile.byte_ceiling() as u64;
    let packet = PACKET_HEADER + (payload / 16 + 1) * 16;
    packet * 8 * 48_000 / profile.frame().0
}

/// Bytes of a packet before its payload, and of the payload before an Opus or Codec2 frame.
///
/// *Source*: RNS 1.5.7, a packet of a link; `81 01 c4 <length> <codec>`.
const PACKET_HEADER: u64 = 67;
const FRAME_HEADER: u64 = 5;

/// Reports, one per second, that a step down averages.
const WINDOW: usize = 5;
const BAD_ABOVE_PERCENT: u64 = 8;
const GOOD_BELOW_PERCENT: u64 = 2;
const MIN_PATIENCE: Duration = Duration::from_secs(20);
const MAX_PATIENCE: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a path that carries so many frames of a hundred in each profile.
    fn run(
        adapter: &mut Adapter,
        seconds: u64,
        lost: impl Fn(Profile) -> u64,
    ) -> Vec<(u64, Profile)> {
        let mut counts = MediaCounters::default();
        let mut switches = Vec::new();
        for second in 0..seconds {
            let lost = lost(adapter.current);
            counts.received += 100 - lost;
            counts.lost += lost;
            counts.sent += 100;
            switches.extend(
                adapter
                    .on_report(Instant::from_millis(second * 1_000), counts)
                    .map(|to| (second, to)),
            );
        }
        switches
    }

    fn adapter(profile: Profile) -> Adapter {
        Adapter::up_to(profile, profile, ProfileSet::OPUS)
    }

    #[test]
    fn a_path_that_carries_the_profile_is_left_alone() {
        assert_eq!(run(&mut adapter(Profile::HighQuality), 3_600, |_| 5), []);
    }

    #[test]
    fn a_path_that_is_too_narrow_gets_less_until_it_carries_it() {
        let narrow = |profile| if profile == Profile::MediumQuality { 3 } else { 30 };
        let switches = run(&mut adapter(Profile::SuperHighQuality), 600, narrow);
        assert_eq!(switches, [(5, Profile::HighQuality), (11, Profile::MediumQuality)]);
    }

    #[test]
    fn steps_up_that_fail_come_ever_more_seldom() {
        let narrow = |profile| if profile == Profile::MediumQuality { 0 } else { 30 };
        let switches = run(&mut adapter(Profile::HighQuality), 3_600, narrow);
        let ups: Vec<u64> = switches
            .iter()
            .filter(|(_, to)| *to == Profile::HighQuality)
            .map(|(at, _)| *at)
            .collect();
        let waits: Vec<u64> = ups.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.is_sorted(), "{waits:?}");
        assert!((300..320).contains(waits.last().unwrap()), "{waits:?}");
    }

    #[test]
    fn a_path_that_recovers_is_used_up_to_what_was_chosen() {
        let mut adapter = adapter(Profile::HighQuality);
        assert_eq!(run(&mut adapter, 6, |_| 50), [(5, Profile::MediumQuality)]);
        let switches = run(&mut adapter, 60, |_| 0);
        assert_eq!(switches.len(), 1, "{switches:?}");
        assert_eq!(adapter.current, Profile::HighQuality);
    }

    #[test]
    fn what_the_peer_chooses_is_kept() {
        let mut adapter = adapter(Profile::HighQuality);
        let switched = adapter.on_switched(Profile::MediumQuality, Side::Remote);
        assert_eq!(switched, Adaptation::GoesOn);
        assert_eq!(run(&mut adapter, 600, |_| 0), []);
        assert_eq!(run(&mut adapter, 600, |_| 50), [], "there is nothing below without Codec2");
    }

    #[test]
    fn a_person_who_names_a_profile_ends_the_adaptation() {
        let mut adapter = adapter(Profile::HighQuality);
        assert_eq!(
            adapter.on_switched(Profile::HighQuality, Side::Local),
            Adaptation::GoesOn,
            "it is the adapter's own"
        );
        assert_eq!(adapter.on_switched(Profile::LowLatency, Side::Local), Adaptation::Over);
    }

    #[test]
    fn what_cannot_be_sent_in_time_counts_as_much_as_what_does_not_arrive() {
        let mut adapter = adapter(Profile::LowLatency);
        let mut counts = MediaCounters::default();
        let mut switched = None;
        for second in 0..10 {
            counts.received += 50;
            counts.sent += 50;
            counts.unsent += 10;
            switched = switched.or(adapter.on_report(Instant::from_millis(second * 1_000), counts));
        }
        assert_eq!(switched, Some(Profile::MediumQuality));
    }
}
