//! Tones and cadences as data, and the tones of calls.

mod call;
mod dtmf;
mod ringtone;
mod source;

use std::borrow::Cow;

use lxst_core::Samples;

use crate::decibel::SILENCE_DBFS;

pub use call::CallTones;
pub use dtmf::dtmf;
pub use ringtone::Ringtone;
pub use source::ToneSource;

/// Up to four sines that sound together.
///
/// *Units*: frequencies in Hz; levels in dBFS of each sine's peak, so 0 dBFS is from -1.0 to 1.0.
/// Sines add up: the sum of several may exceed full scale, which a limiter or soft clip takes down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    /// Frequency and level; what is not used is [`UNUSED`].
    sines: [(f32, f32); MAX_SINES],
    fall_db_per_second: f32,
}

impl Tone {
    /// Makes a steady tone of pairs of a frequency in Hz and a level in dBFS. No pair is silence.
    ///
    /// # Errors
    /// [`ToneError::Frequency`], [`ToneError::Level`], or [`ToneError::TooManySines`].
    pub const fn new(sines: &[(f32, f32)]) -> Result<Self, ToneError> {
        if sines.len() > MAX_SINES {
            return Err(ToneError::TooManySines { sines: sines.len() });
        }
        let mut kept = [UNUSED; MAX_SINES];
        let mut place = 0;
        while place < sines.len() {
            let (frequency_hz, level_dbfs) = sines[place];
            // Written so that NaN is refused.
            if !(frequency_hz >= MIN_TONE_HZ && frequency_hz <= MAX_TONE_HZ) {
                return Err(ToneError::Frequency { frequency_hz });
            }
            if !(level_dbfs >= SILENCE_DBFS && level_dbfs <= 0.0) {
                return Err(ToneError::Level { level_dbfs });
            }
            kept[place] = sines[place];
            place += 1;
        }
        Ok(Self { sines: kept, fall_db_per_second: 0.0 })
    }

    /// Lets the tone die away like a bell, by this many dB in each second.
    ///
    /// # Errors
    /// [`ToneError::Fall`].
    pub const fn falling(self, db_per_second: f32) -> Result<Self, ToneError> {
        if !(db_per_second >= 0.0 && db_per_second <= MAX_FALL_DB_PER_SECOND) {
            return Err(ToneError::Fall { db_per_second });
        }
        Ok(Self { fall_db_per_second: db_per_second, ..self })
    }

    /// Returns the pairs of a frequency in Hz and a level in dBFS.
    pub fn sines(&self) -> impl Iterator<Item = (f32, f32)> {
        self.sines.into_iter().filter(|sine| *sine != UNUSED)
    }

    /// Returns by how many dB the tone falls in each second.
    #[must_use]
    pub const fn fall_db_per_second(&self) -> f32 {
        self.fall_db_per_second
    }
}

/// A tone, then silence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Segment {
    /// What sounds.
    pub tone: Tone,
    /// How long it sounds. The easing of both edges lies within: [`ToneSource::EASE`], or half of
    /// this time where that is shorter.
    pub on: Samples,
    /// The silence behind it.
    pub off: Samples,
}

/// Segments one after the other, played a number of times.
///
/// ```
/// use lxst_audio::{Block, Cadence, CallTones, Segment, Source, Tone};
/// use lxst_core::Samples;
///
/// let mut ringback = CallTones::NORTH_AMERICA.ringback.source();
/// let mut period = [0.0; 480];
/// assert_eq!(ringback.pull(&mut Block::mono(&mut period)), 480);
///
/// // One of an app: two beeps of 1 kHz at -20 dBFS.
/// let beep = Segment {
///     tone: Tone::new(&[(1_000.0, -20.0)])?,
///     on: Samples::from_millis(100),
///     off: Samples::from_millis(50),
/// };
/// let beeps = Cadence { segments: vec![beep].into(), repeats: Some(2) };
/// assert_eq!(beeps.duration(), Some(Samples::from_millis(300)));
/// # Ok::<(), lxst_audio::ToneError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cadence {
    /// What is played each time. Without any length, it ends at once.
    pub segments: Cow<'static, [Segment]>,
    /// How many times; `None` is for ever.
    pub repeats: Option<u32>,
}

impl Cadence {
    /// Makes a cadence that repeats for ever.
    #[must_use]
    pub const fn forever(segments: &'static [Segment]) -> Self {
        Self { segments: Cow::Borrowed(segments), repeats: None }
    }

    /// Makes a cadence that is played this many times.
    #[must_use]
    pub const fn times(segments: &'static [Segment], repeats: u32) -> Self {
        Self { segments: Cow::Borrowed(segments), repeats: Some(repeats) }
    }

    /// Returns the length of all repeats with the silence behind the last; `None` is for ever.
    #[must_use]
    pub fn duration(&self) -> Option<Samples> {
        let round = self.round();
        if round == 0 {
            return Some(Samples::ZERO);
        }
        self.repeats.map(|repeats| Samples(round.saturating_mul(repeats.into())))
    }

    /// Makes a source that plays it from the start.
    #[must_use]
    pub fn source(self) -> ToneSource {
        ToneSource::new(self)
    }

    /// The moments of one repeat.
    fn round(&self) -> u64 {
        self.segments.iter().fold(0, |round: u64, segment| {
            round.saturating_add(segment.on.0).saturating_add(segment.off.0)
        })
    }
}

/// A tone that cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ToneError {
    /// A frequency that is not heard, or that the sample rate does not carry.
    #[error("frequency of {frequency_hz} Hz is outside of {MIN_TONE_HZ} to {MAX_TONE_HZ} Hz")]
    Frequency {
        /// The frequency that was asked for.
        frequency_hz: f32,
    },
    /// A level above full scale or below silence.
    #[error("level of {level_dbfs} dBFS is outside of {SILENCE_DBFS} to 0 dBFS")]
    Level {
        /// The level that was asked for.
        level_dbfs: f32,
    },
    /// A fall that is none, or too steep.
    #[error("fall of {db_per_second} dB a second is outside of 0 to {MAX_FALL_DB_PER_SECOND}")]
    Fall {
        /// The fall that was asked for.
        db_per_second: f32,
    },
    /// More sines than a tone has room for.
    #[error("tone of {sines} sines exceeds {MAX_SINES}: mix two sources")]
    TooManySines {
        /// How many were asked for.
        sines: usize,
    },
}

/// The lowest frequency of a [`Tone`], in Hz.
pub const MIN_TONE_HZ: f32 = 10.0;
/// The highest frequency of a [`Tone`], in Hz.
pub const MAX_TONE_HZ: f32 = 20_000.0;
/// How many sines a [`Tone`] has at most.
pub const MAX_SINES: usize = 4;

const MAX_FALL_DB_PER_SECOND: f32 = 1_000.0;
const UNUSED: (f32, f32) = (0.0, 0.0);

/// A segment of this crate's tables: times in milliseconds. A wrong table does not compile.
const fn segment(sines: &[(f32, f32)], on_ms: u64, off_ms: u64) -> Segment {
    falling(sines, 0.0, on_ms, off_ms)
}

/// The same of a tone that falls.
const fn falling(sines: &[(f32, f32)], db_per_second: f32, on_ms: u64, off_ms: u64) -> Segment {
    let Ok(steady) = Tone::new(sines) else { panic!("a table has a wrong tone") };
    let Ok(tone) = steady.falling(db_per_second) else { panic!("a table has a wrong fall") };
    Segment { tone, on: Samples::from_millis(on_ms), off: Samples::from_millis(off_ms) }
}
