//! Voice activity detection (VAD).

use std::f32::consts::TAU;

use lxst_audio::dbfs;

use super::greeting::BEEP_HZ;

/// Tells voice from the noise of a caller's room, and from the beep that comes back from a caller's
/// loudspeaker, block by block.
///
/// Voice is what is [`MARGIN_DB`] louder than the noise floor, and louder than [`MIN_VOICE_DBFS`].
/// The floor follows the level down at once and up by [`RISE_DB_PER_SECOND`]: speech has pauses
/// between its syllables, noise has none. What is [`NOTHING_DBFS`] or less is no sound of a room,
/// but a pause in which the peer sends nothing, and says nothing of the floor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VoiceActivity {
    /// `None` before the first sound.
    floor_dbfs: Option<f32>,
}

impl VoiceActivity {
    /// Takes the next block of 48 kHz mono, and returns whether it is voice.
    pub(super) fn handle_block(&mut self, block: &[f32]) -> bool {
        let energy: f32 = block.iter().map(|sample| sample * sample).sum();
        let power = energy / block.len() as f32;
        let level = dbfs(power.sqrt());
        if level <= NOTHING_DBFS || power_at(BEEP_HZ, block) > BEEP_SHARE * power {
            return false;
        }
        let floor = match self.floor_dbfs {
            None => level.min(MAX_FIRST_FLOOR_DBFS),
            Some(floor) if level < floor => floor + (level - floor) * FALL,
            Some(floor) => {
                let rise = RISE_DB_PER_SECOND * block.len() as f32 / 48_000.0;
                floor + rise.min(level - floor)
            }
        };
        self.floor_dbfs = Some(floor);
        level > MIN_VOICE_DBFS.max(floor + MARGIN_DB)
    }
}

/// Returns the power of one frequency in a block of 48 kHz mono.
fn power_at(frequency_hz: f32, block: &[f32]) -> f32 {
    let step = TAU * frequency_hz / 48_000.0;
    let (real, imaginary) = block.iter().enumerate().fold((0.0, 0.0), |sum, (at, sample)| {
        let (sine, cosine) = (step * at as f32).sin_cos();
        (sum.0 + sample * cosine, sum.1 + sample * sine)
    });
    2.0 * (real * real + imaginary * imaginary) / (block.len() as f32).powi(2)
}

/// The part of a block's power that is the beep's in no voice.
const BEEP_SHARE: f32 = 0.5;
/// How much louder than noise voice is.
const MARGIN_DB: f32 = 9.0;
/// The level of the quietest voice, as RMS of a block. Our choice: speech is 20 to 30 dB louder.
const MIN_VOICE_DBFS: f32 = -55.0;
/// The level of silence that no room has.
const NOTHING_DBFS: f32 = -90.0;
/// The highest floor before a pause was heard: a caller may speak from the first block on.
const MAX_FIRST_FLOOR_DBFS: f32 = -40.0;
/// The part of the way down that the floor goes in a block.
const FALL: f32 = 0.3;
const RISE_DB_PER_SECOND: f32 = 1.0;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::tests::{at_level, noise, speech};
    use super::*;

    #[test]
    fn speech_is_voice_and_steady_noise_is_none() {
        let voiced = |sound: &[f32]| {
            let mut activity = VoiceActivity::default();
            let blocks = sound.chunks_exact(960);
            let voiced: Vec<bool> = blocks.map(|block| activity.handle_block(block)).collect();
            voiced.iter().filter(|is_voice| **is_voice).count() * 100 / voiced.len()
        };
        for level in [-70.0, -50.0, -40.0, -30.0] {
            let percent = voiced(&at_level(level, noise(20)));
            assert!(percent < 10, "noise of {level} dBFS is voice for {percent} %");
        }
        assert_eq!(voiced(&[0.0; 48_000]), 0);
        for level in [-40.0, -26.0, -14.0] {
            let percent = voiced(&at_level(level, speech()));
            assert!(percent > 45, "speech of {level} dBFS is voice for {percent} %");
            let mut in_noise = at_level(level, speech());
            let room = at_level(level - 20.0, noise(20));
            in_noise.iter_mut().zip(room).for_each(|(sample, noise)| *sample += noise);
            let percent = voiced(&in_noise);
            assert!(percent > 30, "speech of {level} dBFS in noise is voice for {percent} %");
        }
    }

    #[test]
    fn pauses_in_which_nothing_is_sent_make_no_voice_of_the_noise_behind_them() {
        let mut activity = VoiceActivity::default();
        for second in 0..10 {
            for block in at_level(-45.0, noise(1)).chunks_exact(960) {
                assert!(!activity.handle_block(block) || second == 0);
                assert!(!activity.handle_block(&[0.0; 960]));
            }
        }
    }
}
