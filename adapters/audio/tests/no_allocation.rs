//! A graph that stands allocates nothing for a block.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use lxst_audio::{
    Agc, AgcConfig, BandPass, Block, CallTones, Channels, Effect, Gain, Limiter, Meter, Mixer,
    RateConverter, ReferenceChain, Ringtone, Sink, Source, dtmf, port,
};
use lxst_core::Samples;

#[test]
fn no_node_allocates_for_a_block() {
    let (mut network, incoming) = port(Channels::Mono, Samples::from_millis(60));
    let (recorder, mut recorded) = port(Channels::Stereo, Samples::from_millis(500));
    let mut mixer = Mixer::new();
    mixer.add(incoming, Gain::new(-3.0));
    mixer.add(CallTones::UNITED_KINGDOM.ringback.source(), Gain::default());
    mixer.add(Ringtone::Bell.cadence().source(), Gain::default());
    mixer.add(dtmf('5').unwrap().source(), Gain::default());
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
            recorded.pull(&mut Block::stereo(&mut period));
            converted.clear();
            converter.push(period.as_flattened(), &mut converted);
        }
        speaker.source.effect.1.read()
    };
    round(10);
    let before = ALLOCATIONS.get();
    let levels = round(1_000);
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(levels.peak_dbfs > -40.0, "the graph carries sound: {levels:?}");
}

#[test]
fn what_is_allocated_is_counted() {
    let before = ALLOCATIONS.get();
    drop(vec![1_u8; 4]);
    assert_eq!(ALLOCATIONS.get() - before, 1);
}

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: it is the system's allocator, which keeps the promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the promises of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
