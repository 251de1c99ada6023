//! Sound to send, and how to hear it.

use std::time::Duration;

use lxst_phone::{
    AudioError, AudioFormat, AudioSink, AudioSource, DeviceSink, DeviceSource, Sample,
};
use lxst_sim::tone::{amplitude, tone};

use super::{PATIENCE, TestRuntime, spawn, within};

/// A sample type of which sound is made.
pub(crate) trait Pcm: Sample + Send + Sync + 'static {
    const SILENCE: Self;
    fn of(sample: f32) -> Self;
    fn value(self) -> f32;
}

impl Pcm for f32 {
    const SILENCE: Self = 0.0;

    fn of(sample: f32) -> Self {
        sample
    }

    fn value(self) -> f32 {
        self
    }
}

impl Pcm for i16 {
    const SILENCE: Self = 0;

    fn of(sample: f32) -> Self {
        (sample * 32_767.0) as Self
    }

    fn value(self) -> f32 {
        f32::from(self) / 32_768.0
    }
}

impl Pcm for u16 {
    const SILENCE: Self = 32_768;

    fn of(sample: f32) -> Self {
        (sample * 32_767.0 + 32_768.0) as Self
    }

    fn value(self) -> f32 {
        f32::from(self) / 32_768.0 - 1.0
    }
}

/// A tone without an end.
pub(crate) struct Tone {
    format: AudioFormat,
    hz: u32,
    moment: usize,
}

impl Tone {
    /// A tone of 500 Hz.
    pub(crate) const fn new(format: AudioFormat) -> Self {
        Self::of(format, 500)
    }

    pub(crate) const fn of(format: AudioFormat, hz: u32) -> Self {
        Self { format, hz, moment: 0 }
    }

    pub(crate) fn block<S: Pcm>(&mut self, moments: usize) -> Vec<S> {
        let mut block = Vec::new();
        for _ in 0..moments {
            let sample = S::of(tone(self.moment, self.hz, self.format.rate_hz));
            block.extend((0..self.format.channels).map(|_| sample));
            self.moment += 1;
        }
        block
    }
}

/// Speaks at the phone's pace, in blocks of so many moments, until the port is detached.
pub(crate) async fn speak<S: Pcm>(mut source: AudioSource, format: AudioFormat, moments: usize) {
    let mut tone = Tone::new(format);
    loop {
        match source.write(&tone.block::<S>(moments)).await {
            Ok(()) => {}
            Err(error) => return assert_eq!(error, AudioError::Detached),
        }
    }
}

/// Speaks as a device does, until the port is detached: a block at a time, at the device's pace.
pub(crate) async fn speak_as_device<R: TestRuntime, S: Pcm>(
    rt: R,
    mut source: DeviceSource,
    format: AudioFormat,
    moments: usize,
) {
    let mut tone = Tone::new(format);
    let mut due = rt.now();
    loop {
        match source.push(&tone.block::<S>(moments)) {
            Ok(_) => {}
            Err(error) => return assert_eq!(error, AudioError::Detached),
        }
        due += period(format, moments);
        rt.sleep_until(due).await;
    }
}

/// Reads until the tone is heard.
pub(crate) async fn hear<R: TestRuntime, S: Pcm>(rt: &R, sink: &mut AudioSink, length: usize) {
    let heard = async {
        let mut block = vec![S::SILENCE; length];
        loop {
            sink.read(&mut block).await.expect("the phone runs");
            if is_tone(&block) {
                return;
            }
        }
    };
    within(rt, "the tone is heard", heard).await;
}

/// Reads until there is silence.
pub(crate) async fn hear_silence<R: TestRuntime>(rt: &R, sink: &mut AudioSink, blocks: usize) {
    let quiet = async {
        let mut block = [0.0_f32; 960];
        let mut silent = 0;
        while silent < blocks {
            sink.read(&mut block).await.expect("the phone runs");
            silent = if level(&block) < 0.01 { silent + 1 } else { 0 };
        }
    };
    within(rt, "there is silence", quiet).await;
}

/// Fills blocks as a device does until the tone is heard.
pub(crate) async fn hear_as_device<R: TestRuntime, S: Pcm>(
    rt: &R,
    sink: &mut DeviceSink,
    format: AudioFormat,
    moments: usize,
) {
    let until = rt.now() + PATIENCE;
    let mut due = rt.now();
    let mut block = vec![S::SILENCE; moments * usize::from(format.channels)];
    loop {
        sink.fill(&mut block).expect("the phone runs");
        if is_tone(&block) {
            return;
        }
        assert!(due < until, "the tone is heard");
        due += period(format, moments);
        rt.sleep_until(due).await;
    }
}

/// Speaks a tone until the port is detached.
pub(crate) fn speak_of<R: TestRuntime>(rt: &R, mut source: AudioSource, hz: u32) {
    drop(spawn(rt, async move {
        let mut tone = Tone::of(AudioFormat::PHONE, hz);
        while source.write(&tone.block::<f32>(480)).await.is_ok() {}
    }));
}

/// Reads until one tone is heard and the other is not.
pub(crate) async fn hear_alone<R: TestRuntime>(rt: &R, sink: &mut AudioSink, hz: u32, other: u32) {
    let heard = async {
        let mut block = [0.0_f32; 4_800];
        loop {
            sink.read(&mut block).await.expect("the call stands");
            let [own, of_other] = [hz, other].map(|hz| amplitude(&block, hz, 48_000));
            if own > 0.15 && own > 10.0 * of_other {
                return;
            }
        }
    };
    within(rt, "its own peer is heard", heard).await;
}

fn period(format: AudioFormat, moments: usize) -> Duration {
    Duration::from_secs(moments as u64) / format.rate_hz
}

/// The root of the mean square, of a tone of half the scale 0.35.
pub(crate) fn level<S: Pcm>(block: &[S]) -> f32 {
    let squares: f32 = block.iter().map(|sample| sample.value().powi(2)).sum();
    (squares / block.len() as f32).sqrt()
}

fn is_tone<S: Pcm>(block: &[S]) -> bool {
    (0.15..0.6).contains(&level(block))
}

/// The notes of two speakers, in Hz.
pub(crate) const LOW: u32 = 400;
pub(crate) const HIGH: u32 = 1_500;
