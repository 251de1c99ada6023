//! From the call and other sounds to a speaker's callback.

use std::collections::VecDeque;
use std::sync::Arc;

use lxst_audio::{Block, Effect, Gain, Limiter, PortSink, Sink, Source, ToneSource};
use lxst_codecs::{Resampler, SAMPLE_RATE_HZ};
use lxst_core::Samples;
use lxst_phone::DeviceSink;

use super::held::{Held, Slot};
use super::shared::Shared;
use crate::device::Format;
use crate::stream::Playback;

/// What is played besides the peer: tones, ringtones, sounds of the app.
pub(super) type Sound = Box<dyn Source + Send>;

/// What a speaker's callbacks work on.
pub(super) struct SpeakerEnd {
    /// The peer, where this is not a ringer.
    call: Option<DeviceSink>,
    /// The sound to play from now on, `None` for none.
    next_sound: Slot<Option<Sound>>,
    sound: Option<Sound>,
    /// The sound before it, and its fade.
    leaving: Option<(Sound, Gain)>,
    volume: (f32, Gain),
    limiter: Limiter,
    /// What the microphone's echo cancellation is shown.
    echo: Option<PortSink>,
    shared: Arc<Shared>,
}

/// The callback of one speaker.
struct Chain {
    channels: usize,
    converter: Resampler,
    rate_hz: u32,
    end: Held<SpeakerEnd>,
    /// At 48 kHz.
    mixed: Vec<f32>,
    converted: Vec<f32>,
    /// At the device's rate, to be played.
    ready: VecDeque<f32>,
}

impl SpeakerEnd {
    /// A speaker that plays the peer and sounds.
    pub(super) fn of_calls(
        call: DeviceSink,
        echo: PortSink,
        next_sound: Slot<Option<Sound>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { call: Some(call), echo: Some(echo), ..Self::of_sounds(next_sound, shared) }
    }

    /// A speaker that plays sounds alone.
    pub(super) fn of_sounds(next_sound: Slot<Option<Sound>>, shared: Arc<Shared>) -> Self {
        Self {
            call: None,
            next_sound,
            sound: None,
            leaving: None,
            volume: (0.0, Gain::default()),
            limiter: Limiter::new(PEAK_DBFS),
            echo: None,
            shared,
        }
    }

    /// Drops what it plays besides the peer: its device is closed.
    pub(super) fn drop_sounds(&mut self) {
        self.sound = None;
        self.leaving = None;
    }

    /// Plays 10 ms of the peer to nobody.
    pub(super) fn play_unheard(&mut self) {
        if let Some(call) = &mut self.call {
            // A phone that has shut down plays nothing more.
            let _ = call.fill(&mut [0.0; PIECE]);
        }
    }

    fn mix(&mut self, pcm: &mut [f32]) {
        match &mut self.call {
            // A phone that has shut down plays nothing more.
            Some(call) => drop(call.fill(pcm)),
            None => pcm.fill(0.0),
        }
        if let Some(sound) = self.next_sound.try_take() {
            let fading = |sound| {
                let mut gain = Gain::default();
                gain.fade_out(ToneSource::EASE);
                (sound, gain)
            };
            self.leaving = core::mem::replace(&mut self.sound, sound).map(fading);
        }
        for part in pcm.chunks_mut(PIECE) {
            if let Some(sound) = &mut self.sound {
                add(part, sound, &mut Gain::default());
            }
            if let Some((sound, gain)) = &mut self.leaving {
                add(part, sound, gain);
            }
        }
        self.leaving.take_if(|(_, gain)| gain.is_silent());
        let (told, volume) = &mut self.volume;
        if self.shared.volume() != *told {
            *told = self.shared.volume();
            volume.set(*told, RAMP);
        }
        volume.apply(&mut Block::mono(pcm));
        self.limiter.apply(&mut Block::mono(pcm));
        self.shared.played.note(pcm);
        if let Some(echo) = &mut self.echo {
            echo.take(&Block::mono(pcm));
        }
    }
}

/// Adds a sound to a part of [`PIECE`] moments at most.
fn add(part: &mut [f32], sound: &mut Sound, gain: &mut Gain) {
    let mut piece = [0.0; PIECE];
    let piece = &mut piece[..part.len()];
    let mut block = Block::mono(piece);
    sound.pull(&mut block);
    gain.apply(&mut block);
    part.iter_mut().zip(piece).for_each(|(sample, more)| *sample += *more);
}

impl Slot<SpeakerEnd> {
    /// Makes the callback of a speaker of this format, which is silent if its rate is beyond what
    /// can be converted.
    pub(super) fn callback(&self, format: Format) -> Playback {
        let Ok(converter) = Resampler::new(SAMPLE_RATE_HZ, format.rate_hz) else {
            return Box::new(|block| block.fill(0.0));
        };
        let mut chain = Chain {
            channels: usize::from(format.channels).max(1),
            converter,
            rate_hz: format.rate_hz,
            end: self.hold(),
            mixed: Vec::with_capacity(ROOM),
            converted: Vec::with_capacity(ROOM),
            ready: VecDeque::with_capacity(ROOM),
        };
        Box::new(move |block| chain.play(block))
    }
}

impl Chain {
    fn play(&mut self, block: &mut [f32]) {
        let moments = block.len() / self.channels;
        let missing = moments.saturating_sub(self.ready.len());
        // All at once: the phone learns the device's period from what is asked for.
        let needed = missing as u64 * u64::from(SAMPLE_RATE_HZ);
        self.mixed.clear();
        self.mixed.resize(needed.div_ceil(u64::from(self.rate_hz)) as usize, 0.0);
        if let Some(end) = self.end.get() {
            end.mix(&mut self.mixed);
        }
        self.converted.clear();
        self.converter.push(&self.mixed, &mut self.converted);
        self.ready.extend(&self.converted);
        for moment in block.chunks_exact_mut(self.channels) {
            moment.fill(self.ready.pop_front().unwrap_or_default());
        }
    }
}

const PEAK_DBFS: f32 = -0.5;
/// How long a change of the volume takes.
const RAMP: Samples = Samples::from_millis(20);
/// 10 ms.
const PIECE: usize = 480;
/// Samples of the buffers: 100 ms. Those of devices with longer periods grow once.
const ROOM: usize = 4_800;
