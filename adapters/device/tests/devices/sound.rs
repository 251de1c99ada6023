//! What a test says at one device and hears at another.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use lxst_device::{Event, Events, Microphone, Speaker, Wish};
use lxst_sim::random::Seeded;
use lxst_sim::tone::amplitude;

/// A hum like a voice's: a note and its overtones. A sine would come out of a speech codec with
/// holes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hum {
    hz: u32,
    rhythm: Rhythm,
    /// The noise of its breath.
    breath: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rhythm {
    Steady,
    /// On and off by a pseudo-random pattern, which fits itself at one place only.
    Pattern,
}

impl Hum {
    pub(crate) const LOW: Self = Self { hz: 250, rhythm: Rhythm::Steady, breath: 0.01 };
    pub(crate) const HIGH: Self = Self { hz: 300, ..Self::LOW };
    pub(crate) const BEATS: Self = Self { rhythm: Rhythm::Pattern, ..Self::LOW };
    /// Beats of noise in the main.
    pub(crate) const WHISPER: Self = Self { breath: 0.5, rhythm: Rhythm::Pattern, ..Self::LOW };

    pub(crate) const fn note(self) -> u32 {
        self.hz
    }

    /// Returns the sample of a moment; the noise is from -0.5 to 0.5.
    fn at(self, second: f64, noise: f32) -> f32 {
        let is_on = match self.rhythm {
            Rhythm::Steady => true,
            Rhythm::Pattern => {
                let beat = (second / BEAT_S) as u64;
                Seeded(beat).unit() >= 0.25
            }
        };
        let note = |overtone: u32| {
            let overtone = f64::from(overtone);
            let phase = second * f64::from(self.hz) * overtone * core::f64::consts::TAU;
            (phase + overtone * overtone).sin() / overtone
        };
        let hum: f64 = (1..=12).map(note).sum();
        if is_on { (hum / 6.0) as f32 + self.breath * noise } else { 0.0 }
    }
}

/// Hums at a speaker until this is dropped.
pub(crate) fn hum(speaker: &str, hum: Hum) -> Speaker {
    let (speaker, events) = Speaker::open(Wish::named(speaker), move |format| {
        let mut moment = 0_u64;
        let mut noise = Seeded(1);
        Box::new(move |block| {
            for sides in block.chunks_mut(usize::from(format.channels)) {
                let second = moment as f64 / f64::from(format.rate_hz);
                sides.fill(hum.at(second, noise.unit() as f32 - 0.5));
                moment += 1;
            }
        })
    });
    await_taken(&events);
    speaker
}

/// What a microphone at 48 kHz heard since it was opened, its first channel.
pub(crate) struct Recording {
    _microphone: Microphone,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    pcm: Vec<f32>,
    /// When the first sample was heard: the earliest that any block allows.
    began: Option<Instant>,
}

