//! What the app writes: files and generated speech, at the phone's pace.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::{Event, EventListener};

use crate::audio::format::{AudioFormat, Sample, ToPhone};
use crate::audio::port::Attachment;
use crate::audio::{AudioError, BLOCK};

/// Takes audio that does not grow old, such as a file's or generated speech, and sends it while a
/// call does, at the phone's pace.
///
/// Nothing is lost: what was written before a call is heard in it, and a writer waits until the phone
/// has taken what it wrote. What is live, such as a microphone or a pipe from a recorder, belongs into
/// a [`DeviceSource`](crate::DeviceSource): here it would be as late in a call as it waited before.
///
/// There is one source: the latest that was attached is heard. Dropping it detaches it once all is
/// sent; the call goes on without.
#[derive(Debug)]
pub struct AudioSource {
    to_phone: ToPhone,
    shared: Arc<Shared>,
}

/// The phone's side.
#[derive(Debug)]
pub(crate) struct AudioSourcePort {
    shared: Arc<Shared>,
    /// Samples that the engine was given, and that of them which was the last of the app's.
    given: u64,
    last: u64,
}

#[derive(Debug, Default)]
struct Shared {
    attachment: Attachment,
    written: Mutex<Written>,
    /// The phone took something that was written, or ended.
    taken: Event,
}

#[derive(Debug, Default)]
struct Written {
    /// What the phone has not taken.
    samples: VecDeque<f32>,
    /// Some that the phone took was not sent.
    is_unsent: bool,
    /// A call ended before all was sent.
    is_cut: bool,
}

impl AudioSource {
    pub(crate) fn new(format: AudioFormat) -> Result<(Self, AudioSourcePort), AudioError> {
        let to_phone = ToPhone::new(format)?;
        let shared = Arc::<Shared>::default();
        let port = AudioSourcePort { shared: shared.clone(), given: 0, last: 0 };
        Ok((Self { to_phone, shared }, port))
    }

    /// Writes a block of any length. It waits while 240 ms wait, and then takes all of the block;
    /// see [`drain`](Self::drain) for when it is sent.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`], and nothing was taken.
    ///
    /// # Cancel safety
    /// Cancel safe: a write that is cancelled has taken nothing of its block, and can be done again.
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

    /// Waits until all that was written was sent: encoded, in its frames, and given to the network. The
    /// last frame is filled up with silence.
    ///
    /// # Errors
    /// [`AudioError::CallEnded`]: since the last drain, a call ended before all was sent, and what was
    /// left is forgotten. [`AudioError::Detached`].
    ///
    /// # Cancel safety
    /// Cancel safe: it takes nothing.
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

    /// No call sends any more: forgets what was written for it.
    pub(super) fn close(&self) {
        let mut written = self.shared.lock();
        written.is_cut |= written.is_unsent || !written.samples.is_empty();
        written.is_unsent = false;
        written.samples.clear();
        drop(written);
        self.shared.taken.notify(usize::MAX);
    }

    /// Takes the block that is due, silence where the app is late.
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

    /// Takes note that of what the engine was given all but so many samples was sent.
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

/// How far a writer may be ahead: 240 ms.
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
