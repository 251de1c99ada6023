//! The source of an async task: files and generated speech, sent at the phone's pace.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::{Event, EventListener};

use crate::audio::format::{AudioFormat, Sample, ToPhone};
use crate::audio::port::Attachment;
use crate::audio::{AudioError, BLOCK};

/// Takes audio that does not age, such as a file or generated speech, and sends it in a call at the
/// phone's pace.
///
/// No sample is lost: those written before a call are sent in it, and a writer waits while too many
/// are unsent. Live audio, such as a microphone or a live pipe, needs a
/// [`DeviceSource`](crate::DeviceSource): here the wait before a call would become delay in it.
///
/// A phone has one source, and each call may have one of its own: the latest that was attached is
/// heard. Dropping it detaches it once all is sent; the call goes on without.
#[derive(Debug)]
pub struct AudioSource {
    to_phone: ToPhone,
    shared: Arc<Shared>,
}

/// The phone's side of a source that is written.
#[derive(Debug)]
pub(crate) struct AudioSourcePort {
    shared: Arc<Shared>,
    /// Samples that the engine was given, and the count at the app's last one; the rest is silence.
    given: u64,
    last: u64,
}

#[derive(Debug, Default)]
struct Shared {
    attachment: Attachment,
    written: Mutex<Written>,
    /// Notified when the phone has taken or sent samples, or has ended.
    taken: Event,
}

#[derive(Debug, Default)]
struct Written {
    /// Samples at 48 kHz that the phone has not taken.
    samples: VecDeque<f32>,
    /// Whether samples that the phone took are unsent.
    is_unsent: bool,
    /// Whether a call ended before all was sent, since the last drain.
    is_cut: bool,
}

impl AudioSource {
    pub(crate) fn new(format: AudioFormat) -> Result<(Self, AudioSourcePort), AudioError> {
        let to_phone = ToPhone::new(format)?;
        let shared = Arc::<Shared>::default();
        let port = AudioSourcePort { shared: shared.clone(), given: 0, last: 0 };
        Ok((Self { to_phone, shared }, port))
    }

    /// Writes a block of any length. [`drain`](Self::drain) waits until it is sent.
    ///
    /// *Bounds*: while 240 ms or more wait, it waits; then it takes the whole block.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`]. No sample was taken.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled write has taken no sample.
    pub async fn write<S: Sample>(&mut self, block: &[S]) -> Result<(), AudioError> {
        self.to_phone.moments(block.len())?;
        loop {
            // First listened, then looked: nothing falls between.
            let taken = self.shared.taken.listen();
            if self.shared.attachment.is_detached() {
                return Err(AudioError::Detached);
            }
            if self.shared.lock().samples.len() < AHEAD {
                break;
            }
            taken.await;
        }
        let shared = &self.shared;
        self.to_phone.convert(block, |pcm| shared.lock().samples.extend(pcm));
        Ok(())
    }

    /// Waits until all written samples are encoded and given to the network. The last frame is
    /// padded with silence.
    ///
    /// # Errors
    /// [`AudioError::CallEnded`]: since the last drain, a call ended with samples unsent, which
    /// were dropped. [`AudioError::Detached`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only waits. Once it is ready, the error is reported once.
    pub async fn drain(&mut self) -> Result<(), AudioError> {
        let shared = &self.shared;
        loop {
            let taken = shared.taken.listen();
            {
                let mut written = shared.lock();
                if std::mem::take(&mut written.is_cut) {
                    return Err(AudioError::CallEnded);
                }
                if shared.attachment.is_detached() {
                    return Err(AudioError::Detached);
                }
                if written.samples.is_empty() && !written.is_unsent {
                    return Ok(());
                }
            }
            taken.await;
        }
    }
}

impl Drop for AudioSource {
    fn drop(&mut self) {
        self.shared.attachment.leave();
    }
}

impl AudioSourcePort {
    pub(super) fn gone(&self) -> EventListener {
        self.shared.attachment.gone()
    }

    pub(super) fn is_over(&self) -> bool {
        self.shared.attachment.is_gone() && self.shared.lock().samples.is_empty()
    }

    /// Ends the stream, and drops the samples that were written for it.
    pub(super) fn close(&self) {
        let mut written = self.shared.lock();
        written.is_cut |= written.is_unsent || !written.samples.is_empty();
        written.is_unsent = false;
        written.samples.clear();
        drop(written);
        self.shared.taken.notify(usize::MAX);
    }

