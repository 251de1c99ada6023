//! The bridge: calls of which each hears the others.

use std::collections::{BTreeMap, VecDeque};

use lxst_audio::{Block, Effect, SoftClip, mix_minus};
use lxst_core::{CallId, StreamId};

use crate::audio::BLOCK;
use crate::bridge::Bridge;

/// What the bridged calls say, on its way to the others.
///
/// A sink's block is the clock of what its calls say, and a source's that of what a call hears.
/// Between the two, [`Lane`]s hold samples. Neither waits for the other, or for another call.
#[derive(Debug, Default)]
pub(super) struct Mix {
    members: BTreeMap<StreamId, Member>,
    is_microphone_muted: bool,
}

#[derive(Debug, Default)]
struct Member {
    /// What it says in the present block of its sink.
    said: Vec<f32>,
    /// What it is to hear of the calls of each sink.
    lanes: BTreeMap<Option<CallId>, Lane>,
}

/// Samples between a sink and a source.
///
/// *Bounds*: [`MAX_WAITING`] beyond the blocks of the source. Of more, all but the latest
/// [`CUSHION`] are dropped.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<f32>,
    /// The length of the source's last block.
    block: usize,
    /// Whether enough has waited since the lane was empty.
    is_begun: bool,
}

impl Mix {
    /// Bridges these calls in place of earlier ones. A call that stays misses nothing.
    pub(super) fn set(&mut self, bridge: &Bridge) {
        let streams: Vec<StreamId> = bridge.calls.iter().map(|call| (*call).into()).collect();
        self.retain(|stream| streams.contains(&stream));
        for stream in streams {
            self.members.entry(stream).or_default();
        }
        self.is_microphone_muted = bridge.is_microphone_muted;
    }

    /// The call of a stream is over.
    pub(super) fn remove(&mut self, stream: StreamId) {
        self.retain(|other| other != stream);
    }

    /// Removes what is of other calls: as members, and as owners of the sinks that members hear.
    fn retain(&mut self, is_kept: impl Fn(StreamId) -> bool) {
        self.members.retain(|member, _| is_kept(*member));
        for Member { lanes, .. } in self.members.values_mut() {
            lanes.retain(|sink, _| sink.is_none_or(|call| is_kept(call.into())));
        }
    }

    /// Takes what a call says in the present block of its sink.
    pub(super) fn hear(&mut self, stream: StreamId, pcm: &[f32]) {
        if let Some(member) = self.members.get_mut(&stream) {
            member.said.clear();
            member.said.extend(pcm);
        }
    }

    /// Ends the block of a sink: gives each call what the others said in it.
    pub(super) fn end_block(&mut self, sink: Option<CallId>, length: usize) {
        if self.members.values().all(|member| member.said.is_empty()) {
            return;
        }
        let blocks = self.members.values_mut().map(|member| {
            member.said.resize(length, 0.0);
            member.said.as_mut_slice()
        });
        mix_minus(&mut blocks.collect::<Vec<_>>(), &[]);
        for Member { said, lanes } in self.members.values_mut() {
            lanes.entry(sink).or_default().push(said);
            said.clear();
        }
    }

    /// Returns what is sent in a call in place of what its source brings: with what the others say.
    /// `None` if it is not bridged.
    pub(super) fn sent(&mut self, stream: StreamId, source: &[f32]) -> Option<Vec<f32>> {
        let Member { lanes, .. } = self.members.get_mut(&stream)?;
        let mut pcm = match self.is_microphone_muted {
            true => vec![0.0; source.len()],
            false => source.to_vec(),
        };
        for lane in lanes.values_mut() {
            lane.add_to(&mut pcm);
        }
        SoftClip.apply(&mut Block::mono(&mut pcm));
        Some(pcm)
    }
}

impl Lane {
    fn push(&mut self, pcm: &[f32]) {
        self.waiting.extend(pcm);
        if self.waiting.len() > MAX_WAITING + self.block {
            let late = self.waiting.len() - CUSHION - self.block;
            self.waiting.drain(..late);
        }
    }

    fn add_to(&mut self, pcm: &mut [f32]) {
        self.block = pcm.len();
        self.is_begun |= self.waiting.len() >= CUSHION + self.block;
        if self.is_begun {
            let length = self.waiting.len().min(self.block);
            pcm.iter_mut().zip(self.waiting.drain(..length)).for_each(|(sum, it)| *sum += it);
            self.is_begun = length == self.block;
        }
    }
}

