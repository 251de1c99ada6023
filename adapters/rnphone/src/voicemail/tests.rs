use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lxst_audio::{SoundReader, amplitude, dbfs};
use lxst_phone::IdentityHash;
use lxst_sim::random::Seeded;

use super::*;
use crate::contacts::{Contact, Contacts};
use crate::sounds::{Sequence, SoundFile};

mod machine;
mod store;

/// So many seconds of white noise at full scale.
pub(super) fn noise(seconds: usize) -> Vec<f32> {
    let mut random = Seeded(1);
    (0..seconds * 48_000).map(|_| random.unit() as f32 * 2.0 - 1.0).collect()
}

/// 5.3 s of speech at 48 kHz.
pub(super) fn speech() -> Vec<f32> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/speech.wav");
    let mut file = SoundFile::open(Path::new(path)).unwrap();
    let mut sound = vec![0.0; usize::try_from(file.length().0).unwrap()];
    assert_eq!(file.read(&mut sound).unwrap(), sound.len());
    sound
}

/// The sound at this level of its RMS.
pub(super) fn at_level(level_dbfs: f32, mut sound: Vec<f32>) -> Vec<f32> {
    let gain = amplitude(level_dbfs - rms_dbfs(&sound));
    sound.iter_mut().for_each(|sample| *sample *= gain);
    sound
}

fn rms_dbfs(sound: &[f32]) -> f32 {
    let energy: f32 = sound.iter().map(|sample| sample * sample).sum();
    dbfs((energy / sound.len() as f32).sqrt())
}
