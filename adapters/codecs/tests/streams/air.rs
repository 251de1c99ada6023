//! What a second of each profile takes on the air, packets of links and their padding included.

use lxst_codecs::{BuiltInCodecs, CodecSettings, Codecs, Encoded, Encoder, Profile, SendFormat};
use lxst_core::VoiceCodec;
use lxst_core::wire::{Frame, encode_frame};

use crate::signal::{speech, white_noise};

#[test]
fn no_profile_takes_more_air_than_the_references_at_constant_rate() {
    for profile in sendable() {
        let (ours, reference) = (air(&BuiltInCodecs, profile), air_of_the_reference(profile));
        assert!(ours <= reference, "{profile}: {ours} B/s, the reference {reference} B/s");
    }
}

#[test]
fn ultra_low_latency_in_full_band_takes_19_percent_more_air_and_changes_no_other_profile() {
    let full_band = CodecSettings::new().full_band_ultra_low_latency(true);
    for profile in Profile::ALL {
        let format = SendFormat::Profile(profile);
        assert_eq!(CodecSettings::default().encoding(format), format.into(), "{profile}");
        let is_changed = full_band.encoding(format) != format.into();
        assert_eq!(is_changed, profile == Profile::UltraLowLatency, "{profile}");
    }
    let profile = Profile::UltraLowLatency;
    assert_eq!((air_of_the_reference(profile), air(&full_band, profile)), (8_300, 9_900));
}

/// The most bytes a second of the air that a profile takes, of speech and of noise.
fn air(codecs: &dyn Codecs, profile: Profile) -> u64 {
    let samples = profile.frame().0 as usize;
    let seconds = [speech(2.0), white_noise(96_000)];
    let longest = seconds.iter().flat_map(|sound| {
        let mut encoder = Encoder::of(codecs.encoder(SendFormat::Profile(profile)).unwrap());
        let codec = encoder.codec();
        sound.chunks_exact(samples).map(move |frame| {
            let mut payload = Vec::new();
            let encoded = encoder.encode(frame, &mut payload).unwrap();
            assert_eq!(encoded, Encoded::Payload(payload.len()));
            let mut packet = [0; LINK_MDU];
            encode_frame(Frame { codec, payload: &payload }, &mut packet).unwrap()
        })
    });
    a_second(profile, longest.max().unwrap())
}

/// The bytes a second of the air that the reference takes, whose encoder has a ceiling of
/// ceil(bitrate / 8 · seconds); of Codec2, what the mode takes.
fn air_of_the_reference(profile: Profile) -> u64 {
    let payload = match profile.codec() {
        VoiceCodec::Opus { bitrate_bps, .. } => {
            (u64::from(bitrate_bps) * profile.frame().0).div_ceil(8 * 48_000)
        }
        VoiceCodec::Codec2 { .. } => profile.byte_ceiling() as u64,
    };
    // A map of one key, the head of the bytes, the codec byte.
    a_second(profile, payload as usize + 5)
}

/// A packet on a link has 19 bytes of header, an initialisation vector of 16, a code of 32, and
/// what it carries padded by at least one byte to blocks of 16.
fn a_second(profile: Profile, carried: usize) -> u64 {
    let packet = 19 + 16 + 32 + (carried as u64 / 16 + 1) * 16;
    packet * 48_000 / profile.frame().0
}

fn sendable() -> impl Iterator<Item = Profile> {
    let sendable = BuiltInCodecs.profiles();
    Profile::ALL.into_iter().filter(move |profile| sendable.contains(*profile))
}

const LINK_MDU: usize = 431;
