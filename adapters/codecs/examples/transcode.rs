//! Encodes a WAV file to packets, or decodes packets to a WAV file, for measurements of quality.
//!
//! ```text
//! transcode encode PROFILE [SETTING]... < 48-kHz-mono.wav > packets
//! transcode decode SAMPLES [silence|LEVEL] < packets > 48-kHz-mono.wav
//! ```
//!
//! A SETTING replaces one of an Opus profile: `variable` or `constant`, the bandwidth (`narrow`,
//! `medium`, `wide`, `super-wide`, `full`), or the most bytes of a payload.
//!
//! A packet is a line: the codec byte and the payload in hex, and `faster`, `slower` or `skip`
//! after a blank if it is not to play at its normal tempo. An empty line is a packet that is lost,
//! of SAMPLES, which are concealed or, with `silence`, silent. A LEVEL is one of neural decoding,
//! where that is built in: `concealment`, `lace`, `nolace`, `extended`.

use std::env;
use std::error::Error;
use std::io::{self, Cursor, Read, Write};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use lxst_codecs::{
    Bandwidth, Codec, Codec2Mode, Decoder, Encoder, Encoding, OpusConfig, RateControl,
    SAMPLE_RATE_HZ, Samples, Tempo,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let output = match arguments[..] {
        ["encode", profile, ref settings @ ..] => encode(profile, settings, &input)?,
        ["decode", samples, ref options @ ..] => {
            let (is_silent, decoder) = match *options {
                [] => (false, Decoder::default()),
                ["silence"] => (true, Decoder::default()),
                [level] => (false, neural_decoder(level)?),
                _ => return Err(USAGE.into()),
            };
            decode(decoder, samples.parse()?, is_silent, &String::from_utf8(input)?)?
        }
        _ => return Err(USAGE.into()),
    };
    Ok(io::stdout().write_all(&output)?)
}

fn encode(profile: &str, settings: &[&str], wav: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut reader = WavReader::new(wav)?;
    let spec = reader.spec();
    if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (SAMPLE_RATE_HZ, 1, 16) {
        return Err(format!("48 kHz mono of 16 bits is taken, not {spec:?}").into());
    }
    let pcm: Vec<f32> = reader
        .samples::<i16>()
        .map(|sample| sample.map(|sample| f32::from(sample) / FULL_SCALE))
        .collect::<Result<_, _>>()?;
    let opus = Encoding::Opus;
    let (mut encoding, samples) = match profile {
        "ULBW" => (Encoding::Codec2(Codec2Mode::Mode700C), 19_200),
        "VLBW" => (Encoding::Codec2(Codec2Mode::Mode1600), 15_360),
        "LBW" => (Encoding::Codec2(Codec2Mode::Mode3200), 9_600),
        "MQ" => (opus(OpusConfig::VOICE_MEDIUM_60_MS), 2_880),
        "HQ" => (opus(OpusConfig::VOICE_HIGH), 2_880),
        "SHQ" => (opus(OpusConfig::VOICE_MAX), 2_880),
        "LL" => (opus(OpusConfig::VOICE_MEDIUM_20_MS), 960),
        "ULL" => (opus(OpusConfig::VOICE_MEDIUM_10_MS), 480),
        "ULL-26" => (opus(OpusConfig::VOICE_FULL_BAND_10_MS), 480),
        _ => return Err("profiles are ULBW, VLBW, LBW, MQ, HQ, SHQ, LL, ULL and ULL-26".into()),
    };
    if let Encoding::Opus(config) = &mut encoding {
        settings.iter().try_for_each(|setting| set(config, setting, samples))?;
    }
    let mut encoder = Encoder::new(encoding)?;
    let (mut payload, mut packets) = (Vec::new(), Vec::new());
    for frame in pcm.chunks_exact(samples) {
        payload.clear();
        payload.push(encoding.codec().byte());
        encoder.encode(frame, &mut payload)?;
        for byte in &payload {
            write!(packets, "{byte:02x}")?;
        }
        packets.push(b'\n');
    }
    Ok(packets)
}

fn set(config: &mut OpusConfig, setting: &str, samples: usize) -> Result<(), Box<dyn Error>> {
    match setting {
        "variable" => config.rate_control = RateControl::Variable,
        "constant" => config.rate_control = RateControl::Constant,
        "narrow" => config.bandwidth = Bandwidth::Narrow,
        "medium" => config.bandwidth = Bandwidth::Medium,
        "wide" => config.bandwidth = Bandwidth::Wide,
        "super-wide" => config.bandwidth = Bandwidth::SuperWide,
        "full" => config.bandwidth = Bandwidth::Full,
        bytes => {
            let bits = 8 * bytes.parse::<u32>()?;
            config.bitrate_bps = bits * SAMPLE_RATE_HZ / samples as u32;
        }
    }
    Ok(())
}

#[cfg(feature = "neural")]
fn neural_decoder(level: &str) -> Result<Decoder, Box<dyn Error>> {
    let neural = lxst_codecs::NeuralDecoding::new(level.parse()?);
    let settings = lxst_codecs::CodecSettings::new().neural_decoding(neural);
    Ok(Decoder::new(std::sync::Arc::new(settings)))
}

#[cfg(not(feature = "neural"))]
fn neural_decoder(_: &str) -> Result<Decoder, Box<dyn Error>> {
    Err("neural decoding is not built in: the feature neural has it".into())
}

fn decode(
    mut decoder: Decoder,
    samples: u32,
    is_silent: bool,
    packets: &str,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut pcm = Vec::new();
    for packet in packets.lines() {
        let (hex, tempo) = match packet.split_once(' ') {
            None => (packet, Tempo::Normal),
            Some((hex, "faster")) => (hex, Tempo::Faster { most: Samples(u64::MAX) }),
            Some((hex, "slower")) => (hex, Tempo::Slower),
            Some((hex, "skip")) => (hex, Tempo::Skip),
            Some((_, other)) => return Err(format!("{other} is no tempo").into()),
        };
        match hex::decode(hex)?.split_first() {
            Some((&codec, payload)) => {
                decoder.decode(Codec::from_byte(codec), payload, tempo, &mut pcm)?;
            }
            None if is_silent => pcm.resize(pcm.len() + samples as usize, 0.0),
            None => {
                decoder.conceal(samples, &mut pcm)?;
            }
        }
    }
    let spec = WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut wav = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut wav, spec)?;
    for sample in pcm {
        writer.write_sample((sample * FULL_SCALE).round() as i16)?;
    }
    writer.finalize()?;
    Ok(wav.into_inner())
}

const USAGE: &str = "usage: transcode encode PROFILE [SETTING]... | decode SAMPLES [silence|LEVEL]";

const FULL_SCALE: f32 = 32_767.0;

mod hex {
    use std::num::ParseIntError;

    /// Reads pairs of hex digits.
    pub(crate) fn decode(digits: &str) -> Result<Vec<u8>, ParseIntError> {
        let pairs = digits.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16)).collect()
    }
}
