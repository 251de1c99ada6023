//! The length of a received frame, from its first bytes.

use crate::audio::Samples;
use crate::wire::{Codec, Frame};

/// Returns the length of a frame, or `None` if its bytes do not tell it.
///
/// *Source*: RFC 6716, 3.1 and 3.2 for Opus; LXST/Codecs/Codec2.py and LXST/Codecs/Raw.py for the
/// byte that leads the others.
#[must_use]
pub fn frame_length(frame: Frame<'_>) -> Option<Samples> {
    let (first, rest) = frame.payload.split_first()?;
    let samples = match frame.codec {
        Codec::Opus => opus(*first, rest.first().copied())?,
        Codec::Codec2 => codec2(*first, rest.len())?,
        Codec::Raw => raw(*first, rest.len()),
        Codec::Other(_) => return None,
    };
    Some(Samples(samples)).filter(|samples| !samples.is_zero() && *samples <= LONGEST)
}

fn opus(toc: u8, count: Option<u8>) -> Option<u64> {
    let frame = match toc >> 3 {
        config @ 0..12 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..16 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(count? & 0x3f),
    };
    Some(frame * frames).filter(|samples| *samples <= MAX_OPUS)
}

fn codec2(mode: u8, bytes: usize) -> Option<u64> {
    let (native, native_bytes) = match mode {
        0 => (1_920, 4),
        1 => (1_920, 6),
        2 | 3 => (1_920, 7),
        4 => (1_920, 8),
        5 => (960, 6),
        6 => (960, 8),
        _ => return None,
    };
    Some(native * u64::try_from(bytes / native_bytes).ok()?)
}

fn raw(header: u8, bytes: usize) -> u64 {
    let depth = 2_usize << (header >> 6);
    let channels = usize::from(header & 0x3f) + 1;
    u64::try_from(bytes / (depth * channels)).unwrap_or(0)
}

/// 120 ms.
const MAX_OPUS: u64 = 5_760;

/// Largest length that two bytes hold.
const LONGEST: Samples = Samples(u16::MAX as u64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::profile::VoiceCodec;

    #[test]
    fn a_frame_of_each_profile_is_as_long_as_the_profile_says() {
        for profile in Profile::ALL {
            let mut payload = std::vec![0; profile.byte_ceiling()];
            let (codec, first) = match (profile.codec(), profile) {
                (VoiceCodec::Codec2 { bitrate_bps: 700 }, _) => (Codec::Codec2, 0),
                (VoiceCodec::Codec2 { bitrate_bps: 1_600 }, _) => (Codec::Codec2, 4),
                (VoiceCodec::Codec2 { .. }, _) => (Codec::Codec2, 6),
                (_, Profile::LowLatency) => (Codec::Opus, 0x08),
                (_, Profile::UltraLowLatency) => (Codec::Opus, 0xf0),
                (_, Profile::SuperHighQuality) => {
                    // Three CELT frames of 20 ms.
                    payload[1] = 3;
                    (Codec::Opus, 0xff)
                }
                _ => (Codec::Opus, 0x58),
            };
            payload[0] = first;
            assert_eq!(frame_length(Frame { codec, payload: &payload }), Some(profile.frame()));
        }
    }

    #[test]
    fn raw_audio_is_as_long_as_its_samples() {
        let length = |payload| frame_length(Frame { codec: Codec::Raw, payload });
        assert_eq!(length(&[0x00; 385]), Some(Samples(192)));
        assert_eq!(length(&[0x41; 385]), Some(Samples(48)));
        assert_eq!(length(&[0x00]), None);
    }

    #[test]
    fn what_no_decoder_takes_has_no_length() {
        for payload in [&[][..], &[0x03], &[0x5b, 0], &[0x5b, 3]] {
            assert_eq!(frame_length(Frame { codec: Codec::Opus, payload }), None, "{payload:?}");
        }
        assert_eq!(frame_length(Frame { codec: Codec::Codec2, payload: &[7; 65] }), None);
        assert_eq!(frame_length(Frame { codec: Codec::Codec2, payload: &[0; 4] }), None);
    }
}
