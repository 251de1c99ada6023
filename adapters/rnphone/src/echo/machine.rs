//! The echo: what a caller hears on an echo line.

use std::collections::VecDeque;
use std::time::Duration;

use lxst_audio::{Block, Source};
use lxst_core::Samples;

use crate::sounds::Sequence;

/// Plays a greeting, then what it hears, [`DELAY`](Self::DELAY) later, for a time.
///
/// It has no clock: its time is that of the blocks. What is said during the greeting is not played
/// back.
#[derive(Debug)]
pub struct Echo {
    greeting: Sequence,
    farewell: Sequence,
    delayed: VecDeque<f32>,
    left: Samples,
}

impl Echo {
    /// How much later the caller's words come back: 1 s.
    pub const DELAY: Samples = Samples::from_millis(1_000);

    /// Makes one that plays back for `time`, and then a farewell.
    #[must_use]
    pub fn new(greeting: Sequence, time: Duration, farewell: Sequence) -> Self {
        Self { greeting, farewell, delayed: VecDeque::new(), left: Samples::of(time) }
    }

    /// Takes the next block of what the caller says, and fills the block that he hears meanwhile.
    ///
    /// *Units*: 48 kHz mono. Both blocks have one length.
    pub fn handle_block(&mut self, heard: &[f32], said: &mut [f32]) {
        if !self.greeting.has_ended() {
            self.greeting.pull(&mut Block::mono(said));
        } else if self.left.is_zero() {
            self.farewell.pull(&mut Block::mono(said));
        } else {
            self.left = self.left - Samples(heard.len() as u64);
            self.delayed.extend(heard);
            said.fill(0.0);
            let late = self.delayed.len() as u64 - Self::DELAY.0.min(self.delayed.len() as u64);
            // At most as much as was added.
            let late = usize::try_from(late).unwrap_or(usize::MAX).min(said.len());
            let from = said.len() - late;
            said.iter_mut()
                .skip(from)
                .zip(self.delayed.drain(..late))
                .for_each(|(to, it)| *to = it);
        }
    }

    /// Tells whether the time is over, and the farewell is played.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.left.is_zero() && self.farewell.has_ended()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voicemail::beep;

    #[test]
    fn what_is_said_behind_the_greeting_comes_back_a_second_later_until_the_time_is_over() {
        let greeting = || Sequence::new().then(beep());
        for block in [480, 960, 1_000, 60_000] {
            let mut echo = Echo::new(greeting(), Duration::from_secs(5), greeting());
            let (mut played, mut number) = (Vec::new(), 0.0);
            let mut spoken = Vec::new();
            while !echo.has_ended() {
                let heard: Vec<f32> = (0..block).map(|at| number + at as f32).collect();
                number += block as f32;
                let mut said = vec![9.0; block];
                echo.handle_block(&heard, &mut said);
                spoken.extend(heard);
                played.extend(said);
            }
            // A block more where the last one was full to its end.
            let begin =
                24_000_usize.div_ceil(block) * block + usize::from(24_000 % block == 0) * block;
            let end = begin + 240_000_usize.div_ceil(block) * block;
            let (silent, echoed) = played[begin..end].split_at(48_000);
            assert!(silent.iter().all(|sample| *sample == 0.0), "{block}");
            assert_eq!(echoed, &spoken[begin..end - 48_000], "{block}");
            assert!(played[end..].iter().any(|sample| *sample > 0.1), "{block}");
        }
    }
}
