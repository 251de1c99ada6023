//! Comfort noise: the background of the peer's room in place of silence, while frames are missing.
//!
//! The background is the quietest 20 ms of each of the latest half seconds of decoded audio: its
//! level, and its spectrum as 16 coefficients of linear prediction (LPC). Concealed audio is filled
//! up to that level as it fades, and silence after it. *Source*: our choice; the reference plays
//! silence.

use crate::limits::SAMPLE_RATE_HZ;

/// The comfort noise of one receive stream.
///
/// Its level is never above that of the background that it learned, and at most -40 dBov. A peer
/// that sent silence, or no audio for long enough to learn from, has none.
///
/// *Bounds*: 0.6 s after the last decoded audio it fades, for 0.2 s: a peer that sends nothing may
/// have paused.
///
/// ```
/// use lxst_codecs::ComfortNoise;
///
/// let mut comfort = ComfortNoise::default();
/// let mut decoded = vec![0.001; 48_000]; // of a decoder
/// comfort.on_decoded(&mut decoded);
/// let mut silence = [0.0; 960]; // in place of what is missing
/// comfort.fill(&mut silence);
/// assert!(silence.iter().any(|sample| *sample != 0.0));
/// ```
#[derive(Clone, Debug)]
pub struct ComfortNoise {
    /// Decoded audio of a block that is not complete.
    block: Vec<f32>,
    /// Blocks that are not learned from: after a start or a gap audio fades in.
    skipped: usize,
    /// The quietest block of each half second, the latest at the end.
    quietest: [Option<Background>; PERIODS],
    /// Blocks of the latest half second.
    blocks: usize,
    synthesis: Synthesis,
    /// The gain of the latest sample.
    gain: f32,
    /// Samples without decoded audio.
    spent: usize,
}

impl Default for ComfortNoise {
    fn default() -> Self {
        Self {
            block: Vec::new(),
            skipped: AFTER_START,
            quietest: [None; PERIODS],
            blocks: 0,
            synthesis: Synthesis::default(),
            gain: 0.0,
            spent: 0,
        }
    }
}

impl ComfortNoise {
    /// Learns from decoded audio. Noise before it fades out into it.
    pub fn on_decoded(&mut self, pcm: &mut [f32]) {
        if self.spent > 0 {
            self.block.clear();
            self.skipped = self.skipped.max(AFTER_GAP);
            self.spent = 0;
        }
        for sample in pcm.iter() {
            self.block.push(*sample);
            if self.block.len() == BLOCK {
                self.learn();
                self.block.clear();
            }
        }
        let fades = (self.gain / GAIN_STEP).ceil() as usize;
        let fading = pcm.len().min(fades);
        self.add(&mut pcm[..fading], 0.0);
        if fading < pcm.len() {
            self.gain = 0.0;
        }
    }

    /// Adds what concealed audio lacks to the level of the background.
    pub fn on_concealed(&mut self, pcm: &mut [f32]) {
        self.start();
        let wanted = self.synthesis.energy;
        for piece in pcm.chunks_mut(PIECE) {
            let has = energy(piece);
            let gain = if wanted > 0.0 { (1.0 - has / wanted).max(0.0).sqrt() } else { 0.0 };
            self.add(piece, gain * self.share());
            self.spent += piece.len();
        }
    }

    /// Fills silence with noise.
    pub fn fill(&mut self, silence: &mut [f32]) {
        self.start();
        for piece in silence.chunks_mut(PIECE) {
            self.add(piece, self.share());
            self.spent = self.spent.saturating_add(piece.len());
        }
    }

    /// Ends the noise until audio is decoded again.
    pub const fn stop(&mut self) {
        self.spent = FADED;
        self.gain = 0.0;
    }

    /// Returns the part of its level that the noise has at this time.
    fn share(&self) -> f32 {
        let left = FADED.saturating_sub(self.spent);
        (left as f32 / (FADED - FADES) as f32).min(1.0)
    }

    fn add(&mut self, pcm: &mut [f32], target: f32) {
        if self.synthesis.energy <= 0.0 {
            return;
        }
        for sample in pcm {
            self.gain += (target - self.gain).clamp(-GAIN_STEP, GAIN_STEP);
            *sample = (*sample + self.gain * self.synthesis.next()).clamp(-1.0, 1.0);
        }
    }

    /// Takes what was learned, at the first sample that is missing.
    fn start(&mut self) {
        if self.spent == 0 {
            let known = self.quietest.iter().flatten();
            let quietest = known.min_by(|one, other| one.energy().total_cmp(&other.energy()));
            self.synthesis.set(quietest);
        }
    }

