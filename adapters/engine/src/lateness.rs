//! Whether codec work keeps up with the speaker.

use std::time::Duration;

use lxst_core::limits::PLAYOUT_LEAD;

/// Tells when the tasks of a [`Coder`](crate::Coder) are done late again and again.
///
/// A task is late if more time passes until it is done than the audio that is decoded ahead of the
/// speaker lasts: 20 ms, [`PLAYOUT_LEAD`]. Codec work runs late when ten of fifty tasks are late. A
/// process that stood still for a while has a few late ones.
#[derive(Clone, Debug, Default)]
pub struct Lateness {
    tasks: u32,
    late: u32,
}

impl Lateness {
    /// Records a task: how long after it was given it was done. Returns whether codec work runs
    /// late; the count then starts again.
    pub fn on_task(&mut self, took: Duration) -> bool {
        self.tasks += 1;
        self.late += u32::from(took > PLAYOUT_LEAD.duration());
        let runs_late = self.late >= MAX_LATE;
        if runs_late || self.tasks >= TASKS {
            *self = Self::default();
        }
        runs_late
    }
}

/// Tasks that are counted together.
const TASKS: u32 = 50;

/// Late tasks among these from which codec work runs late.
const MAX_LATE: u32 = 10;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use lxst_codecs::{BuiltInCodecs, CodecError, Codecs, FrameDecoder, FrameEncoder};
    use lxst_core::SendFormat;
    use lxst_core::wire::Codec;

    use super::*;
    use crate::Coder;

    #[test]
    fn a_slow_codec_is_relieved_until_it_keeps_up_and_no_further() {
        for (costs, level) in [([90, 55, 25, 15, 5], 3), ([10; 5], 0), ([100; 5], 4)] {
            let codecs = Arc::new(Slow { costs, level: AtomicUsize::new(0) });
            let mut coder = Coder::new(codecs.clone());
            run(&codecs, &mut coder, 2_000, |_| 0);
            assert_eq!(codecs.level.load(Ordering::Relaxed), level, "{costs:?}");
        }
    }

    #[test]
    fn a_machine_that_stands_still_now_and_then_costs_no_level() {
        let codecs = Arc::new(Slow { costs: [10; 5], level: AtomicUsize::new(0) });
        let mut coder = Coder::new(codecs.clone());
        let stalls = |frame| if frame % 100 == 50 { 300 } else { 0 };
        run(&codecs, &mut coder, 2_000, stalls);
        assert_eq!(codecs.level.load(Ordering::Relaxed), 0);
    }

    /// Gives a task every 60 ms, in virtual time. Each takes what its level costs, after those
    /// before it and after a stall.
    fn run(codecs: &Slow, coder: &mut Coder, frames: u64, stall: impl Fn(u64) -> u64) {
        let mut lateness = Lateness::default();
        let mut free_at = 0;
        for frame in 0..frames {
            // The core has one task out at a time for a stream.
            let given = (frame * 60).max(free_at);
            free_at = given + stall(frame) + codecs.cost();
            if lateness.on_task(Duration::from_millis(free_at - given)) {
                coder.relieve();
            }
        }
    }

    /// Codecs whose work costs so many ms a frame, at each level.
    #[derive(Debug)]
    struct Slow {
        costs: [u64; 5],
        level: AtomicUsize,
    }

    impl Slow {
        fn cost(&self) -> u64 {
            self.costs[self.level.load(Ordering::Relaxed)]
        }
    }

    impl Codecs for Slow {
        fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
            BuiltInCodecs.encoder(format)
        }

        fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
            BuiltInCodecs.decoder(codec)
        }

        fn relieve(&self) -> Option<&'static str> {
            let lower = |level| (level + 1 < self.costs.len()).then_some(level + 1);
            let before = self.level.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower);
            before.ok().map(|_| "a lower level")
        }
    }
}
