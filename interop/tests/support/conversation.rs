//! A conversation: both sides repeat the speech, and each stretch is compared.

use core::ops::Range;
use core::time::Duration;
use std::path::Path;
use std::thread;
use std::time::Instant;

use lxst_interop::{Command, Event, PythonPeer, Recording, lateness};
use lxst_phone::AudioFormat;
use lxst_sim::envelope::{CorrelationPeak, EnvelopeError, Pcm, correlation, loudness};

use super::phone::{PATIENCE, RustPhone};
use super::sound::{Playback, SPEECH, speech};

/// What both sides say at the same time, and where it is in each recording. Times are since its
/// start.
pub(crate) struct Conversation {
    said: Recording,
    began: Instant,
    /// In Python's recording.
    python_began: Duration,
    heard: Playback,
    /// In the recording of our speaker.
    rust_began: Duration,
}

impl Conversation {
    /// Starts in a call that Python reported as established at `established`. Python repeats its
    /// speech.
    pub(crate) fn begin(
        python: &mut PythonPeer,
        established: &Event,
        rust: &RustPhone,
        heard: Playback,
    ) -> Self {
        let mut said = speech();
        said.samples = said.samples.repeat(TIMES);
        python.send(&Command::Stats);
        let python_began = python.expect("stats", PATIENCE).at.saturating_sub(established.at);
        python.send(&Command::Audio(Path::new(SPEECH).to_owned()));
        rust.speak(&said);
        let rust_began = heard.time();
        Self { said, began: Instant::now(), python_began, heard, rust_began }
    }

    /// Returns the time since its start.
    pub(crate) fn time(&self) -> Duration {
        self.began.elapsed()
    }

    /// Continues for this long.
    pub(crate) fn go_on(&self, time: Duration) {
        thread::sleep(time);
    }

    /// Returns how well Python heard the speech of a stretch, which ended at least `max_lag` ago.
    pub(crate) fn python_heard(
        &self,
        python: &mut PythonPeer,
        stretch: &Range<Duration>,
        max_lag: Duration,
    ) -> Result<CorrelationPeak, EnvelopeError> {
        let heard = python.heard();
        self.compare(stretch, heard.pcm(), self.python_began, max_lag)
    }

    /// Returns how well our user heard it.
    pub(crate) fn rust_heard(
        &self,
        stretch: &Range<Duration>,
        max_lag: Duration,
    ) -> Result<CorrelationPeak, EnvelopeError> {
        let heard = self.heard.samples();
        let heard = Pcm { samples: &heard, rate_hz: AudioFormat::PHONE.rate_hz };
        self.compare(stretch, heard, self.rust_began, max_lag)
    }

    /// Returns the machine's worst lateness in a stretch.
    pub(crate) fn lateness(&self, python: &PythonPeer, stretch: &Range<Duration>) -> Duration {
        lateness::worst(&(self.began + stretch.start..self.began + stretch.end), &[python])
    }

    /// Returns the loudest 20 ms that Python heard in a time, as RMS.
    pub(crate) fn loudness_at_python(
        &self,
        python: &mut PythonPeer,
        time: &Range<Duration>,
    ) -> f64 {
        let heard = python.heard();
        loudness(cut(heard.pcm(), self.python_began, time))
    }

    /// Returns the loudest 20 ms that our user heard in a time, as RMS.
    pub(crate) fn loudness_at_rust(&self, time: &Range<Duration>) -> f64 {
        let heard = self.heard.samples();
        let heard = Pcm { samples: &heard, rate_hz: AudioFormat::PHONE.rate_hz };
        loudness(cut(heard, self.rust_began, time))
    }

    fn compare(
        &self,
        stretch: &Range<Duration>,
        heard: Pcm<'_>,
        began: Duration,
        max_lag: Duration,
    ) -> Result<CorrelationPeak, EnvelopeError> {
        let said = cut(self.said.pcm(), Duration::ZERO, stretch);
        let heard = cut(heard, began, &(stretch.start..stretch.end + max_lag));
        correlation(said, heard, max_lag)
    }
}

/// Returns the part of a recording in a time of the conversation.
fn cut<'a>(pcm: Pcm<'a>, began: Duration, time: &Range<Duration>) -> Pcm<'a> {
    let position = |at: Duration| {
        let position = (began + at).as_micros() * u128::from(pcm.rate_hz) / 1_000_000;
        usize::try_from(position).unwrap_or(usize::MAX).min(pcm.samples.len())
    };
    Pcm { samples: &pcm.samples[position(time.start)..position(time.end)], ..pcm }
}

/// 3.5 min of speech.
const TIMES: usize = 40;
