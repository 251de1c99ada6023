//! What a frame costs: encoding, decoding, concealing and changing the tempo, by profile.

#![expect(clippy::unwrap_used, reason = "what fails here fails the benchmark")]

use std::fmt;

use divan::{Bencher, counter::ItemsCount};
#[cfg(feature = "neural")]
use lxst_codecs::Codec;
use lxst_codecs::{
    Codec2Mode, Decoder, Encoder, Encoding, OpusConfig, RawConfig, RawDepth, Samples, Tempo,
};
use lxst_sim::voice::voice;

fn main() {
    divan::main();
}

#[divan::bench(args = streams())]
fn encode(bencher: Bencher<'_, '_>, stream: &Stream) {
    bench_encoder(bencher, stream, false);
}

#[divan::bench(args = streams())]
fn encode_without_pauses(bencher: Bencher<'_, '_>, stream: &Stream) {
    bench_encoder(bencher, stream, true);
}

#[divan::bench(args = streams())]
fn decode(bencher: Bencher<'_, '_>, stream: &Stream) {
    bench_decoder(bencher, stream, Tempo::Normal);
}

#[divan::bench(args = streams())]
fn decode_faster(bencher: Bencher<'_, '_>, stream: &Stream) {
    bench_decoder(bencher, stream, Tempo::Faster { most: Samples(u64::MAX) });
}

#[divan::bench(args = streams())]
fn decode_slower(bencher: Bencher<'_, '_>, stream: &Stream) {
    bench_decoder(bencher, stream, Tempo::Slower);
}

#[divan::bench(args = streams())]
fn conceal_one_of_two(bencher: Bencher<'_, '_>, stream: &Stream) {
    let payloads = stream.payloads();
    let (mut decoder, mut pcm) = (Decoder::default(), Vec::new());
    let mut next = payloads.iter().cycle();
    bencher.counter(ItemsCount::new(2_usize)).bench_local(|| {
        pcm.clear();
        let payload = next.next().unwrap();
        decoder.decode(stream.encoding.codec(), payload, Tempo::Normal, &mut pcm).unwrap();
        decoder.conceal(stream.samples as u32, &mut pcm).unwrap()
    });
}

#[cfg(feature = "neural")]
#[divan::bench(args = neural::at_each_level())]
fn decode_neurally(bencher: Bencher<'_, '_>, at: &neural::AtLevel) {
    let payloads = at.stream.payloads();
    let (mut decoder, mut pcm) = (at.decoder(), Vec::new());
    let mut next = payloads.iter().cycle();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        pcm.clear();
        decoder.decode(Codec::Opus, next.next().unwrap(), Tempo::Normal, &mut pcm).unwrap()
    });
}

#[cfg(feature = "neural")]
#[divan::bench(args = neural::at_each_level())]
fn conceal_neurally_one_of_two(bencher: Bencher<'_, '_>, at: &neural::AtLevel) {
    let payloads = at.stream.payloads();
    let (mut decoder, mut pcm) = (at.decoder(), Vec::new());
    let mut next = payloads.iter().cycle();
    bencher.counter(ItemsCount::new(2_usize)).bench_local(|| {
        pcm.clear();
        decoder.decode(Codec::Opus, next.next().unwrap(), Tempo::Normal, &mut pcm).unwrap();
        decoder.conceal(at.stream.samples as u32, &mut pcm).unwrap()
    });
}

fn bench_encoder(bencher: Bencher<'_, '_>, stream: &Stream, dtx: bool) {
    let sound = voice(192_000);
    let mut encoder = Encoder::new(stream.encoding).unwrap().with_dtx(dtx).unwrap();
    let mut payload = Vec::new();
    let mut frames = sound.chunks_exact(stream.samples).cycle();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        payload.clear();
        encoder.encode(frames.next().unwrap(), &mut payload).unwrap()
    });
}

fn bench_decoder(bencher: Bencher<'_, '_>, stream: &Stream, tempo: Tempo) {
    let payloads = stream.payloads();
    let (mut decoder, mut pcm) = (Decoder::default(), Vec::new());
    let mut next = payloads.iter().cycle();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        pcm.clear();
        decoder.decode(stream.encoding.codec(), next.next().unwrap(), tempo, &mut pcm).unwrap()
    });
}

/// A profile's frames.
#[derive(Clone)]
struct Stream {
    name: &'static str,
    encoding: Encoding,
    samples: usize,
}

impl Stream {
    fn payloads(&self) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(self.encoding).unwrap();
        voice(192_000)
            .chunks_exact(self.samples)
            .map(|frame| {
                let mut payload = Vec::new();
                encoder.encode(frame, &mut payload).unwrap();
                payload
            })
            .collect()
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The profiles that this build can encode, and raw frames of 4 ms.
fn streams() -> impl Iterator<Item = Stream> {
    let raw = Encoding::Raw(RawConfig { depth: RawDepth::Float16, channels: 1 });
    [
        ("ULBW, 400 ms", Encoding::Codec2(Codec2Mode::Mode700C), 19_200),
        ("VLBW, 320 ms", Encoding::Codec2(Codec2Mode::Mode1600), 15_360),
        ("LBW, 200 ms", Encoding::Codec2(Codec2Mode::Mode3200), 9_600),
        ("MQ, 60 ms", Encoding::Opus(OpusConfig::VOICE_MEDIUM_60_MS), 2_880),
        ("HQ, 60 ms", Encoding::Opus(OpusConfig::VOICE_HIGH), 2_880),
        ("SHQ, 60 ms", Encoding::Opus(OpusConfig::VOICE_MAX), 2_880),
        ("LL, 20 ms", Encoding::Opus(OpusConfig::VOICE_MEDIUM_20_MS), 960),
        ("ULL, 10 ms", Encoding::Opus(OpusConfig::VOICE_MEDIUM_10_MS), 480),
        ("ULL, 10 ms in full band", Encoding::Opus(OpusConfig::VOICE_FULL_BAND_10_MS), 480),
        ("raw, 4 ms", raw, 192),
    ]
    .into_iter()
    .map(|(name, encoding, samples)| Stream { name, encoding, samples })
    .filter(|stream| stream.encoding.check().is_ok())
}

#[cfg(feature = "neural")]
mod neural {
    use std::fmt;
    use std::sync::Arc;

    use lxst_codecs::{Codec, CodecSettings, Decoder, NeuralDecoding, NeuralLevel};

    use super::{Stream, streams};

    /// Frames of Opus, and the level that they are decoded at.
    pub(super) struct AtLevel {
        pub(super) stream: Stream,
        level: NeuralLevel,
    }

    impl AtLevel {
        pub(super) fn decoder(&self) -> Decoder {
            let neural = NeuralDecoding::new(self.level);
            Decoder::new(Arc::new(CodecSettings::new().neural_decoding(neural)))
        }
    }

    impl fmt::Display for AtLevel {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}, {}", self.stream, self.level)
        }
    }

    pub(super) fn at_each_level() -> impl Iterator<Item = AtLevel> {
        let opus = streams().filter(|stream| stream.encoding.codec() == Codec::Opus);
        opus.flat_map(|stream| {
            NeuralLevel::ALL.map(|level| AtLevel { stream: stream.clone(), level })
        })
    }
}
