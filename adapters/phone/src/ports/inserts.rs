//! What is done to the audio of the calls between the ports and the engine.

use std::borrow::Cow;

use lxst_core::{CallId, Direction, StreamId};

#[cfg(feature = "conference")]
use super::bridge::Mix;
use super::taps::Taps;

#[derive(Debug, Default)]
pub(super) struct Inserts {
    pub(super) taps: Taps,
    #[cfg(feature = "conference")]
    pub(super) bridge: Mix,
}

impl Inserts {
    /// Returns what is sent in place of what a source brings, and shows it.
    pub(super) fn sent<'a>(
        &mut self,
        stream: StreamId,
        source: &'a [f32],
        is_voice: bool,
    ) -> Cow<'a, [f32]> {
        let pcm = self.bridged(stream, source);
        match is_voice {
            true => self.taps.show(stream, Direction::Send, &pcm),
            false => self.taps.show_silence(stream, Direction::Send, pcm.len()),
        }
        pcm
    }

    /// Takes what a call says in the present block of its sink.
    pub(super) fn played(&mut self, stream: StreamId, pcm: &[f32]) {
        self.taps.show(stream, Direction::Receive, pcm);
        #[cfg(feature = "conference")]
        self.bridge.hear(stream, pcm);
    }

    /// Ends the block of a sink.
    #[cfg_attr(not(feature = "conference"), expect(clippy::unused_self, reason = "no bridge"))]
    pub(super) fn end_block(&mut self, sink: Option<CallId>, length: usize) {
        #[cfg(feature = "conference")]
        self.bridge.end_block(sink, length);
        #[cfg(not(feature = "conference"))]
        let _ = (sink, length);
    }

    /// The call of a stream is over.
    pub(super) fn remove_of(&mut self, stream: StreamId) {
        self.taps.remove_of(stream);
        #[cfg(feature = "conference")]
        self.bridge.remove(stream);
    }

    #[cfg(feature = "conference")]
    fn bridged<'a>(&mut self, stream: StreamId, source: &'a [f32]) -> Cow<'a, [f32]> {
        self.bridge.sent(stream, source).map_or(Cow::Borrowed(source), Cow::Owned)
    }

    #[cfg(not(feature = "conference"))]
    #[expect(clippy::unused_self, reason = "no bridge")]
    const fn bridged<'a>(&self, _: StreamId, source: &'a [f32]) -> Cow<'a, [f32]> {
        Cow::Borrowed(source)
    }
}