impl Recording {
    pub(crate) fn at(microphone: &str) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let ear = heard.clone();
        let (microphone, events) = Microphone::open(Wish::named(microphone), move |format| {
            assert_eq!(format.rate_hz, RATE as u32, "what is measured needs no conversion");
            let ear = ear.clone();
            Box::new(move |block| {
                let mut heard = ear.lock().expect("nobody panics with it");
                let first = block.iter().step_by(usize::from(format.channels));
                heard.pcm.extend(first.copied());
                let length = Duration::from_secs_f64(heard.pcm.len() as f64 / RATE as f64);
                let began = Instant::now().checked_sub(length).expect("the clock runs for longer");
                heard.began = Some(heard.began.map_or(began, |earlier| earlier.min(began)));
            })
        });
        await_taken(&events);
        Self { _microphone: microphone, heard }
    }

    pub(crate) fn pcm(&self) -> Vec<f32> {
        self.heard.lock().expect("nobody panics with it").pcm.clone()
    }

    /// Returns the energies of steps of 1 ms, from a common time on.
    fn envelope(&self, from: Instant) -> Vec<f32> {
        let heard = self.heard.lock().expect("nobody panics with it");
        let began = heard.began.expect("something was heard");
        let skipped = (from.saturating_duration_since(began).as_secs_f64() * RATE as f64) as usize;
        heard.pcm[skipped..].chunks_exact(RATE / 1_000).map(energy).collect()
    }

    /// Waits until a tenth of a second is a note of this frequency.
    #[track_caller]
    pub(crate) fn hears(&self, note: u32) {
        let began = Instant::now();
        while !is_note(&self.latest(), note) {
            assert!(
                began.elapsed() < PATIENCE,
                "no note of {note} Hz in {} samples, the last at {:.1} dBFS",
                self.pcm().len(),
                level_dbfs(&self.latest())
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a tenth of a second is above -50 dBFS.
    #[track_caller]
    pub(crate) fn hears_something(&self) {
        self.until(|level| level > -50.0);
    }

    /// Waits until a tenth of a second is below -50 dBFS.
    #[track_caller]
    pub(crate) fn hears_nothing(&self) {
        self.until(|level| level < -50.0);
    }

    #[track_caller]
    fn until(&self, is_it: impl Fn(f64) -> bool) {
        let began = Instant::now();
        while !is_it(level_dbfs(&self.latest())) {
            assert!(began.elapsed() < PATIENCE, "{:.1} dBFS", level_dbfs(&self.latest()));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns the level over a time from now on.
    pub(crate) fn level_over(&self, time: Duration) -> f64 {
        let before = self.pcm().len();
        thread::sleep(time);
        level_dbfs(&self.pcm()[before..])
    }

    fn latest(&self) -> Vec<f32> {
        let pcm = self.pcm();
        pcm[pcm.len().saturating_sub(RATE / 10)..].to_vec()
    }
}

/// Tells whether a good part of a stretch is a note.
pub(crate) fn is_note(pcm: &[f32], hz: u32) -> bool {
    let power = energy(pcm) / pcm.len().max(1) as f32;
    power > 1e-4 && amplitude(pcm, hz, RATE as u32).powi(2) / 2.0 > power / 5.0
}

fn level_dbfs(pcm: &[f32]) -> f64 {
    10.0 * f64::from(energy(pcm) / pcm.len().max(1) as f32 + 1e-12).log10()
}

fn energy(pcm: &[f32]) -> f32 {
    pcm.iter().map(|sample| sample * sample).sum()
}

/// Returns the longest stretch that is 12 dB below the usual level between the first and the last
/// sound of a steady hum, in steps of 5 ms.
pub(crate) fn longest_dropout(pcm: &[f32]) -> Duration {
    let steps: Vec<f32> = pcm.chunks_exact(RATE / 200).map(energy).collect();
    let mut sorted = steps.clone();
    sorted.sort_by(f32::total_cmp);
    let least = sorted[sorted.len() / 2] / 16.0;
    let is_sound = |step: &f32| *step >= least;
    let first = steps.iter().position(is_sound).expect("half of it is");
    let last = steps.iter().rposition(is_sound).expect("half of it is");
    let stretches = steps[first..last].split(is_sound);
    let longest = stretches.map(<[f32]>::len).max().unwrap_or(0);
    Duration::from_millis(5) * longest as u32
}

/// Returns how much later the one heard what the other did, to a millisecond: where their envelopes
/// fit best.
pub(crate) fn lag(earlier: &Recording, later: &Recording) -> Duration {
    let began = |it: &Recording| it.heard.lock().expect("nobody panics with it").began;
    let from = began(earlier).max(began(later)).expect("both heard something");
    let [earlier, later] = [earlier, later].map(|it| {
        let envelope = it.envelope(from);
        let mean = envelope.iter().sum::<f32>() / envelope.len() as f32;
        envelope.into_iter().map(|step| step.sqrt() - mean.sqrt()).collect::<Vec<f32>>()
    });
    let fit = |lag: usize| -> f32 {
        earlier.iter().zip(&later[lag..]).map(|(one, other)| one * other).sum()
    };
    let best = (0..LONGEST_LAG_MS).max_by(|one, other| fit(*one).total_cmp(&fit(*other)));
    Duration::from_millis(best.unwrap_or(0) as u64)
}

#[track_caller]
fn await_taken(events: &Events) {
    let began = Instant::now();
    loop {
        match events.try_recv() {
            Ok(Event::Taken { .. }) => return,
            Ok(Event::Xruns { .. }) => {}
            Ok(other) => panic!("{other}"),
            Err(_) => assert!(began.elapsed() < PATIENCE, "no event"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

const RATE: usize = 48_000;
/// How long a beat of a pattern lasts.
const BEAT_S: f64 = 0.08;
const LONGEST_LAG_MS: usize = 800;
const PATIENCE: Duration = Duration::from_secs(30);
