//! Calls with a codec that only the app has: A-law, 8,000 samples a second.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::pair::{ALICE, BOB, Pair};
use lxst_core::{
    Command, DropReason, EndReason, Event, IdentityHash, InputError, Mode, Profile, ProfileSet,
};
use lxst_engine::Config;
use lxst_engine::codecs::{
    BuiltInCodecs, Codec, CodecError, Codecs, FrameDecoder, FrameEncoder, SendFormat,
};

#[test]
fn a_call_speaks_the_codec_that_both_apps_bring() {
    let [alice, bob] = [Alaw::default(), Alaw::default()];
    let mut pair = Pair::new(|phone| config([&alice, &bob][phone]));
    let call = pair.dial(Profile::LowLatency);
    pair.run(Duration::from_secs(3));
    pair.command(ALICE, Command::HangUp(call));
    pair.run(Duration::from_secs(1));

    for (to, from) in [(&alice, &bob), (&bob, &alice)] {
        let (decoded, encoded) = (to.decoded.lock().unwrap(), from.encoded.lock().unwrap());
        assert!(decoded.len() > 100, "{} frames", decoded.len());
        assert_eq!(decoded[..], encoded[..decoded.len()], "frames came as they went");
    }
    let reasons = [EndReason::LocalHangup, EndReason::RemoteHangup];
    for (phone, reason) in pair.phones.iter().zip(reasons) {
        assert!(phone.heard > 2 * 48_000, "{} samples", phone.heard);
        let counters = phone.engine.counters();
        assert_eq!((counters.frames_undecodable, counters.encodes_failed), (0, 0));
        let ended = phone.told.last().map(|event| match event {
            Event::Ended { reason, .. } => *reason,
            other => panic!("{other:?} after the end"),
        });
        assert_eq!(ended, Some(reason));
    }
}

#[test]
fn a_phone_without_the_codec_of_its_peer_drops_its_frames_as_unknown_and_the_call_goes_on() {
    let alaw = Alaw::default();
    let mut pair = Pair::new(|phone| match phone {
        ALICE => config(&alaw),
        // It sends A-law as well, but decodes only what is built in.
        _ => config(&Deaf(alaw.clone())),
    });
    pair.dial(Profile::LowLatency);
    pair.run(Duration::from_secs(3));

    let bob = &pair.phones[BOB];
    let told =
        |event: &&Event| matches!(event, Event::Dropped { reason: DropReason::UnknownFrame, .. });
    let counters = bob.engine.counters();
    assert!(counters.frames_unknown > 100);
    assert_eq!((counters.frames_received, counters.frames_undecodable), (0, 0));
    assert_eq!(bob.told.iter().filter(told).count() as u64, counters.frames_unknown);
    assert!(pair.phones[ALICE].heard > 2 * 48_000);
    assert!(bob.engine.call().is_some());
}

#[test]
fn only_profiles_that_the_codecs_can_send_are_offered_and_dialled() {
    #[derive(Debug)]
    struct Only;
    impl Codecs for Only {
        fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
            match format {
                SendFormat::Profile(Profile::LowLatency) => Alaw::default().encoder(format),
                other => Err(CodecError::UnsupportedCodec { byte: other.codec().byte() }),
            }
        }

        fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
            Alaw::default().decoder(codec)
        }
    }
    assert_eq!(Only.profiles(), ProfileSet::EMPTY.with(Profile::LowLatency));
    let mut pair = Pair::new(|_| Config { codecs: Arc::new(Only), ..Config::default() });
    let somebody = IdentityHash([7; 16]);
    let now = pair.now;
    for profile in Profile::ALL {
        let engine = &mut pair.phones[ALICE].engine;
        let dialled = engine.dial(now, somebody, profile, Mode::FullDuplex);
        if profile == Profile::LowLatency {
            let call = dialled.expect("it can be sent");
            engine.command(now, Command::HangUp(call)).expect("it is being dialled");
        } else {
            assert_eq!(dialled, Err(InputError::UnsupportedProfile(profile).into()));
        }
    }
}

fn config(codecs: &(impl Codecs + Clone + 'static)) -> Config {
    Config { codecs: Arc::new(codecs.clone()), ..Config::default() }
}

/// Sends Low Latency in A-law, and all else as this build does.
///
/// *Source*: ITU-T G.711.
#[derive(Clone, Debug, Default)]
struct Alaw {
    encoded: Arc<Mutex<Vec<Vec<u8>>>>,
    decoded: Arc<Mutex<Vec<Vec<u8>>>>,
}

const ALAW: Codec = Codec::Other(0x0a);

impl Codecs for Alaw {
    fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
        match format {
            SendFormat::Profile(Profile::LowLatency) => Ok(Box::new(self.clone())),
            other => BuiltInCodecs.encoder(other),
        }
    }

    fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
        if codec == ALAW { Ok(Box::new(self.clone())) } else { BuiltInCodecs.decoder(codec) }
    }
}

impl FrameEncoder for Alaw {
    fn codec(&self) -> Codec {
        ALAW
    }

    fn encode(&mut self, pcm: &[f32], payload: &mut Vec<u8>) -> Result<(), CodecError> {
        payload.extend(pcm.iter().step_by(6).map(|sample| compressed((sample * 4_095.0) as i16)));
        self.encoded.lock().expect("nobody panicked").push(payload.clone());
        Ok(())
    }
}

impl FrameDecoder for Alaw {
    fn decode(&mut self, payload: &[u8], pcm: &mut Vec<f32>) -> Result<(), CodecError> {
        pcm.extend(payload.iter().flat_map(|byte| [f32::from(expanded(*byte)) / 4_095.0; 6]));
        self.decoded.lock().expect("nobody panicked").push(payload.to_vec());
        Ok(())
    }
}

/// A sign, an exponent of 3 bits and a mantissa of 4, every second bit inverted.
fn compressed(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs().min(4_095);
    let exponent = (16 - magnitude.leading_zeros()).saturating_sub(5).min(7);
    let mantissa = magnitude >> exponent.max(1) & 0x0f;
    let sign = if sample < 0 { 0 } else { 0x80 };
    (sign | (exponent as u8) << 4 | mantissa as u8) ^ 0x55
}

fn expanded(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (byte >> 4 & 0x07, i16::from(byte & 0x0f));
    let magnitude = match exponent {
        0 => mantissa * 2 + 1,
        exponent => (mantissa * 2 + 33) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

/// Sends as another does, and decodes what is built in.
#[derive(Clone, Debug)]
struct Deaf(Alaw);

impl Codecs for Deaf {
    fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
        self.0.encoder(format)
    }

    fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
        BuiltInCodecs.decoder(codec)
    }
}
