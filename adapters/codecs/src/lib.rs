//! The codecs of LXST telephony: PCM to payloads and back, time-stretching, packet loss concealment
//! (PLC), discontinuous transmission (DTX) by a voice activity detector (VAD), and sample-rate
//! conversion.
//!
//! An [`Encoder`] serves one transmit stream, a [`Decoder`] one receive stream. Neither knows
//! calls, packets or time: the caller gives a frame and gets a payload, or the reverse. A payload
//! has no codec byte here ([`Codec`] names the byte that leads it on the wire).
//!
//! PCM is `f32` in `-1.0..=1.0`, mono, at [`SAMPLE_RATE_HZ`]. A count of samples is at that rate.
//! [`downmix()`] and a [`Resampler`] convert audio of another shape.
//!
//! ```
//! use lxst_codecs::{Codec, Decoder, Encoder, Encoding, RawConfig, RawDepth, Tempo};
//!
//! let mut encoder =
//!     Encoder::new(Encoding::Raw(RawConfig { depth: RawDepth::Float16, channels: 1 }))?;
//! let mut decoder = Decoder::default();
//!
//! let frame = [0.25; 192]; // 4 ms
//! let mut payload = Vec::new();
//! encoder.encode(&frame, &mut payload)?;
//! assert_eq!(payload.len(), 385);
//!
//! let mut pcm = Vec::new();
//! let played = decoder.decode(Codec::Raw, &payload, Tempo::Normal, &mut pcm)?;
//! assert_eq!((played.samples, &pcm[..]), (192, &frame[..]));
//!
//! let played = decoder.conceal(192, &mut pcm)?; // the next frame was lost
//! assert_eq!((played.samples, pcm.len()), (192, 384));
//! # Ok::<(), lxst_codecs::CodecError>(())
//! ```
//!
//! Both keep their buffers. Once `out` has grown to its size, a frame allocates nothing, except for
//! Codec2 in Rust, and for the first frame of a codec.
//!
//! # Features
//! - `opus` (on by default): Opus by libopus, BSD-3-Clause, which cmake builds from source.
//! - `neural`: neural decoding of Opus by libopus, whose level [`CodecSettings`] set. A
//!   binary grows by 4 MB, and the build of libopus takes twice as long.
//! - `codec2`: Codec2 in Rust, LGPL-2.1, every mode but 700C.
//! - `codec2-system`: Codec2 by the system's libcodec2, LGPL-2.1, linked dynamically, every mode.
//!   It takes precedence over `codec2`.
//!
//! A codec that is not built in is refused by an error that names it:
//!
//! ```
//! use lxst_codecs::{Codec2Mode, CodecError, Encoding};
//!
//! let refused = Encoding::Codec2(Codec2Mode::Mode1600).check().err();
//! if !cfg!(any(feature = "codec2", feature = "codec2-system")) {
//!     assert_eq!(refused, Some(CodecError::UnsupportedCodec { byte: 2 }));
//! }
//! ```
//!
//! # A codec of your own
//! An app brings a codec in one place: a value that implements [`Codecs`], given to a phone's
//! builder or an engine's settings. A codec to be built in for everybody takes three files of this
//! crate: its own, `encoding.rs` (its settings, and which profile uses them) and `built_in.rs` (its
//! decoder).

#![cfg_attr(not(any(feature = "codec2-system", feature = "neural")), forbid(unsafe_code))]
#![cfg_attr(any(feature = "codec2-system", feature = "neural"), deny(unsafe_code))]

mod built_in;
mod codec2;
mod comfort;
mod decoder;
mod downmix;
mod encoder;
mod encoding;
mod error;
mod float;
mod level;
mod likeness;
mod limits;
mod opus;
mod pause;
mod provider;
mod raw;
mod repetition;
mod resample;
mod splice;

pub use built_in::{BuiltInCodecs, CodecSettings};
pub use codec2::mode::Codec2Mode;
pub use comfort::ComfortNoise;
pub use decoder::{Decoder, Played};
pub use downmix::downmix;
pub use encoder::{Encoded, Encoder};
pub use encoding::Encoding;
pub use error::CodecError;
pub use level::Level;
pub use limits::{
    MAX_BITRATE_BPS, MAX_FRAME_SAMPLES, MAX_RATE_HZ, MAX_RAW_SEND_CHANNELS, MIN_BITRATE_BPS,
    MIN_RATE_HZ, SAMPLE_RATE_HZ,
};
pub use lxst_core::wire::{Codec, CodecSet};
pub use lxst_core::{CodecProfile, Profile, RawDepth, Samples, SendFormat, Tempo};
pub use opus::{
    Application, Bandwidth, Channels, MAX_OPUS_SAMPLES, OPUS_FRAME_SAMPLES, OpusConfig, RateControl,
};
#[cfg(feature = "neural")]
pub use opus::{NeuralDecoding, NeuralLevel, UnknownNeuralLevel};
pub use provider::{Codecs, Concealed, FrameDecoder, FrameEncoder};
pub use raw::RawConfig;
pub use resample::Resampler;
pub use splice::MAX_HELD_SAMPLES;
