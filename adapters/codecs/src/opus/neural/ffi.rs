//! libopus's decoder with the controls that the crate `opus` lacks. All unsafe code of Opus here is
//! in this file.

#![allow(unsafe_code, reason = "libopus is a C library")]

use core::ffi::{CStr, c_int};
use core::ptr::{self, NonNull};

use opusic_sys as sys;

use crate::error::CodecError;
use crate::limits::SAMPLE_RATE_HZ;

/// One `OpusDecoder` of 48 kHz stereo, which it owns alone.
#[derive(Debug)]
pub(super) struct Native(NonNull<sys::OpusDecoder>);

// SAFETY: the state is plain memory of the heap that nothing but this handle points to, and
// libopus ties it to no thread.
unsafe impl Send for Native {}

impl Native {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut error = 0;
        // SAFETY: it writes to `error` before it returns, and gives null for what it refuses.
        let state = unsafe {
            sys::opus_decoder_create(SAMPLE_RATE_HZ as i32, CHANNELS as c_int, &raw mut error)
        };
        NonNull::new(state).map(Self).ok_or_else(|| refused(error))
    }

    /// Decodes `payload`, or conceals all of `out` when it is empty. Returns the samples of a
    /// channel.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut [f32]) -> Result<usize, CodecError> {
        let data = if payload.is_empty() { ptr::null() } else { payload.as_ptr() };
        let length = bounded(payload.len());
        let room = bounded(out.len() / CHANNELS);
        // SAFETY: the state is valid, and only this call uses it. `data` is null and `length` zero,
        // or that many bytes are read there. `out` has `room` samples of each channel, which is the
        // most that is written.
        let decoded = unsafe {
            sys::opus_decode_float(self.0.as_ptr(), data, length, out.as_mut_ptr(), room, 0)
        };
        usize::try_from(decoded).map_err(|_| refused(decoded))
    }

    pub(super) fn set_complexity(&mut self, complexity: u8) -> Result<(), CodecError> {
        self.set(sys::OPUS_SET_COMPLEXITY_REQUEST, complexity.into())
    }

    pub(super) fn set_bandwidth_extension(&mut self, on: bool) -> Result<(), CodecError> {
        self.set(sys::OPUS_SET_OSCE_BWE_REQUEST, on.into())
    }

    /// Returns the range of the entropy decoder after the last frame.
    pub(super) fn final_range(&mut self) -> Result<u32, CodecError> {
        let mut range = 0_u32;
        // SAFETY: the state is valid, and this request writes one 32-bit number to its argument.
        let result = unsafe {
            sys::opus_decoder_ctl(
                self.0.as_ptr(),
                sys::OPUS_GET_FINAL_RANGE_REQUEST,
                &raw mut range,
            )
        };
        if result == sys::OPUS_OK { Ok(range) } else { Err(refused(result)) }
    }

    fn set(&mut self, request: c_int, value: c_int) -> Result<(), CodecError> {
        // SAFETY: the state is valid, and the requests of this file's setters read one number.
        let result = unsafe { sys::opus_decoder_ctl(self.0.as_ptr(), request, value) };
        if result == sys::OPUS_OK { Ok(()) } else { Err(refused(result)) }
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // SAFETY: the state is valid, and nothing uses it after this.
        unsafe { sys::opus_decoder_destroy(self.0.as_ptr()) }
    }
}

fn refused(error: c_int) -> CodecError {
    // SAFETY: it returns a string of the library's constants, whatever the number is.
    let text = unsafe { CStr::from_ptr(sys::opus_strerror(error)) };
    CodecError::Opus { reason: text.to_str().unwrap_or("unknown error") }
}

/// What is longer is cut, which libopus takes for a payload or a buffer of that length.
fn bounded(length: usize) -> c_int {
    c_int::try_from(length).unwrap_or(c_int::MAX)
}

const CHANNELS: usize = 2;
