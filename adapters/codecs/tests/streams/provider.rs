//! Codecs of an app's own beside those that are built in.

use std::sync::Arc;

use lxst_codecs::{
    BuiltInCodecs, Codec, CodecError, Codecs, Decoder, Encoded, Encoder, FrameDecoder,
    FrameEncoder, MAX_FRAME_SAMPLES, Profile, RawDepth, SendFormat, Tempo,
};

#[test]
fn profiles_of_codecs_that_are_not_built_in_are_not_offered() {
    let offered = BuiltInCodecs.profiles();
    for profile in Profile::ALL {
        let format = SendFormat::Profile(profile);
        let encoder = BuiltInCodecs.encoder(format);
        assert_eq!(BuiltInCodecs.check(format).err(), encoder.as_ref().err().copied(), "{profile}");
        assert_eq!(offered.contains(profile), encoder.is_ok(), "{profile}");
        if let Ok(encoder) = encoder {
            assert_eq!(encoder.codec(), format.codec(), "{profile}");
        }
    }
    let opus = BuiltInCodecs.decoder(Codec::Opus).err();
    let missing = Some(CodecError::UnsupportedCodec { byte: 1 });
    assert_eq!(opus, if cfg!(feature = "opus") { None } else { missing });
    assert_eq!(offered.contains(Profile::MediumQuality), cfg!(feature = "opus"));
}

#[test]
fn a_codec_of_an_app_replaces_one_profile_and_stands_beside_the_rest() {
    let format = SendFormat::Profile(Profile::UltraLowLatency);
    let mut encoder = Encoder::of(Words.encoder(format).unwrap());
    assert_eq!(encoder.codec(), WORDS);
    let mut payload = Vec::new();
    assert_eq!(encoder.encode(&[0.5; 480], &mut payload), Ok(Encoded::Payload(960)));

    let mut decoder = Decoder::new(Arc::new(Words));
    let mut pcm = Vec::new();
    let raw = SendFormat::Raw(RawDepth::Float16);
    let mut other = Vec::new();
    Encoder::of(Words.encoder(raw).unwrap()).encode(&[0.25; 480], &mut other).unwrap();
    decoder.decode(Codec::Raw, &other, Tempo::Normal, &mut pcm).unwrap();
    pcm.clear();
    decoder.decode(WORDS, &payload, Tempo::Normal, &mut pcm).unwrap();
    // What does not continue the frame before fades in over 5 ms.
    assert!(pcm[240..].iter().all(|sample| (sample - 0.5).abs() < 1e-4), "{pcm:?}");
    assert_eq!(pcm.len(), 480);

    let unknown = decoder.decode(Codec::Other(0x0b), &payload, Tempo::Normal, &mut pcm);
    assert_eq!(unknown, Err(CodecError::UnsupportedCodec { byte: 0x0b }));
}

#[test]
fn what_a_codec_of_an_app_makes_is_audio_of_a_bounded_length() {
    let mut decoder = Decoder::new(Arc::new(Words));
    let mut pcm = Vec::new();
    let nonsense: Vec<u8> =
        [i16::MAX, i16::MIN].iter().flat_map(|word| word.to_le_bytes()).collect();
    decoder.decode(WORDS, &nonsense, Tempo::Normal, &mut pcm).unwrap();
    assert_eq!(pcm, [1.0, 0.0], "beyond full scale, and no number");
    for (payload, error) in [
        (vec![], CodecError::Empty),
        (vec![0; 3], CodecError::App { reason: "half a word" }),
        (vec![0; 200_000], CodecError::TooLong { samples: 100_000 }),
    ] {
        assert_eq!(decoder.decode(WORDS, &payload, Tempo::Normal, &mut pcm), Err(error));
    }
    assert_eq!(pcm.len(), 2, "refused frames leave the audio as it was");
    const { assert!(MAX_FRAME_SAMPLES < 100_000) };
}

#[test]
fn a_codec_without_concealment_repeats_its_last_period() {
    let mut decoder = Decoder::new(Arc::new(Words));
    let tone: Vec<u8> = (0..4_800)
        .flat_map(|n| ((n as f32 * 0.05).sin() * 8_192.0).to_le_bytes_of_a_word())
        .collect();
    let mut pcm = Vec::new();
    decoder.decode(WORDS, &tone, Tempo::Normal, &mut pcm).unwrap();
    pcm.clear();
    let played = decoder.conceal(480, &mut pcm).unwrap();
    assert_eq!((played.samples, pcm.len()), (480, 480));
    assert!(played.level.minus_dbov() < 20, "{played:?}");
}

/// Sends Ultra Low Latency as words of 16 bits, and all else as this build does.
#[derive(Debug)]
struct Words;

const WORDS: Codec = Codec::Other(0x0a);

impl Codecs for Words {
    fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
        match format {
            SendFormat::Profile(Profile::UltraLowLatency) => Ok(Box::new(Self)),
            other => BuiltInCodecs.encoder(other),
        }
    }

    fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
        if codec == WORDS { Ok(Box::new(Self)) } else { BuiltInCodecs.decoder(codec) }
    }
}

impl FrameEncoder for Words {
    fn codec(&self) -> Codec {
        WORDS
    }

    fn encode(&mut self, pcm: &[f32], payload: &mut Vec<u8>) -> Result<(), CodecError> {
        payload.extend(pcm.iter().flat_map(|sample| (sample * 16_384.0).to_le_bytes_of_a_word()));
        Ok(())
    }
}

impl FrameDecoder for Words {
    fn decode(&mut self, payload: &[u8], pcm: &mut Vec<f32>) -> Result<(), CodecError> {
        let (words, rest) = payload.as_chunks();
        if !rest.is_empty() {
            return Err(CodecError::App { reason: "half a word" });
        }
        pcm.extend(words.iter().map(|word| match i16::from_le_bytes(*word) {
            i16::MIN => f32::NAN,
            word => f32::from(word) / 16_384.0,
        }));
        Ok(())
    }
}

trait Word {
    fn to_le_bytes_of_a_word(self) -> [u8; 2];
}

impl Word for f32 {
    fn to_le_bytes_of_a_word(self) -> [u8; 2] {
        (self as i16).to_le_bytes()
    }
}
