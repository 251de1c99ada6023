//! The app's side of a sink: conversion from 48 kHz mono to the app's format.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lxst_engine::codecs::Resampler;
use rtrb::Consumer;

use super::port::Shared;
use crate::audio::AudioError;
use crate::audio::format::{AudioFormat, CONVERTED, PHONE_HZ, PIECE, Sample, resampler};

#[derive(Debug)]
pub(super) struct SinkEnd {
    format: AudioFormat,
    resampler: Resampler,
    ring: Consumer<f32>,
    /// Samples that left the ring, played or discarded.
    taken: u64,
    /// Buffer for one converted piece.
    piece: Vec<f32>,
    /// Converted samples that wait to be played: mono at the app's rate.
    converted: VecDeque<f32>,
    pub(super) shared: Arc<Shared>,
}

impl SinkEnd {
    pub(super) fn new(
        format: AudioFormat,
        ring: Consumer<f32>,
        shared: Arc<Shared>,
    ) -> Result<Self, AudioError> {
        let format = format.check()?;
        let resampler = resampler(PHONE_HZ, format.rate_hz)?;
        let piece = Vec::with_capacity(CONVERTED);
        let converted = VecDeque::with_capacity(2 * CONVERTED);
        Ok(Self { format, resampler, ring, taken: 0, piece, converted, shared })
    }

    /// Returns the channels, and the moments in a block of `length` samples.
    ///
    /// # Errors
    /// [`AudioError::Partial`].
    pub(super) const fn moments(&self, length: usize) -> Result<(usize, usize), AudioError> {
        self.format.moments(length)
    }

    /// Returns how many moments are converted.
    pub(super) fn ready(&self) -> usize {
        self.converted.len()
    }

    /// Returns how many samples at 48 kHz `moments` need, rounded up.
    pub(super) fn phones(&self, moments: usize) -> usize {
        (moments as f64 * f64::from(PHONE_HZ) / f64::from(self.format.rate_hz)).ceil() as usize
    }

    /// Converts samples of the ring until `moments` are ready or the ring is empty.
    pub(super) fn take(&mut self, moments: usize) {
        self.forget();
        let mut pcm = [0.0; PIECE];
        while let Some(missing) = moments.checked_sub(self.converted.len()).filter(|left| *left > 0)
        {
            let needed = self.phones(missing).min(PIECE);
            let (taken, _) = self.ring.pop_partial_slice(&mut pcm[..needed]);
            if taken.is_empty() {
                return;
            }
            self.taken += taken.len() as u64;
            self.piece.clear();
            self.resampler.push(taken, &mut self.piece);
            self.converted.extend(&self.piece);
        }
    }

    /// Discards the samples that the phone discarded.
    fn forget(&mut self) {
        let forgotten = self.shared.forgotten.load(Ordering::Acquire);
        if forgotten > self.taken {
            // The phone discards only what it has put into the ring.
            let stale = usize::try_from(forgotten - self.taken).unwrap_or(usize::MAX);
            if let Ok(stale) = self.ring.read_chunk(stale.min(self.ring.slots())) {
                stale.commit_all();
            }
            self.taken = forgotten;
            self.converted.clear();
            self.resampler.reset();
        }
    }

    /// Fills a block with the moments that are ready, then silence. Returns how many samples are
    /// not filled with silence.
    pub(super) fn give<S: Sample>(&mut self, block: &mut [S], channels: usize) -> usize {
        let mut sound = 0;
        for moment in block.chunks_exact_mut(channels) {
            let sample = self.converted.pop_front();
            sound += if sample.is_some() { channels } else { 0 };
            moment.fill(S::from_float(sample.unwrap_or(0.0)));
        }
        sound
    }
}

impl Drop for SinkEnd {
    fn drop(&mut self) {
        self.shared.attachment.leave();
    }
}
