//! The tones that all members hear.

use std::collections::VecDeque;
use std::convert::Infallible;

use lxst_audio::{Block, CallTones, Source, ToneSource};
use lxst_rooms::ConferenceTone;

use crate::audio::{AudioSource, BLOCK};

/// The tones that wait to be played, by the phone's source.
#[derive(Debug)]
pub(super) struct Tones {
    source: AudioSource,
    joined: Vec<f32>,
    left: Vec<f32>,
    /// *Bounds*: [`TONES`]. More are left out: members who come and go hide nobody's voice.
    waiting: VecDeque<ConferenceTone>,
    is_on: bool,
}

impl Tones {
    pub(super) fn new(source: AudioSource, is_on: bool) -> Self {
        let CallTones { connected, ended, .. } = CallTones::EUROPE;
        let [joined, left] = [connected, ended].map(|tone| samples(tone.source()));
        Self { source, joined, left, waiting: VecDeque::new(), is_on }
    }

    pub(super) fn play(&mut self, tone: ConferenceTone) {
        if self.is_on && self.waiting.len() < TONES {
            self.waiting.push_back(tone);
        }
    }

    /// Nobody is left to hear them.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Plays the tones that wait, and then waits for ever.
    ///
    /// # Cancel safety
    /// Cancel safe: a tone is played whole, once.
    pub(super) async fn serve(&mut self) -> Infallible {
        while let Some(tone) = self.waiting.front() {
            let pcm = match tone {
                ConferenceTone::Joined => &self.joined,
                ConferenceTone::Left => &self.left,
            };
            // A phone that has shut down ends the conference.
            let _ = self.source.write(pcm).await;
            self.waiting.pop_front();
        }
        std::future::pending().await
    }
}

fn samples(mut tone: ToneSource) -> Vec<f32> {
    let mut pcm = Vec::new();
    let mut block = [0.0; BLOCK];
    loop {
        let given = tone.pull(&mut Block::mono(&mut block));
        pcm.extend(block.iter().take(given));
        if given < BLOCK {
            return pcm;
        }
    }
}

/// Upper bound of the tones that wait.
const TONES: usize = 3;
