//! What an audio callback may do: no allocation while it runs.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "support/mod.rs"]
mod support;

use std::thread;
use std::time::{Duration, Instant};

use lxst_phone::{AudioFormat, DeviceSink, DeviceSource};
use lxst_sim::allocations::{Counting, allocations};
use lxst_tokio::Tokio;

use crate::support::sound::{Pcm, Tone};
use crate::support::{TestRuntime, establish, finish, pair};

#[test]
fn callbacks_allocate_nothing_in_any_format() {
    Tokio::block_on(async {
        let (mut caller, mut callee) = pair(&Tokio).await;
        let (call, _) = establish(&mut caller, &mut callee).await;
        let formats = [
            (48_000, 1, 480),
            (8_000, 1, 80),
            (44_100, 2, 1_024),
            (384_000, 2, 3_840),
            (11_025, 6, 97),
        ];
        for (rate_hz, channels, moments) in formats {
            let format = AudioFormat { rate_hz, channels };
            let source = caller.phone.device_source(format).await.unwrap();
            let sink = caller.phone.device_sink(format).await.unwrap();
            let device = Device { format, moments, source, sink };
            // A device's thread is none of the runtime's, which serves the call meanwhile.
            let (sender, counted) = async_channel::bounded(1);
            let called_back = move || {
                let allocated = device.call_back::<f32>();
                sender.send_blocking(allocated).unwrap();
            };
            let thread = thread::spawn(called_back);
            assert_eq!(counted.recv().await.unwrap(), 0, "{format:?}");
            thread.join().unwrap();
        }
        finish(call, caller, callee).await;
    });
}

#[test]
fn an_allocation_is_seen() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

struct Device {
    format: AudioFormat,
    moments: usize,
    source: DeviceSource,
    sink: DeviceSink,
}

impl Device {
    /// Runs both callbacks for half a second, from the first one on, and counts what they allocate.
    fn call_back<S: Pcm>(mut self) -> u64 {
        let heard = Tone::new(self.format).block::<S>(self.moments);
        let mut played = vec![S::SILENCE; heard.len()];
        let period = Duration::from_secs(self.moments as u64) / self.format.rate_hz;
        let mut due = Instant::now();
        let until = due + Duration::from_millis(500);
        let mut allocated = 0;
        while due < until {
            allocated += allocations(|| {
                self.source.push(&heard).unwrap();
                self.sink.fill(&mut played).unwrap();
            });
            due += period;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        allocated
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
