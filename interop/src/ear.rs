//! What a test hears at a virtual device.

use core::time::Duration;
use std::io::{BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use lxst_sim::envelope::{Pcm, correlation, loudness};
use lxst_sim::tone::amplitude;

use crate::recording::Recording;
use crate::watchdog;

/// What a speaker of a [`SoundServer`](crate::SoundServer) plays, at 48 kHz.
///
/// # Panics
/// Methods that wait panic if what they wait for is not heard within a minute.
#[derive(Debug)]
pub struct Ear {
    speaker: String,
    child: Child,
    heard: Arc<Mutex<Vec<i16>>>,
}

impl Ear {
    #[track_caller]
    pub(crate) fn open((variable, server): &(&str, String), speaker: &str) -> Self {
        let mut child = Command::new("parec")
            .args(["--raw", "--format=s16le", "--channels=1", "--rate=48000", "--latency-msec=20"])
            .arg(format!("--device={speaker}.monitor"))
            .env(variable, server)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("parec is installed: run interop/setup sound");
        let mut pipe = BufReader::new(child.stdout.take().expect("it is piped"));
        let heard = Arc::<Mutex<Vec<i16>>>::default();
        let ear = heard.clone();
        thread::spawn(move || {
            let mut sample = [0; 2];
            while pipe.read_exact(&mut sample).is_ok() {
                let mut heard = ear.lock().unwrap_or_else(PoisonError::into_inner);
                heard.push(i16::from_le_bytes(sample));
            }
        });
        Self { speaker: speaker.to_owned(), child, heard }
    }

    /// Returns everything that was heard.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let samples = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Recording { samples, rate_hz: RATE_HZ }
    }

    /// Waits until a recording that is repeated is heard once, spoken from now on. Returns how well
    /// it came through: the correlation of both, as [`lxst_sim::envelope`] has it.
    #[track_caller]
    pub fn hears(&self, spoken: &Recording) -> f64 {
        let from = self.heard.lock().unwrap_or_else(PoisonError::into_inner).len();
        let length =
            Duration::from_secs_f64(spoken.samples.len() as f64 / f64::from(spoken.rate_hz));
        let mut best = 0.0_f64;
        self.until("speech", |heard| {
            let heard = heard.samples.get(from..).unwrap_or_default();
            // One round that is whole lies in two.
            let start = heard.len().checked_sub(2 * samples(length)).ok_or("nothing yet")?;
            let pcm = Pcm { samples: &heard[start..], rate_hz: RATE_HZ };
            let verdict =
                correlation(spoken.pcm(), pcm, length).map_err(|error| error.to_string())?;
            best = best.max(verdict.correlation);
            if best >= CAME_THROUGH { Ok(best) } else { Err(format!("{best:.2} of it at best")) }
        })
    }

    /// Waits until a quarter of a second is a tone of this frequency in the main.
    #[track_caller]
    pub fn hears_tone(&self, hz: u32) {
        self.until(&format!("tone of {hz} Hz"), |heard| {
            let latest: Vec<f32> =
                latest(heard).iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
            let power = latest.iter().map(|sample| sample * sample).sum::<f32>()
                / latest.len().max(1) as f32;
            let tone = amplitude(&latest, hz, RATE_HZ).powi(2) / 2.0;
            let is_tone = power > QUIET && tone > power * 0.8;
            is_tone.then_some(()).ok_or_else(|| format!("{tone} of a power of {power}"))
        });
    }

    /// Waits until a quarter of a second is louder than -60 dBFS.
    #[track_caller]
    pub fn hears_something(&self) {
        self.until("sound", |heard| if is_silent(heard) { Err("silence".into()) } else { Ok(()) });
    }

    /// Waits until a quarter of a second is below -60 dBFS.
    #[track_caller]
    pub fn hears_nothing(&self) {
        self.until("silence", |heard| match latest(heard).is_empty() || !is_silent(heard) {
            true => Err("sound".into()),
            false => Ok(()),
        });
    }

    /// Waits until it is found in what was heard; else that says what was there.
    #[track_caller]
    fn until<T>(&self, what: &str, mut find: impl FnMut(&Recording) -> Result<T, String>) -> T {
        let began = Instant::now();
        loop {
            let heard = self.recording();
            let instead = match find(&heard) {
                Ok(found) => return found,
                Err(instead) => instead,
            };
            let is_late = watchdog::left(began, PATIENCE).is_zero();
            let time = heard.samples.len() as f64 / f64::from(RATE_HZ);
            assert!(!is_late, "{}: no {what} in {time:.1} s, but {instead}", self.speaker);
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last quarter of a second; nothing before there is one.
fn latest(heard: &Recording) -> &[i16] {
    let start = heard.samples.len().checked_sub(samples(Duration::from_millis(250)));
    start.map_or(&[], |start| &heard.samples[start..])
}

fn is_silent(heard: &Recording) -> bool {
    loudness(Pcm { samples: latest(heard), rate_hz: RATE_HZ }) <= SILENCE
}

fn samples(time: Duration) -> usize {
    (time.as_secs_f64() * f64::from(RATE_HZ)) as usize
}

const RATE_HZ: u32 = 48_000;
/// -60 dBFS.
const SILENCE: f64 = 32.768;
/// The same, as a power.
const QUIET: f32 = 1e-6;
/// The correlation of speech that came through a narrow band.
const CAME_THROUGH: f64 = 0.8;
const PATIENCE: Duration = Duration::from_secs(60);
