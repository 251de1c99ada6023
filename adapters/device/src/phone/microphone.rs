//! From a microphone's callback to the call.

use core::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;

use lxst_audio::{Block, PortSource, Sink, Source, VoiceProcessing, VoiceProcessor};
use lxst_codecs::{Resampler, SAMPLE_RATE_HZ};
use lxst_phone::DeviceSource;

use super::held::{Held, Slot};
use super::shared::Shared;
use crate::device::Format;
use crate::stream::Capture;

/// What hears the microphone for the app.
pub(super) type Ear = Box<dyn Sink + Send>;

/// What a microphone's callbacks work on: the phone's source, and what the speaker plays.
pub(super) struct MicrophoneEnd {
    pub(super) source: Slot<DeviceSource>,
    pub(super) ear: Slot<Ear>,
    pub(super) echo: Slot<PortSource>,
    /// What is done without echo cancellation.
    pub(super) processing: VoiceProcessing,
    pub(super) shared: Arc<Shared>,
}

/// The callback of one microphone.
struct Chain {
    channels: usize,
    converter: Resampler,
    /// Processes without echo cancellation, where there is anything to do.
    plain: Option<VoiceProcessor>,
    /// Processes with it.
    cancelling: VoiceProcessor,
    source: Held<DeviceSource>,
    ear: Held<Ear>,
    echo: Held<PortSource>,
    mono: Vec<f32>,
    /// At 48 kHz.
    heard: Vec<f32>,
    processed: Vec<f32>,
    shared: Arc<Shared>,
}

impl MicrophoneEnd {
    /// Makes the callback of a microphone of this format, which gives nothing if its rate is beyond
    /// what can be converted.
    pub(super) fn callback(&self, format: Format) -> Capture {
        let Ok(converter) = Resampler::new(format.rate_hz, SAMPLE_RATE_HZ) else {
            return Box::new(|_| {});
        };
        let plain = self.processing;
        let cancelling = VoiceProcessing { aec: true, ..plain };
        let mut chain = Chain {
            channels: usize::from(format.channels).max(1),
            converter,
            plain: (!plain.is_none()).then(|| VoiceProcessor::new(plain)),
            cancelling: VoiceProcessor::new(cancelling),
            source: self.source.hold(),
            ear: self.ear.hold(),
            echo: self.echo.hold(),
            mono: Vec::with_capacity(ROOM),
            heard: Vec::with_capacity(ROOM),
            processed: Vec::with_capacity(ROOM),
            shared: self.shared.clone(),
        };
        Box::new(move |block| chain.hear(block))
    }
}

impl Chain {
    fn hear(&mut self, block: &[f32]) {
        self.mono.clear();
        let moments = block.chunks_exact(self.channels);
        self.mono.extend(moments.map(|moment| moment.iter().sum::<f32>() / self.channels as f32));
        self.heard.clear();
        self.converter.push(&self.mono, &mut self.heard);
        let processor = if self.shared.cancels_echo.load(Relaxed) {
            take_echo(&mut self.echo, |pcm| self.cancelling.play(pcm));
            Some(&mut self.cancelling)
        } else {
            // It must not be shown later what was played now.
            take_echo(&mut self.echo, |_| {});
            self.plain.as_mut()
        };
        let pcm = match processor {
            None => &mut self.heard,
            Some(processor) => {
                self.processed.clear();
                processor.capture(&self.heard, &mut self.processed);
                &mut self.processed
            }
        };
        self.shared.heard.note(pcm);
        if !self.shared.app_listens.load(Relaxed) {
            self.ear.clear();
        } else if let Some(ear) = self.ear.get() {
            ear.take(&Block::mono(pcm));
        }
        if let Some(source) = self.source.get() {
            // A phone that has shut down hears nothing more.
            let _ = source.push(pcm);
        }
    }
}

/// Takes what the speaker has played since the last block.
fn take_echo(echo: &mut Held<PortSource>, mut show: impl FnMut(&[f32])) {
    let Some(echo) = echo.get() else { return };
    let mut piece = [0.0; PIECE];
    while let waiting @ 1.. = echo.waiting() {
        let piece = &mut piece[..waiting.min(PIECE)];
        echo.pull(&mut Block::mono(piece));
        show(piece);
    }
}

/// 10 ms.
const PIECE: usize = 480;
/// Samples of the buffers: 100 ms. Those of devices with longer periods grow once.
const ROOM: usize = 4_800;
