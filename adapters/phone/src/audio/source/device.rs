//! What a device hears: live sound, which is sent at once or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use event_listener::EventListener;
use lxst_core::Instant;
use rtrb::{Consumer, Producer, RingBuffer};

use super::backlog::Backlog;
use crate::audio::format::{AudioFormat, Sample, ToPhone};
use crate::audio::port::Attachment;
use crate::audio::{AudioError, BLOCK, RING};

/// Takes live audio from the callback of a microphone or from a live pipe, and sends it in a call.
///
/// While no call sends, samples are dropped at once: a call never sends what was captured before
/// it. In a call the samples are sent at about real time. After a stall, or where the source is
/// faster, the oldest are dropped, so that no delay remains. [`dropped`](Self::dropped),
/// [`Counters`](crate::Counters) and the call's [`Quality`](crate::Quality) count them.
///
/// A phone has one source, and each call may have one of its own: the latest that was attached is
/// heard. Dropping it detaches it; the call goes on without.
#[derive(Debug)]
pub struct DeviceSource {
    to_phone: ToPhone,
    /// Lock-free queue to the phone.
    ring: Producer<f32>,
    /// Samples that were put into the ring.
    pushed: u64,
    shared: Arc<Shared>,
}

/// The phone's side of a device's source.
#[derive(Debug)]
pub(crate) struct DeviceSourcePort {
    ring: Consumer<f32>,
    /// Samples that left the ring.
    popped: u64,
    backlog: Backlog,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    attachment: Attachment,
    /// Samples in whole blocks that were put into the ring. The phone takes whole blocks only: it
    /// knows the age of no part of one.
    complete: AtomicU64,
    /// Set while the app writes a block, which was captured before the write began.
    is_writing: AtomicBool,
    /// Set while a call sends.
    is_wanted: AtomicBool,
}

impl DeviceSource {
    pub(crate) fn new(format: AudioFormat) -> Result<(Self, DeviceSourcePort), AudioError> {
        let to_phone = ToPhone::new(format)?;
        let shared = Arc::<Shared>::default();
        let (producer, ring) = RingBuffer::new(RING);
        let backlog = Backlog::new();
        let port = DeviceSourcePort { ring, popped: 0, backlog, shared: shared.clone() };
        Ok((Self { to_phone, ring: producer, pushed: 0, shared }, port))
    }

