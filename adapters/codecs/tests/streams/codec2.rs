//! Codec2 profiles, from PCM to payload to PCM; without the features, that they are refused.

use crate::signal::speech;
use lxst_codecs::{Codec, Codec2Mode, CodecError, Decoder, Encoder, Encoding, Tempo};

#[cfg(any(feature = "codec2", feature = "codec2-system"))]
mod built_in;

#[test]
fn what_is_not_built_in_is_refused_before_a_call() {
    for mode in Codec2Mode::ALL {
        let encoding = Encoding::Codec2(mode);
        let refused = Encoder::new(encoding).err();
        assert_eq!(encoding.check().err(), refused, "{mode:?}");
        assert_eq!(mode.is_supported(), refused.is_none(), "{mode:?}");
        let expected = if cfg!(feature = "codec2-system") {
            None
        } else if cfg!(feature = "codec2") {
            (mode == Codec2Mode::Mode700C).then_some(CodecError::UnsupportedMode { mode })
        } else {
            Some(CodecError::UnsupportedCodec { byte: 2 })
        };
        assert_eq!(refused, expected, "{mode:?}");
    }
}

#[test]
fn a_frame_that_is_not_built_in_is_refused_and_the_stream_goes_on() {
    let mut decoder = Decoder::default();
    for mode in Codec2Mode::ALL.into_iter().filter(|mode| !mode.is_supported()) {
        let mut heard = Vec::new();
        let payload = vec![mode as u8; mode.payload_bytes(19_200)];
        let refused = decoder.decode(Codec::Codec2, &payload, Tempo::Normal, &mut heard);
        assert_eq!(refused.err(), Encoder::new(Encoding::Codec2(mode)).err());
        assert!(heard.is_empty());
    }
    let raw = [0x00, 0x00, 0x38];
    let played = decoder.decode(Codec::Raw, &raw, Tempo::Normal, &mut Vec::new()).unwrap();
    assert_eq!(played.samples, 1);
}

#[test]
fn payloads_have_the_lengths_of_the_profiles() {
    for (mode, samples, bytes) in [
        (Codec2Mode::Mode700C, 19_200, 41),
        (Codec2Mode::Mode1600, 15_360, 65),
        (Codec2Mode::Mode3200, 9_600, 81),
    ] {
        assert_eq!(Encoding::Codec2(mode).max_payload_bytes(samples), bytes);
        let Ok(mut encoder) = Encoder::new(Encoding::Codec2(mode)) else {
            continue;
        };
        for frame in speech(2.0).chunks_exact(samples) {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload).unwrap();
            assert_eq!((payload.len(), payload[0]), (bytes, mode as u8));
        }
    }
}
