//! What rings, and for whom.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lxst_audio::{FileError, Player, PlayerConfig, PlayerSource, Ringtone, SoundReader};
use lxst_phone::IdentityHash;

use super::{Sequence, SoundFile};

/// What rings for one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ring {
    /// A ringtone of our own.
    Own(Ringtone),
    /// A WAV or Ogg/Opus file, again and again.
    File(PathBuf),
    /// Nothing.
    Silent,
}

/// What rings for whom: our bell, unless it is said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ringtones {
    /// For all others.
    pub of_all: Ring,
    /// For these callers.
    pub of_callers: BTreeMap<IdentityHash, Ring>,
}

impl Default for Ring {
    fn default() -> Self {
        Self::Own(Ringtone::default())
    }
}

impl Ringtones {
    /// Returns what rings for a caller.
    #[must_use]
    pub fn of(&self, caller: IdentityHash) -> &Ring {
        self.of_callers.get(&caller).unwrap_or(&self.of_all)
    }
}

impl Ring {
    /// Returns the sound, which has no end if there is one. A file that cannot be read is told, and our bell rings
    /// in its place.
    ///
    /// Reading a file goes on in a thread of its own, until the sound is dropped.
    #[must_use]
    pub fn sound(&self) -> (Sequence, Option<FileError>) {
        let bell = Ringtone::default().cadence().source();
        match self {
            Self::Own(ringtone) => (Sequence::new().then(ringtone.cadence().source()), None),
            Self::File(path) => match repeated(path) {
                // The bell rings from where the file is damaged.
                Ok(sound) => (Sequence::new().then(sound).then(bell), None),
                Err(error) => (Sequence::new().then(bell), Some(error)),
            },
            Self::Silent => (Sequence::new(), None),
        }
    }
}

fn repeated(path: &std::path::Path) -> Result<PlayerSource, FileError> {
    let file = SoundFile::open(path)?;
    if file.length().is_zero() {
        return Err(FileError::Damaged { what: "it has no sound" });
    }
    let config = PlayerConfig { rounds: None, ..PlayerConfig::default() };
    let (_, sound) = Player::start(file, config, |_| {})?;
    Ok(sound)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs, process};

    use lxst_audio::{Block, Source};
    use lxst_phone::IdentityHash;

    use super::*;

    #[test]
    fn a_caller_rings_as_is_said_and_others_as_all() {
        let [mary, jake] = [1, 2].map(|of| IdentityHash([of; 16]));
        let chime = Ring::Own(Ringtone::Chime);
        let of_callers = [(mary, chime.clone())].into();
        let ringtones = Ringtones { of_callers, ..Ringtones::default() };
        assert_eq!(ringtones.of(mary), &chime);
        assert_eq!(ringtones.of(jake), &Ring::Own(Ringtone::Bell));
    }

    #[test]
    fn a_file_rings_again_and_again() {
        let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/speech.wav");
        let (mut sound, fault) = Ring::File(speech.into()).sound();
        assert!(fault.is_none(), "{fault:?}");
        let mut file = SoundFile::open(Path::new(speech)).unwrap();
        let mut once = vec![0.0; usize::try_from(file.length().0).unwrap()];
        file.read(&mut once).unwrap();
        // It is read ahead on a thread, and is silence before that.
        let mut heard = Vec::new();
        while heard.len() < 2 * once.len() + 4_800 {
            let mut block = [0.0; 480];
            assert_eq!(sound.pull(&mut Block::mono(&mut block)), 480);
            if block != [0.0; 480] {
                heard.extend(block);
            } else {
                std::thread::yield_now();
            }
        }
        let loudest = |part: &[f32]| part.iter().fold(0.0, |most: f32, it| most.max(it.abs()));
        assert!(loudest(&heard[once.len()..]) > 0.5 * loudest(&once));
    }

    #[test]
    fn a_file_that_is_not_there_or_has_no_sound_is_told_and_our_bell_rings() {
        let empty = env::temp_dir().join(format!("rnphone-rs-ring-{}.wav", process::id()));
        let mut header = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        header.extend(48_000_u32.to_le_bytes());
        header.extend(96_000_u32.to_le_bytes());
        header.extend(b"\x02\0\x10\0data\0\0\0\0");
        fs::write(&empty, header).unwrap();
        let mut faults = Vec::new();
        for path in [empty.clone(), "nowhere/ring.opus".into(), env::temp_dir()] {
            let (mut sound, fault) = Ring::File(path).sound();
            faults.push(fault.unwrap().to_string());
            let [mut heard, mut bell] = [[0.0; 4_800]; 2];
            sound.pull(&mut Block::mono(&mut heard));
            Ringtone::Bell.cadence().source().pull(&mut Block::mono(&mut bell));
            assert_eq!(heard, bell);
        }
        fs::remove_file(empty).unwrap();
        assert_eq!(faults[0], "the file is damaged: it has no sound");
        assert_eq!(faults[2], "not a regular file");
    }
}
