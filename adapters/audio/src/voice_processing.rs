//! Echo cancellation, noise suppression and gain control of a microphone.

use std::collections::VecDeque;
use std::fmt;

use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, NoiseSuppression,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::block::Block;
use crate::filter::sanitised;
use crate::node::{Effect, Sink};

/// Which processing a microphone gets. Costs about 0.13 ms for each 10 ms on the thread that runs
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoiceProcessing {
    /// Echo cancellation: takes out of the microphone what the speaker plays. For phones without a
    /// headset; both must be of one device.
    pub aec: bool,
    /// Takes out steady noise.
    pub noise_suppression: bool,
    /// Makes quiet voices louder and loud ones quieter.
    pub agc: bool,
}

impl VoiceProcessing {
    /// All of it.
    pub const ALL: Self = Self { aec: true, noise_suppression: true, agc: true };

    /// Tells whether there is nothing to do.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// Processes what a microphone hears, in steps of 10 ms; a high-pass filter is part of it.
///
/// As an [`Effect`] it changes the microphone's blocks, of which it makes mono. As a [`Sink`] it
/// takes what the speaker plays. Blocks of whole steps come out at once; from the first other block
/// on, the sound is a step late.
pub struct VoiceProcessor {
    engine: AudioProcessing,
    captured: VecDeque<f32>,
    played: VecDeque<f32>,
    /// As an effect: processed, and not given yet.
    ready: VecDeque<f32>,
    is_delayed: bool,
}

impl VoiceProcessor {
    /// Makes a processor with silence behind it.
    #[must_use]
    pub fn new(processing: VoiceProcessing) -> Self {
        let VoiceProcessing { aec, noise_suppression, agc } = processing;
        let gain = || GainController2 {
            adaptive_digital: Some(AdaptiveDigital::default()),
            ..GainController2::default()
        };
        let config = Config {
            high_pass_filter: Some(HighPassFilter::default()),
            echo_canceller: aec.then(EchoCanceller::default),
            noise_suppression: noise_suppression.then(NoiseSuppression::default),
            gain_controller2: agc.then(gain),
            ..Config::default()
        };
        let mono = StreamConfig::new(lxst_codecs::SAMPLE_RATE_HZ, 1);
        let engine = AudioProcessing::builder()
            .config(config)
            .capture_config(mono)
            .render_config(mono)
            .build();
        let [captured, played, ready] = [const { VecDeque::new() }; 3];
        Self { engine, captured, played, ready, is_delayed: false }
    }

    /// Takes what the microphone heard, mono, and appends what of it is processed: whole steps, so
    /// that up to 10 ms wait for the next block. One value that is not finite would be in its
    /// filters for ever.
    pub fn capture(&mut self, pcm: &[f32], processed: &mut Vec<f32>) {
        self.captured.extend(pcm.iter().copied().map(sanitised));
        while let Some(step) = self.process() {
            processed.extend(step);
        }
    }

    /// Takes note of what the speaker plays, mono.
    pub fn play(&mut self, pcm: &[f32]) {
        self.play_all(pcm.iter().copied());
    }

    /// Returns how many samples wait for a step to be whole.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.captured.len()
    }

    fn process(&mut self) -> Option<[f32; STEP]> {
        let step = take_step(&mut self.captured)?;
        let mut out = [0.0; STEP];
        let done = self.engine.process_capture_f32(&[&step], &mut [&mut out]);
        debug_assert!(done.is_ok(), "one channel of 10 ms is what was configured");
        Some(if done.is_ok() { out } else { step })
    }

    fn play_all(&mut self, pcm: impl Iterator<Item = f32>) {
        self.played.extend(pcm.map(sanitised));
        while let Some(step) = take_step(&mut self.played) {
            let done = self.engine.process_render_f32(&[&step], &mut [&mut [0.0; STEP]]);
            debug_assert!(done.is_ok(), "as above");
        }
    }
}

impl Effect for VoiceProcessor {
    fn apply(&mut self, block: &mut Block<'_>) {
        self.captured.extend(block.mono_samples().map(sanitised));
        while let Some(step) = self.process() {
            self.ready.extend(step);
        }
        if !self.is_delayed && !self.captured.is_empty() {
            // From then on there is always enough, whatever the blocks are.
            self.is_delayed = true;
            (0..STEP).for_each(|_| self.ready.push_front(0.0));
        }
        block.fill_mono(|| self.ready.pop_front().unwrap_or_default());
    }
}

