//! The profile of a call that the app leaves to the path.
//!
//! A caller tells its profile when the call rings at the callee. By then the stack or the core knows
//! the round trip of the link, and two exchanges have taken their time: from link-up to AVAILABLE,
//! and from the identification to RINGING. Repeats may make the round trip too short, and a slow
//! callee makes the exchanges too long, so an exchange counts without [`SLOW_CALLEE`]. The longest
//! of the three decides. The packets that set up a link hold 204 bytes: a path that spends all of
//! the round trip on sending them carries 1,632 bit in it.
//!
//! | round trip | begins in | steps up to |
//! |---|---|---|
//! | below 60 ms | Super High Quality | Super High Quality |
//! | below 250 ms | High Quality | Super High Quality |
//! | below 700 ms | Medium Quality | High Quality |
//! | below 1.5 s | Very Low Bandwidth | Medium Quality |
//! | longer | Ultra Low Bandwidth | Low Bandwidth |
//!
//! A profile that cannot be sent is replaced by the [nearest](ProfileSet::nearest) one. *Source*:
//! our choice; the reference dials in Medium Quality on every path.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use lxst_core::{CallState, Instant, Profile, ProfileSet, Side, UnknownProfile};

/// The profile that a call is dialled in, and whether it changes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProfileChoice {
    /// The one that fits the path, told to the callee when the call rings there. During the call it
    /// steps down and up with the path.
    #[default]
    Auto,
    /// This one. During the call it steps down, and up again to this one.
    UpTo(Profile),
    /// This one, until a person on either side changes it.
    Exactly(Profile),
}

impl From<Profile> for ProfileChoice {
    /// A profile that is named is used exactly.
    fn from(profile: Profile) -> Self {
        Self::Exactly(profile)
    }
}

impl FromStr for ProfileChoice {
    type Err = UnknownProfile;

    /// Reads `auto`, or a profile that is used exactly.
    ///
    /// # Errors
    /// [`UnknownProfile`] for anything else.
    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Exactly)
    }
}

impl fmt::Display for ProfileChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::UpTo(profile) => write!(f, "{profile} at most"),
            Self::Exactly(profile) => profile.fmt(f),
        }
    }
}

/// How the profile of a dialled call is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialled {
    /// By the path, which is not known yet: since when the exchange with the callee lasts.
    Open {
        asked_at: Option<Instant>,
    },
    /// By the path, about to be told to the core.
    Choosing(PathProfile, Option<Instant>),
    /// By the path. A longer exchange changes it: since when it lasts, until it is over.
    Chosen(PathProfile, Option<Instant>),
    UpTo,
    Exactly,
}

/// What fits a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathProfile {
    /// What a call begins in.
    pub(crate) start: Profile,
    /// The best that it steps up to.
    pub(crate) best: Profile,
    /// The time that decided.
    pub(crate) round_trip: Duration,
}

impl PathProfile {
    /// Chooses by the longer of a round trip and an exchange; `None` if no profile can be sent.
    fn of(round_trip: Duration, exchange: Duration, profiles: ProfileSet) -> Option<Self> {
        let round_trip = round_trip.max(exchange.saturating_sub(SLOW_CALLEE));
        let row = TABLE.iter().find(|(below, ..)| round_trip < *below);
        let (_, start, best) = row.unwrap_or(&LONGEST);
        let [start, best] = [start, best].map(|profile| profiles.nearest(*profile));
        Some(Self { start: start?, best: best?, round_trip })
    }
}

impl Dialled {
    pub(crate) const fn new(choice: ProfileChoice) -> Self {
        match choice {
            ProfileChoice::Auto => Self::Open { asked_at: None },
            ProfileChoice::UpTo(_) => Self::UpTo,
            ProfileChoice::Exactly(_) => Self::Exactly,
        }
    }

    /// Handles the state of the call and the round trip of its link. Returns a choice when the
    /// callee said AVAILABLE, and another when the call rings if the path is slower than it seemed.
    pub(crate) fn on_state(
        &mut self,
        now: Instant,
        state: CallState,
        round_trip: Option<Duration>,
        profiles: ProfileSet,
    ) -> Option<PathProfile> {
        let since = |asked: Option<Instant>| asked.map_or(Duration::ZERO, |at| now.since(at));
        match self {
            Self::Open { asked_at } => {
                if state == CallState::Linked {
                    asked_at.get_or_insert(now);
                }
                if state < CallState::Identified || state == CallState::GlareWait {
                    return None;
                }
                let exchange = since(*asked_at);
                let chosen = PathProfile::of(round_trip.unwrap_or_default(), exchange, profiles)?;
                *self = Self::Choosing(chosen, (state == CallState::Identified).then_some(now));
                Some(chosen)
            }
            Self::Chosen(before, asked_at @ Some(_)) if state >= CallState::Ringing => {
                let exchange = since(asked_at.take());
                let chosen = PathProfile::of(before.round_trip, exchange, profiles)?;
                let is_other = chosen.start != before.start && state == CallState::Ringing;
                *self = match is_other {
                    true => Self::Choosing(chosen, None),
                    false => Self::Chosen(*before, None),
                };
                is_other.then_some(chosen)
            }
            _ => None,
        }
    }

