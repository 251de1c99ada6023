//! Automatic gain control by the level alone.

use core::time::Duration;

use lxst_core::Samples;

use crate::block::Block;
use crate::decibel::amplitude;
use crate::filter::sanitised;
use crate::gain::Gain;
use crate::node::Effect;

/// Brings speech to a level: steps of 10 ms are measured, and the gain follows in ramps.
///
/// It knows levels only. `VoiceProcessor` (feature `voice-processing`) knows speech from noise.
#[derive(Clone, Copy, Debug)]
pub struct Agc {
    config: AgcConfig,
    gain: Gain,
    now: f32,
    energy: [f64; 2],
    moments: usize,
}

/// What [`Agc`] does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgcConfig {
    /// The RMS that speech is brought to.
    pub target_dbfs: f32,
    /// The highest gain.
    pub max_gain_db: f32,
    /// Below this RMS nobody speaks, and the gain stays.
    pub floor_dbfs: f32,
    /// How fast the gain falls: a time constant.
    pub attack: Duration,
    /// How fast it rises.
    pub release: Duration,
}

impl AgcConfig {
    /// What a telephone of the reference does to its microphone: a quiet -30 dBFS.
    ///
    /// *Source*: LXST/Filters.py and its use by Primitives/Telephony.py, by what they do: "-15 dB"
    /// is this RMS, "12 dB" a factor of 15.8, and the gain changes once in 10 ms with these time
    /// constants, as measured.
    pub const REFERENCE: Self = Self {
        target_dbfs: -30.0,
        max_gain_db: 24.0,
        floor_dbfs: -50.5,
        attack: Duration::from_millis(50),
        release: Duration::from_millis(960),
    };
}

impl Agc {
    /// Makes a gain control that begins with a gain of 0 dB.
    #[must_use]
    pub fn new(config: AgcConfig) -> Self {
        Self { config, gain: Gain::default(), now: 1.0, energy: [0.0; 2], moments: 0 }
    }

    fn measure(&mut self) {
        let energy = self.energy.iter().copied().fold(0.0, f64::max);
        let rms = (energy / STEP as f64).sqrt() as f32;
        (self.energy, self.moments) = ([0.0; 2], 0);
        if rms <= amplitude(self.config.floor_dbfs) {
            return;
        }
        let wanted = amplitude(self.config.target_dbfs) / rms;
        let wanted = wanted.min(amplitude(self.config.max_gain_db));
        let time = if wanted < self.now { self.config.attack } else { self.config.release };
        let part = 1.0 - (-STEP_SECONDS / time.as_secs_f32().max(STEP_SECONDS / 10.0)).exp();
        self.now += (wanted - self.now) * part;
        self.gain.ramp_to(self.now, Samples(STEP as u64));
    }
}

impl Effect for Agc {
    fn apply(&mut self, block: &mut Block<'_>) {
        let mut from = 0;
        while from < block.moments() {
            let mut part = block.part(from, STEP - self.moments);
            for moment in part.samples().chunks_exact(part.width()) {
                for (sample, energy) in moment.iter().zip(&mut self.energy) {
                    *energy += f64::from(sanitised(*sample)).powi(2);
                }
            }
            self.gain.apply(&mut part);
            from += part.moments();
            self.moments += part.moments();
            if self.moments == STEP {
                self.measure();
            }
        }
    }
}

/// 10 ms.
const STEP: usize = 480;
const STEP_SECONDS: f32 = 0.01;