impl Sink for VoiceProcessor {
    fn take(&mut self, block: &Block<'_>) {
        self.play_all(block.mono_samples());
    }
}

impl fmt::Debug for VoiceProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoiceProcessor")
    }
}

fn take_step(queue: &mut VecDeque<f32>) -> Option<[f32; STEP]> {
    if queue.len() < STEP {
        return None;
    }
    let mut step = [0.0; STEP];
    for (sample, taken) in step.iter_mut().zip(queue.drain(..STEP)) {
        *sample = taken;
    }
    Some(step)
}

/// 10 ms at 48 kHz.
const STEP: usize = 480;

#[cfg(test)]
mod tests {
    use lxst_sim::random::Seeded;

    use super::*;

    fn energy(pcm: &[f32]) -> f32 {
        pcm.iter().map(|sample| sample * sample).sum()
    }

    /// Noise from -0.25 to 0.25.
    fn noise(length: usize) -> Vec<f32> {
        let mut random = Seeded(1);
        std::iter::repeat_with(|| random.unit() as f32 * 0.5 - 0.25).take(length).collect()
    }

    #[test]
    fn what_the_speaker_plays_is_taken_out_of_the_microphone() {
        let processing = VoiceProcessing { aec: true, ..VoiceProcessing::default() };
        let mut processor = VoiceProcessor::new(processing);
        let played = noise(48_000 * 6);
        // The room: 20 ms later, half as loud.
        let echo: Vec<f32> =
            std::iter::repeat_n(0.0, 960).chain(played.iter().map(|sample| sample / 2.0)).collect();
        let mut left = Vec::new();
        for (speaker, microphone) in played.chunks(960).zip(echo.chunks(960)) {
            processor.play(speaker);
            processor.capture(microphone, &mut left);
        }
        let last_second = left.len() - 48_000;
        let [before, after] = [&echo[last_second..], &left[last_second..]].map(energy);
        assert!(after < before / 100.0, "{before} became {after}");
    }

    #[test]
    fn what_is_no_number_costs_its_block_only() {
        let voice = noise(48_000);
        let hostile = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        let spoken = |is_hostile: bool| {
            let mut processor = VoiceProcessor::new(VoiceProcessing::ALL);
            let mut sent = Vec::new();
            for (number, block) in voice.chunks(960).enumerate() {
                let mut block = block.to_vec();
                if number == 20 {
                    let not_sound = hostile.iter().copied().cycle();
                    let fill = block.iter_mut().zip(not_sound);
                    fill.for_each(|(sample, value)| *sample = if is_hostile { value } else { 0.0 });
                }
                processor.play(&block);
                processor.capture(&block, &mut sent);
            }
            sent
        };
        let sent = spoken(true);
        assert!(sent.iter().all(|sample| sample.is_finite()));
        assert_eq!(sent, spoken(false));
    }

    #[test]
    fn blocks_of_any_length_lose_no_sample_but_for_the_last_step() {
        let mut processor = VoiceProcessor::new(VoiceProcessing::ALL);
        let mut given = Vec::new();
        (1..100).for_each(|length| processor.capture(&vec![0.1; length], &mut given));
        assert_eq!(given.len(), (1..100).sum::<usize>() / STEP * STEP);
    }

    #[test]
    fn as_an_effect_it_gives_the_same_sound_at_once_or_a_step_later() {
        let voice = noise(48_000);
        let mut straight = Vec::new();
        VoiceProcessor::new(VoiceProcessing::ALL).capture(&voice, &mut straight);
        for (length, delay) in [(480, 0), (960, 0), (441, STEP), (100, STEP), (1_000, STEP)] {
            let mut sound = voice.clone();
            let mut processor = VoiceProcessor::new(VoiceProcessing::ALL);
            for block in sound.chunks_mut(length) {
                processor.apply(&mut Block::mono(block));
            }
            assert!(sound[delay..].iter().zip(&straight).all(|(a, b)| a == b), "{length}");
            assert!(sound[..delay].iter().all(|&sample| sample == 0.0), "{length}");
        }
    }
}