    /// Handles that the core was told of the choice.
    pub(crate) const fn on_told(&mut self) {
        if let Self::Choosing(chosen, asked_at) = *self {
            *self = Self::Chosen(chosen, asked_at);
        }
    }

    /// Handles a switch before the call is established. Returns whether it is the choice; any other
    /// of this side is a person's.
    pub(crate) fn on_switched(&mut self, by: Side) -> bool {
        let is_choice = matches!(self, Self::Choosing(..));
        if !is_choice && by == Side::Local {
            *self = Self::Exactly;
        }
        is_choice
    }

    /// Returns the best profile that an established call steps up to; `None` if it does not step.
    pub(crate) const fn best(&self, established: Profile) -> Option<Profile> {
        match self {
            Self::Choosing(path, _) | Self::Chosen(path, _) => Some(path.best),
            Self::UpTo => Some(established),
            Self::Open { .. } | Self::Exactly => None,
        }
    }
}

/// How long a callee that is a slow program may take to answer, its app's decision on the caller
/// left out.
const SLOW_CALLEE: Duration = Duration::from_millis(250);

const TABLE: [(Duration, Profile, Profile); 4] = [
    (Duration::from_millis(60), Profile::SuperHighQuality, Profile::SuperHighQuality),
    (Duration::from_millis(250), Profile::HighQuality, Profile::SuperHighQuality),
    (Duration::from_millis(700), Profile::MediumQuality, Profile::HighQuality),
    (Duration::from_millis(1_500), Profile::VeryLowBandwidth, Profile::MediumQuality),
];

const LONGEST: (Duration, Profile, Profile) =
    (Duration::MAX, Profile::UltraLowBandwidth, Profile::LowBandwidth);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_of_round_trip_and_exchange_decides() {
        let of = |trip, exchange| {
            let [trip, exchange] = [trip, exchange].map(Duration::from_millis);
            let chosen = PathProfile::of(trip, exchange, all()).expect("all can be sent");
            (chosen.start, chosen.best)
        };
        assert_eq!(of(20, 250), (Profile::SuperHighQuality, Profile::SuperHighQuality));
        assert_eq!(of(20, 350), (Profile::HighQuality, Profile::SuperHighQuality));
        assert_eq!(of(400, 0), (Profile::MediumQuality, Profile::HighQuality));
        assert_eq!(of(700, 0), (Profile::VeryLowBandwidth, Profile::MediumQuality));
        assert_eq!(of(3_000, 0), (Profile::UltraLowBandwidth, Profile::LowBandwidth));
    }

    #[test]
    fn a_phone_without_codec2_takes_its_thinnest_profile_on_a_slow_path() {
        let of = |profiles| PathProfile::of(Duration::from_secs(3), Duration::ZERO, profiles);
        let chosen = of(ProfileSet::OPUS).expect("it sends Opus");
        assert_eq!((chosen.start, chosen.best), (Profile::MediumQuality, Profile::MediumQuality));
        assert_eq!(of(ProfileSet::EMPTY), None);
    }

    #[test]
    fn a_choice_is_made_at_available_and_again_where_ringing_takes_longer() {
        let mut dialled = Dialled::new(ProfileChoice::Auto);
        let mut at = |millis, state| {
            let trip = Some(Duration::from_millis(30));
            let chosen = dialled.on_state(Instant::from_millis(millis), state, trip, all());
            dialled.on_told();
            chosen.map(|chosen| (chosen.start, chosen.round_trip.as_millis()))
        };
        assert_eq!(at(0, CallState::Calling), None);
        assert_eq!(at(9_000, CallState::Linked), None);
        assert_eq!(at(9_100, CallState::Linked), None);
        assert_eq!(at(9_400, CallState::Identified), Some((Profile::HighQuality, 150)));
        assert_eq!(at(9_500, CallState::Identified), None);
        assert_eq!(at(12_400, CallState::Ringing), Some((Profile::UltraLowBandwidth, 2_750)));
        assert_eq!(at(19_500, CallState::Ringing), None);
    }

    #[test]
    fn a_choice_is_read_as_people_write_it() {
        assert_eq!("Auto".parse(), Ok(ProfileChoice::Auto));
        assert_eq!("mq".parse(), Ok(ProfileChoice::Exactly(Profile::MediumQuality)));
        assert_eq!("best".parse::<ProfileChoice>(), Err(UnknownProfile));
    }

    fn all() -> ProfileSet {
        Profile::ALL.into_iter().fold(ProfileSet::EMPTY, ProfileSet::with)
    }
}
