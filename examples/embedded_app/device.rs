//! A simulated sound card: a thread that calls back every 10 ms, in 16-bit stereo at 44.1 kHz.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lxst_tokio::{AudioFormat, DeviceSink, DeviceSource};

/// The format of the card.
pub(crate) const FORMAT: AudioFormat = AudioFormat { rate_hz: 44_100, channels: 2 };

/// An open microphone or speaker. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Device {
    is_open: Arc<AtomicBool>,
}

impl Device {
    /// Opens a microphone that captures a tone.
    pub(crate) fn microphone(mut source: DeviceSource) -> Self {
        let mut time = 0_u32;
        Self::call_back(move || {
            let mut block = [0_i16; SAMPLES];
            for moment in block.chunks_exact_mut(2) {
                let phase = f64::from(time) / f64::from(FORMAT.rate_hz) * 200.0;
                moment.fill(if phase.fract() < 0.5 { 6_000 } else { -6_000 });
                time = time.wrapping_add(1);
            }
            source.push(&block).is_ok()
        })
    }

    /// Opens a speaker that counts the samples that are not silent.
    pub(crate) fn speaker(mut sink: DeviceSink, sound: Arc<AtomicU32>) -> Self {
        Self::call_back(move || {
            let mut block = [0_i16; SAMPLES];
            let filled = sink.fill(&mut block);
            let loud = block.chunks_exact(2).filter(|moment| moment[0].unsigned_abs() > 1_000);
            sound.fetch_add(u32::try_from(loud.count()).unwrap_or(0), Ordering::Relaxed);
            filled.is_ok()
        })
    }

    /// Calls back at the card's pace, until the device is dropped or the callback returns false.
    fn call_back(mut block: impl FnMut() -> bool + Send + 'static) -> Self {
        let is_open = Arc::new(AtomicBool::new(true));
        let open = is_open.clone();
        thread::spawn(move || {
            let mut next = Instant::now();
            while open.load(Ordering::Relaxed) && block() {
                next += PERIOD;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        Self { is_open }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Relaxed);
    }
}

const PERIOD: Duration = Duration::from_millis(10);
/// 10 ms of two channels.
const SAMPLES: usize = 882;
