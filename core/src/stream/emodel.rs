//! The E-model: estimates a mean opinion score (MOS) from codec, loss and delay.
//!
//! *Units*: ratings in hundredths; losses in hundredths of a percent.
//!
//! *Source*: ITU-T G.107 and G.107.1. Parameters that are not measured here have their defaults.

use core::time::Duration;

use crate::profile::{Profile, VoiceCodec};
use crate::quality::Mos;
use crate::wire::Codec;

/// The rating scale of a codec, and its impairment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Equipment {
    band: Band,
    impairment: i64,
    /// Packet loss robustness factor (Bpl).
    robustness: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    Narrow,
    Wide,
}

/// Estimates the MOS of frames of this codec, in a call of this profile.
///
/// `delay` is mouth to ear. `lost` is the share of missing audio, in hundredths of a percent.
pub(super) fn opinion(codec: Codec, profile: Profile, delay: Duration, lost: u32) -> Mos {
    let Equipment { band, impairment, robustness } = equipment(codec, profile);
    let lost = i64::from(lost);
    let effective = impairment + (9_500 - impairment) * lost / (lost + robustness);
    let rating = match band {
        Band::Narrow => NARROW_BEST - effective - delay_impairment(delay),
        Band::Wide => (WIDE_BEST - effective - delay_impairment(delay)) * 100 / 129,
    };
    opinion_of(rating)
}

/// Returns the scale, Ie and Bpl of a codec.
fn equipment(codec: Codec, profile: Profile) -> Equipment {
    let (band, impairment, robustness) = match (codec, profile.codec()) {
        (Codec::Raw, _) => (Band::Wide, 0, 430),
        (Codec::Codec2, VoiceCodec::Codec2 { bitrate_bps: ..=1_000 }) => {
            (Band::Narrow, 4_800, 1_000)
        }
        (Codec::Codec2, VoiceCodec::Codec2 { bitrate_bps: ..=2_000 }) => {
            (Band::Narrow, 3_800, 1_000)
        }
        (Codec::Codec2, _) => (Band::Narrow, 3_000, 1_000),
        (Codec::Opus, VoiceCodec::Opus { bitrate_bps: 32_000.., .. }) => (Band::Wide, 300, 1_000),
        (Codec::Opus, VoiceCodec::Opus { bitrate_bps: 16_000.., .. }) => (Band::Wide, 700, 1_000),
        (Codec::Opus, _) => (Band::Wide, 2_600, 1_000),
        // Unknown codec: rated as G.711.
        (Codec::Other(_), _) => (Band::Narrow, 0, 430),
    };
    Equipment { band, impairment, robustness }
}

/// Returns Idd, interpolated between the points of a table.
fn delay_impairment(delay: Duration) -> i64 {
    let millis = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    let mut below = (0, 0);
    for point in DELAY_IMPAIRMENT {
        if millis < point.0 {
            return below.1 + (point.1 - below.1) * (millis - below.0) / (point.0 - below.0);
        }
        below = point;
    }
    below.1
}

fn opinion_of(rating: i64) -> Mos {
    let rating = rating.clamp(0, 10_000);
    let bend = rating * (rating - 6_000) * (10_000 - rating) * 7;
    let mos = 100 + (rating * 350_000_000 + bend + 5_000_000_000) / 10_000_000_000;
    Mos(u16::try_from(mos.max(100)).unwrap_or(450))
}

/// 93.2: the rating of G.107 with every parameter at its default.
const NARROW_BEST: i64 = 9_320;

/// 129: the rating of G.107.1 with every parameter at its default.
const WIDE_BEST: i64 = 12_900;

/// Delay in ms, and its impairment.
const DELAY_IMPAIRMENT: [(i64, i64); 13] = [
    (100, 0),
    (125, 0),
    (150, 16),
    (175, 103),
    (200, 304),
    (250, 892),
    (300, 1_476),
    (400, 2_407),
    (500, 3_064),
    (700, 3_850),
    (1_000, 4_379),
    (1_500, 4_692),
    (2_000, 4_808),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_become_the_opinions_of_g_107() {
        for (rating, mos) in [(0, 100), (5_000, 258), (6_000, 310), (7_000, 360), (8_000, 402)] {
            assert_eq!(opinion_of(rating), Mos(mos), "{rating}");
        }
        assert_eq!(opinion_of(9_320), Mos(441));
        assert_eq!(opinion_of(20_000), Mos(450));
        assert_eq!(opinion_of(-5), Mos(100));
    }

    #[test]
    fn delay_costs_what_g_107_says() {
        for (millis, cost) in [(0, 0), (99, 0), (150, 16), (225, 598), (400, 2_407), (9_999, 4_808)]
        {
            assert_eq!(delay_impairment(Duration::from_millis(millis)), cost, "{millis}");
        }
    }

    #[test]
    fn loss_and_delay_and_fewer_bits_cost_opinion() {
        let opinion = |profile, millis, lost| {
            opinion(Codec::Opus, profile, Duration::from_millis(millis), lost)
        };
        let best = opinion(Profile::SuperHighQuality, 100, 0);
        assert_eq!(best, Mos(448));
        let others = [
            opinion(Profile::HighQuality, 100, 0),
            opinion(Profile::MediumQuality, 100, 0),
            opinion(Profile::MediumQuality, 300, 0),
            opinion(Profile::MediumQuality, 300, 200),
            opinion(Profile::MediumQuality, 300, 1_000),
        ];
        assert!([best].iter().chain(&others).is_sorted_by(|one, other| one > other), "{others:?}");
    }

    #[test]
    fn codec2_is_rated_on_the_narrow_scale() {
        let profiles =
            [Profile::LowBandwidth, Profile::VeryLowBandwidth, Profile::UltraLowBandwidth];
        let opinions = profiles.map(|profile| opinion(Codec::Codec2, profile, Duration::ZERO, 0));
        assert_eq!(opinions, [Mos(326), Mos(285), Mos(233)]);
    }
}
