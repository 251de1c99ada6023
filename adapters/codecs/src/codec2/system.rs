//! Codec2 by the system's libcodec2: every mode. All unsafe code of Codec2 is here.

#![allow(unsafe_code, reason = "libcodec2 is a C library")]

use core::ffi::{c_int, c_short, c_uchar};
use core::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::mode::Codec2Mode;
use crate::error::CodecError;

/// One `struct CODEC2`, owned by this handle alone.
#[derive(Debug)]
pub(super) struct Native {
    state: NonNull<Codec2State>,
    mode: Codec2Mode,
}

// SAFETY: the state is plain memory of the heap that nothing but this handle points to, and
// libcodec2 ties it to no thread.
unsafe impl Send for Native {}

impl Native {
    pub(super) const fn check(_: Codec2Mode) -> Result<(), CodecError> {
        Ok(())
    }

    pub(super) fn new(mode: Codec2Mode) -> Result<Self, CodecError> {
        let number = match mode {
            Codec2Mode::Mode3200 => 0,
            Codec2Mode::Mode2400 => 1,
            Codec2Mode::Mode1600 => 2,
            Codec2Mode::Mode1400 => 3,
            Codec2Mode::Mode1300 => 4,
            Codec2Mode::Mode1200 => 5,
            Codec2Mode::Mode700C => 8,
        };
        let guard = lock();
        // SAFETY: it takes any number and gives null for what it does not know.
        let state = NonNull::new(unsafe { codec2_create(number) })
            .ok_or(CodecError::UnsupportedMode { mode })?;
        let native = Self { state, mode };
        // SAFETY: the state is valid and only read. The lengths decide what the other functions
        // read and write.
        let (samples, bytes) = unsafe {
            (codec2_samples_per_frame(state.as_ptr()), codec2_bytes_per_frame(state.as_ptr()))
        };
        let fits = usize::try_from(samples) == Ok(mode.frame_samples())
            && usize::try_from(bytes) == Ok(mode.native_bytes());
        drop(guard);
        if fits { Ok(native) } else { Err(CodecError::UnsupportedMode { mode }) }
    }

    /// Encodes one native frame.
    ///
    /// # Panics
    /// If the lengths are not those of the mode.
    pub(super) fn encode(&mut self, speech: &[i16], bytes: &mut [u8]) {
        self.check_lengths(speech, bytes);
        // libcodec2's parameter is not const.
        let mut speech_in = [0; super::MAX_FRAME_SAMPLES];
        speech_in[..speech.len()].copy_from_slice(speech);
        let _guard = lock();
        // SAFETY: the state is valid and borrowed alone; `new` has seen that libcodec2 reads and
        // writes the mode's lengths, and `check_lengths` that both slices have them.
        unsafe {
            codec2_encode(self.state.as_ptr(), bytes.as_mut_ptr(), speech_in.as_mut_ptr());
        }
    }

    /// Decodes one native frame.
    ///
    /// # Panics
    /// If the lengths are not those of the mode.
    pub(super) fn decode(&mut self, bytes: &[u8], speech: &mut [i16]) {
        self.check_lengths(speech, bytes);
        let _guard = lock();
        // SAFETY: as in `encode`; any bits are a frame.
        unsafe { codec2_decode(self.state.as_ptr(), speech.as_mut_ptr(), bytes.as_ptr()) }
    }

    fn check_lengths(&self, speech: &[i16], bytes: &[u8]) {
        assert_eq!(speech.len(), self.mode.frame_samples(), "samples of a native frame");
        assert_eq!(bytes.len(), self.mode.native_bytes(), "bytes of a native frame");
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        let _guard = lock();
        // SAFETY: the state came from `codec2_create` and is used no more.
        unsafe { codec2_destroy(self.state.as_ptr()) }
    }
}

/// Locks libcodec2, whose noise comes from one generator of the process, without a lock.
fn lock() -> MutexGuard<'static, ()> {
    static LIBRARY: Mutex<()> = Mutex::new(());
    LIBRARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `struct CODEC2`, which is opaque.
#[repr(C)]
struct Codec2State {
    _private: [u8; 0],
}

// SAFETY: these are the declarations of codec2/codec2.h of libcodec2 1.0.
#[link(name = "codec2", kind = "dylib")]
unsafe extern "C" {
    fn codec2_create(mode: c_int) -> *mut Codec2State;
    fn codec2_destroy(state: *mut Codec2State);
    fn codec2_encode(state: *mut Codec2State, bytes: *mut c_uchar, speech_in: *mut c_short);
    fn codec2_decode(state: *mut Codec2State, speech_out: *mut c_short, bytes: *const c_uchar);
    fn codec2_samples_per_frame(state: *mut Codec2State) -> c_int;
    fn codec2_bytes_per_frame(state: *mut Codec2State) -> c_int;
}