    /// Takes the next block of 20 ms, padded with silence where the app is late.
    pub(crate) fn take_block(&mut self) -> Vec<f32> {
        let mut written = self.shared.lock();
        let held = written.samples.len().min(BLOCK);
        let mut block: Vec<f32> = written.samples.drain(..held).collect();
        written.is_unsent |= held > 0;
        drop(written);
        self.given += BLOCK as u64;
        if held > 0 {
            self.last = self.given;
            self.shared.taken.notify(usize::MAX);
        }
        block.resize(BLOCK, 0.0);
        block
    }

    /// Records that all but `waiting` of the samples that the engine was given are sent.
    pub(crate) fn sent_but(&self, waiting: u64) {
        if self.given.saturating_sub(waiting) >= self.last {
            let was_unsent = std::mem::take(&mut self.shared.lock().is_unsent);
            if was_unsent {
                self.shared.taken.notify(usize::MAX);
            }
        }
    }
}

impl Drop for AudioSourcePort {
    fn drop(&mut self) {
        self.shared.attachment.detach();
        self.shared.taken.notify(usize::MAX);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Samples at which a writer waits: 240 ms.
const AHEAD: usize = 12 * BLOCK;

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn stereo_of_whole_numbers_becomes_the_phones_mono() {
        let format = AudioFormat { rate_hz: 48_000, channels: 2 };
        let (mut source, mut port) = AudioSource::new(format).unwrap();
        block_on(source.write(&[16_384_i16, 0, -16_384, -16_384])).unwrap();
        let error = AudioError::Partial { length: 3, channels: 2 };
        assert_eq!(block_on(source.write(&[0_i16; 3])), Err(error));
        drop(source);
        assert!(!port.is_over());
        let block = port.take_block();
        assert_eq!((&block[..3], block.len()), (&[0.25, -0.5, 0.0][..], BLOCK));
        assert!(port.is_over());
    }

    #[test]
    fn blocks_of_any_length_come_out_in_the_phones_length() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE).unwrap();
        for length in [1_000_u16, 1, 919] {
            block_on(source.write(&vec![length; length.into()])).unwrap();
        }
        let first = port.take_block();
        let second = port.take_block();
        assert!(first.iter().chain(&second[..40]).all(|sample| *sample == first[0]));
        assert_eq!(second.iter().skip(40).filter(|sample| **sample != first[0]).count(), 920);
    }

    #[test]
    fn a_write_that_is_cancelled_has_taken_nothing() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let (mut cancelled, mut taken) = (0, Vec::new());
        for number in 1..=580_i16 {
            let block = [number; BLOCK];
            while pin!(source.write(&block)).poll(&mut cx).is_pending() {
                cancelled += 1;
                taken.push(port.take_block()[0]);
            }
        }
        taken.extend((0..12).map(|_| port.take_block()[0]));
        assert!(cancelled > 500, "{cancelled}");
        let wanted: Vec<f32> =
            (1..=580).map(|number| f32::from(number as i16) / 32_768.0).collect();
        assert_eq!(taken, wanted);
    }

    #[test]
    fn drained_is_what_was_sent_and_not_what_was_taken() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut is_drained =
            |source: &mut AudioSource| pin!(source.drain()).poll(&mut cx).is_ready();
        assert!(is_drained(&mut source));
        block_on(source.write(&[0.5_f32; 1_000])).unwrap();
        assert!(!is_drained(&mut source));
        port.take_block();
        port.take_block();
        assert!(!is_drained(&mut source));
        // A frame of 60 ms is not complete.
        port.sent_but(1_920);
        assert!(!is_drained(&mut source));
        port.take_block();
        port.sent_but(0);
        assert!(is_drained(&mut source));
    }

    #[test]
    fn a_call_that_ends_before_all_was_sent_is_told_once() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE).unwrap();
        block_on(source.write(&[0.5_f32; BLOCK])).unwrap();
        port.take_block();
        port.close();
        assert_eq!(block_on(source.drain()), Err(AudioError::CallEnded));
        assert_eq!(block_on(source.drain()), Ok(()));
        drop(port);
        assert_eq!(block_on(source.drain()), Err(AudioError::Detached));
    }

    #[test]
    fn a_format_that_cannot_be_is_refused() {
        let format = |rate_hz, channels| AudioFormat { rate_hz, channels };
        let error = AudioSource::new(format(48_000, 0)).unwrap_err();
        assert_eq!(error, AudioError::NoChannel);
        let error = AudioSource::new(format(1, 1)).unwrap_err();
        assert!(matches!(error, AudioError::Rate { rate_hz: 1, .. }), "{error}");
    }
}