    fn learn(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        if self.blocks.is_multiple_of(BLOCKS_OF_PERIOD) {
            self.quietest.rotate_left(1);
            self.quietest[PERIODS - 1] = None;
        }
        self.blocks += 1;
        let quietest = &mut self.quietest[PERIODS - 1];
        let level = energy(&self.block);
        if quietest.as_ref().is_none_or(|quietest| level < quietest.energy()) {
            *quietest = Some(Background::of(&self.block));
        }
    }
}

/// The autocorrelation of a block, from lag 0, per sample.
#[derive(Clone, Copy, Debug)]
struct Background([f32; ORDER + 1]);

impl Background {
    fn of(block: &[f32]) -> Self {
        let mut correlation = [0.0; ORDER + 1];
        for (lag, sum) in correlation.iter_mut().enumerate() {
            let pairs = block.iter().zip(block.iter().skip(lag));
            *sum = pairs.map(|(one, other)| one * other).sum::<f32>() / block.len() as f32;
        }
        Self(correlation)
    }

    const fn energy(&self) -> f32 {
        self.0[0]
    }
}

/// White noise through the filter of a background.
#[derive(Clone, Debug)]
struct Synthesis {
    /// The mean square of the noise.
    energy: f32,
    gain: f32,
    predictor: [f32; ORDER],
    /// The latest samples before the level is set, the newest first.
    past: [f32; ORDER],
    random: u32,
}

impl Default for Synthesis {
    fn default() -> Self {
        Self {
            energy: 0.0,
            gain: 0.0,
            predictor: [0.0; ORDER],
            past: [0.0; ORDER],
            random: 0x9e37_79b9,
        }
    }
}

impl Synthesis {
    /// Levinson and Durbin's recursion.
    fn set(&mut self, background: Option<&Background>) {
        self.past = [0.0; ORDER];
        let energy = background.map_or(0.0, Background::energy);
        self.energy = energy.min(LOUDEST);
        let Some(Background(correlation)) = background.filter(|_| energy > INAUDIBLE) else {
            self.energy = 0.0;
            return;
        };
        let mut predictor = [0.0; ORDER];
        // A floor of white noise at -40 dB keeps the filter stable.
        let mut error = correlation[0] * 1.0001;
        for order in 0..ORDER {
            let known = predictor[..order].iter().zip(correlation[1..=order].iter().rev());
            let predicted: f32 = known.map(|(weight, value)| weight * value).sum();
            let reflection = (correlation[order + 1] - predicted) / error;
            let before = predictor;
            predictor[order] = reflection;
            for n in 0..order {
                predictor[n] = before[n] - reflection * before[order - 1 - n];
            }
            error *= 1.0 - reflection * reflection;
        }
        self.predictor = predictor;
        self.gain = (error * self.energy / energy).max(0.0).sqrt();
        // The filter settles.
        for _ in 0..SETTLING {
            self.next();
        }
    }

    fn next(&mut self) -> f32 {
        // Numerical Recipes' generator; the upper bits are uniform.
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let uniform = (self.random >> 8) as f32 / (1 << 23) as f32 - 1.0;
        let white = uniform * UNIT_OF_UNIFORM;
        let weighted = self.predictor.iter().zip(&self.past).map(|(weight, value)| weight * value);
        let sample = self.gain * white + weighted.sum::<f32>();
        self.past.rotate_right(1);
        self.past[0] = sample;
        sample
    }
}

fn energy(pcm: &[f32]) -> f32 {
    pcm.iter().map(|sample| sample * sample).sum::<f32>() / pcm.len().max(1) as f32
}

