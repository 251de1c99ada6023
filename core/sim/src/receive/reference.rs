//! A trace played to the queues of the reference.

use core::time::Duration;

use super::queues::Queues;
use super::{LEARNING, Outcome, Trace, block, micros};

pub(super) fn play(trace: &Trace) -> Outcome {
    let mut queues = Queues::new(trace.profile);
    let mut outcome = Outcome::default();
    let mut arrivals = trace.arrivals.iter().peekable();
    for number in 0.. {
        let now = trace.tick(number);
        if now > trace.end() {
            break;
        }
        while let Some((arrival, frame)) = arrivals.next_if(|(arrival, _)| *arrival <= now) {
            outcome.dropped += u64::from(queues.on_frame(*arrival, *frame).is_some());
        }
        let length = micros(block(trace.profile));
        let silent = queues.on_block(now, length, |number, starts| {
            let captured = trace.captured(number);
            outcome.delays.push((captured, starts - captured));
        });
        if now >= LEARNING {
            outcome.streamed += Duration::from_micros(length);
            outcome.silent += Duration::from_micros(silent);
        }
    }
    outcome
}
