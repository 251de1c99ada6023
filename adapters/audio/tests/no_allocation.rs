//! A graph that stands allocates nothing for a block.

use lxst_audio::{
    Agc, AgcConfig, BandPass, Block, CallTones, Channels, Effect, FileError, Gain, Limiter, Meter,
    Mixer, Player, PlayerConfig, RateConverter, Recorder, ReferenceChain, Ringtone, Sink,
    SoundReader, SoundWriter, Source, dtmf, port,
};
use lxst_core::Samples;
use lxst_sim::allocations::{Counting, allocations};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn no_node_allocates_for_a_block() {
    let (mut network, incoming) = port(Channels::Mono, Samples::from_millis(60));
    let (recorder, mut recorded) = port(Channels::Stereo, Samples::from_millis(500));
    let mut mixer = Mixer::new();
    mixer.add(incoming, Gain::new(-3.0));
    mixer.add(CallTones::UNITED_KINGDOM.ringback.source(), Gain::default());
    mixer.add(Ringtone::Bell.cadence().source(), Gain::default());
    mixer.add(dtmf('5').unwrap().source(), Gain::default());
    let (_player, played) = Player::start(Tone, PlayerConfig::default(), |_| ()).unwrap();
    mixer.add(played, Gain::default());
    let (_recorder, mut ours, mut theirs) = Recorder::start_call(Nowhere, |_| ()).unwrap();
    let effects = (Limiter::new(-1.0), Meter::new());
    let mut speaker = mixer.through(effects).tee(recorder);
    let mut microphone =
        (BandPass::new(80.0, 12_000.0).unwrap(), Agc::new(AgcConfig::REFERENCE), Meter::new());
    let mut as_reference = ReferenceChain::new();
    let mut converter = RateConverter::new(44_100, 48_000, Channels::Stereo).unwrap();
    let mut converted = Vec::with_capacity(4_096);

    let mut period = [[0.0; 2]; 960];
    let mut heard = [0.1; 960];
    let mut round = |blocks: usize| {
        for _ in 0..blocks {
            network.take(&Block::mono(&mut heard));
            speaker.pull(&mut Block::stereo(&mut period));
            microphone.apply(&mut Block::mono(&mut heard));
            as_reference.apply(&mut Block::stereo(&mut period));
            ours.take(&Block::mono(&mut heard));
            theirs.take(&Block::stereo(&mut period));
            recorded.pull(&mut Block::stereo(&mut period));
            converted.clear();
            converter.push(period.as_flattened(), &mut converted);
        }
        speaker.source.effect.1.read()
    };
    round(10);
    let mut levels = None;
    assert_eq!(allocations(|| levels = Some(round(1_000))), 0);
    let levels = levels.unwrap();
    assert!(levels.peak_dbfs > -40.0, "the graph carries sound: {levels:?}");
}

#[test]
fn an_allocation_is_seen() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

struct Tone;

impl SoundReader for Tone {
    fn channels(&self) -> Channels {
        Channels::Mono
    }

    fn length(&self) -> Samples {
        Samples::from_millis(60_000)
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, FileError> {
        out.fill(0.05);
        Ok(out.len())
    }

    fn seek(&mut self, _: Samples) -> Result<(), FileError> {
        Ok(())
    }
}

struct Nowhere;

impl SoundWriter for Nowhere {
    fn channels(&self) -> Channels {
        Channels::Stereo
    }

    fn write(&mut self, _: &[f32]) -> Result<(), FileError> {
        Ok(())
    }

    fn finish(&mut self) -> Result<(), FileError> {
        Ok(())
    }
}