const RATE: usize = SAMPLE_RATE_HZ as usize;
/// 20 ms.
const BLOCK: usize = RATE / 50;
/// What concealed audio is measured in: 5 ms.
const PIECE: usize = RATE / 200;
const BLOCKS_OF_PERIOD: usize = 25;
/// 4 s.
const PERIODS: usize = 8;
/// Blocks after the start of a stream, while its decoder and the peer's microphone begin: 0.3 s.
const AFTER_START: usize = 15;
/// Blocks after a gap.
const AFTER_GAP: usize = 2;
const ORDER: usize = 16;
/// The loudest noise, -40 dBov, as a mean square.
const LOUDEST: f32 = 1e-4;
/// The mean square of a background that nobody hears: -90 dBov.
const INAUDIBLE: f32 = 1e-9;
/// Largest change of the gain in a sample: 5 ms from nothing to all.
const GAIN_STEP: f32 = 1.0 / PIECE as f32;
/// When the noise fades, and when it is over, in samples without decoded audio.
const FADES: usize = RATE * 6 / 10;
const FADED: usize = RATE * 8 / 10;
const SETTLING: usize = 480;
/// The peak of uniform noise with a mean square of 1.
const UNIT_OF_UNIFORM: f32 = 1.732_050_8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_level_and_the_spectrum_of_the_background() {
        let room = room(4 * RATE, 0.003);
        let mut comfort = ComfortNoise::default();
        comfort.on_decoded(&mut room.clone());
        let mut noise = vec![0.0; RATE / 2];
        comfort.fill(&mut noise);
        let ratio = 10.0 * (energy(&noise[BLOCK..]) / energy(&room)).log10();
        assert!((-2.5..0.5).contains(&ratio), "{ratio} dB");
        // The share of high frequencies: the difference of neighbours.
        let brightness = |pcm: &[f32]| {
            let steps: Vec<f32> = pcm.windows(2).map(|pair| pair[1] - pair[0]).collect();
            energy(&steps) / energy(pcm)
        };
        let (made, heard) = (brightness(&noise[BLOCK..]), brightness(&room));
        assert!((0.6..1.7).contains(&(made / heard)), "{made} of {heard}");
    }

    #[test]
    fn the_background_is_what_is_heard_between_words() {
        let mut pcm = room(6 * RATE, 0.003);
        let quiet = energy(&pcm);
        for (n, sample) in pcm.iter_mut().enumerate() {
            let speaks = n % RATE < RATE * 7 / 10;
            *sample += if speaks { 0.2 * (n as f32 * 0.02).sin() } else { 0.0 };
        }
        let mut comfort = ComfortNoise::default();
        comfort.on_decoded(&mut pcm);
        let mut noise = vec![0.0; RATE / 2];
        comfort.fill(&mut noise);
        assert!(energy(&noise) < quiet && energy(&noise[BLOCK..]) > quiet / 2.0);
    }

    #[test]
    fn concealed_audio_is_filled_up_and_no_further() {
        let mut comfort = ComfortNoise::default();
        let room = room(4 * RATE, 0.003);
        comfort.on_decoded(&mut room.clone());
        let mut loud = vec![0.2; BLOCK];
        comfort.on_concealed(&mut loud);
        assert_eq!(loud, vec![0.2; BLOCK]);
        let mut faded = vec![0.0; 4 * BLOCK];
        comfort.on_concealed(&mut faded);
        assert!(energy(&faded[BLOCK..]) > energy(&room) / 2.0);
    }

    #[test]
    fn noise_fades_in_and_out_and_ends_within_a_second() {
        let mut comfort = ComfortNoise::default();
        let mut decoded = room(4 * RATE, 0.003);
        comfort.on_decoded(&mut decoded);
        let mut noise = vec![0.0; 4 * RATE];
        comfort.fill(&mut noise);
        assert!(noise[0].abs() < 0.000_1);
        assert!(noise[FADED + PIECE..].iter().all(|sample| *sample == 0.0));
        let half = FADES + (FADED - FADES) / 2;
        let [full, faded] = [half - RATE / 4, half].map(|at| energy(&noise[at..at + BLOCK]));
        assert!(faded < full / 2.0 && faded > 0.0);
    }

    #[test]
    fn silence_a_short_stream_and_a_stopped_one_have_no_noise() {
        for (pcm, stops) in [
            (vec![0.0; 4 * RATE], false),
            (room(RATE / 5, 0.003), false),
            (room(RATE, 0.003), true),
        ] {
            let mut comfort = ComfortNoise::default();
            comfort.on_decoded(&mut pcm.clone());
            if stops {
                comfort.stop();
            }
            let mut noise = vec![0.0; RATE];
            comfort.fill(&mut noise);
            assert!(noise.iter().all(|sample| *sample == 0.0));
        }
    }

    #[test]
    fn a_loud_background_and_a_tone_are_no_louder_than_the_bound() {
        let tone: Vec<f32> = (0..4 * RATE).map(|n| 0.3 * (n as f32 * 0.05).sin()).collect();
        for pcm in [room(4 * RATE, 0.3), tone] {
            let mut comfort = ComfortNoise::default();
            comfort.on_decoded(&mut pcm.clone());
            let mut noise = vec![0.0; RATE];
            comfort.fill(&mut noise);
            assert!(energy(&noise) < 2.0 * LOUDEST, "{}", energy(&noise));
        }
    }

    /// Noise with more of the low frequencies.
    fn room(samples: usize, level: f32) -> Vec<f32> {
        let (mut random, mut low) = (1_u32, 0.0);
        let mut next = || {
            random = random.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            low = 0.9 * low + 0.1 * ((random >> 8) as f32 / (1 << 23) as f32 - 1.0);
            low * level * 4.0
        };
        (0..samples).map(|_| next()).collect()
    }
}
