//! What an audio callback may do: no allocation while it runs.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "support/mod.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use lxst_phone::{AudioFormat, DeviceSink, DeviceSource};
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
    assert_eq!(allocations(|| drop(vec![1; 100])), 1);
}

struct Device {
    format: AudioFormat,
    moments: usize,
    source: DeviceSource,
    sink: DeviceSink,
}

impl Device {
    /// Runs both callbacks for half a second, from the first one on, and counts what they allocate.
    fn call_back<S: Pcm>(mut self) -> usize {
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

/// Counts what this thread allocates meanwhile.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts for each thread.
struct Counting;

// SAFETY: all is done by the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: what the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: what the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: what the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
