//! What callers hear before the beep.

use std::borrow::Cow;
use std::path::PathBuf;

use lxst_audio::{Cadence, FileError, Player, PlayerConfig, Segment, Tone, ToneSource};
use lxst_core::Samples;

use crate::sounds::{Sequence, SoundFile};

/// What callers hear before the beep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Greeting {
    /// Three falling notes of our own.
    #[default]
    Notes,
    /// A WAV or Ogg/Opus file, of which [`MAX_LENGTH`](Self::MAX_LENGTH) are played.
    File(PathBuf),
}

impl Greeting {
    /// The most that is played of a file: 60 s.
    pub const MAX_LENGTH: Samples = Samples::from_millis(60_000);

    /// Returns a pause in which the caller lays an ear to the phone, and the greeting. A file that
    /// cannot be read is told, and the notes are played in its place.
    ///
    /// Reading a file goes on in a thread of its own.
    #[must_use]
    pub fn sound(&self) -> (Sequence, Option<FileError>) {
        let pause = Sequence::new().then(once(&PAUSE));
        match self.player() {
            Ok(Some(sound)) => (pause.then(sound), None),
            Ok(None) => (pause.then(once(&NOTES)), None),
            Err(error) => (pause.then(once(&NOTES)), Some(error)),
        }
    }

    fn player(&self) -> Result<Option<lxst_audio::PlayerSource>, FileError> {
        let Self::File(path) = self else { return Ok(None) };
        let config = PlayerConfig { most: Some(Self::MAX_LENGTH), ..PlayerConfig::default() };
        // A file that is damaged further on ends there.
        let (_, sound) = Player::start(SoundFile::open(path)?, config, |_| {})?;
        Ok(Some(sound))
    }
}

/// Returns the tone behind which the caller speaks: 1 kHz for 0.5 s, from -18 dBFS on.
#[must_use]
pub fn beep() -> ToneSource {
    once(&BEEP)
}

fn once(segments: &'static [Segment]) -> ToneSource {
    Cadence { segments: Cow::Borrowed(segments), repeats: Some(1) }.source()
}

const fn segment(frequency_hz: f32, on_ms: u64, off_ms: u64) -> Segment {
    let Ok(steady) = Tone::new(&[(frequency_hz, -18.0), (2.0 * frequency_hz, -30.0)]) else {
        panic!("a tone is out of bounds")
    };
    let Ok(tone) = steady.falling(12.0) else { panic!("a fall is out of bounds") };
    Segment { tone, on: Samples::from_millis(on_ms), off: Samples::from_millis(off_ms) }
}

static PAUSE: [Segment; 1] = [segment(1_000.0, 0, 700)];
/// G, E and C.
static NOTES: [Segment; 3] =
    [segment(783.99, 350, 50), segment(659.26, 350, 50), segment(523.25, 700, 500)];
static BEEP: [Segment; 1] = [segment(BEEP_HZ, 500, 0)];
pub(super) const BEEP_HZ: f32 = 1_000.0;