    /// Writes a block of any length, and returns how many of its samples were taken. While no call
    /// sends, all are taken and dropped.
    ///
    /// An audio callback may call it: it never blocks, allocates, takes a lock or wakes a thread.
    ///
    /// *Bounds*: periods of up to 2 s. When the phone's task has not run for 3 s, the rest of the
    /// block is dropped and counted in [`dropped`](Self::dropped).
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`]. No sample was taken.
    pub fn push<S: Sample>(&mut self, block: &[S]) -> Result<usize, AudioError> {
        let (channels, moments) = self.to_phone.moments(block.len())?;
        if self.shared.attachment.is_detached() {
            return Err(AudioError::Detached);
        }
        if !self.shared.is_wanted.load(Ordering::Acquire) {
            return Ok(block.len());
        }
        self.shared.is_writing.store(true, Ordering::SeqCst);
        // The room is checked before the conversion, so that a moment is taken whole or not at all.
        let taken = self.to_phone.fitting(self.ring.slots()).min(moments);
        let (taken_block, rest) = block.split_at(taken * channels);
        let Self { to_phone, ring, pushed, shared } = self;
        to_phone.convert(taken_block, |pcm| {
            let (given, rest) = ring.push_partial_slice(pcm);
            *pushed += given.len() as u64;
            shared.attachment.count_dropped(rest.len() as u64);
        });
        self.shared.complete.store(self.pushed, Ordering::Release);
        self.shared.is_writing.store(false, Ordering::SeqCst);
        if !rest.is_empty() {
            self.shared.attachment.count_dropped(self.to_phone.phones(moments - taken));
        }
        Ok(taken_block.len())
    }

    /// Returns the duration of the audio that this port dropped since it was attached.
    #[must_use]
    pub fn dropped(&self) -> Duration {
        self.shared.attachment.dropped_time()
    }
}

impl Drop for DeviceSource {
    fn drop(&mut self) {
        self.shared.attachment.leave();
    }
}

impl DeviceSourcePort {
    pub(super) fn gone(&self) -> EventListener {
        self.shared.attachment.gone()
    }

    pub(super) fn is_over(&self) -> bool {
        let is_empty = self.ring.is_empty() && self.backlog.is_empty();
        self.shared.attachment.is_gone()
            && (is_empty || !self.shared.is_wanted.load(Ordering::Relaxed))
    }

    pub(super) fn dropped(&self) -> u64 {
        self.shared.attachment.dropped()
    }

    /// Begins a stream. Samples that the source holds were captured before it, and are dropped.
    pub(super) fn open(&mut self, now: Instant) {
        self.empty();
        self.backlog.open(now);
        self.shared.is_wanted.store(true, Ordering::Release);
    }

    /// Ends the stream, and drops the samples that wait.
    pub(super) fn close(&mut self) {
        self.shared.is_wanted.store(false, Ordering::Release);
        self.empty();
    }

    /// Returns the captured samples that are due.
    pub(crate) fn take(&mut self, now: Instant) -> Vec<f32> {
        let mut piece = [0.0; BLOCK];
        // If no block is being written, later blocks are written after this look.
        let is_writing = self.shared.is_writing.load(Ordering::SeqCst);
        let complete = self.shared.complete.load(Ordering::Acquire);
        while let Some(left @ 1..) = complete.checked_sub(self.popped) {
            let length = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
            let (taken, _) = self.ring.pop_partial_slice(&mut piece[..length]);
            self.popped += taken.len() as u64;
            self.backlog.push(taken);
        }
        let overflown = self.backlog.settle();
        if !is_writing {
            self.backlog.looked(now);
        }
        let (pcm, stale) = self.backlog.take(now);
        self.shared.attachment.count_dropped((overflown + stale) as u64);
        pcm
    }

    /// Drops the samples that wait.
    fn empty(&mut self) {
        let waiting = self.ring.slots();
        if let Ok(chunk) = self.ring.read_chunk(waiting) {
            chunk.commit_all();
            self.popped += waiting as u64;
        }
        self.backlog = Backlog::new();
    }
}

impl Drop for DeviceSourcePort {
    fn drop(&mut self) {
        self.shared.attachment.detach();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_callback_brings_while_the_phone_stands_still_is_told_and_counted() {
        let format = AudioFormat { rate_hz: 48_000, channels: 2 };
        let (mut source, mut port) = DeviceSource::new(format).unwrap();
        let block = [0.1_f32; 960];
        let at = Instant::from_millis;
        for _ in 0..1_000 {
            assert_eq!(source.push(&block), Ok(960), "nobody sends");
        }
        assert_eq!(source.dropped(), Duration::ZERO);
        port.open(at(0));
        assert!(port.take(at(3_000)).is_empty(), "what was heard before is not sent");
        for _ in 0..300 {
            assert_eq!(source.push(&block), Ok(960));
        }
        assert_eq!(source.push(&block), Ok(0));
        assert_eq!(source.dropped(), Duration::from_millis(10));
        assert!(!port.take(at(3_010)).is_empty());
        assert_eq!(source.push(&block), Ok(960));
        // 2.06 s are kept.
        assert_eq!(source.dropped(), Duration::from_millis(10 + 940));
    }

    #[test]
    fn a_source_that_is_gone_is_heard_to_its_end_in_a_call_and_forgotten_without() {
        let (mut source, mut port) = DeviceSource::new(AudioFormat::PHONE).unwrap();
        port.open(Instant::ORIGIN);
        assert!(port.take(Instant::from_millis(10)).is_empty());
        source.push(&[0.5_f32; 480]).unwrap();
        drop(source);
        assert!(!port.is_over());
        assert_eq!(port.take(Instant::from_millis(20)).len(), 480);
        assert!(port.is_over());

        let (source, port) = DeviceSource::new(AudioFormat::PHONE).unwrap();
        assert!(!port.is_over());
        drop(source);
        assert!(port.is_over());
    }
}
