//! Values that JSON holds as the texts that people type.

use core::fmt::Display;
use core::str::FromStr;

use lxst_phone::{Mode, Profile};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// A profile by its key, such as `quality_medium`. Each of its names is read.
pub(super) mod profile {
    use super::*;

    pub(in crate::control) fn serialize<S: Serializer>(
        profile: &Profile,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(profile.key())
    }

    pub(in crate::control) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Profile, D::Error> {
        super::deserialize(from)
    }

    pub(in crate::control) mod optional {
        use super::*;

        #[expect(clippy::ref_option, reason = "serde's signature")]
        pub(in crate::control) fn serialize<S: Serializer>(
            profile: &Option<Profile>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match profile {
                Some(profile) => to.serialize_some(profile.key()),
                None => to.serialize_none(),
            }
        }

        pub(in crate::control) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Profile>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
        }
    }
}

/// A mode as `full_duplex` or `half_duplex`.
pub(super) mod mode {
    use super::*;

    pub(in crate::control) fn serialize<S: Serializer>(
        mode: &Mode,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(match mode {
            Mode::FullDuplex => FULL,
            Mode::HalfDuplex => HALF,
        })
    }

    pub(in crate::control) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Mode, D::Error> {
        match String::deserialize(from)?.as_str() {
            FULL => Ok(Mode::FullDuplex),
            HALF => Ok(Mode::HalfDuplex),
            other => Err(D::Error::unknown_variant(other, &[FULL, HALF])),
        }
    }

    const FULL: &str = "full_duplex";
    const HALF: &str = "half_duplex";
}

/// An outcome by its word in the history, such as `busy`.
pub(super) mod outcome {
    use super::*;
    use crate::history::Outcome;

    pub(in crate::control) fn serialize<S: Serializer>(
        outcome: &Outcome,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(outcome.name())
    }

    pub(in crate::control) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Outcome, D::Error> {
        let name = String::deserialize(from)?;
        Outcome::named(&name).ok_or_else(|| D::Error::custom(format!("no outcome: {name}")))
    }
}
