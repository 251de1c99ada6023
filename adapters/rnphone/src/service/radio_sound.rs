//! A radio at the devices of the phone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lxst_audio::{Block, Sink, Source};
use lxst_tokio::{AudioError, AudioFormat, DeviceSink, DeviceSource, Radio};

/// What a radio plays, for the speaker. It ends after [`end`](Speaking::end), once all that came is
/// played, or with the radio.
#[derive(Debug)]
pub(super) struct RadioSpeaker {
    sink: DeviceSink,
    is_over: Arc<AtomicBool>,
}

/// Ends what a radio plays at the speaker.
#[derive(Clone, Debug)]
pub(super) struct Speaking(Arc<AtomicBool>);

/// What the microphone hears, for a radio.
#[derive(Debug)]
pub(super) struct RadioMicrophone(DeviceSource);

impl RadioSpeaker {
    pub(super) async fn of(radio: &Radio) -> Result<(Self, Speaking), AudioError> {
        let sink = radio.device_sink(AudioFormat::PHONE).await?;
        let is_over = Arc::<AtomicBool>::default();
        Ok((Self { sink, is_over: is_over.clone() }, Speaking(is_over)))
    }
}

impl Speaking {
    pub(super) fn end(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl RadioMicrophone {
    pub(super) async fn of(radio: &Radio) -> Result<Self, AudioError> {
        Ok(Self(radio.device_source(AudioFormat::PHONE).await?))
    }
}

impl Source for RadioSpeaker {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let is_over = self.is_over.load(Ordering::Acquire);
        let moments = block.moments();
        let (mut sound, mut is_detached) = (0, false);
        for from in (0..moments).step_by(PIECE) {
            let mut pcm = [0.0_f32; PIECE];
            let piece = &mut pcm[..PIECE.min(moments - from)];
            match self.sink.fill(piece) {
                Ok(filled) => sound += filled,
                Err(_) => is_detached = true,
            }
            let mut samples = piece.iter();
            let mut part = block.part(from, samples.len());
            part.fill_mono(|| samples.next().copied().unwrap_or_default());
        }
        if is_detached || is_over && sound == 0 { 0 } else { moments }
    }
}

impl Sink for RadioMicrophone {
    fn take(&mut self, block: &Block<'_>) {
        // A radio that has shut down takes nothing.
        let _ = self.0.push(block.samples());
    }
}

/// 10 ms.
const PIECE: usize = 480;
