//! What is done to a voice before it is sent: echo cancellation, noise suppression, gain control.

use std::collections::VecDeque;
use std::fmt;

use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, NoiseSuppression,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::audio::sanitised;

/// Which processing a microphone gets. Costs about 0.13 ms for each 10 ms on the engine's thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoiceProcessing {
    /// Takes out of the microphone what the speaker plays. For phones without a headset; both ports
    /// must be attached to one device.
    pub aec: bool,
    /// Takes out steady noise.
    pub noise_suppression: bool,
    /// Makes quiet voices louder and loud ones quieter.
    pub agc: bool,
}

impl VoiceProcessing {
    /// All of it.
    pub const ALL: Self = Self { aec: true, noise_suppression: true, agc: true };
}

/// Processes what is captured, in steps of 10 ms.
pub(crate) struct Processor {
    engine: AudioProcessing,
    captured: VecDeque<f32>,
    played: VecDeque<f32>,
}

impl Processor {
    /// `None` where nothing is to be done.
    pub(crate) fn new(processing: VoiceProcessing) -> Option<Self> {
        if processing == VoiceProcessing::default() {
            return None;
        }
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
        Some(Self { engine, captured: VecDeque::new(), played: VecDeque::new() })
    }

    /// Takes what the microphone heard, and gives what of it is processed: whole steps, so that up
    /// to 10 ms wait for the next block. One value that is not finite would be in its filters for ever.
    pub(crate) fn capture(&mut self, pcm: &[f32]) -> Vec<f32> {
        self.captured.extend(pcm.iter().copied().map(sanitised));
        let mut processed = Vec::with_capacity(self.captured.len());
        while let Some(step) = take_step(&mut self.captured) {
            let mut out = [0.0; STEP];
            let done = self.engine.process_capture_f32(&[&step], &mut [&mut out]);
            debug_assert!(done.is_ok(), "one channel of 10 ms is what was configured");
            processed.extend(if done.is_ok() { out } else { step });
        }
        processed
    }

    /// Samples that wait for a step to be whole.
    pub(crate) fn waiting(&self) -> usize {
        self.captured.len()
    }

    /// Takes note of what the speaker plays.
    pub(crate) fn play(&mut self, pcm: &[f32]) {
        self.played.extend(pcm.iter().copied().map(sanitised));
        while let Some(step) = take_step(&mut self.played) {
            let done = self.engine.process_render_f32(&[&step], &mut [&mut [0.0; STEP]]);
            debug_assert!(done.is_ok(), "as above");
        }
    }
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Processor")
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
    use super::*;

    fn energy(pcm: &[f32]) -> f32 {
        pcm.iter().map(|sample| sample * sample).sum()
    }

    /// Noise from -0.25 to 0.25 of a small linear generator.
    fn noise(length: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1_u32 << 24) as f32 * 0.5 - 0.25
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn what_the_speaker_plays_is_taken_out_of_the_microphone() {
        let processing = VoiceProcessing { aec: true, ..VoiceProcessing::default() };
        let mut processor = Processor::new(processing).unwrap();
        let played = noise(48_000 * 6);
        // The room: 20 ms later, half as loud.
        let echo: Vec<f32> =
            std::iter::repeat_n(0.0, 960).chain(played.iter().map(|sample| sample / 2.0)).collect();
        let mut left = Vec::new();
        for (speaker, microphone) in played.chunks(960).zip(echo.chunks(960)) {
            processor.play(speaker);
            left.extend(processor.capture(microphone));
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
            let mut processor = Processor::new(VoiceProcessing::ALL).unwrap();
            let mut sent = Vec::new();
            for (number, block) in voice.chunks(960).enumerate() {
                let mut block = block.to_vec();
                if number == 20 {
                    let not_sound = hostile.iter().copied().cycle();
                    let fill = block.iter_mut().zip(not_sound);
                    fill.for_each(|(sample, value)| *sample = if is_hostile { value } else { 0.0 });
                }
                processor.play(&block);
                sent.extend(processor.capture(&block));
            }
            sent
        };
        let sent = spoken(true);
        assert!(sent.iter().all(|sample| sample.is_finite()));
        assert_eq!(sent, spoken(false));
    }

    #[test]
    fn blocks_of_any_length_lose_no_sample_but_for_the_last_step() {
        let mut processor = Processor::new(VoiceProcessing::ALL).unwrap();
        let given: usize = (1..100).map(|length| processor.capture(&vec![0.1; length]).len()).sum();
        assert_eq!(given, (1..100).sum::<usize>() / STEP * STEP);
        assert!(Processor::new(VoiceProcessing::default()).is_none());
    }
}
