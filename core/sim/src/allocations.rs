//! What a thread takes from the heap.

#![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

/// The system's allocator, which counts for each thread: the `#[global_allocator]` of a test.
pub struct Counting;

/// Counts what this thread allocates meanwhile. Always 0 without [`Counting`].
pub fn allocations(work: impl FnOnce()) -> u64 {
    let before = TAKEN.get();
    work();
    TAKEN.get() - before
}

/// Returns the bytes that this thread allocated and nobody freed here. Always 0 without
/// [`Counting`].
#[must_use]
pub fn held() -> i64 {
    HELD.get()
}

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn hold(bytes: usize) {
    HELD.set(HELD.get() + bytes as i64);
}

fn free(bytes: usize) {
    HELD.set(HELD.get() - bytes as i64);
}

// SAFETY: all is done by the system's allocator; the counters neither allocate nor unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        hold(layout.size());
        // SAFETY: the caller keeps the promises of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        free(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        free(layout.size());
        hold(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