/// What waits beyond the source's block before a lane begins: 20 ms.
const CUSHION: usize = BLOCK;
/// What may wait beyond the source's block: 80 ms.
const MAX_WAITING: usize = 4 * BLOCK;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_hears_the_others_and_not_itself() {
        let mut mix = mix([1, 2, 3]);
        say(&mut mix, 3);
        for (call, others) in [(1, 0.375), (2, 0.3125), (3, 0.1875)] {
            let sent = mix.sent(StreamId(call), &[0.0; BLOCK]);
            assert_eq!(sent, Some(vec![others; BLOCK]), "{call}");
        }
        assert_eq!(mix.sent(StreamId(4), &[0.0; BLOCK]), None);
    }

    #[test]
    fn the_microphone_is_heard_beside_the_others_until_it_is_muted() {
        let mut mix = mix([1, 2, 3]);
        say(&mut mix, 4);
        assert_eq!(mix.sent(StreamId(1), &[0.25; BLOCK]), Some(vec![0.625; BLOCK]));
        mix.set(&Bridge::of([1, 2, 3].map(CallId)).mute_microphone(true));
        assert_eq!(mix.sent(StreamId(1), &[0.25; BLOCK]), Some(vec![0.375; BLOCK]));
    }

    #[test]
    fn a_call_that_leaves_is_heard_no_more() {
        let mut mix = mix([1, 2, 3]);
        mix.remove(StreamId(3));
        say(&mut mix, 3);
        assert_eq!(mix.sent(StreamId(1), &[0.0; BLOCK]), Some(vec![0.125; BLOCK]));
        assert_eq!(mix.sent(StreamId(3), &[0.0; BLOCK]), None);
    }

    #[test]
    fn who_does_not_take_what_it_hears_delays_nobody_and_hears_what_is_said_then() {
        let mut mix = mix([1, 2]);
        for number in 0..500_u16 {
            mix.hear(StreamId(1), &[f32::from(number) / 1_024.0; BLOCK]);
            mix.hear(StreamId(2), &[0.0; BLOCK]);
            mix.end_block(None, BLOCK);
            assert_eq!(mix.sent(StreamId(1), &[0.0; BLOCK]), Some(vec![0.0; BLOCK]));
        }
        let heard = mix.sent(StreamId(2), &[0.0; BLOCK]).unwrap();
        assert!(heard[0] * 1_024.0 >= 495.0, "{}", heard[0] * 1_024.0);
    }

    #[test]
    fn after_a_gap_a_call_is_heard_again_without_another() {
        let mut mix = mix([1, 2]);
        say(&mut mix, 2);
        let mut silent = 0;
        for _ in 0..10 {
            let sent = mix.sent(StreamId(1), &[0.0; BLOCK]).unwrap();
            silent += usize::from(sent[0] == 0.0);
            say(&mut mix, 1);
        }
        assert_eq!(silent, 0);
        for _ in 0..3 {
            mix.sent(StreamId(1), &[0.0; BLOCK]).unwrap();
        }
        for at in 0..10 {
            let sent = mix.sent(StreamId(1), &[0.0; BLOCK]).unwrap();
            assert_eq!(sent[0] == 0.0, at < 2, "{at}");
            say(&mut mix, 1);
        }
    }

    #[test]
    fn the_sink_of_a_call_that_leaves_is_forgotten() {
        let leave: [fn(&mut Mix); 2] =
            [|mix| mix.remove(StreamId(3)), |mix| mix.set(&Bridge::of([1, 2].map(CallId)))];
        for leave in leave {
            let mut mix = mix([1, 2, 3]);
            mix.hear(StreamId(3), &[0.25; BLOCK]);
            mix.end_block(Some(CallId(3)), BLOCK);
            say(&mut mix, 1);
            leave(&mut mix);
            assert_eq!(mix.members.len(), 2);
            for member in mix.members.values() {
                assert_eq!(member.lanes.keys().collect::<Vec<_>>(), [&None]);
            }
        }
    }

    fn mix<const N: usize>(calls: [u64; N]) -> Mix {
        let mut mix = Mix::default();
        mix.set(&Bridge::of(calls.map(CallId)));
        mix
    }

    /// Each call says a level of its own.
    fn say(mix: &mut Mix, blocks: usize) {
        for _ in 0..blocks {
            for (call, level) in [(1, 0.0625), (2, 0.125), (3, 0.25)] {
                mix.hear(StreamId(call), &[level; BLOCK]);
            }
            mix.end_block(None, BLOCK);
        }
    }
}
