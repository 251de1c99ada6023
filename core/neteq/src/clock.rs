//! The clock of this process: `neteq` asks the system for the time, and here it is the simulation's.

#![allow(unsafe_code, reason = "it replaces a function of the C library")]

use core::ffi::{c_int, c_long};
use core::sync::atomic::{AtomicU64, Ordering};

/// The time, in µs.
static NOW: AtomicU64 = AtomicU64::new(0);

/// Sets the time.
pub(crate) fn set(micros: u64) {
    NOW.store(micros, Ordering::Relaxed);
}

/// `struct timespec` of 64-bit Linux.
#[repr(C)]
pub struct TimeSpec {
    seconds: c_long,
    nanos: c_long,
}

/// Stands for the C library's function of this name. Every clock shows the simulation's time.
///
/// # Safety
/// `time` points to a `timespec` that may be written, as of the function that this replaces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(_clock: c_int, time: *mut TimeSpec) -> c_int {
    // A time of zero lets differences to earlier moments underflow.
    let micros = 1_000_000_000 + NOW.load(Ordering::Relaxed);
    let seconds = (micros / 1_000_000) as c_long;
    let nanos = (micros % 1_000_000 * 1_000) as c_long;
    // SAFETY: the caller says so.
    unsafe { time.write(TimeSpec { seconds, nanos }) };
    0
}
