//! What a block of 10 ms costs on its way through a phone.

#![expect(clippy::unwrap_used, reason = "what fails here fails the benchmark")]

use divan::Bencher;
use divan::counter::ItemsCount;
use lxst_audio::{
    Agc, AgcConfig, BandPass, Block, Channels, Effect, Gain, Limiter, Meter, Mixer, RateConverter,
    ReferenceChain, Sink, Source, port,
};
use lxst_core::Samples;
use lxst_sim::voice::voice;

fn main() {
    divan::main();
}

/// The microphone: band-pass filter, gain control, limiter, meter, mono.
#[divan::bench]
fn microphone(bencher: Bencher<'_, '_>) {
    let limiter = (Limiter::new(-1.0), Meter::new());
    let agc = Agc::new(AgcConfig::REFERENCE);
    bench_effect(bencher, (BandPass::new(80.0, 12_000.0).unwrap(), agc, limiter));
}

/// What the reference does to its microphone.
#[divan::bench]
fn microphone_as_reference(bencher: Bencher<'_, '_>) {
    bench_effect(bencher, ReferenceChain::new());
}

/// Echo cancellation, noise suppression and gain control.
#[cfg(feature = "voice-processing")]
#[divan::bench]
fn microphone_with_voice_processing(bencher: Bencher<'_, '_>) {
    use lxst_audio::{VoiceProcessing, VoiceProcessor};
    let mut processor = VoiceProcessor::new(VoiceProcessing::ALL);
    let mut sound = voice(192_000);
    let mut blocks = 0..;
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let at = blocks.next().unwrap_or(0) * BLOCK % sound.len();
        let block = &mut Block::mono(&mut sound[at..at + BLOCK]);
        processor.take(block);
        processor.apply(block);
    });
}

/// The speaker: a call's port through mixer, limiter and meter, and a copy for a recorder, in
/// stereo.
#[divan::bench]
fn speaker(bencher: Bencher<'_, '_>) {
    let mut sound = voice(192_000);
    let (mut call, incoming) = port(Channels::Mono, Samples::from_millis(60));
    let (recorder, mut recorded) = port(Channels::Stereo, Samples::from_millis(60));
    let mut mixer = Mixer::new();
    mixer.add(incoming, Gain::new(-3.0));
    let mut speaker = mixer.through((Limiter::new(-1.0), Meter::new())).tee(recorder);
    let mut period = [[0.0; 2]; BLOCK];
    let mut blocks = 0..;
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let at = blocks.next().unwrap_or(0) * BLOCK % sound.len();
        call.take(&Block::mono(&mut sound[at..at + BLOCK]));
        speaker.pull(&mut Block::stereo(&mut period));
        recorded.clear();
    });
}

/// A device of 44.1 kHz, one channel.
#[divan::bench]
fn rate_of_44_100_hz(bencher: Bencher<'_, '_>) {
    let sound = voice(192_000);
    let mut converter = RateConverter::new(44_100, 48_000, Channels::Mono).unwrap();
    let mut converted = Vec::new();
    let mut blocks = sound.chunks_exact(441).cycle();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        converted.clear();
        converter.push(blocks.next().unwrap(), &mut converted);
    });
}

/// A stereo Ogg/Opus file: a block of a recorded call, without a disk.
#[cfg(feature = "opus")]
#[divan::bench]
fn opus_writer(bencher: Bencher<'_, '_>) {
    use lxst_audio::{OpusProfile, OpusWriter, SoundWriter, Tags};
    let out = std::io::sink();
    let mut writer = OpusWriter::new(out, OpusProfile::VoiceMax, &Tags::default()).unwrap();
    let sound = voice(192_000);
    let mut blocks = sound.chunks_exact(2 * BLOCK).cycle();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        writer.write(blocks.next().unwrap()).unwrap();
    });
}

/// A side of a recorded call, in the graph.
#[divan::bench]
fn recorder_sink(bencher: Bencher<'_, '_>) {
    use lxst_audio::{Recorder, WavDepth, WavWriter};
    let out = std::io::Cursor::new(Vec::new());
    let file = WavWriter::new(out, Channels::Mono, 48_000, WavDepth::Int16).unwrap();
    let (_recorder, mut sink) = Recorder::start(file, |_| ()).unwrap();
    let mut block = [0.1; BLOCK];
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| sink.take(&Block::mono(&mut block)));
}

fn bench_effect(bencher: Bencher<'_, '_>, mut effect: impl Effect) {
    let sound = voice(192_000);
    let mut blocks = sound.chunks_exact(BLOCK).cycle();
    let mut block = [0.0; BLOCK];
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        block.copy_from_slice(blocks.next().unwrap());
        effect.apply(&mut Block::mono(&mut block));
    });
}

const BLOCK: usize = 480;
