//! What callbacks and the rest of a phone's devices tell each other, without locks.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use lxst_audio::dbfs;

#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Whether the speaker makes an echo that is to be cancelled.
    pub(super) cancels_echo: AtomicBool,
    /// Whether the app hears the microphone.
    pub(super) app_listens: AtomicBool,
    /// The volume of the speaker in dB, as the bits of an `f32`.
    volume: AtomicU32,
    pub(super) heard: Peak,
    pub(super) played: Peak,
}

/// The loudest sample since it was read last, as the bits of an `f32`: those of positive numbers
/// are in their order.
#[derive(Debug, Default)]
pub(super) struct Peak(AtomicU32);

impl Shared {
    pub(super) fn set_volume(&self, decibels: f32) {
        self.volume.store(decibels.to_bits(), Relaxed);
    }

    pub(super) fn volume(&self) -> f32 {
        f32::from_bits(self.volume.load(Relaxed))
    }
}

impl Peak {
    pub(super) fn note(&self, pcm: &[f32]) {
        let peak = pcm.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        self.0.fetch_max(peak.to_bits(), Relaxed);
    }

    /// Returns the peak in dBFS, and begins anew.
    pub(super) fn read(&self) -> f32 {
        dbfs(f32::from_bits(self.0.swap(0, Relaxed)))
    }
}
